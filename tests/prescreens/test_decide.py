"""Pressing Approve or Deny: the decision waits, visibly, and nobody else can decide meanwhile; nothing leaves."""

import threading
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from app.accounts.models import Organization
from app.dashboard.undo.models import PendingDecision, State
from app.kernel.clock import now
from app.kernel.db.engine import Database
from app.kernel.errors import Conflict, Invalid, NotFound, Refusal
from app.prescreens import actions
from app.prescreens.queries.stages import Reach
from tests.cast import Cast
from tests.outgoing import Outbox
from tests.prescreens.decisions import GROUNDS, NOTES, activity, decide, decide_in, kinds, last, stands
from tests.prescreens.factories import prescreen, stored


@pytest.mark.parametrize("verb", ["approve", "deny"])
def test_it_waits_and_nothing_is_written_or_sent(database: Database, cast: Cast, outbox: Outbox, verb: str) -> None:
    id = prescreen(database, cast.marston.id)
    before, emails = stored(database, id), len(outbox.rows())
    decision = decide(database, cast, id, verb)
    assert stored(database, id) == before
    assert len(outbox.rows()) == emails
    assert (decision.kind, decision.person_id, decision.state) == (verb, cast.lena.id, State.PENDING)
    assert decision.final_at - decision.pressed_at == timedelta(seconds=30)
    assert decision.payload["notes"] == NOTES
    happened = activity(database, id)[0]
    assert (happened.kind, happened.actor_name) == ("prescreen.decision_pending", "Lena Ortiz")
    assert NOTES not in str(happened.data)


def test_without_seconds_it_is_final_at_once(database: Database, cast: Cast, outbox: Outbox) -> None:
    id = prescreen(database, cast.marston.id)
    with database.write() as db:
        done = decide_in(db, cast, id, seconds=0)
    assert done.review_status == "approved"
    assert kinds(database, id) == ["approved"]
    assert len(outbox.emails("jane@example.com")) == 2
    with database.read() as db:
        assert db.scalar(select(func.count()).select_from(PendingDecision)) == 0


def test_pressing_the_same_again_changes_nothing(database: Database, cast: Cast) -> None:
    id = prescreen(database, cast.marston.id)
    first = decide(database, cast, id, "deny")
    again = decide(database, cast, id, "deny", grounds=replace(GROUNDS, seen_at=now()))
    assert again == first, "from another window"
    assert kinds(database, id) == ["decision_pending"]


def test_the_same_with_other_notes_needs_an_undo_first(database: Database, cast: Cast) -> None:
    """What was typed last would be lost otherwise, without a word."""
    id = prescreen(database, cast.marston.id)
    first = decide(database, cast, id)
    with pytest.raises(Conflict, match=r"it is final in \d+ s. Undo that first") as refused:
        decide(database, cast, id, notes="typed in another window")
    assert refused.value.code == "hold.held"
    assert last(database, id) == first


def test_deciding_otherwise_needs_an_undo_first(database: Database, cast: Cast) -> None:
    id = prescreen(database, cast.marston.id)
    decide(database, cast, id)
    with pytest.raises(Conflict, match=r"You approve this; it is final in \d+ s. Undo that first"):
        decide(database, cast, id, "deny")


@pytest.mark.parametrize("seconds", [30, 0])
def test_somebody_else_is_refused_by_name_and_time(database: Database, cast: Cast, seconds: int) -> None:
    id = prescreen(database, cast.marston.id)
    decision = decide(database, cast, id)
    at = decision.pressed_at + timedelta(seconds=12)
    with pytest.raises(Conflict) as refused:
        decide(database, cast, id, "deny", who="mira", seconds=seconds, at=at)
    assert refused.value.code == "hold.held"
    assert refused.value.detail.startswith("Lena Ortiz approves this; it is final in 18 s.")
    assert last(database, id) == decision
    assert stored(database, id).review_status == "pending_review"


def test_what_has_lapsed_is_decided_though_nobody_wrote_it_down(database: Database, cast: Cast) -> None:
    id = prescreen(database, cast.marston.id)
    decision = decide(database, cast, id)
    for who in ("mira", "lena"):
        with pytest.raises(Conflict, match="approved this"):
            decide(database, cast, id, "deny", who=who, at=decision.final_at)


def test_what_cannot_be_decided_cannot_be_held(database: Database, cast: Cast) -> None:
    with pytest.raises(Conflict):
        decide(database, cast, prescreen(database, cast.marston.id, "denied"))
    with pytest.raises(Invalid):
        decide(database, cast, prescreen(database, cast.marston.id, "active"))
    with pytest.raises(Invalid):
        decide(database, cast, prescreen(database, cast.marston.id, at=now() - timedelta(days=31)))
    id = prescreen(database, cast.marston.id)
    with pytest.raises(Conflict, match="Nothing was decided"):
        decide(database, cast, id, version=1)
    with pytest.raises(Conflict) as changed:
        decide(database, cast, id, preview="0" * 64)
    assert changed.value.code == "preview.changed"
    with pytest.raises(NotFound):
        decide(database, cast, id, reach=Reach((cast.harbor.id,)))
    assert kinds(database, id) == []


def test_of_many_who_press_at_once_one_holds(database: Database, cast: Cast) -> None:
    for _ in range(5):
        id = prescreen(database, cast.marston.id)
        presses = 8
        ready, outcomes = threading.Barrier(presses), []

        def run(number: int, id: Any = id, ready: Any = ready, outcomes: list[str] = outcomes) -> None:
            ready.wait()
            try:
                decide(database, cast, id, "approve" if number % 2 else "deny", who="mira" if number < 4 else "lena")
                outcomes.append("held")
            except Refusal as refused:
                outcomes.append(refused.code)

        threads = [threading.Thread(target=run, args=(number,)) for number in range(presses)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        # The winner's own second press of the same verb is no refusal.
        assert sorted(set(outcomes)) == ["held", "hold.held"]
        assert outcomes.count("held") == 2
        assert kinds(database, id) == ["decision_pending"]
        assert stands(database, id) is State.PENDING


def test_the_address_that_nobody_writes_to_is_no_obstacle(database: Database, cast: Cast) -> None:
    with database.write() as db:
        db.execute(update(Organization).where(Organization.id == cast.marston.id).values(decision_emails=False))
    id = prescreen(database, cast.marston.id, given={"email": None})
    assert decide(database, cast, id).state == State.PENDING


def test_the_own_decision_is_not_reported_as_anothers(database: Database, cast: Cast) -> None:
    id = prescreen(database, cast.marston.id)
    with database.write() as db:
        decide_in(db, cast, id, seconds=0)
    for who, sentence in (("lena", "You have already approved this."), ("mira", "Lena Ortiz has already approved")):
        with pytest.raises(Conflict, match=sentence):
            decide(database, cast, id, "deny", who, preview="any")
    other = prescreen(database, cast.marston.id)
    decide(database, cast, other, at=now() - timedelta(minutes=5))
    for who, sentence in (("lena", "You have approved this."), ("mira", "Lena Ortiz has approved this.")):
        with database.write() as db, pytest.raises(Conflict, match=sentence):
            actions.deny(db, other, None, reach=Reach((cast.marston.id,)), by=cast.actor(who), now=now())
