"""Copies of databases into which functions wrote, one after another; each of these is made once a worker.

Whole upgrades take most of the time of these tests, and most tests begin where one has ended.
"""

import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine

from app.kernel.db import schema
from app.kernel.db.engine import Database
from tests.databases import WorkerDatabases
from tests.upgrade import product
from tests.upgrade.snapshot import load, snapshot

Fills = tuple[Callable[[Database], None], ...]


def old(database: Database) -> None:
    """Rows in every table, at the snapshot's revision."""
    product.migrate(database, snapshot().revision)
    with database.writer.begin() as connection:
        load(connection)


def tables(database: Database) -> None:
    """Brings the tables to the newest migration, as `desk db upgrade` does first."""
    schema.upgrade(database)


def values(database: Database) -> None:
    """Makes values of existing rows anew, as it does then."""
    product.finish(database, datetime.fromisoformat(snapshot().moment))


UPGRADED: Fills = (old, tables, values)


class Copies:
    """Where copies come from. There is one at a time on PostgreSQL; the last one is dropped."""

    def __init__(self, worker_databases: WorkerDatabases) -> None:
        self._databases = worker_databases
        self._files: dict[Fills, Path] = {}
        self._names: dict[Fills, str] = {(): "template1"}

    def sqlite(self, fills: Fills) -> str:
        """The address of a new copy."""
        return f"sqlite:///{self._copied(fills, self._path('copy'))}"

    def postgresql(self, fills: Fills) -> str:
        """The address of a new copy."""
        return self._address(self._created(self._name("copy"), self._filled(fills)))

    def remove(self, url: str) -> None:
        """Deletes a copy."""
        if url.startswith("sqlite"):
            self._databases.remove(url)
        else:
            self._drop(self._name("copy"))

    def close(self) -> None:
        """Deletes everything that was made."""
        for path in self._files.values():
            self._databases.remove(f"sqlite:///{path}")
        for name in list(self._names.values())[1:]:
            self._drop(name)

    def _copied(self, fills: Fills, path: Path) -> Path:
        path.unlink(missing_ok=True)
        if fills:
            shutil.copyfile(self._file(fills), path)
        return path

    def _file(self, fills: Fills) -> Path:
        """The file into which these functions wrote."""
        if fills not in self._files:
            path = self._copied(fills[:-1], self._path(_joined(fills)))
            _call(fills[-1], f"sqlite:///{path}")
            with closing(sqlite3.connect(path)) as connection:  # so that the file alone can be copied
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            self._files[fills] = path
        return self._files[fills]

    def _path(self, which: str) -> Path:
        return self._databases.folder / f"{self._databases.worker}-upgrade-{which}.sqlite3"

    def _filled(self, fills: Fills) -> str:
        """The name of the PostgreSQL database into which these functions wrote."""
        if fills not in self._names:
            name = self._created(self._name(_joined(fills)), self._filled(fills[:-1]))
            _call(fills[-1], self._address(name))
            self._names[fills] = name
        return self._names[fills]

    def _name(self, which: str) -> str:
        return f"session_desk_upgrade_{os.getpid()}_{self._databases.worker}_{which}"

    def _created(self, name: str, template: str) -> str:
        self._drop(name)
        with self._server.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def _drop(self, name: str) -> None:
        with self._server.connect() as connection:
            connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    @property
    def _server(self) -> Engine:
        return self._databases.server

    def _address(self, name: str) -> str:
        found: str = self._server.url.set(database=name).render_as_string(hide_password=False)
        return found


def _joined(fills: Fills) -> str:
    return "_".join(fill.__name__ for fill in fills)


def _call(fill: Callable[[Database], None], url: str) -> None:
    database = product.open_database(url)
    fill(database)
    database.dispose()
