"""What a database file keeps of rows that were changed or deleted, and how it is written anew without that."""

import contextlib

from sqlalchemy import inspect

from app.kernel.db.engine import Database
from app.kernel.errors import Denied

_NOT_OURS = """
    SELECT count(*) FROM pg_class JOIN pg_database ON datname = current_database()
    WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace
    AND NOT pg_has_role(relowner, 'USAGE') AND NOT pg_has_role(datdba, 'USAGE')
"""
"""How many tables VACUUM would leave out with nothing but a warning."""


def drop(database: Database) -> bool:
    """Writes every table anew; others wait meanwhile. Returns whether the log of writes was emptied too, which SQLite
    does not do while somebody reads. The caller merges the search index first (`search.drop_remains`). Raises Denied
    for who is not the owner of the tables, on PostgreSQL."""
    with database.queue():
        connection = database.writer.raw_connection()
        try:
            cursor = connection.cursor()
            if database.sqlite:
                cursor.execute("VACUUM")
                busy, _, _ = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
                return not busy
            from psycopg.errors import InsufficientPrivilege

            connection.driver_connection.autocommit = True  # type: ignore[union-attr]  # VACUUM runs in no transaction
            if cursor.execute(_NOT_OURS).fetchone()[0]:
                raise Denied("Only the owner of the tables can write them anew. Nothing was done.")
            for table in sorted(inspect(database.writer).get_table_names()):
                cursor.execute(f'VACUUM (FULL, ANALYZE) "{table}"')
            with contextlib.suppress(InsufficientPrivilege):  # who is no superuser waits for the server's own
                cursor.execute("CHECKPOINT")
            return True
        finally:
            connection.invalidate()
