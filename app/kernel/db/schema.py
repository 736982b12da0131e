"""The tables' history: brings a database to the newest migration, and says what differs from the models.

Migrations are run before anything serves, never on import: two processes that make one table at once get in each
other's way.
"""

from pathlib import Path
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config as Alembic
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from app.kernel.db.engine import Base, Database

MIGRATIONS = Path(__file__).resolve().parents[3] / "migrations"


def alembic(database: Database) -> Alembic:
    """Alembic's own configuration, for this database."""
    found = Alembic(attributes={"database": database})
    found.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    found.set_main_option("path_separator", "newline")
    return found


def upgrade(database: Database) -> None:
    """Brings the tables to the newest migration, in one transaction. Repeating it changes nothing."""
    with database.queue():
        command.upgrade(alembic(database), "head")


def standing(database: Database) -> tuple[str | None, str | None]:
    """The migration the database is at, and the newest there is."""
    newest = ScriptDirectory.from_config(alembic(database)).get_current_head()
    with database.reader.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision(), newest


def differences(database: Database) -> list[Any]:
    """What the models say and the database does not, in Alembic's words; empty when they agree."""
    with database.reader.connect() as connection:
        opts: dict[str, Any] = {"compare_type": True, "render_as_batch": True, "include_name": _ours}
        opts["include_object"] = lambda thing, *_: _made_for(thing, connection.dialect.name)
        context = MigrationContext.configure(connection, opts=opts)
        return list(compare_metadata(context, Base.metadata))


def _ours(name: str | None, kind: str, _parents: Any) -> bool:
    """SQLite keeps its full text index in tables of its own, which no model describes."""
    return kind != "table" or not str(name).startswith("search_index")


def _made_for(thing: Any, dialect: str) -> bool:
    """Whether a model's index is meant for this database."""
    condition = getattr(thing, "_ddl_if", None)
    return condition is None or condition.dialect == dialect
