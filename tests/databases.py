"""Databases for tests: one a worker that is emptied for each test, on SQLite (tests/sqlite_file.py) and on PostgreSQL.

Both come with rows already in them, such as the cast's (tests/cast.py), when a test asks for them. Measured with
forty-five tables: on SQLite, emptying takes 0.4 ms, copying a file 1 ms and opening two connections to it 8 ms; on
PostgreSQL, deleting from the tables that hold rows takes a few milliseconds, TRUNCATE of all 55–85 ms, CREATE DATABASE
… TEMPLATE 20–45 ms and four new connections.
"""

import contextlib
import json
import os
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from filelock import FileLock
from sqlalchemy import Connection, Engine, ExceptionContext, QueuePool, create_engine, event, inspect, make_url
from sqlalchemy.pool import ConnectionPoolEntry

from app.config import Config
from app.kernel.db import schema
from app.kernel.db.engine import Database
from tests import folders, postgres
from tests.sqlite_file import ReusedFile

KEPT = 2
"""Idle connections of an engine that stay open for the next test; a new one costs more than most tests' queries."""


LARGE = 1 << 17
"""Bytes of a PostgreSQL table from which on TRUNCATE is worth its price: it gives the space of deleted rows back, whose
pages would be read on and on and which would change what the planner thinks."""

UNDO = {
    "table": "DELETE FROM {}",
    "large": "TRUNCATE {} CASCADE",
    "sequence": "SELECT setval('{}', 1, false)",
}
"""What undoes each kind. ALTER SEQUENCE … RESTART would make a new file and have every connection plan anew."""

DEADLOCK = "40P01"
"""PostgreSQL's name for it."""

Fill = Callable[[Database], None]
Fills = Sequence[Fill]
"""Functions that write into a new database, in this order. They are called once a run; after that rows are copied."""


def build_schema(database: Database) -> None:
    """Makes every table, index and trigger in an empty database, as production does: by the migrations."""
    schema.upgrade(database)


