"""What a database file keeps of rows that were changed or deleted, and how it is written anew without that."""

from sqlalchemy import inspect

from app.kernel.db.engine import Database


def drop(database: Database) -> bool:
    """Writes every table anew; others wait meanwhile. Returns whether the log of writes was emptied too, which SQLite
    does not do while somebody reads. The caller merges the search index first (`search.drop_remains`)."""
    with database.queue():
        connection = database.writer.raw_connection()
        try:
            cursor = connection.cursor()
            if database.sqlite:
                cursor.execute("VACUUM")
                busy, _, _ = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
                return not busy
            connection.driver_connection.autocommit = True  # type: ignore[union-attr]  # VACUUM runs in no transaction
            for table in sorted(inspect(database.writer).get_table_names()):
                cursor.execute(f'VACUUM (FULL, ANALYZE) "{table}"')
            cursor.execute("CHECKPOINT")
            return True
        finally:
            connection.invalidate()
