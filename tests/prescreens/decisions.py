"""Pending decisions, made through the real code, and their ends."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select

from app.dashboard.undo import actions as undo_actions
from app.dashboard.undo import jobs
from app.dashboard.undo.models import PendingDecision, State
from app.kernel.changes import events
from app.kernel.clock import now
from app.kernel.db.engine import Database, Db
from app.prescreens import actions
from app.prescreens.actions._review import decision_fingerprint
from app.prescreens.jobs import FINALIZERS
from app.prescreens.queries import detail
from app.prescreens.queries.stages import Reach
from app.prescreens.rules.reasons import Grounds, Reason
from tests.cast import Cast

NOTES = "Drives a hard bargain"
SECONDS = 30
REASON = {"reason": "Budget", "about:Budget": "budget"}
"""What a page posts of a reason."""
GROUNDS = Grounds((Reason("Budget", "budget"),), "She asked for it")


def decide_in(db: Db, cast: Cast, id: UUID, verb: str = "approve", who: str = "lena", **more: Any) -> Row[Any]:
    """A user approves or denies, in this transaction."""
    row = detail.get(db, id)
    assert row is not None
    return actions.decide(
        db,
        id,
        verb,
        more.get("notes", NOTES),
        more.get("grounds", GROUNDS),
        person_id=cast.people[who].id,
        seconds=more.get("seconds", SECONDS),
        version=more.get("version", row.version),
        preview=more.get("preview", decision_fingerprint(db, row, verb)),
        name=row.name,
        url=f"/prescreens/{id}",
        reach=more.get("reach") or Reach((row.organization_id,)),
        by=cast.actor(who),
        now=more.get("at") or now(),
    )


def decide(database: Database, cast: Cast, id: UUID, verb: str = "approve", who: str = "lena", **more: Any) -> Row[Any]:
    """The same in a transaction of its own. Returns the pending decision."""
    with database.write() as db:
        decide_in(db, cast, id, verb, who, **more)
    return last(database, id)


def last(database: Database, id: UUID) -> Row[Any]:
    """The last pending decision of a prescreen, however it ended."""
    with database.read() as db:
        wanted = (
            select(PendingDecision.__table__)
            .where(PendingDecision.subject_id == str(id))
            .order_by(PendingDecision.pressed_at.desc())
            .limit(1)
        )
        return db.execute(wanted).one()


def undo(database: Database, cast: Cast, decision: Row[Any], who: str = "lena", at: datetime | None = None) -> Row[Any]:
    with database.write() as db:
        return undo_actions.undo(db, decision.id, cast.people[who].id, by=cast.actor(who), now=at or now())


def sweep(database: Database, at: datetime | None = None) -> bool:
    """One pass of the worker."""
    return jobs.sweep(database, at or now(), FINALIZERS)


def activity(database: Database, id: UUID) -> list[Any]:
    """The events since the prescreen was completed, newest first."""
    with database.read() as db:
        found = events.timeline(db, "prescreen", id)
    return [event for event in found if event.kind not in ("prescreen.started", "prescreen.completed")]


def kinds(database: Database, id: UUID) -> list[str]:
    return [event.kind.removeprefix("prescreen.") for event in activity(database, id)]


def stands(database: Database, id: UUID) -> State:
    return State(last(database, id).state)
