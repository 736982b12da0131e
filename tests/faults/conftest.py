"""Fixtures of tests that break a PostgreSQL server of their own."""

import os
import shutil
from collections.abc import Iterator

import pytest

from app.config import Config
from app.kernel.db import schema
from app.kernel.db.engine import Database
from tests.cast import fill as cast_rows
from tests.databases import new_folder
from tests.faults.clusters import Cluster


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    folder = new_folder()
    os.chmod(folder, 0o755)
    running = Cluster(folder)
    yield running
    running.server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def site(cluster: Cluster) -> Iterator[Database]:
    database = Database(Config.for_tests(database_url=cluster.url.render_as_string(hide_password=False)))
    schema.upgrade(database)
    cast_rows(database)
    yield database
    database.dispose()
