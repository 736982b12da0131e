"""What the commands of `desk` print."""

import json
import os
import sys
from collections.abc import Mapping
from typing import NoReturn

import click


class Output:
    """The output of a command: sentences for people, or one JSON value for scripts. `refused` is its exit code when it
    could not be done."""

    def __init__(self, as_json: bool, refused: int = 1) -> None:
        self.as_json, self.refused = as_json, refused

    def done(self, facts: Mapping[str, object], sentence: str, value: str = "") -> None:
        """Prints the result. Without --json `value` (a key, a token) is all of stdout; the sentence goes to stderr."""
        if self.as_json:
            click.echo(json.dumps(facts, ensure_ascii=False))
        elif value:
            click.echo(sentence, err=True)
            click.echo(value)
        else:
            click.echo(sentence)

    def announce(self, facts: Mapping[str, object], sentence: str) -> None:
        """Prints that a server has started. One whose output is full or closed serves all the same."""
        try:
            self.done(facts, sentence)
            if sys.stdout is not None:
                sys.stdout.flush()
        except OSError:
            # What Python still holds back goes there too, instead of failing again when the process ends.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

    def refuse(self, sentence: str, code: str) -> NoReturn:
        if self.as_json:
            click.echo(json.dumps({"error": {"code": code, "detail": sentence}}, ensure_ascii=False))
        click.echo(sentence, err=True)
        sys.exit(self.refused)
