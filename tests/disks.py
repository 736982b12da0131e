"""A disk that a test can fill and empty: a small tmpfs where the tests run as root, else a limit of file sizes."""

import contextlib
import os
import resource
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = os.geteuid() == 0


class SmallDisk:
    """A folder on a disk of its own. The limit of file sizes stands for a full disk where nothing can be mounted."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._ballast = path / "ballast"
        self._limits = resource.getrlimit(resource.RLIMIT_FSIZE)

    def fill(self) -> None:
        """Leaves no byte free."""
        if not ROOT:
            resource.setrlimit(resource.RLIMIT_FSIZE, (0, self._limits[1]))
            return
        with self._ballast.open("ab", buffering=0) as ballast:
            for size in (1 << 16, 1 << 12, 1):
                with contextlib.suppress(OSError):
                    while True:
                        ballast.write(b"x" * size)

    def free(self) -> None:
        """Gives the space back."""
        resource.setrlimit(resource.RLIMIT_FSIZE, self._limits)
        self._ballast.unlink(missing_ok=True)


@contextmanager
def small_disk(path: Path, megabytes: int = 16) -> Iterator[SmallDisk]:
    """A disk of a few megabytes at an empty folder, gone when the block ends."""
    path.mkdir(exist_ok=True)
    if ROOT:
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(path)], check=True)
    disk = SmallDisk(path)
    try:
        yield disk
    finally:
        disk.free()
        if ROOT:
            subprocess.run(["umount", "--lazy", str(path)], check=True)
