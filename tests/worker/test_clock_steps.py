"""A clock that steps back delays neither messages nor decisions, and no lease holds longer than a lease."""

from datetime import timedelta

from sqlalchemy import update

from app.kernel.clock import now
from app.kernel.db.engine import Database
from app.kernel.outbox import claims
from app.kernel.outbox.outbox import Message, OutboxRow, TemporaryFailure
from app.wiring import wire
from app.worker import Worker
from tests.cast import Cast
from tests.clocks import Clock
from tests.messages.sending import promise, row_of
from tests.prescreens.decisions import decide
from tests.prescreens.factories import prescreen, stored


def the_worker(database: Database) -> Worker:
    return Worker(wire(database.config, database))


def fail(worker: Worker) -> None:
    """Lets every e-mail fail for now."""

    def handler(_delivery: object) -> None:
        raise TemporaryFailure("Busy.")

    worker.handlers = {**worker.handlers, "email": handler}


def test_a_message_of_the_hour_before_the_step_is_sent_at_once(database: Database, clock: Clock) -> None:
    (id,) = promise(database, Message("email", {}, destination="a.example"))
    worker = the_worker(database)
    fail(worker)
    clock.move(hours=-1)
    assert worker.run_once(now())
    assert row_of(database, id).attempts == 1


def test_the_wait_after_a_failure_keeps_its_length(database: Database, clock: Clock) -> None:
    (id,) = promise(database, Message("email", {}, destination="a.example"))
    worker = the_worker(database)
    fail(worker)
    worker.run_once(now())
    clock.move(hours=-1)
    worker.run_once(now())
    row = row_of(database, id)
    assert row.attempts == 1, "not before its wait is over"
    assert row.due_at - now() <= timedelta(seconds=6), "five seconds and a tenth of jitter"
    clock.move(seconds=7)
    worker.run_once(now())
    assert row_of(database, id).attempts == 2


def test_a_planned_time_stays(database: Database, clock: Clock) -> None:
    planned = now() + timedelta(hours=2)
    (id,) = promise(database, Message("email", {}, destination="a.example", due_at=planned))
    clock.move(hours=-1)
    the_worker(database).run_once(now())
    assert (row_of(database, id).due_at, row_of(database, id).attempts) == (planned, 0)


def test_the_lease_of_a_dead_worker_ends_after_a_lease(database: Database, clock: Clock) -> None:
    (id,) = promise(database, Message("email", {}, destination="a.example"))
    with database.write() as db:
        assert claims.claim(db, now(), limit=1)
    clock.move(hours=-1)
    worker = the_worker(database)
    fail(worker)
    worker.run_once(now())
    assert row_of(database, id).attempts == 1, "the lease may still be held by a worker that is alive"
    clock.move(seconds=claims.LEASE + 1)
    with database.write() as db:
        db.execute(update(OutboxRow).values({OutboxRow.due_at: now()}))
    worker.run_once(now())
    assert row_of(database, id).attempts == 2


def test_a_decision_becomes_final_after_its_own_window(database: Database, cast: Cast, clock: Clock) -> None:
    id = prescreen(database, cast.marston.id, given={"email": "p@example.com"})
    decide(database, cast, id, "approve", seconds=30)
    clock.move(hours=-1)
    worker = the_worker(database)
    worker.run_once(now())
    assert stored(database, id).review_status == "pending_review", "it can still be undone"
    clock.move(seconds=31)
    worker.run_once(now())
    assert stored(database, id).review_status == "approved"
