"""The programs' own Python environment, with the packages that requirements.txt pins."""

import hashlib
import subprocess
import sys
from pathlib import Path

REQUIREMENTS = Path(__file__).with_name("requirements.txt")


def python(folder: Path) -> Path:
    """The interpreter of the environment in `folder`, which is made if there is none for these requirements."""
    place = folder / "peers-environment"
    interpreter, stamp = place / "bin" / "python", place / "installed.txt"
    wanted = hashlib.sha256(REQUIREMENTS.read_bytes() + sys.version.encode()).hexdigest()
    if not stamp.exists() or stamp.read_text() != wanted:
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(place)], check=True)
        install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement", str(REQUIREMENTS)]
        subprocess.run([str(interpreter), *install], check=True)
        stamp.write_text(wanted)
    return interpreter
