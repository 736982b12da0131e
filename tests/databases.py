"""Fresh databases for tests, fast: SQLite as a copy of a file, PostgreSQL as one database a worker, emptied.

Measured with forty tables: copying an SQLite file 1 ms, emptying by DELETE 3 ms, TRUNCATE 55–85 ms, CREATE DATABASE …
TEMPLATE 20–45 ms and four new connections.
"""

import os
import shutil
import tempfile
from functools import cached_property
from pathlib import Path

from filelock import FileLock
from sqlalchemy import Connection, Engine, create_engine, inspect, make_url

from app.config import Config
from app.kernel.db import schema
from app.kernel.db.engine import Database
from tests import postgres


def build_schema(database: Database) -> None:
    """Makes every table, index and trigger in an empty database, as production does: by the migrations."""
    schema.upgrade(database)


class Grounds:
    """Where this worker's tests build. Nothing is made before a test asks for it."""

    def __init__(self, folder: Path, worker: str) -> None:
        self.folder, self.worker, self.made = folder, worker, 0

    @cached_property
    def template(self) -> Path:
        """An SQLite file with every table, made once a run."""
        ready = self.folder / "template.sqlite3"
        with FileLock(f"{ready}.lock"):
            if not ready.exists():
                building = self.folder / "building.sqlite3"
                _build(f"sqlite:///{building}")
                with create_engine(f"sqlite:///{building}").connect() as connection:
                    connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
                building.rename(ready)
        return ready

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
        _build(_rendered(engine))
        return engine

    @cached_property
    def tables(self) -> list[str]:
        """Every table of the worker's PostgreSQL database; none comes with rows."""
        with self.own.connect() as connection:
            found = inspect(connection).get_table_names()
        return [name for name in found if name != "alembic_version"]

    def sqlite(self, name: str = "") -> str:
        """The address of a new SQLite database; with a name always the same one, with new rows."""
        self.made += 1
        path = self.folder / f"{self.worker}-{name or self.made}.sqlite3"
        shutil.copyfile(self.template, path)
        return f"sqlite:///{path}"

    def postgresql(self) -> str:
        """The address of this worker's PostgreSQL database, emptied."""
        tables = self.tables
        with self.own.connect() as connection:
            _empty(connection, tables)
        return _rendered(self.own)

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


def open_grounds(run: str, worker: str) -> Grounds:
    """The grounds of one worker; workers of one run share the folder."""
    folder = postgres.fast_folder() / f"session-desk-tests-{run}"
    folder.mkdir(mode=0o755, exist_ok=True)
    return Grounds(folder, worker)


def clear(run: str) -> None:
    shutil.rmtree(postgres.fast_folder() / f"session-desk-tests-{run}", ignore_errors=True)


def new_folder() -> Path:
    """An empty folder of a test's own, in memory where possible."""
    return Path(tempfile.mkdtemp(prefix="session-desk-", dir=postgres.fast_folder()))


def _build(url: str) -> None:
    database = Database(Config.for_tests(database_url=url))
    build_schema(database)
    database.dispose()


def _rendered(engine: Engine) -> str:
    return engine.url.render_as_string(hide_password=False)


_OTHERS = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
)
_ADVANCED = "SELECT quote_ident(sequencename) FROM pg_sequences WHERE schemaname = 'public' AND last_value IS NOT NULL"


def _empty(connection: Connection, tables: list[str]) -> None:
    """Deletes every row, whatever triggers and foreign keys say, and lets sequences begin at 1 again."""
    connection.exec_driver_sql(_OTHERS)  # a thread that outlived its test must not write into the next one
    work = ["SET session_replication_role = replica", *(f'DELETE FROM "{name}"' for name in tables)]
    work += [f"ALTER SEQUENCE {name} RESTART" for (name,) in connection.exec_driver_sql(_ADVANCED)]
    connection.exec_driver_sql("; ".join([*work, "RESET session_replication_role"]))
