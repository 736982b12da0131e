"""Migrations: upgrades a database to the newest one, and compares its tables with the models.

Migrations run before a server starts, never on import: two processes that create one table at once fail.
"""

import time
from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config as Alembic
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.exc import OperationalError

from app.kernel.db import indexes
from app.kernel.db.engine import Base, Database
from app.kernel.errors import Unavailable

MIGRATIONS = Path(__file__).resolve().parents[3] / "migrations"


PAUSES = (1, 2, 4, 8, 15, 30, 60)
"""Seconds between tries to change a table that others hold."""

LOCK_NOT_AVAILABLE = "55P03"
LOCKED = (
    "A long transaction or a backup holds a table, and the upgrade waited for it in vain. What had been upgraded "
    "before is kept. Repeat `desk db upgrade` when the other has ended."
)


def alembic(database: Database, *, later_indexes: bool = False) -> Alembic:
    """Alembic's configuration for this database. With `later_indexes` tables with rows get theirs from `upgrade`."""
    found = Alembic(attributes={"database": database, "later_indexes": later_indexes})
    found.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    found.set_main_option("path_separator", "newline")
    return found


def upgrade(database: Database) -> bool:
    """Upgrades the tables to the newest migration, and builds the indexes that are missing. Returns whether it did.

    Idempotent. Interrupted, it goes on where it was: SQLite has one transaction for everything, PostgreSQL one for each
    migration and none for an index (docs/decisions/0023-upgrades.md). Raises Unavailable when others do not let go of
    a table.
    """
    before, newest = revisions(database)
    with database.queue():
        if database.sqlite:
            command.upgrade(alembic(database), "head")
            return before != newest
        for pause in (*PAUSES, None):
            try:
                command.upgrade(alembic(database, later_indexes=True), "head")
                break
            except OperationalError as error:
                if getattr(error.orig, "sqlstate", None) != LOCK_NOT_AVAILABLE:
                    raise
                if pause is None:
                    raise Unavailable(LOCKED, code="database.locked") from None
            time.sleep(pause)
        return bool(indexes.build_missing(database)) or before != newest


def revisions(database: Database) -> tuple[str | None, str | None]:
    """The migration of the database, and the newest one."""
    newest = ScriptDirectory.from_config(alembic(database)).get_current_head()
    with database.reader.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision(), newest


def differences(database: Database) -> list[object]:
    """The differences between models and tables, in Alembic's terms; empty when there are none."""
    with database.reader.connect() as connection:
        dialect = connection.dialect.name
        options = {
            "compare_type": True,
            "render_as_batch": True,
            "include_name": _is_modeled,
            "include_object": lambda item, *_: _is_for(item, dialect),
        }
        context = MigrationContext.configure(connection, opts=options)
        found: list[object] = list(compare_metadata(context, Base.metadata))
        return found + [("broken_index", name) for name in indexes.broken(connection)]


def _is_modeled(name: str | None, kind: str, _parents: object) -> bool:
    """False for the tables of SQLite's full-text index, which no model describes."""
    return kind != "table" or not str(name).startswith("search_index")


def _is_for(item: object, dialect: str) -> bool:
    """Whether a model's index exists on this database."""
    condition = getattr(item, "_ddl_if", None)
    return condition is None or condition.dialect == dialect
