"""The furnished house, opened once a worker."""

import shutil
from collections.abc import Iterator

import pytest
from filelock import FileLock

from app.config import Config
from app.kernel.db.engine import Database
from tests.databases import Grounds
from tests.house import furnished


@pytest.fixture(scope="session")
def house(grounds: Grounds) -> Iterator[furnished.House]:
    """The demonstration data on SQLite, every page of it visited. For reading only."""
    template = grounds.folder / "furnished.sqlite3"
    with FileLock(f"{template}.lock"):
        if not template.exists():
            building = grounds.sqlite()
            database = Database(Config.for_tests(database_url=building))
            furnished.furnish(database)
            with database.writer.connect() as connection:
                connection.connection.dbapi_connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            database.dispose()
            shutil.move(building.removeprefix("sqlite:///"), template)
    own = grounds.folder / f"house-{grounds.worker}.sqlite3"
    shutil.copyfile(template, own)
    database = Database(Config.for_tests(database_url=f"sqlite:///{own}", public_base_url="http://localhost"))
    yield furnished.open_house(database, visits_each=12)
    database.dispose()
