"""Databases for tests: a copied file on SQLite, one database a worker that is emptied on PostgreSQL.

Both come with the cast (tests/cast.py) already in them when a test asks for it. Measured with forty-five tables:
copying an SQLite file takes 1 ms; on PostgreSQL, deleting from the tables that hold rows takes a few milliseconds,
TRUNCATE 55–85 ms, CREATE DATABASE … TEMPLATE 20–45 ms, and the last two cost four new connections.
"""

import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from functools import cached_property
from pathlib import Path

from filelock import FileLock
from sqlalchemy import Connection, Engine, QueuePool, create_engine, event, inspect, make_url

from app.config import Config
from app.kernel import schema
from app.kernel.db import Database
from tests import cast, postgres

KEPT = 2
"""Idle connections of an engine that stay open for the next test; a new one costs more than most tests' queries."""


def build_schema(database: Database) -> None:
    """Makes every table, index and trigger in an empty database, as production does: by the migrations."""
    schema.upgrade(database)


class WorkerDatabases:
    """The databases of one test worker. Nothing is made before a test asks for it."""

    def __init__(self, folder: Path, worker: str) -> None:
        self.folder, self.worker, self.made = folder, worker, 0
        self._backends: set[int] = set()

    @cached_property
    def template(self) -> Path:
        """An SQLite file with every table, made once a run."""
        return self._template("template", build_schema)

    @cached_property
    def cast_template(self) -> Path:
        """The same with the rows of the cast."""
        return self._template("cast", _add_cast, self.template)

    def _template(self, name: str, fill: Callable[[Database], None], start: Path | None = None) -> Path:
        ready = self.folder / f"{name}.sqlite3"
        with FileLock(f"{ready}.lock"):
            if not ready.exists():
                building = self.folder / f"{name}-building.sqlite3"
                if start is not None:
                    shutil.copyfile(start, building)
                database = Database(Config.for_tests(database_url=f"sqlite:///{building}"))
                fill(database)
                checkpoint(database)
                database.dispose()
                building.rename(ready)
        return ready

    def copy_of(self, name: str, fill: Callable[[Database], None]) -> Path:
        """A new copy of an SQLite file that `fill` has filled, once a run and name."""
        self.made += 1
        own = self.folder / f"{self.worker}-{name}-{self.made}.sqlite3"
        shutil.copyfile(self._template(name, fill, self.template), own)
        return own

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
            self.server.url.set(database=name), isolation_level="AUTOCOMMIT", max_overflow=0, pool_size=1
        )
        database = Database(Config.for_tests(database_url=_rendered(engine)))
        build_schema(database)
        database.dispose()
        return engine

    @cached_property
    def standing(self) -> str:
        """A query for what must be undone in the PostgreSQL database: tables with rows, sequences that were used."""
        with self.own.connect() as connection:
            tables = [name for name in inspect(connection).get_table_names() if name != "alembic_version"]
        filled = " UNION ALL ".join(
            f"""SELECT 't', '"{name}"' WHERE EXISTS (SELECT FROM "{name}")""" for name in tables
        )
        return (
            f"{filled} UNION ALL SELECT 's', quote_ident(sequencename) FROM pg_sequences "
            "WHERE schemaname = 'public' AND last_value IS NOT NULL"
        )

    @cached_property
    def cast_rows(self) -> list[str]:
        """Statements that put the cast into the emptied PostgreSQL database."""
        database = Database(Config.for_tests(database_url=self.postgresql()))
        _add_cast(database)
        database.dispose()
        found = []
        with self.own.connect() as connection:
            for kind, name in connection.exec_driver_sql(self.standing).all():
                if kind == "t":
                    rows = connection.exec_driver_sql(f"SELECT json_agg(each) FROM {name} AS each").scalar_one()
                    rows = json.dumps(rows).replace("'", "''")
                    found.append(f"INSERT INTO {name} SELECT * FROM json_populate_recordset(NULL::{name}, '{rows}')")
                else:
                    last = connection.exec_driver_sql(f"SELECT last_value FROM {name}").scalar_one()
                    found.append(f"SELECT setval('{name}', {last})")
            self._empty(connection, self.standing, [])
        return found

    def sqlite(self, name: str = "", with_cast: bool = False) -> str:
        """The address of a new SQLite database; with a name always the same one, with new rows."""
        self.made += 1
        path = self.folder / f"{self.worker}-{name or self.made}.sqlite3"
        shutil.copyfile(self.cast_template if with_cast else self.template, path)
        return f"sqlite:///{path}"

    def postgresql(self, with_cast: bool = False) -> str:
        """The address of this worker's PostgreSQL database, emptied."""
        standing, rows = self.standing, self.cast_rows if with_cast else []
        with self.own.connect() as connection:
            self._empty(connection, standing, rows)
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
        work = [f"DELETE FROM {name}" if kind == "t" else f"ALTER SEQUENCE {name} RESTART" for kind, name in found]
        if work or then:
            work = ["SET session_replication_role = replica", *work, *then]
            work = [*work, "RESET session_replication_role"]
            connection.exec_driver_sql("; ".join(work), execution_options={"no_parameters": True})

    def watch(self, database: Database) -> Database:
        """Lets this database's PostgreSQL connections live on when another test begins; see `settle`."""
        if not database.sqlite:
            for engine in (database.reader, database.writer):
                event.listen(engine, "connect", lambda made, _: self._backends.add(made.info.backend_pid))
                event.listen(engine, "close", lambda gone, _: self._backends.discard(gone.info.backend_pid))
        return database

    def settle(self, database: Database, keep: bool) -> None:
        """Ends a test's use of its database. Raises AssertionError when a thread still holds a connection: it would
        write into the next test, or leave the connection to the garbage collector."""
        for finish in database.closing:
            finish()
        try:
            _wait_until_idle(database)
        except AssertionError:
            database.dispose()
            raise
        pools = [_pool(engine) for engine in (database.reader, database.writer)]
        if database.sqlite or not keep or any(pool.checkedin() > KEPT for pool in pools):
            database.dispose()

    def remove(self, url: str) -> None:
        """Deletes what `sqlite()` made."""
        if url.startswith("sqlite"):
            database = make_url(url).database
            for path in self.folder.glob(f"{Path(str(database)).name}*"):
                path.unlink(missing_ok=True)

    def close(self) -> None:
        """Drops this worker's database and lets go of the server, which stops with the last worker."""
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
    folder = postgres.fast_folder() / f"session-desk-tests-{run}"
    folder.mkdir(mode=0o755, exist_ok=True)
    return WorkerDatabases(folder, worker)