class WorkerDatabases:
    """The databases of one test worker. Nothing is made before a test asks for it."""

    def __init__(self, folder: Path, worker: str) -> None:
        self.folder, self.worker, self.made = folder, worker, 0
        self._reused: ReusedFile | None = None
        self._watched: list[Database] = []
        self._deadlocks: list[str] = []
        self._backends: set[int] = set()
        self._known_files: dict[str, Path] = {}
        self._known_rows: dict[str, list[str]] = {}

    @cached_property
    def template(self) -> Path:
        """An SQLite file with every table, made once a run."""
        return self._once("template.sqlite3", lambda building: _fill_file(building, build_schema))

    def _once(self, name: str, make: Callable[[Path], None]) -> Path:
        """A file of the run's folder, made by the first worker that needs it."""
        ready = self.folder / name
        with FileLock(f"{ready}.lock"):
            if not ready.exists():
                building = self.folder / f"building-{name}"
                make(building)
                building.rename(ready)
        return ready

    def _filled(self, fills: Fills) -> Path:
        """The SQLite file with every table and with what these functions write."""

        def make(building: Path) -> None:
            shutil.copyfile(self._filled(fills[:-1]), building)
            _fill_file(building, fills[-1])

        name = _name(fills)
        if name not in self._known_files:
            self._known_files[name] = self._once(f"{name}.sqlite3", make) if fills else self.template
        return self._known_files[name]

    @cached_property
    def server(self) -> Engine:
        """The PostgreSQL server, for making and dropping databases."""
        with FileLock(self.folder / "postgresql.lock"):
            url = postgres.server_url(self.folder)
        return create_engine(url, isolation_level="AUTOCOMMIT")

    @cached_property
    def own(self) -> Engine:
        """This worker's PostgreSQL database, with every table."""
        name = f"session_desk_test_{os.getpid()}_{self.worker}"
        with self.server.connect() as connection:
            connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
            connection.exec_driver_sql(f"CREATE DATABASE {name}")
        engine = create_engine(
            self.server.url.set(database=name),
            isolation_level="AUTOCOMMIT",
            max_overflow=0,
            pool_size=1,
            pool_pre_ping=True,  # a test may have ended every connection
            # It only empties and fills. Set for each test, this would have every plan made anew: five times the work.
            connect_args={"options": "-c session_replication_role=replica"},
        )
        _fill(_rendered(engine), build_schema)
        return engine

    @cached_property
    def standing(self) -> str:
        """A query for what must be undone in the PostgreSQL database: tables with rows, sequences that were used."""
        with self.own.connect() as connection:
            tables = [name for name in inspect(connection).get_table_names() if name != "alembic_version"]
        asked = [
            f"""SELECT CASE WHEN pg_relation_size('"{name}"') > {LARGE} THEN 'large' ELSE 'table' END, '"{name}"' """
            f"""WHERE EXISTS (SELECT FROM "{name}")"""
            for name in tables
        ]
        asked.append(
            "SELECT 'sequence', quote_ident(sequencename) FROM pg_sequences "
            "WHERE schemaname = 'public' AND last_value IS NOT NULL"
        )
        return " UNION ALL ".join(asked)

    def _rows(self, fills: Fills) -> list[str]:
        """Statements that put what these functions write into the emptied PostgreSQL database, found out once a run."""

        def make(building: Path) -> None:
            _fill(self.postgresql(fills[:-1]), fills[-1])
            found = []
            with self.own.connect() as connection:
                for kind, name in connection.exec_driver_sql(self.standing).all():
                    if kind == "sequence":
                        last = connection.exec_driver_sql(f"SELECT last_value FROM {name}").scalar_one()
                        found.append(f"SELECT setval('{name}', {last})")
                    else:
                        rows = connection.exec_driver_sql(
                            f"SELECT json_agg(each)::text FROM {name} AS each"
                        ).scalar_one()
                        given = rows.replace("'", "''")
                        found.append(
                            f"INSERT INTO {name} SELECT * FROM json_populate_recordset(NULL::{name}, '{given}')"
                        )
                self._empty(connection, self.standing, [])
            building.write_text(json.dumps(found))

        name = _name(fills)
        if name not in self._known_rows:
            self._known_rows[name] = json.loads(self._once(f"{name}.json", make).read_text()) if fills else []
        return self._known_rows[name]

    def sqlite(self, name: str = "", fills: Fills = ()) -> str:
        """The address of a new SQLite database; with a name always the same address."""
        self.made += 1
        path = self.folder / f"{self.worker}-{name or self.made}.sqlite3"
        shutil.copyfile(self._filled(fills), path)
        return f"sqlite:///{path}"

    def own_sqlite(self, fills: Fills = ()) -> str:
        """The address of this worker's SQLite database, with new rows; another one where there are many."""
        filled = self._filled(fills)
        if filled.stat().st_size > 2 * self.template.stat().st_size:
            return self.sqlite("many", fills)
        if self._reused is not None and not self._reused.usable:
            self._reused.close()
            self._reused = None
            for database in self._watched:
                database.dispose()
        if self._reused is None:
            self._reused = ReusedFile(self.folder / f"{self.worker}-own.sqlite3", self.template)
        self._reused.refill(filled)
        return f"sqlite:///{self._reused.path}"

    def postgresql(self, fills: Fills = ()) -> str:
        """The address of this worker's PostgreSQL database, with new rows."""
        standing, rows = self.standing, self._rows(fills)
        with self.own.connect() as connection:
            self._empty(connection, standing, rows)
            if sum(map(len, rows)) > LARGE:
                connection.exec_driver_sql("ANALYZE")
        return _rendered(self.own)

    def _empty(self, connection: Connection, standing: str, then: list[str]) -> None:
        """Deletes every row, whatever triggers and foreign keys say, and lets sequences begin at 1 again."""
        # A thread or process that outlived its test must not write into the next one.
        ours = ", ".join(map(str, {0, *self._backends}))
        connection.exec_driver_sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
            f"AND pid <> pg_backend_pid() AND pid NOT IN ({ours})"
        )
        found = connection.exec_driver_sql(standing).all()
        if found or then:
            work = [*(UNDO[kind].format(name) for kind, name in found), *then]
            connection.exec_driver_sql("; ".join(work), execution_options={"no_parameters": True})

    def watch(self, database: Database) -> Database:
        """Lets this database's connections live on when another test begins; see `settle`."""
        self._watched.append(database)
        if not database.sqlite:
            for engine in (database.reader, database.writer):
                event.listen(engine, "connect", self._note_backend)
                event.listen(engine, "close", lambda _, record: self._backends.discard(record.info.get("pid", 0)))
                event.listen(engine, "handle_error", self._note_deadlock)
        return database

    def _note_backend(self, made: Any, record: ConnectionPoolEntry) -> None:  # made by the driver
        record.info["pid"] = made.info.backend_pid  # A connection that broke does not say it any more.
        self._backends.add(made.info.backend_pid)

    def _note_deadlock(self, context: ExceptionContext) -> None:
        if getattr(context.original_exception, "sqlstate", None) == DEADLOCK:
            self._deadlocks.append(f"{context.statement}\n{context.original_exception}")

    def settle(self, database: Database, keep: bool) -> None:
        """Ends a test's use of its database. Raises AssertionError when a thread still holds a connection: it would
        write into the next test, or leave the connection to the garbage collector; and when two transactions waited for
        each other, of which the test itself may see nothing but a refusal."""
        deadlocks, self._deadlocks = self._deadlocks, []
        assert not deadlocks, "\n\n".join(deadlocks)
        for finish in database.closing:
            finish()
        try:
            _wait_until_idle(database)
        except AssertionError:
            database.dispose()
            raise
        pools = [_pool(engine) for engine in (database.reader, database.writer)]
        copied = database.sqlite and not self._is_reused(str(database.url.database))
        if copied or not keep or any(pool.checkedin() > KEPT for pool in pools):
            database.dispose()

    def _is_reused(self, path: str) -> bool:
        return self._reused is not None and str(self._reused.path) == path

    def remove(self, url: str) -> None:
        """Deletes what `sqlite()` made."""
        if url.startswith("sqlite"):
            database = str(make_url(url).database)
            if not self._is_reused(database):
                for path in self.folder.glob(f"{Path(database).name}*"):
                    path.unlink(missing_ok=True)

    def close(self) -> None:
        """Closes this worker's databases and lets go of the server, which stops with the last worker."""
        if self._reused is not None:
            self._reused.close()
        for database in self._watched:
            database.dispose()
        if "own" in self.__dict__:
            self.own.dispose()
            with self.server.connect() as connection:
                connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {self.own.url.database} WITH (FORCE)")
        if "server" in self.__dict__:
            self.server.dispose()
            if not os.environ.get("TEST_DATABASE_URL"):
                postgres.start(self.folder).cleanup()


