"""Taking back the start of a session that nobody has entered yet."""

from datetime import datetime

from sqlalchemy import exists, null

from app.depositions import events
from app.depositions.actions._write import locked, record, write
from app.depositions.models import Deposition, DepositionPerson, State
from app.depositions.queries.people import anybody_entered
from app.depositions.rules import transitions
from app.kernel.changes.events import Actor
from app.kernel.db.engine import Db

_ENTERED = exists().where(
    DepositionPerson.deposition_id == Deposition.id,
    DepositionPerson.entered_at.is_not(None),
)


def take_back_start(db: Db, deposition_id: int, *, by: Actor, now: datetime, version: int | None = None) -> Deposition:
    """Closes the room again: the session is as it was before it was started.

    Raises Conflict once somebody has entered, or ten minutes after the start.
    """
    before = locked(db, deposition_id)
    # A session that was started by an earlier version has no facts. One of Self-Service was booked as it was made.
    booked = State.READY if before.booked_at == before.created_at else State.SCHEDULED
    facts = before.before_start or {"state": booked.value, "cancellation_open": False}
    deposition = write(
        db,
        deposition_id,
        lambda current: transitions.check_take_back_start(
            current.state, current.started_at, anybody_entered(db, deposition_id), now
        ),
        transitions.source_states("take_back_start"),
        {
            Deposition.state: facts["state"],
            Deposition.cancellation_open: facts["cancellation_open"],
            Deposition.started_at: None,
            Deposition.before_start: null(),
        },
        by=by,
        now=now,
        version=version,
        only=(Deposition.started_at >= now - transitions.TAKE_BACK) & ~_ENTERED,
    )
    record(db, events.START_TAKEN_BACK, deposition, by=by, now=now)
    return deposition
