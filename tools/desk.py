"""`./dev desk`: the desk command on the data that `./dev run` uses."""

from pathlib import Path

from tools.console import become
from tools.settings import DATA, settings


def main(arguments: list[str]) -> int:
    folder, arguments = split(arguments)
    become("-m", "app.cli", *arguments, env=settings(folder))


def split(arguments: list[str]) -> tuple[Path, list[str]]:
    """The folder that `--data` names, and the arguments of the desk command."""
    if arguments[:1] == ["--data"] and len(arguments) > 1:
        return Path(arguments[1]).resolve(), arguments[2:]
    return DATA, arguments
