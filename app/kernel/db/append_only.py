"""Tables to which rows are only ever added: the database itself refuses to change, delete or truncate their rows.

A table may allow one change, which blanks what is personal in a row (`Erasure`): its triggers refuse every other one.
On PostgreSQL the application's role can be denied these statements as well (`grant`), so that only the
owner of the tables, who alone may switch a trigger off, could rewrite history (docs/operating.md).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import DDL, Connection, Table, event

from app.kernel.db.engine import Base

APPEND_ONLY = "append only"
"""Key of `Table.info` that marks such a table."""

FUNCTION = (
    "CREATE FUNCTION append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
    "RAISE EXCEPTION 'rows of % are only ever added', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END $$"
)
"""What the triggers do on PostgreSQL; migrations hold a copy of its text."""

_MADE: list[str] = []


@dataclass(frozen=True, slots=True)
class Erasure:
    """The one change that a table allows. `columns` are those that it writes, `others` all further ones, which stay;
    `conditions` say by dialect when it is allowed, in terms of OLD and NEW."""

    columns: tuple[str, ...]
    others: tuple[str, ...]
    conditions: Mapping[str, str]


def keep_append_only(table: Table, erasure: Erasure | None = None) -> None:
    """Declares that rows of a table are only ever added, and the triggers that refuse everything else."""
    table.info[APPEND_ONLY] = erasure.columns if erasure else ()
    function = [] if _MADE else [FUNCTION]
    _MADE.append(table.name)
    for dialect, first in (("sqlite", []), ("postgresql", function)):
        for statement in (*first, *triggers(table.name, dialect, erasure)):
            ddl = DDL(statement.replace("%", "%%")).execute_if(dialect=dialect)  # type: ignore[no-untyped-call]  # SQLAlchemy's
            event.listen(Base.metadata, "after_create", ddl)


def declared() -> list[str]:
    """The names of these tables, of those that are loaded (app/models.py loads them all)."""
    return sorted(table.name for table in Base.metadata.tables.values() if APPEND_ONLY in table.info)


def triggers(table: str, dialect: str, erasure: Erasure | None = None) -> list[str]:
    """The trigger statements of one table; migrations hold a copy of their text."""
    if dialect == "sqlite":
        return [
            f"CREATE TRIGGER {table}_append_only_{verb} BEFORE {verb.upper()} ON {table} "
            + (f"WHEN ({_allowed(erasure, dialect)}) IS NOT TRUE " if erasure and verb == "update" else "")
            + f"BEGIN SELECT RAISE(ABORT, 'rows of {table} are only ever added'); END"
            for verb in ("update", "delete")
        ]
    verbs = f"UPDATE OF {', '.join(erasure.others)}" if erasure else "UPDATE"
    made = [
        f"CREATE TRIGGER {table}_append_only BEFORE {verbs} OR DELETE OR TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION append_only()"
    ]
    if erasure:
        made += [
            f"CREATE FUNCTION {table}_erasure() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"IF ({_allowed(erasure, dialect)}) IS NOT TRUE THEN RAISE EXCEPTION 'rows of % are only ever added', "
            "TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END IF; RETURN NEW; END $$",
            f"CREATE TRIGGER {table}_append_only_erasure BEFORE UPDATE ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION {table}_erasure()",
        ]
    return made


def _allowed(erasure: Erasure, dialect: str) -> str:
    same = "IS" if dialect == "sqlite" else "IS NOT DISTINCT FROM"
    unchanged = [f"NEW.{column} {same} OLD.{column}" for column in erasure.others]
    return " AND ".join([*unchanged, erasure.conditions[dialect]])


def grant(connection: Connection, role: str) -> None:
    """Lets a role of PostgreSQL do what the program does and no more: it may add to these tables, not change them, but
    for the columns of an erasure, of which the trigger lets that alone pass.

    It may be repeated, and must be after an upgrade that made tables. The caller owns the tables.
    """
    name = connection.dialect.identifier_preparer.quote(role)
    tables = ", ".join(declared())
    for statement in (
        f"GRANT USAGE ON SCHEMA public TO {name}",
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {name}",
        f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {name}",
        f"REVOKE UPDATE, DELETE, TRUNCATE ON {tables} FROM {name}",
        f"REVOKE INSERT, UPDATE, DELETE ON alembic_version FROM {name}",
        *(
            f"GRANT UPDATE ({', '.join(columns)}) ON {table} TO {name}"
            for table in declared()
            if (columns := Base.metadata.tables[table].info[APPEND_ONLY])
        ),
    ):
        connection.exec_driver_sql(statement)
