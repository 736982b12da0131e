"""How long the rounds are, and where their outcome is written down.

`./dev test` runs a few rounds. `./dev faults` sets FAULT_ROUNDS; then every test also puts its line into
bench/faults.md, which is committed.
"""

import os
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock

ROOT = Path(__file__).resolve().parents[2]
TABLE = ROOT / "bench" / "faults.md"
LONG = "FAULT_ROUNDS" in os.environ

HEAD = """# Faults: the last long rounds

Made by `./dev faults`. Every line is one test that passed; `./dev test` runs the same tests with fewer
rounds. A test counts because it failed on a bug that was planted for it: see the lines marked "planted".

| fault | database | rounds | outcome | when, at which commit |
|---|---|---|---|---|
"""


def rounds(few: int) -> int:
    """How many rounds to run: a few, or FAULT_ROUNDS."""
    return int(os.environ.get("FAULT_ROUNDS", few))


def long_only(test: Callable[..., None]) -> Callable[..., None] | None:
    """Leaves a test out of the short rounds altogether, rather than skip it there."""
    return test if LONG else None


def note(fault: str, database: str, count: int, outcome: str) -> None:
    """Puts one line into the table in place of its older one, when the rounds are long."""
    if not LONG:
        return
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.strip()
    line = f"| {fault} | {database} | {count:,} | {outcome} | {datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {commit} |"
    with FileLock(f"{TABLE}.lock"):
        old = TABLE.read_text().splitlines() if TABLE.exists() else []
        lines = {tuple(row.split("|")[1:3]): row for row in old if row.startswith("| ") and "fault |" not in row}
        lines[tuple(line.split("|")[1:3])] = line
        TABLE.write_text(HEAD + "\n".join(lines[key] for key in sorted(lines)) + "\n")
    Path(f"{TABLE}.lock").unlink(missing_ok=True)
