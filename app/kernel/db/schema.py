"""Migrations: upgrades a database to the newest one, and compares its tables with the models.

Migrations run before a server starts, never on import: two processes that create one table at once fail.
"""

from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config as Alembic
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from app.kernel.db.engine import Base, Database

MIGRATIONS = Path(__file__).resolve().parents[3] / "migrations"


def alembic(database: Database) -> Alembic:
    """Alembic's configuration for this database."""
    found = Alembic(attributes={"database": database})
    found.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    found.set_main_option("path_separator", "newline")
    return found


def upgrade(database: Database) -> None:
    """Upgrades the tables to the newest migration, in one transaction. Idempotent."""
    with database.queue():
        command.upgrade(alembic(database), "head")


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
        return list(compare_metadata(context, Base.metadata))


def _is_modeled(name: str | None, kind: str, _parents: object) -> bool:
    """False for the tables of SQLite's full-text index, which no model describes."""
    return kind != "table" or not str(name).startswith("search_index")


def _is_for(item: object, dialect: str) -> bool:
    """Whether a model's index exists on this database."""
    condition = getattr(item, "_ddl_if", None)
    return condition is None or condition.dialect == dialect
