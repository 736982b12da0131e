"""Indexes on PostgreSQL that are built while the tables are in use, and the turns of those who change tables."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Index, text
from sqlalchemy.schema import CreateIndex

from app.kernel.db.engine import Base, Database

UPGRADES = 5021971
"""The key of the advisory lock under which tables are changed."""

LOCK_SECONDS = 5
"""Seconds for which a migration waits for a table. Whoever comes after it waits as long, readers included."""

FOUND = """
SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = current_schema() AND i.indisvalid = :valid
"""


@contextmanager
def turn(connection: Connection) -> Iterator[None]:
    """The turn of one who changes tables. It is waited for by asking: a statement that waits holds a snapshot, for
    which the other one's index would wait in turn.
    """
    while not connection.scalar(text(f"SELECT pg_try_advisory_lock({UPGRADES})")):
        connection.rollback()
        time.sleep(0.2)
    connection.exec_driver_sql(f"SET lock_timeout = '{LOCK_SECONDS}s'")
    connection.exec_driver_sql("SET statement_timeout = 0")
    connection.commit()
    try:
        yield
    finally:
        connection.rollback()
        connection.exec_driver_sql("RESET lock_timeout")
        connection.exec_driver_sql("RESET statement_timeout")
        connection.exec_driver_sql(f"SELECT pg_advisory_unlock({UPGRADES})")
        connection.commit()


def build_missing(database: Database) -> list[str]:
    """Builds the indexes that the models have and the database lacks, or holds broken off; their names. Reads and
    writes go on meanwhile.
    """
    built = []
    with database.writer.connect().execution_options(isolation_level="AUTOCOMMIT") as connection, turn(connection):
        # Others do not wait for an index that waits for them.
        connection.exec_driver_sql("SET lock_timeout = 0")
        there = set(connection.scalars(text(FOUND), {"valid": True}))
        for index in wanted():
            if index.name not in there:
                connection.exec_driver_sql(f"DROP INDEX CONCURRENTLY IF EXISTS {index.name}")
                statement = str(CreateIndex(index).compile(dialect=connection.dialect))
                connection.exec_driver_sql(statement.replace(" INDEX ", " INDEX CONCURRENTLY ", 1))
                built.append(str(index.name))
    return built


def wanted() -> Iterator[Index]:
    """The indexes of the models on PostgreSQL."""
    for table in Base.metadata.sorted_tables:
        for index in sorted(table.indexes, key=lambda index: str(index.name)):
            condition = getattr(index, "_ddl_if", None)
            if condition is None or condition.dialect == "postgresql":
                yield index


def broken(connection: Connection) -> list[str]:
    """The names of indexes whose building broke off; PostgreSQL keeps them up and never reads them."""
    if connection.dialect.name != "postgresql":
        return []
    return sorted(connection.scalars(text(FOUND), {"valid": False}))
