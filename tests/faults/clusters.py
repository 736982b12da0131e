"""A PostgreSQL server that a test may kill, stop and freeze."""

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
from sqlalchemy import make_url

from tests import postgres


class Cluster:
    """A PostgreSQL server of this test's own, that keeps what it has acknowledged."""

    def __init__(self, folder: Path) -> None:
        self.server = postgres.start(folder, {"max_connections": "100"})
        self.data = Path(self.server.pgdata)
        self.url = make_url(self.server.get_uri()).set(drivername="postgresql+psycopg")

    @property
    def pid(self) -> int:
        return int((self.data / "postmaster.pid").read_text().split()[0])

    def end(self, how: signal.Signals) -> None:
        """SIGKILL is a crash, SIGINT a fast stop."""
        main = psutil.Process(self.pid)
        family = [main, *main.children()]
        main.send_signal(how)
        ends = time.monotonic() + 30
        while any(is_alive(process) for process in family):
            assert time.monotonic() < ends
            time.sleep(0.02)
        # A crash leaves them, and nobody may have waited for the process whose number stands in them.
        for lock in ("postmaster.pid", ".s.PGSQL.5432.lock"):
            (self.data / lock).unlink(missing_ok=True)

    def start(self) -> None:
        self.server.ensure_postgres_running()

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Stops all its processes where they are: connections stay open, and nothing answers."""
        main = psutil.Process(self.pid)
        family = [main, *main.children()]
        for process in family:
            process.suspend()
        yield
        for process in family:
            process.resume()


def is_alive(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
