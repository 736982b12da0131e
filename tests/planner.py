"""What planners know of the tables that a test filled, as they know it in production."""

from sqlalchemy import text

from app.kernel.db.engine import Database


def count_rows(database: Database, table: str = "") -> None:
    """Gives PostgreSQL the statistics of a table, or of all, as its autovacuum does. SQLite gets none, because nobody
    gives it any in production: it takes an index by how many of its columns are asked for."""
    if not database.sqlite:
        with database.writer.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text(f"VACUUM ANALYZE {table}"))
