"""The outbox: what is promised, who may keep it, how it ends."""

import threading
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, text
from structlog.testing import capture_logs

from app.kernel.clock import now
from app.kernel.db.engine import Database
from app.kernel.outbox import claims, delivery_status, dropping, outbox
from app.kernel.outbox.claims import Outcome
from app.kernel.outbox.outbox import (
    Delivery,
    Message,
    OutboxAttempt,
    OutboxRow,
    PermanentFailure,
    TemporaryFailure,
)
from tests.messages.sending import HANDLERS, promise, row_of, worker


def attempts_of(database: Database, id: UUID) -> list[Any]:
    a = OutboxAttempt.__table__
    with database.read() as db:
        return list(db.execute(select(a).where(a.c.outbox_id == id).order_by(a.c.id)))


@pytest.fixture
def tried(monkeypatch: pytest.MonkeyPatch) -> list[Delivery]:
    """A channel `job:test.act` that keeps what it is given and does what the payload says."""
    seen: list[Delivery] = []

    def act(delivery: Delivery) -> str | None:
        seen.append(delivery)
        match delivery.payload.get("do"):
            case "retry":
                raise TemporaryFailure("Not just now.", status=503)
            case "after":
                raise TemporaryFailure("Not just now.", after=90)
            case "die":
                raise PermanentFailure("Never.", status=410)
            case "break":
                raise RuntimeError("with a secret: hunter2")
        return "done"

    monkeypatch.setitem(HANDLERS, "job:test.act", act)
    return seen


def act(do: str = "", **more: Any) -> Message:
    return Message("job:test.act", {"do": do, "word": "hunter2"}, **more)


def test_a_payload_is_unreadable_at_rest(database: Database) -> None:
    (id,) = promise(database, act())
    with database.read() as db:
        stored = db.execute(text("SELECT * FROM outbox")).one()
    assert "hunter2" not in str(stored)
    assert "hunter2" in database.vault.decrypt(row_of(database, id).payload)


def test_a_rolled_back_change_promises_nothing(database: Database) -> None:
    with database.write() as db:
        outbox.enqueue(db, [act()], event_id=1, organization_id=1, subject_type="deposition", subject_id="7", now=now())
        db.rollback()
    with database.read() as db:
        assert db.execute(select(OutboxRow.id)).all() == []


def test_the_same_promise_is_made_once(database: Database, tried: list[Delivery]) -> None:
    first, _ = promise(database, act(dedupe="reminder:7:24h"), act(dedupe="reminder:7:24h"))
    promise(database, act(dedupe="reminder:7:24h"))
    while worker(database).run_once():
        pass
    assert [delivery.id for delivery in tried] == [first]


def test_it_is_sent_and_says_so(database: Database, tried: list[Delivery]) -> None:
    (id,) = promise(database, act())
    assert worker(database).run_once() is True
    assert worker(database).run_once() is False
    row = row_of(database, id)
    assert (row.state, row.attempts, row.lease_token, row.last_error) == ("sent", 1, None, None)
    assert row.payload
    (entry,) = attempts_of(database, id)
    assert (entry.ok, entry.number, entry.detail) == (True, 1, "done")


def test_a_secret_is_blanked_once_sent_and_not_before(database: Database, tried: list[Delivery]) -> None:
    sent, waiting = promise(database, act(secret=True), act("retry", secret=True))
    worker(database).run_once()
    assert row_of(database, sent).payload == ""
    assert row_of(database, waiting).payload
    with database.write() as db:
        assert delivery_status.send_again(db, sent, now()) is None


def test_what_remains_of_a_secret_is_what_previews_show(database: Database, tried: list[Delivery]) -> None:
    (id,) = promise(database, act(secret=True, fresh=[("hunter2", "their own proof")], remains=True))
    worker(database).run_once()
    assert tried[-1].payload["word"] == "hunter2", "what was sent"
    kept = database.vault.decrypt(row_of(database, id).payload)
    assert '"word": "[their own proof]"' in kept
    assert "hunter2" not in kept


def test_a_message_for_later_waits(database: Database, tried: list[Delivery]) -> None:
    promise(database, act(due_at=now() + timedelta(hours=1)))
    assert worker(database).run_once() is False
    assert worker(database).run_once(now() + timedelta(hours=1, seconds=1)) is True


