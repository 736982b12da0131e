"""After the undo window the worker writes a decision: exactly once, late or doubled, in the name of its user."""

import threading
import time
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, update

from app.accounts.models import Membership, Organization, Person
from app.dashboard.undo import actions as undo_actions
from app.dashboard.undo import presentation
from app.dashboard.undo.models import PendingDecision, State
from app.kernel.clock import now
from app.kernel.db.engine import Database
from app.prescreens.actions import finalize
from app.prescreens.jobs import FINALIZERS
from app.prescreens.models import Prescreen
from app.prescreens.rules import review
from app.wiring import wire
from app.worker import Worker
from tests.cast import Cast
from tests.clocks import Clock
from tests.outgoing import Outbox
from tests.prescreens.decisions import NOTES, activity, decide, kinds, last, stands, sweep
from tests.prescreens.factories import prescreen, stored

VERBS = {"approve": "approved", "deny": "denied"}


@pytest.mark.parametrize(("verb", "word"), VERBS.items())
def test_it_is_the_decision_that_was_pressed(
    database: Database, cast: Cast, outbox: Outbox, verb: str, word: str
) -> None:
    id = prescreen(database, cast.marston.id)
    decision = decide(database, cast, id, verb)
    assert not sweep(database, decision.final_at - timedelta(milliseconds=1))
    assert sweep(database, decision.final_at)
    row = stored(database, id)
    assert (row.review_status, row.review_notes, row.reviewed_by) == (word, NOTES, "Lena Ortiz")
    assert row.reviewed_at == decision.final_at
    assert len(outbox.emails("jane@example.com")) == 2
    happened = activity(database, id)[0]
    assert (happened.kind, happened.actor_kind, happened.actor_id) == (
        f"prescreen.{word}",
        "person",
        str(cast.lena.id),
    )
    assert (happened.actor_name, happened.via, happened.data["held"]) == ("Lena Ortiz", "page", 30)
    ended = last(database, id)
    assert (ended.state, ended.shown_to) == (State.FINAL, None)
    assert not sweep(database, decision.final_at)


def test_late_by_an_hour_it_counts_from_when_it_was_final(
    database: Database, cast: Cast, outbox: Outbox, clock: Clock
) -> None:
    id = prescreen(database, cast.marston.id)
    decision = decide(database, cast, id)
    clock.move(hours=1)
    outbox.deliver_all()
    row = stored(database, id)
    assert (row.review_status, row.reviewed_at) == ("approved", decision.final_at)
    assert row.updated_at > decision.final_at + timedelta(minutes=59)
    assert kinds(database, id) == ["approved", "decision_pending"]


def test_pressed_before_it_expired_it_counts_when_the_worker_returns(
    database: Database, cast: Cast, clock: Clock
) -> None:
    id = prescreen(database, cast.marston.id, at=now() - timedelta(days=30) + timedelta(seconds=10))
    decision = decide(database, cast, id)
    assert decision.pressed_at < stored(database, id).expires_at < decision.final_at
    clock.move(hours=1)
    assert review.status_of(stored(database, id), now()) == "expired", "nothing is true before it is written"
    assert sweep(database)
    row = stored(database, id)
    assert (row.review_status, review.status_of(row, now())) == ("approved", "completed")


