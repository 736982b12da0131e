"""A reading session cannot write: the database itself says no."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from app.kernel.changes.event_types import EventType
from app.kernel.changes.events import Actor, record
from app.kernel.clock import now
from app.kernel.db.engine import Database

WRITES = [
    "INSERT INTO organizations (slug, name) VALUES ('x', 'X')",
    "UPDATE organizations SET name = 'X'",
    "DELETE FROM events",
    "CREATE TABLE x (id integer)",
]

TESTED = EventType("project.tested", "Tested by {who}")


@pytest.mark.parametrize("statement", WRITES)
def test_a_reading_session_refuses_to_write(database: Database, statement: str) -> None:
    with database.read() as db, pytest.raises(DatabaseError, match="read"):
        db.execute(text(statement))


def test_the_same_connection_refuses_after_a_write_elsewhere(database: Database) -> None:
    with database.read() as db:
        db.execute(text("SELECT 1"))
        with database.write() as other:
            record(
                other,
                TESTED,
                subject_type="house",
                subject_id=1,
                organization_id=None,
                by=Actor("cli", None, "Tests", None, "cli"),
                now=now(),
            )
        assert db.execute(text("SELECT count(*) FROM events")).scalar_one() == 1
        with pytest.raises(DatabaseError, match="read"):
            db.execute(text("DELETE FROM events"))


def test_a_writing_session_that_raises_leaves_nothing(database: Database) -> None:
    with pytest.raises(RuntimeError), database.write() as db:  # noqa: PT012
        db.execute(text("DELETE FROM outbox"))
        record(
            db,
            TESTED,
            subject_type="house",
            subject_id=1,
            organization_id=None,
            by=Actor("cli", None, "Tests", None, "cli"),
            now=now(),
        )
        raise RuntimeError
    with database.read() as db:
        assert db.execute(text("SELECT count(*) FROM events")).scalar_one() == 0