def test_ten_attempts_by_the_plan_then_dead_with_a_reason(database: Database, tried: list[Delivery]) -> None:
    (id,) = promise(database, act("retry"))
    moment, waits = now(), []
    while (row := row_of(database, id)).state == "queued":
        moment = max(row.due_at, moment)
        worker(database).run_once(moment)
        waits.append((row_of(database, id).due_at - moment).total_seconds())
    assert len(tried) == 10
    for wait, planned in zip(waits[:9], claims.BACKOFF[1:], strict=True):
        assert planned * 0.9 <= wait <= planned * 1.1
    assert row.state == "dead"
    assert row.last_error == "Given up after 10 attempts. Not just now."
    assert [entry.status for entry in attempts_of(database, id)] == [503] * 10


def test_a_handler_may_name_its_own_wait(database: Database, tried: list[Delivery]) -> None:
    (id,) = promise(database, act("after"))
    moment = now()
    worker(database).run_once(moment)
    assert (row_of(database, id).due_at - moment).total_seconds() == 90


def test_what_comes_too_late_does_not_go(database: Database, tried: list[Delivery]) -> None:
    (id,) = promise(database, act(due_at=now(), not_after=now() + timedelta(minutes=1)))
    worker(database).run_once(now() + timedelta(minutes=2))
    row = row_of(database, id)
    assert (row.state, row.last_error, tried) == ("dropped", "It came too late to be of use.", [])


def test_no_attempt_is_planned_that_would_come_too_late(database: Database, tried: list[Delivery]) -> None:
    soon, late = promise(
        database,
        act("retry", not_after=now() + timedelta(minutes=1)),
        act("retry", not_after=now() + timedelta(seconds=2)),
    )
    worker(database).run_once()
    assert row_of(database, soon).state == "queued"
    row = row_of(database, late)
    assert (row.state, row.last_error) == ("dead", "A later attempt would come too late. Not just now.")


def test_dead_is_dead_at_once_and_can_be_sent_again_under_its_id(database: Database, tried: list[Delivery]) -> None:
    (id,) = promise(database, act("die"))
    worker(database).run_once()
    assert (row_of(database, id).state, row_of(database, id).last_error) == ("dead", "Never.")
    with database.write() as db:
        assert delivery_status.send_again(db, id, now()) is not None
        assert delivery_status.send_again(db, id, now()) is not None, "still failing, may be hurried twice"
    worker(database).run_once()
    assert [delivery.id for delivery in tried] == [id, id]
    assert [entry.number for entry in attempts_of(database, id)] == [1, 2]


def test_an_unforeseen_error_keeps_only_its_kind(database: Database, tried: list[Delivery]) -> None:
    (id,) = promise(database, act("break"))
    with capture_logs() as logged:
        worker(database).run_once()
    row = row_of(database, id)
    assert (row.state, row.last_error) == ("queued", "Something unforeseen went wrong here (RuntimeError).")
    assert "hunter2" not in str(logged)


def test_a_poison_message_blocks_no_other(database: Database, tried: list[Delivery]) -> None:
    promise(database, act("break"), act("die"), act())
    worker(database).run_once()
    assert {delivery.payload["do"] for delivery in tried} == {"break", "die", ""}


def test_a_channel_without_handler_waits_for_one(database: Database) -> None:
    (id,) = promise(database, Message("job:nobody.knows", {}))
    worker(database).run_once()
    assert row_of(database, id).state == "queued"
    assert row_of(database, id).attempts == 1


def test_what_is_taken_back_is_not_sent(database: Database, tried: list[Delivery]) -> None:
    kept, dropped = promise(database, act(dedupe="a"), act(dedupe="b"))
    with database.write() as db:
        assert dropping.drop(db, "deposition", 7, reason="It was canceled.", now=now(), dedupe=["b"]) == 1
    worker(database).run_once()
    assert [delivery.id for delivery in tried] == [kept]
    assert row_of(database, dropped).state == "dropped"


def test_the_timeline_of_an_item_names_its_messages(database: Database, tried: list[Delivery]) -> None:
    promise(database, act(summary="To Ines\r\nBcc: x"), act("retry"))
    with database.write() as db:
        outbox.enqueue(
            db, [act()], event_id=None, organization_id=1, subject_type="deposition", subject_id="8", now=now()
        )
    worker(database).run_once()
    with database.read() as db:
        rows = delivery_status.messages_about(db, "deposition", 7)
    assert {delivery_status.status_of(row) for row in rows} == {"sent", "failing"}
    assert "To Ines Bcc: x" in {row.summary for row in rows}
    assert not any(hasattr(row, "payload") for row in rows)


