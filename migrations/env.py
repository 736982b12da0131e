"""Runs migrations over the writing engine of the database that app/kernel/db/schema.py hands in.

From Alembic's own command line (a new revision), the database is the one the environment names.
"""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

from alembic import context
from alembic.ddl.postgresql import PostgresqlImpl
from sqlalchemy import Connection, Index, select

import app.models  # noqa: F401  # fills the metadata
from app.config import Config
from app.kernel.db import indexes
from app.kernel.db.engine import Base, Database


class LaterIndexes(PostgresqlImpl):
    """Leaves the indexes of tables with rows to `schema.upgrade`, which builds them while the tables are in use.

    A plain CREATE INDEX keeps every write waiting until it is done. On an empty table it is done at once.
    """

    __dialect__ = "postgresql"

    def create_index(self, index: Index, **options: Any) -> None:
        later = context.config.attributes.get("later_indexes")
        if not (
            later and index.table is not None and self.connection.scalar(select(1).select_from(index.table).limit(1))
        ):
            super().create_index(index, **options)

    def drop_index(self, index: Index, **options: Any) -> None:
        super().drop_index(index, **{**options, "if_exists": True})


@contextmanager
def tables_may_be_rebuilt(connection: Connection) -> Iterator[None]:
    """SQLite changes a table by copying it; its foreign keys would see the old one vanish. Off only around that."""
    if connection.dialect.name != "sqlite":
        yield
        return
    raw = connection.connection.dbapi_connection
    raw.execute("PRAGMA foreign_keys=OFF")
    try:
        yield
    finally:
        raw.execute("PRAGMA foreign_keys=ON")


database = context.config.attributes.get("database") or Database(Config.from_env())

postgresql = not database.sqlite

with (
    database.writer.connect() as connection,
    tables_may_be_rebuilt(connection),
    indexes.turn(connection) if postgresql else nullcontext(),
):
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=True,
        compare_type=True,
        # SQLite: one transaction for all, begun before anybody looks how far the tables are; of two upgrades at once
        # the second waits, and finds nothing left to do. PostgreSQL: one for each, so that no lock is kept for long.
        transactional_ddl=True,
        transaction_per_migration=postgresql,
    )
    with context.begin_transaction():
        context.run_migrations()
