"""What a tool tells its user, and how it gives way to another program."""

import os
import sys
from collections.abc import Mapping
from typing import NoReturn

from tools import ROOT


class Refusal(Exception):
    """The tool cannot do its work because of something outside it; the sentence says what, and what to do."""


def inform(sentence: str) -> None:
    """Prints to stderr: stdout belongs to what was asked for."""
    print(sentence, file=sys.stderr, flush=True)


def become(*arguments: str, env: Mapping[str, str] = os.environ) -> NoReturn:
    """Replaces this process by Python with `arguments`: signals, stdin and the exit code are the program's own."""
    os.chdir(ROOT)
    os.execve(sys.executable, python(*arguments), env)


def python(*arguments: str) -> list[str]:
    """The command line of a program in the environment of the tools."""
    return [sys.executable, *arguments]
