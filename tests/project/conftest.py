"""The demo site: the app on demonstration data, crawled once per worker."""

from collections.abc import Iterator

import pytest

from app.config import Config
from app.kernel.db.engine import Database
from tests import demo_data
from tests.databases import WorkerDatabases
from tests.project import crawler


@pytest.fixture(scope="session")
def demo_site(worker_databases: WorkerDatabases) -> Iterator[crawler.DemoSite]:
    """The demonstration data on SQLite with every page of it visited. Tests only read it."""
    url = worker_databases.sqlite(fills=[demo_data.load, crawler.add_vera])
    database = Database(Config.for_tests(database_url=url, public_base_url="http://localhost"))
    # This database is the demo site's alone: tests that look at it afterwards see no such writes either.
    database.pending_times = crawler.Unwritten(database)  # type: ignore[attr-defined]  # as last_seen.py does
    yield crawler.open_demo_site(database, visits_each=12)
    database.dispose()
