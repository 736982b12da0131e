"""Ending a session that runs."""

from datetime import datetime

from app.depositions import events
from app.depositions.actions._write import record, write
from app.depositions.models import Deposition, State
from app.depositions.rules import transitions
from app.kernel.changes.events import Actor
from app.kernel.db.engine import Db


def end(db: Db, deposition_id: int, *, by: Actor, now: datetime, version: int | None = None) -> Deposition:
    """Closes the room for good. Raises Conflict before the planned start."""
    deposition = write(
        db,
        deposition_id,
        lambda current: transitions.check_end(current.state, ahead=current.starts_at > now),
        transitions.source_states("end"),
        {Deposition.state: State.ENDED.value, Deposition.ended_at: now},
        by=by,
        now=now,
        version=version,
        only=Deposition.starts_at <= now,
    )
    record(db, events.ENDED, deposition, by=by, now=now)
    return deposition
