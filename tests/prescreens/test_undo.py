"""Undo: nothing is left of a decision, until its undo window ends, for the user who made it alone."""

import threading
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from app.dashboard.undo import actions as undo_actions
from app.dashboard.undo.models import State
from app.kernel.clock import now
from app.kernel.db.engine import Database
from app.kernel.errors import Conflict, NotFound
from app.prescreens.jobs import FINALIZERS
from tests.cast import Cast
from tests.clocks import Clock
from tests.outgoing import Outbox
from tests.prescreens.decisions import decide, kinds, last, stands, sweep, undo
from tests.prescreens.factories import prescreen, stored


def test_nothing_stays_of_it_but_history(database: Database, cast: Cast, outbox: Outbox) -> None:
    id = prescreen(database, cast.marston.id)
    before, emails = stored(database, id), len(outbox.rows())
    decision = decide(database, cast, id)
    undo(database, cast, decision)
    assert not sweep(database, decision.final_at + timedelta(hours=1))
    assert stored(database, id) == before
    assert len(outbox.rows()) == emails
    assert kinds(database, id) == ["decision_undone", "decision_pending"]
    assert last(database, id).shown_to is None
    assert decide(database, cast, id, "deny", who="mira").state == State.PENDING


def test_twice_changes_nothing(database: Database, cast: Cast) -> None:
    id = prescreen(database, cast.marston.id)
    decision = decide(database, cast, id)
    first = undo(database, cast, decision)
    again = undo(database, cast, decision, at=decision.final_at + timedelta(minutes=5))
    assert (again.state, again.ended_at) == (State.UNDONE, first.ended_at)
    assert kinds(database, id) == ["decision_undone", "decision_pending"]


@pytest.mark.parametrize("written", [True, False])
def test_too_late_is_refused_in_words(database: Database, cast: Cast, written: bool) -> None:
    id = prescreen(database, cast.marston.id)
    decision = decide(database, cast, id)
    if written:
        assert sweep(database, decision.final_at)
    with pytest.raises(Conflict) as refused:
        undo(database, cast, decision, at=decision.final_at)
    assert refused.value.detail.startswith("It was too late to undo: Jane Smith was approved, finally, 1 s ago.")
    undone_in_time = stands(database, id) is State.UNDONE
    assert not undone_in_time
    sweep(database, decision.final_at)
    assert stored(database, id).review_status == "approved"


def test_only_by_whoever_pressed(database: Database, cast: Cast) -> None:
    decision = decide(database, cast, prescreen(database, cast.marston.id))
    for who in ("mira", "adam", "lars", "hugo"):
        with pytest.raises(NotFound) as refused:
            undo(database, cast, decision, who=who)
        with database.write() as db, pytest.raises(NotFound) as made_up:
            undo_actions.undo(db, uuid4(), cast.people[who].id, by=cast.actor(who), now=now())
        assert refused.value.detail == made_up.value.detail


def test_the_clock_may_jump_between_press_and_undo(database: Database, cast: Cast, clock: Clock) -> None:
    id = prescreen(database, cast.marston.id)
    decision = decide(database, cast, id)
    clock.move(hours=-1)
    assert not sweep(database), "back: it is held longer, and never final twice"
    clock.move(hours=2)
    with pytest.raises(Conflict, match="too late"):
        undo(database, cast, decision)
    assert sweep(database)
    clock.move(hours=-1)
    with pytest.raises(Conflict):
        undo(database, cast, decision)
    assert not sweep(database)
    assert kinds(database, id) == ["approved", "decision_pending"]


def test_undo_against_the_worker_is_decided_once(database: Database, cast: Cast, outbox: Outbox) -> None:
    """Two machines whose clocks differ: one still lets it be undone when the other already writes it down."""
    for _ in range(10):
        id = prescreen(database, cast.marston.id)
        decision = decide(database, cast, id)
        ready, outcomes = threading.Barrier(3), []

        def late(decision: Any = decision, ready: Any = ready, outcomes: list[str] = outcomes) -> None:
            ready.wait()
            try:
                undo(database, cast, decision, at=decision.final_at - timedelta(milliseconds=1))
                outcomes.append("undone")
            except Conflict:
                outcomes.append("too late")

        def early(decision: Any = decision, ready: Any = ready, outcomes: list[str] = outcomes) -> None:
            ready.wait()
            outcomes.append(
                str(
                    undo_actions.settle(
                        database, decision.id, decision.final_at + timedelta(milliseconds=1), FINALIZERS
                    )
                )
            )

        threads = [threading.Thread(target=target) for target in (late, early, early)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        written = stored(database, id).review_status == "approved"
        assert sorted(outcomes) == (["None", "final", "too late"] if written else ["None", "None", "undone"])
        assert kinds(database, id) == (
            ["approved", "decision_pending"] if written else ["decision_undone", "decision_pending"]
        )