def open_worker_databases(run: str, worker: str) -> WorkerDatabases:
    """The databases of one worker; workers of one run share the folder."""
    folder = folders.of_run(run)
    folder.mkdir(mode=0o755, exist_ok=True)
    return WorkerDatabases(folder, worker)


def new_folder() -> Path:
    """An empty folder of a test's own, in memory where possible."""
    return Path(tempfile.mkdtemp(prefix="session-desk-", dir=folders.fast()))


def _fill(url: str, fill: Fill) -> None:
    database = Database(Config.for_tests(database_url=url))
    fill(database)
    database.dispose()


def _fill_file(path: Path, fill: Fill) -> None:
    _fill(f"sqlite:///{path}", fill)
    with contextlib.closing(sqlite3.connect(path)) as connection:  # so that the file alone can be copied
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _name(fills: Fills) -> str:
    return "-".join(f"{fill.__module__}.{fill.__qualname__}" for fill in fills)


def _wait_until_idle(database: Database, seconds: float = 5) -> None:
    """Waits for connections that background threads have not given back yet."""
    ends = time.monotonic() + seconds
    pools = [_pool(engine) for engine in (database.reader, database.writer)]
    while in_use := sum(pool.checkedout() for pool in pools):
        assert time.monotonic() < ends, (
            f"{in_use} connections of this test are still in use: a thread goes on, or a leak."
        )
        time.sleep(0.01)


def _pool(engine: Engine) -> QueuePool:
    assert isinstance(engine.pool, QueuePool)
    return engine.pool


def _rendered(engine: Engine) -> str:
    return engine.url.render_as_string(hide_password=False)
