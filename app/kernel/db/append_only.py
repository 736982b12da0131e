"""Tables to which rows are only ever added: the database itself refuses to change, delete or truncate their rows.

On PostgreSQL the application's role can be denied these statements as well (`grant`), so that only the
owner of the tables, who alone may switch a trigger off, could rewrite history (docs/operating.md).
"""

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


def keep_append_only(table: Table) -> None:
    """Declares that rows of a table are only ever added, and the triggers that refuse everything else."""
    table.info[APPEND_ONLY] = True
    function = [] if _MADE else [FUNCTION]
    _MADE.append(table.name)
    for dialect, first in (("sqlite", []), ("postgresql", function)):
        for statement in (*first, *triggers(table.name, dialect)):
            ddl = DDL(statement.replace("%", "%%")).execute_if(dialect=dialect)  # type: ignore[no-untyped-call]  # SQLAlchemy's
            event.listen(Base.metadata, "after_create", ddl)


def declared() -> list[str]:
    """The names of these tables, of those that are loaded (app/models.py loads them all)."""
    return sorted(table.name for table in Base.metadata.tables.values() if APPEND_ONLY in table.info)


def triggers(table: str, dialect: str) -> list[str]:
    """The trigger statements of one table; migrations hold a copy of their text."""
    if dialect == "sqlite":
        return [
            f"CREATE TRIGGER {table}_append_only_{verb} BEFORE {verb.upper()} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, 'rows of {table} are only ever added'); END"
            for verb in ("update", "delete")
        ]
    return [
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION append_only()"
    ]


def grant(connection: Connection, role: str) -> None:
    """Lets a role of PostgreSQL do what the program does and no more: it may add to these tables, not change them.

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
    ):
        connection.exec_driver_sql(statement)