def clear(run: str) -> None:
    """Removes the folder of a run."""
    shutil.rmtree(postgres.fast_folder() / f"session-desk-tests-{run}", ignore_errors=True)


def new_folder() -> Path:
    """An empty folder of a test's own, in memory where possible."""
    return Path(tempfile.mkdtemp(prefix="session-desk-", dir=postgres.fast_folder()))


def checkpoint(database: Database) -> None:
    """Brings everything that was written into the SQLite file itself, so that the file alone can be copied."""
    with database.writer.connect() as connection:
        connection.connection.dbapi_connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _add_cast(database: Database) -> None:
    with database.write() as db:
        cast.add(db)


def _wait_until_idle(database: Database, seconds: float = 5) -> None:
    """Waits for connections that background threads have not given back yet."""
    ends = time.monotonic() + seconds
    pools = [_pool(engine) for engine in (database.reader, database.writer)]
    while held := sum(pool.checkedout() for pool in pools):
        assert time.monotonic() < ends, (
            f"{held} connections of this test are still in use: a thread goes on, or a leak."
        )
        time.sleep(0.01)


def _pool(engine: Engine) -> QueuePool:
    assert isinstance(engine.pool, QueuePool)
    return engine.pool


def _rendered(engine: Engine) -> str:
    return engine.url.render_as_string(hide_password=False)
