"""The old database, upgraded, at the moment it was taken. The fixtures of tests/fixtures.py stand on this one."""

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from typing import Any

import pytest
import time_machine
from sqlalchemy import Engine, make_url

from tests.clocks import Clock
from tests.databases import WorkerDatabases
from tests.upgrade import product
from tests.upgrade.browser import Browsers
from tests.upgrade.snapshot import facts, load, snapshot


class Upgraded:
    """Copies of one upgraded database a kind, made once a worker."""

    def __init__(self, worker_databases: WorkerDatabases) -> None:
        self.worker_databases = worker_databases
        self.ready: dict[str, str] = {}

    def sqlite(self) -> str:
        """The address of a new copy."""
        template = self.worker_databases.folder / f"{self.worker_databases.worker}-upgraded.sqlite3"
        if "sqlite" not in self.ready:
            self.ready["sqlite"] = f"sqlite:///{template}"
            self._build(self.ready["sqlite"])
            with closing(sqlite3.connect(template)) as connection:
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        copy = self.worker_databases.folder / f"{self.worker_databases.worker}-old.sqlite3"
        shutil.copyfile(template, copy)
        return f"sqlite:///{copy}"

    def postgresql(self) -> str:
        """The address of a new copy; the last one is dropped."""
        server: Engine = self.worker_databases.server
        template = self._name("upgraded")
        if "postgresql" not in self.ready:
            _create(server, template)
            self.ready["postgresql"] = _address(server, template)
            self._build(self.ready["postgresql"])
        copy = self._name("old")
        _create(server, copy, template)
        return _address(server, copy)

    def _name(self, which: str) -> str:
        return f"session_desk_{which}_{os.getpid()}_{self.worker_databases.worker}"

    def _build(self, url: str) -> None:
        database = product.open_database(url)
        product.migrate(database, snapshot().revision)
        with database.writer.begin() as connection:
            load(connection)
        product.migrate(database, "head")
        product.finish(database, datetime.fromisoformat(snapshot().moment))
        database.dispose()

    def close(self) -> None:
        """Drops what was made on the PostgreSQL server."""
        if "postgresql" in self.ready:
            for name in ("old", "upgraded"):
                _drop(self.worker_databases.server, self._name(name))
        if "sqlite" in self.ready:
            self.worker_databases.remove(self.ready["sqlite"])


def _create(server: Engine, name: str, template: str = "template1") -> None:
    _drop(server, name)
    with server.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name} TEMPLATE {template}")


def _drop(server: Engine, name: str) -> None:
    with server.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def _address(server: Engine, name: str) -> str:
    return make_url(server.url).set(database=name).render_as_string(hide_password=False)


@pytest.fixture(scope="session")
def upgraded(worker_databases: WorkerDatabases) -> Iterator[Upgraded]:
    """Where copies of the upgraded database come from."""
    made = Upgraded(worker_databases)
    yield made
    made.close()


OPENED: dict[str, Any] = {}
"""One Database a worker and kind: its engines remember compiled statements."""


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, upgraded: Upgraded) -> Iterator[Any]:
    """A copy of the old database, upgraded to the newest migration."""
    url = upgraded.sqlite() if request.param == "sqlite" else upgraded.postgresql()
    if url not in OPENED:
        OPENED[url] = product.open_database(url)
    opened = OPENED[url]
    config = opened.config
    yield opened
    opened.config = config
    opened.dispose()
    upgraded.worker_databases.remove(url)


@pytest.fixture(autouse=True)
def clock() -> Iterator[Clock]:
    """Time stands still at the moment the snapshot was taken, until it is moved."""
    with time_machine.travel(datetime.fromisoformat(snapshot().moment), tick=False) as traveller:
        yield Clock(traveller)


@pytest.fixture
def browsers(app: Any) -> Browsers:
    """The browsers of the people who were signed in when the old version was stopped."""
    return Browsers(app, facts()["cookies"])