def test_several_workers_write_it_once(database: Database, cast: Cast, outbox: Outbox) -> None:
    for _ in range(6):
        id = prescreen(database, cast.marston.id)
        decision, emails = decide(database, cast, id), len(outbox.rows())
        ready, outcomes = threading.Barrier(6), []

        def work(decision: Any = decision, ready: Any = ready, outcomes: list[Any] = outcomes) -> None:
            ready.wait()
            outcomes.append(undo_actions.settle(database, decision.id, decision.final_at, FINALIZERS))

        threads = [threading.Thread(target=work) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(map(str, outcomes)) == ["None"] * 5 + ["final"]
        assert kinds(database, id) == ["approved", "decision_pending"]
        assert len(outbox.rows()) == emails + 1


class Pauses(threading.Event):
    """Notes how many seconds the worker means to wait."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[float] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.asked.append(timeout or 0)
        return super().wait(timeout)


def test_the_running_worker_is_at_most_two_seconds_late(database: Database, cast: Cast) -> None:
    """By its own doing: it waits less than that between sweeps, and the first one after the end writes it down."""
    id = prescreen(database, cast.marston.id)
    decision = decide(database, cast, id, seconds=1)
    begun: list[datetime] = []

    def note(_database: Database, now: datetime) -> bool:
        begun.append(now)
        return False

    stop = Pauses()
    wiring = wire(database.config, database)
    noted = replace(wiring, sweeps=(note, *wiring.sweeps))
    workers = [threading.Thread(target=Worker(noted).run, args=(stop,), daemon=True) for _ in range(2)]
    for worker in workers:
        worker.start()
    try:
        ends = time.monotonic() + 60
        while stands(database, id) is State.PENDING:
            assert time.monotonic() < ends
            time.sleep(0.02)
    finally:
        stop.set()
        for worker in workers:
            worker.join(30)
    ended_at = last(database, id).ended_at
    assert ended_at >= decision.final_at
    in_vain = [at for at in begun if decision.final_at <= at < ended_at]
    assert len(in_vain) <= 1, "only one that the other worker forestalls"
    assert max(stop.asked) <= 1
    assert kinds(database, id) == ["approved", "decision_pending"]


def returned(database: Database, cast: Cast, outbox: Outbox, id: Any, decision: Any) -> Any:
    emails = len(outbox.rows())
    assert sweep(database, decision.final_at)
    assert stored(database, id).review_status == "pending_review"
    assert len(outbox.rows()) == emails
    assert kinds(database, id)[0] == "decision_returned"
    ended = last(database, id)
    assert (ended.state, ended.shown_to) == (State.RETURNED, cast.lena.id)
    line = presentation.bar([ended], now())[0]
    assert (line.title, line.note) == ("Your approval of Jane Smith was not written", ended.why)
    return ended


def test_what_would_leave_has_changed_so_it_goes_back(database: Database, cast: Cast, outbox: Outbox) -> None:
    id = prescreen(database, cast.marston.id)
    decision = decide(database, cast, id)
    with database.write() as db:
        db.execute(update(Prescreen).where(Prescreen.id == id).values(email="jane.smith@example.com"))
    ended = returned(database, cast, outbox, id, decision)
    assert "What would be sent changed" in ended.why
    assert decide(database, cast, id).state == State.PENDING, "she may read it and decide again"


def test_the_answers_changed_so_it_goes_back(database: Database, cast: Cast, outbox: Outbox) -> None:
    id = prescreen(database, cast.marston.id)
    decision = decide(database, cast, id)
    with database.write() as db:
        db.execute(update(Prescreen).where(Prescreen.id == id).values(version=Prescreen.version + 1))
    returned(database, cast, outbox, id, decision)


def test_emails_switched_off_meanwhile(database: Database, cast: Cast, outbox: Outbox) -> None:
    id = prescreen(database, cast.marston.id)
    decision = decide(database, cast, id)
    with database.write() as db:
        db.execute(update(Organization).where(Organization.id == cast.marston.id).values(decision_emails=False))
    returned(database, cast, outbox, id, decision)


@pytest.mark.parametrize("how", ["disabled", "role taken"])
def test_who_may_not_decide_any_more_has_not_decided(database: Database, cast: Cast, outbox: Outbox, how: str) -> None:
    id = prescreen(database, cast.marston.id)
    decision = decide(database, cast, id)
    with database.write() as db:
        if how == "disabled":
            db.execute(update(Person).where(Person.id == cast.lena.id).values(disabled_at=now()))
        else:
            db.execute(delete(Membership).where(Membership.person_id == cast.lena.id))
    ended = returned(database, cast, outbox, id, decision)
    assert ended.why == "Lena Ortiz may not decide here any more, so the approval was not written."


def test_what_breaks_is_tried_again_and_holds_up_nobody(
    database: Database, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, well = prescreen(database, cast.marston.id), prescreen(database, cast.marston.id)
    first, second = decide(database, cast, broken), decide(database, cast, well, who="mira")

    def breaks(db: Any, decision: Any, at: Any) -> Any:
        if decision.id == first.id:
            raise RuntimeError("planted")
        return finalize(db, decision, at)

    monkeypatch.setitem(FINALIZERS, "prescreen", undo_actions.Finalizer("prescreens", breaks))
    at = second.final_at + timedelta(seconds=1)
    assert sweep(database, at)
    assert (stands(database, broken), stands(database, well)) == (State.PENDING, State.FINAL)
    assert not sweep(database, at), "not at once again"
    monkeypatch.undo()
    assert sweep(database, at + timedelta(seconds=2))
    assert stands(database, broken) is State.FINAL
    assert stored(database, broken).reviewed_at == first.final_at


def test_no_two_are_held_on_one_thing(database: Database, cast: Cast) -> None:
    id = prescreen(database, cast.marston.id)
    decision = decide(database, cast, id)
    with database.write() as db:
        facts = {**decision._mapping, "id": id}
        with pytest.raises(Exception, match=r"(?i)unique"):
            db.execute(PendingDecision.__table__.insert().values(**facts))
        db.rollback()
