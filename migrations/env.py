"""Runs migrations over the writing engine of the database that app/kernel/db/schema.py hands in.

From Alembic's own command line (a new revision), the database is the one the environment names.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from alembic import context
from sqlalchemy import Connection, text

import app.models  # noqa: F401  # fills the metadata
from app.config import Config
from app.kernel.db.engine import Base, Database


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

with database.writer.connect() as connection, tables_may_be_rebuilt(connection):
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=True,
        compare_type=True,
        # One transaction on SQLite too, begun before anybody looks how far the tables are: of two upgrades at once the
        # second waits, and finds nothing left to do.
        transactional_ddl=True,
        transaction_per_migration=False,
    )
    with context.begin_transaction():
        if connection.dialect.name == "postgresql":
            # Two upgrades at once take turns; the second finds nothing left to do.
            connection.execute(text("SELECT pg_advisory_xact_lock(5021971)"))
        context.run_migrations()
