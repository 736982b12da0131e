"""`./dev sure`: every check of the source that needs no test run."""

import subprocess

from tools import ROOT
from tools.console import Refusal, inform, python

CHECKS = {
    "format": ["-m", "ruff", "format", "--check", "--quiet"],
    "lint": ["-m", "ruff", "check", "--quiet"],
    "types": ["-m", "mypy", "--no-error-summary"],
    "contracts": ["-c", "from importlinter.cli import lint_imports_command as command; command()"],
    "templates": ["-m", "djlint", "app/templates", "--lint", "--quiet"],
}


def main(_arguments: list[str]) -> int:
    failed = []
    for name, command in CHECKS.items():
        done = subprocess.run(python(*command), cwd=ROOT, capture_output=True, text=True)
        inform(f"{name:<10} {'fails' if done.returncode else 'good'}")
        if done.returncode:
            failed.append(name)
            inform(done.stdout + done.stderr)
    if failed:
        raise Refusal(f"Not sure yet: {', '.join(failed)}. Ruff mends much itself: ruff format, ruff check --fix.")
    return 0
