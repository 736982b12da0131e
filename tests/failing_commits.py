"""Commits that fail for real: a deferred constraint of the database refuses what a table was given."""

from collections.abc import Iterator
from contextlib import contextmanager

from app.kernel.db.engine import Database

SQLITE = (
    "CREATE TABLE nothing_here (id INTEGER PRIMARY KEY)",
    "CREATE TABLE refused (id INTEGER REFERENCES nothing_here (id) DEFERRABLE INITIALLY DEFERRED)",
    "CREATE TRIGGER refuse_commit AFTER INSERT ON {table} BEGIN INSERT INTO refused VALUES (1); END",
)
POSTGRESQL = (
    "CREATE OR REPLACE FUNCTION refuse_commit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
    "RAISE EXCEPTION 'secret of the row: %', NEW USING ERRCODE = '{state}'; END $$",
    "CREATE CONSTRAINT TRIGGER refuse_commit AFTER INSERT ON {table} DEFERRABLE INITIALLY DEFERRED "
    "FOR EACH ROW EXECUTE FUNCTION refuse_commit()",
)


@contextmanager
def failing_commits(database: Database, table: str = "events", state: str = "53100") -> Iterator[None]:
    """Lets every transaction fail at its end that has written into a table. `state` is PostgreSQL's SQLSTATE."""
    statements = SQLITE if database.sqlite else POSTGRESQL
    _run(database, *(each.format(table=table, state=state) for each in statements))
    try:
        yield
    finally:
        if database.sqlite:
            drop = [f"DROP {kind} {name}" for kind, name in (("TRIGGER", "refuse_commit"), ("TABLE", "refused"))]
            _run(database, *drop, "DROP TABLE nothing_here")
        else:
            _run(database, "DROP FUNCTION refuse_commit CASCADE")


def _run(database: Database, *statements: str) -> None:
    with database.queue(), database.writer.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement, execution_options={"no_parameters": True})
