"""Makes the files that are generated and committed: docs/states.md and the compiled translations."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def main(_arguments: list[str]) -> int:
    """Returns the worst exit code of the generators; what they find wrong, they print."""
    # Processes of their own, because they import the app and Babel, which the other tools do without.
    generators = ("tools.states", "tools.locales")
    return max(subprocess.run([sys.executable, "-P", "-m", name], cwd=ROOT).returncode for name in generators)
