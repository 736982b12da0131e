"""`./dev desk`: the desk command on the data that `./dev run` uses."""

from pathlib import Path

from tools.console import become
from tools.settings import DATA, settings


def main(arguments: list[str]) -> int:
    folder = DATA
    if arguments[:1] == ["--data"] and len(arguments) > 1:
        folder, arguments = Path(arguments[1]).resolve(), arguments[2:]
    become("-m", "app.cli", *arguments, env=settings(folder))
