"""Inserting what must exist once: the database decides, so that two callers at once make one row."""

from typing import Any

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite

from app.kernel.db.engine import Db


def insert_once(db: Db, table: Any, **values: Any) -> int | None:
    """The key of the new row, or None when a unique index already holds these values."""
    assert isinstance(table, Table)
    key = next(iter(table.primary_key))
    insert = postgresql.insert if db.dialect == "postgresql" else sqlite.insert
    return db.execute(insert(table).values(**values).on_conflict_do_nothing().returning(key)).scalar_one_or_none()
