"""Arguments in another encoding than UTF-8 are refused in words, by every command."""

import os
import subprocess
import sys
from collections.abc import Iterator
from uuid import UUID

import click
from click.testing import CliRunner

from app.cli import main

LATIN = b"Andr\xe9"


def commands(found: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    if isinstance(found, click.Group):
        for name, each in found.commands.items():
            yield from commands(each, (*path, name))
    else:
        yield path, found


def filled(command: click.Command, text: click.Parameter) -> Iterator[str]:
    """Arguments that are good but for the text."""
    for parameter in sorted(command.params, key=lambda each: isinstance(each, click.Argument)):
        if not (parameter.required or parameter is text):
            continue
        if isinstance(parameter, click.Option):
            yield parameter.opts[0]
        if parameter is text:
            yield os.fsdecode(LATIN)
        elif isinstance(parameter.type, click.Choice):
            yield str(parameter.type.choices[0])
        elif isinstance(parameter.type, click.Path):
            yield __file__
        elif isinstance(parameter.type, click.types.UUIDParameterType):
            yield str(UUID(int=1))
        else:
            yield "1"


def test_text_of_another_encoding_is_refused() -> None:
    """Before a database is opened."""
    asked = 0
    for path, command in commands(main):
        for parameter in command.params:
            if isinstance(parameter.type, click.types.StringParamType):
                done = CliRunner().invoke(main, [*path, *filled(command, parameter)], env={"DATABASE_URL": "none"})
                assert done.exit_code == 2, done.output
                assert "not UTF-8" in done.stderr, f"{path} {parameter.name}: {done.stderr}"
                asked += 1
    assert asked > 100


def test_a_terminal_of_another_encoding() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "app.cli", "organization", "create", "--name", LATIN, "--slug", "andre"],
        env={**os.environ, "DATABASE_URL": "none"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "This is not UTF-8 text." in done.stderr
    assert "Traceback" not in done.stderr