# Leases


def claim(database: Database, **more: Any) -> list[claims.Claimed]:
    with database.write() as db:
        return claims.claim(db, more.pop("at", now()), limit=more.pop("limit", 10), **more)


def test_a_row_is_claimed_by_one_of_many(database: Database) -> None:
    promise(database, *(act() for _ in range(40)))
    got: list[UUID] = []
    start = threading.Barrier(8)

    def grab() -> None:
        start.wait()
        while rows := claim(database, limit=3):
            got.extend(row.id for row in rows)

    threads = [threading.Thread(target=grab) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == len(set(got)) == 40


def test_an_orphan_is_taken_over_after_its_lease(database: Database) -> None:
    (id,) = promise(database, act())
    claim(database)
    assert claim(database) == []
    (again,) = claim(database, at=now() + timedelta(seconds=31))
    assert (again.id, again.attempts) == (id, 2)
    assert claims.LEASE + 0.25 <= 60


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
@pytest.mark.parametrize("again", [claims.renew, claims.release])
def test_a_row_that_is_being_dropped_holds_up_no_lease(database: Database, again: Any) -> None:
    promise(database, act(), act())
    with database.write() as db:
        claimed = claims.claim(db, now(), limit=10)
    given = (now() + timedelta(seconds=25),) if again is claims.renew else ()
    with database.write() as dropping:
        dropping.execute(select(OutboxRow.id).where(OutboxRow.id == claimed[1].id).with_for_update())
        with database.write() as db:
            db.execute(text("SET LOCAL lock_timeout = 1"))
            again(db, claimed, *given)
    with database.write() as db:
        left = {row.id for row in claims.claim(db, now() + timedelta(seconds=35), limit=10)}
    assert left == {row.id for row in (claimed if again is claims.release else claimed[1:])}


def test_a_renewed_lease_is_not_taken_over(database: Database) -> None:
    promise(database, act())
    claimed = claim(database)
    with database.write() as db:
        claims.renew(db, claimed, now() + timedelta(seconds=25))
    assert claim(database, at=now() + timedelta(seconds=40)) == []


def test_who_lost_the_lease_cannot_finish(database: Database) -> None:
    (id,) = promise(database, act())
    (slow,) = claim(database)
    (quick,) = claim(database, at=now() + timedelta(seconds=31))
    with database.write() as db:
        assert claims.finish(db, slow, Outcome("dead", "late"), now(), now()) is False
    assert row_of(database, id).lease_token == quick.token
    with database.write() as db:
        assert claims.finish(db, quick, Outcome("sent", ""), now(), now()) is True
    with database.write() as db:
        assert claims.finish(db, slow, Outcome("sent", ""), now(), now()) is False
    assert row_of(database, id).state == "sent"
    assert [entry.detail for entry in attempts_of(database, id)].count("late (reported after the lease had ended)") == 1


def test_what_is_given_back_was_never_tried(database: Database) -> None:
    (id,) = promise(database, act())
    claimed = claim(database)
    with database.write() as db:
        claims.release(db, claimed)
    row = row_of(database, id)
    assert (row.attempts, row.lease_until, row.lease_token) == (0, None, None)


def test_full_destinations_and_channels_are_left_out(database: Database) -> None:
    promise(database, act(destination="slow.example"), act(destination="quick.example"), Message("sms", {}))
    got = claim(database, without=claims.Skipped(["slow.example"], ["sms"]))
    assert [row.destination for row in got] == ["quick.example"]


def test_taken_back_while_it_was_being_sent(database: Database) -> None:
    ids = promise(database, act(), act())
    claimed = claim(database)
    with database.write() as db:
        assert dropping.drop(db, "deposition", "7", reason="Too late.", now=now()) == 2
    with database.write() as db:
        claims.finish(db, claimed[0], Outcome("sent", ""), now(), now())
        claims.finish(db, claimed[1], Outcome("queued", "no"), now(), now())
    assert sorted(row_of(database, id).state for id in ids) == ["dropped", "sent"]


def test_nothing_is_sent_again_that_is_unknown(database: Database) -> None:
    with database.write() as db:
        assert delivery_status.send_again(db, uuid4(), now()) is None
