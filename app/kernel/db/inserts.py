"""Inserts that a unique index decides: of two callers at once one inserts the row."""

from collections.abc import Callable, Sequence

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite

from app.kernel.db.columns import Values
from app.kernel.db.engine import Base, Db

INSERTS: dict[str, Callable[[Table], postgresql.Insert | sqlite.Insert]] = {
    "sqlite": sqlite.insert,
    "postgresql": postgresql.insert,
}
"""The INSERT of each database, which can leave out or change a row that a unique index knows."""


def insert_or_ignore(
    db: Db, model: type[Base], unique: Sequence[str] | None = None
) -> postgresql.Insert | sqlite.Insert:
    """An INSERT into the table of `model` that skips rows which the unique columns (or any unique index) know."""
    return INSERTS[db.dialect](model.__table__).on_conflict_do_nothing(index_elements=unique)


def insert_or_update(
    db: Db, model: type[Base], unique: Sequence[str], updated: Sequence[str]
) -> postgresql.Insert | sqlite.Insert:
    """An INSERT into the table of `model` that, where the unique columns know a row, updates these columns of it."""
    statement = INSERTS[db.dialect](model.__table__)
    values = {name: statement.excluded[name] for name in updated}
    return statement.on_conflict_do_update(index_elements=unique, set_=values)


def insert_once(db: Db, model: type[Base], values: Values) -> int | None:
    """Inserts a row and returns its key, or None when a unique index already holds these values."""
    key = next(iter(model.__table__.primary_key))
    statement = insert_or_ignore(db, model).values(dict(values)).returning(key)
    return db.execute(statement).scalar_one_or_none()
