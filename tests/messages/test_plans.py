"""The hot reads of the outbox go through their indexes, on both databases, however much has been sent."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event, text

from app.accounts.access import Scope
from app.dashboard import delivery_problems
from app.desks import SUBJECTS
from app.kernel.clock import now
from app.kernel.db.engine import Database, Db
from app.kernel.outbox import claims, delivery_status, outbox
from app.messages import queries
from tests.cast import Cast
from tests.messages.sending import promise
from tests.planner import count_rows

SENT = 5000


@contextmanager
def watched(database: Database) -> Iterator[list[tuple[str, Any]]]:
    """The statements sent meanwhile, with their parameters."""
    seen: list[tuple[str, Any]] = []

    def keep(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        seen.append((statement, parameters))

    for engine in (database.reader, database.writer):
        event.listen(engine, "before_cursor_execute", keep)
    yield seen
    for engine in (database.reader, database.writer):
        event.remove(engine, "before_cursor_execute", keep)


def plan(database: Database, statement: str, parameters: Any) -> str:
    prefix = "EXPLAIN QUERY PLAN " if database.sqlite else "EXPLAIN "
    with database.write() as db:
        rows = db.connection().exec_driver_sql(prefix + statement, parameters).all()
        db.rollback()
    return "\n".join(str(row[-1]) for row in rows)


@pytest.fixture
def old(database: Database) -> Database:
    """A database that has sent much, has as much to send some later day (reminders), and has little due."""
    filled = (
        "INSERT INTO outbox (id, organization_id, subject_type, subject_id, channel, destination, summary, payload, "
    )
    filled += "secret, state, due_at, attempts, earlier_attempts, created_at, finished_at) "
    number = {
        True: "WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < :sent) ",
        False: "WITH s AS (SELECT generate_series(1, :sent) AS n) ",
    }[database.sqlite]
    id = "printf('%032x', n + :first)" if database.sqlite else "lpad(to_hex(n + :first), 32, '0')::uuid"
    digits = "CAST(n AS VARCHAR(40))"
    values = f"SELECT {id}, n % 50, 'deposition', {digits}, 'webhook', 'h.example', 's', 'x', :no, "
    values += ":state, :due, 1, 0, :at, :done"

    def moment(days: int) -> object:
        found = now() + timedelta(days=days)
        return found.replace(tzinfo=None).isoformat(" ") if database.sqlite else found

    at = moment(0)
    rows = [("sent", 0, at, at), ("queued", SENT, moment(7), None)]
    with database.write() as db:
        for state, first, due, done in rows:
            facts = {"sent": SENT, "first": first, "no": False, "state": state, "at": at, "due": due, "done": done}
            db.execute(text(f"{filled}{number}{values} FROM s"), facts)
    promise(database, *(outbox.Message("webhook", {}, destination="h.example") for _ in range(20)))
    count_rows(database)
    return database


SCOPES = {"depositions": Scope(True, frozenset())}
OWN = {"depositions": Scope(False, frozenset({7}))}

HOT: dict[str, tuple[Callable[[Db], Any], str]] = {
    "is anything due": (lambda db: claims.anything_due(db, now(), claims.Skipped(["a"], ["b"])), "ix_outbox_due"),
    "the story of one thing": (lambda db: delivery_status.messages_about(db, "deposition", 77), "ix_outbox_subject"),
    "what was sent": (
        lambda db: queries.page_of_status(db, SCOPES, SUBJECTS, "sent", queries.Filters(), None),
        "ix_outbox_state",
    ),
    "failed messages of a desk": (
        lambda db: delivery_problems.delivery_problems(db, SCOPES, SUBJECTS),
        "ix_outbox_untold",
    ),
    "what fails at a desk": (lambda db: delivery_problems.delivery_problems(db, SCOPES, SUBJECTS), "ix_outbox_failing"),
    "failed messages of an organization": (
        lambda db: delivery_problems.delivery_problems(db, OWN, SUBJECTS),
        "ix_outbox_untold",
    ),
    "what one organization sent": (
        lambda db: queries.page_of_status(db, OWN, SUBJECTS, "sent", queries.Filters(), None),
        "ix_outbox_organ",
    ),
}


@pytest.mark.parametrize("hot", HOT)
def test_a_hot_read_uses_its_index(old: Database, hot: str) -> None:
    read, index = HOT[hot]
    with watched(old) as seen, old.read() as db:
        read(db)
    recipients = plan(old, *seen[-1])
    assert index in recipients, recipients


def test_a_claim_uses_its_index(old: Database) -> None:
    with watched(old) as seen, old.write() as db:
        assert len(claims.claim(db, now(), limit=4)) == 4
    recipients = plan(old, *seen[-1])
    assert "ix_outbox_due" in recipients, recipients
    assert "Seq Scan on outbox" not in recipients, recipients
    assert "SCAN outbox\n" not in recipients, recipients


def test_what_pages_of_messages_ask(database: Database, cast: Cast, client: FlaskClient) -> None:
    """However many messages there are, the same statements: no row asks for itself."""
    cast.sign_in(client, "adam")
    asked = []
    for n in (1, 12):
        ids = promise(database, *(outbox.Message("webhook", {}) for _ in range(n)), organization_id=cast.marston.id)
        with database.write() as db:
            db.execute(text("UPDATE outbox SET state = 'dead', last_error = 'No answer'"))
        for path in ("/messages?view=failed", f"/messages/{ids[0]}"):
            assert client.get(path).status_code == 200
            with watched(database) as seen:
                client.get(path)
            asked.append(len([one for one, _ in seen if one.lstrip().startswith(("SELECT", "WITH"))]))
    assert asked[:2] == asked[2:]
    assert asked[0] <= 13, asked
    assert asked[1] <= 11, asked
