"""`./dev test`: the suite, whole or with any of pytest's own arguments."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from tools.console import become


def main(arguments: list[str]) -> int:
    become("-m", "pytest", *arguments, env=remembering(os.environ))


def remembering(env: Mapping[str, str]) -> dict[str, str]:
    """The environment in which compiled modules are kept: beside their sources or, for users who want none there, in
    .venv. Compiling the tests anew takes each worker ten seconds."""
    kept = dict(env)
    if kept.pop("PYTHONDONTWRITEBYTECODE", None):
        kept.setdefault("PYTHONPYCACHEPREFIX", str(Path(sys.prefix) / "bytecode"))
    return kept
