"""One connection a thread, and how each database spells ids, moments and JSON."""

import os
import threading
from datetime import UTC, datetime
from typing import Any

import orjson

DATABASE_URL = os.environ.get("DATABASE_URL", "")
SQLITE = DATABASE_URL.startswith("sqlite")
_local = threading.local()


def _connection() -> Any:
    try:
        return _local.connection
    except AttributeError:
        _local.connection = _open()
        return _local.connection


if SQLITE:
    import sqlite3

    BEGIN = "BEGIN IMMEDIATE"
    # The product's own settings (app/kernel/db/engine.py) but for secure_delete.
    _PRAGMAS = (
        "journal_mode=WAL",
        "synchronous=FULL",
        "busy_timeout=15000",
        "foreign_keys=ON",
        "cache_size=-32768",
        "mmap_size=268435456",
        "temp_store=MEMORY",
    )

    def _open() -> sqlite3.Connection:
        path = DATABASE_URL.removeprefix("sqlite:///")
        made = sqlite3.connect(path, isolation_level=None, cached_statements=512, check_same_thread=False)
        for pragma in _PRAGMAS:
            made.execute(f"PRAGMA {pragma}")
        return made

    def query(sql: str, values: tuple[Any, ...] = ()) -> Any:
        return _connection().execute(sql, values)

    def many(sql: str, rows: list[tuple[Any, ...]]) -> None:
        _connection().executemany(sql, rows)

    def iso(value: str | None) -> str | None:
        return None if value is None else f"{value[:10]}T{value[11:19]}Z"

    def moment(value: datetime) -> str:
        return value.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")

    def uuid(value: str | None) -> str | None:
        return value and f"{value[:8]}-{value[8:12]}-{value[12:16]}-{value[16:20]}-{value[20:]}"

    def text_of(column: str) -> str:
        return column

else:
    import psycopg

    BEGIN = "BEGIN"

    def _open() -> Any:
        return psycopg.connect(
            DATABASE_URL,
            autocommit=True,
            prepare_threshold=0,
            options="-c timezone=UTC -c jit=off -c random_page_cost=1.1",
        )

    def query(sql: str, values: tuple[Any, ...] = ()) -> Any:
        return _connection().execute(sql.replace("?", "%s"), values)

    def many(sql: str, rows: list[tuple[Any, ...]]) -> None:
        with _connection().cursor() as cursor:
            cursor.executemany(sql.replace("?", "%s"), rows)

    def iso(value: datetime | None) -> str | None:
        return None if value is None else f"{value.isoformat()[:19]}Z"

    def moment(value: datetime) -> datetime:
        return value

    def uuid(value: Any) -> str | None:
        return value and str(value)

    def text_of(column: str) -> str:
        return f"{column}::text"


class Transaction:
    """One durable transaction: committed at the end of the block, rolled back when it raises."""

    def __enter__(self) -> None:
        query(BEGIN)

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        query("COMMIT" if kind is None else "ROLLBACK")


def json(text: str) -> orjson.Fragment:
    """Stored JSON, passed on as it is."""
    return orjson.Fragment(text)
