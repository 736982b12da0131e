"""A test's way around append-only tables: tampering that only the owner of a database can do.

PostgreSQL: a superuser's `session_replication_role`, for one transaction. SQLite: whoever may write to the file may
drop the triggers, which come back with the transaction.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import text

from app.kernel.db.engine import Database, Db

TRIGGERS = "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' AND name LIKE '%append_only%'"


@contextmanager
def rewriting(database: Database) -> Iterator[Db]:
    """A writing session in which history can be changed."""
    with database.write() as db:
        if not database.sqlite:
            db.execute(text("SET LOCAL session_replication_role = replica"))
            yield db
            return
        triggers = db.execute(text(TRIGGERS)).all()
        for name, _ in triggers:
            db.execute(text(f"DROP TRIGGER {name}"))
        yield db
        for _, statement in triggers:
            db.connection().exec_driver_sql(statement)
