"""Engines and sessions of the database: SQLite embedded, PostgreSQL in production, with the same results.

`db` always means a session of this module, never Flask's session. Reading sessions cannot write: the database refuses
it (SQLite `query_only`, PostgreSQL `default_transaction_read_only`). A writing session is one transaction.
"""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import orjson
from sqlalchemy import (
    JSON,
    URL,
    Connection,
    DateTime,
    Engine,
    ExceptionContext,
    MetaData,
    Table,
    TypeDecorator,
    create_engine,
    event,
    make_url,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Session

from app.config import Config
from app.kernel.crypto import Vault
from app.kernel.db.faults import FULL, READ_ONLY, Fault, fault_of
from app.kernel.db.prepared import Kept

Json = JSON().with_variant(JSONB(), "postgresql")


def only(condition: str) -> dict[str, Any]:
    """The keyword arguments of an index that holds only the rows of this condition, on both databases. `Any`, as
    those of an index have many types."""
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


class Instant(TypeDecorator[datetime]):
    """A time: aware and in UTC in Python, timestamptz on PostgreSQL, naive UTC text on SQLite."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("A time needs its time zone.")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def result_processor(
        self, dialect: Dialect, coltype: object
    ) -> Callable[[str | None], datetime | None] | Callable[[datetime | None], datetime | None]:
        # Lists read thousands of times: converted from the driver's value, without the layers between.
        return _from_text if dialect.name == "sqlite" else _in_utc


def _from_text(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(value + "+00:00")


def _in_utc(value: datetime | None) -> datetime | None:
    return None if value is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    if TYPE_CHECKING:
        # SQLAlchemy promises less, because a model may stand on a join; ours stand on tables.
        __table__: ClassVar[Table]

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class Db(Session):
    """An open database session, with the configuration and the vault that its users need."""

    database: "Database"
    kept: Kept | None = None
    """Who lends this session to its thread; None where it is opened anew."""
    connected: Connection | None = None
    """The open connection of a session that is lent, which statements that are built once are read on."""
    lent = False
    generation = 0
    """Which of the connections of its thread it has: they are opened anew when one broke."""

    def commit(self) -> None:
        """Commits. After a failure the connection is closed, which ends its transaction.

        SQLAlchemy takes the transaction for ended and would put the connection back into the pool as it is: on SQLite a
        refused COMMIT leaves the transaction open, and the write lock held.
        """
        try:
            super().commit()
        except BaseException:
            self.invalidate()
            raise

    def close(self) -> None:
        """Closes the session. One that is lent is given back, and has nothing to close when no object was read."""
        try:
            if self.kept is None or self.in_transaction() or self.identity_map:
                super().close()
        finally:
            if self.kept is not None:
                self.kept.take_back(self)

    @property
    def config(self) -> Config:
        return self.database.config

    @property
    def vault(self) -> Vault:
        return self.database.vault

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`."""
        return self.get_bind().dialect.name


ANSWER_SECONDS = 15.0
"""Seconds for which PostgreSQL may be silent on one statement. A server that hangs keeps its connections open."""


class Database:
    """The two engines of one database: one for reading, one for writing one transaction at a time.

    `answer_within` is in seconds; None waits for ever, as commands of an operator do.
    """

    def __init__(self, config: Config, answer_within: float | None = ANSWER_SECONDS) -> None:
        self.config = config
        self.vault = Vault(config)
        url = make_url(config.database_url)
        if url.drivername == "postgresql":
            url = url.set(drivername="postgresql+psycopg")
        self.url = url
        self.sqlite = url.get_backend_name() == "sqlite"
        # Threads of one process wait here in turn instead of in SQLite's sleeping retries.
        self._writer = threading.RLock() if self.sqlite else None
        if self.sqlite:
            self.reader, self.writer = _sqlite_engines(url)
        else:
            self.reader, self.writer = _postgresql_engines(url, answer_within)
        self._kept = Kept(self.reader, self._open)
        self.closing: list[Callable[[], None]] = [self._kept.close]
        """Functions to call before the engines close."""
        self.write_fault: Fault | None = None
        """Why this process cannot write right now: the fault of its last transaction, until one is committed."""
        event.listen(self.writer, "handle_error", self._keep_fault)
        event.listen(self.writer, "commit", self._forget_fault)

    def _keep_fault(self, context: ExceptionContext) -> None:
        fault = fault_of(context.original_exception)
        if fault is FULL or fault is READ_ONLY:
            self.write_fault = fault

    def _forget_fault(self, _connection: Connection) -> None:
        # Called before the COMMIT, which may fail and then is kept again.
        self.write_fault = None

    def open_reader(self, *, keep: bool = False) -> Db:
        """A session that can only read. The caller closes it.

        With `keep` its thread holds on to the session and its connection, as the few threads of a web process do. A
        worker's threads, of which each may wait long for somebody's server, must give theirs back.
        """
        return (keep and self._kept.lend()) or self._open(self.reader)

    def open_writer(self) -> Db:
        """A session that begins its transaction at first use. The caller commits or rolls back, and closes."""
        return self._open(self.writer)

    def _open(self, bind: Engine | Connection) -> Db:
        # Statements decide in the database; rows that a session has loaded are not recomputed from them.
        options = {"synchronize_session": False}
        db = Db(bind=bind, expire_on_commit=False, autoflush=False, execution_options=options)
        db.database = self
        return db

    @contextmanager
    def read(self, *, keep: bool = False) -> Iterator[Db]:
        """A reading session, closed when the block ends. `keep` as in `open_reader`."""
        db = self.open_reader(keep=keep)
        try:
            yield db
        finally:
            db.close()

    @contextmanager
    def write(self) -> Iterator[Db]:
        """One transaction: committed when the block ends, rolled back when it raises."""
        with self.queue():
            db = self.open_writer()
            try:
                yield db
                db.commit()
            finally:
                db.close()

    @contextmanager
    def queue(self) -> Iterator[None]:
        """Waits for the turn of this thread among the process's SQLite writers; nothing on PostgreSQL."""
        if self._writer is None:
            yield
        else:
            with self._writer:
                yield

    def acquire_writer(self) -> None:
        """Waits for the turn of this thread, until `release_writer`."""
        if self._writer is not None:
            self._writer.acquire()

    def release_writer(self) -> None:
        """Ends what `acquire_writer` began."""
        if self._writer is not None:
            self._writer.release()

    def dispose(self) -> None:
        """Calls the functions in `closing`, then closes every connection."""
        for finish in self.closing:
            finish()
        self.reader.dispose()
        self.writer.dispose()


def _dumps(value: object) -> str:
    return orjson.dumps(value).decode()


def _sqlite_engines(url: URL) -> tuple[Engine, Engine]:
    if url.database:
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    make_engine = partial(
        create_engine,
        url,
        json_serializer=_dumps,
        json_deserializer=orjson.loads,
        hide_parameters=True,
        pool_size=16,
        max_overflow=32,
        connect_args={"check_same_thread": False, "timeout": 15, "cached_statements": 512},
    )
    reader = make_engine(isolation_level="AUTOCOMMIT", skip_autocommit_rollback=True)
    writer = make_engine()
    event.listen(reader, "connect", lambda connection, _: _sqlite_pragmas(connection, read_only=True))
    event.listen(writer, "connect", lambda connection, _: _sqlite_pragmas(connection, read_only=False))

    # The driver's own deferred BEGIN fails with "database is locked" when a reader turns writer; IMMEDIATE waits.
    @event.listens_for(writer, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return reader, writer


def _sqlite_pragmas(connection: sqlite3.Connection, *, read_only: bool) -> None:
    connection.isolation_level = None
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "busy_timeout=15000",
        "foreign_keys=ON",
        "cache_size=-32768",
        "mmap_size=268435456",
        "temp_store=MEMORY",
        "secure_delete=ON",
        *(("query_only=ON",) if read_only else ()),
    ):
        connection.execute(f"PRAGMA {pragma}")


def _postgresql_engines(url: URL, answer_within: float | None) -> tuple[Engine, Engine]:
    from app.kernel.db import patience

    make_engine = partial(
        create_engine,
        url,
        json_serializer=_dumps,
        json_deserializer=orjson.loads,
        hide_parameters=True,
        pool_size=8,
        max_overflow=24,
        pool_timeout=5,
        pool_pre_ping=False,
        pool_use_lifo=True,
    )
    settings = "-c timezone=UTC -c lock_timeout=8000 -c jit=off -c random_page_cost=1.1"
    reader = make_engine(
        isolation_level="AUTOCOMMIT",
        skip_autocommit_rollback=True,
        connect_args={
            "options": f"{settings} -c default_transaction_read_only=on",
            "prepare_threshold": 2,
            "connect_timeout": 5,
        },
    )
    writer = make_engine(connect_args={"options": settings, "prepare_threshold": 2, "connect_timeout": 5})

    def connect(
        _dialect: object,
        _record: object,
        given: list[Any],  # the driver's
        names: dict[str, Any],  # the driver's
    ) -> patience.Connection:
        return patience.connect(*given, answer_within=answer_within, **names)

    for engine in (reader, writer):
        event.listen(engine, "do_connect", connect)
        event.listen(engine, "checkout", patience.checked_out)
    return reader, writer
