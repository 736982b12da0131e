"""Where files of tests lie."""

import os
import shutil
import tempfile
from pathlib import Path

MEMORY_NEEDED = 2 << 30


def fast() -> Path:
    """The folder for test files: in memory where there is enough of it, else the temporary folder."""
    memory = Path("/dev/shm")
    if memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > MEMORY_NEEDED:
        return memory
    return Path(tempfile.gettempdir())


def of_run(run: str) -> Path:
    """The folder of the databases of a run."""
    return fast() / f"session-desk-tests-{run}"
