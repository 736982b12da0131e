"""Starting a booked session."""

from datetime import datetime

from app.depositions import events
from app.depositions.actions._write import record, write
from app.depositions.models import Deposition, State
from app.depositions.rules import transitions
from app.kernel.changes.events import Actor
from app.kernel.db.engine import Db


def start(db: Db, deposition_id: int, *, by: Actor, now: datetime, version: int | None = None) -> Deposition:
    """Opens the room: from now on the links that were sent lead into it."""
    deposition = write(
        db,
        deposition_id,
        lambda current: transitions.check_start(current.state, current.room_url is not None),
        transitions.source_states("start"),
        {Deposition.state: State.ACTIVE.value, Deposition.started_at: now, Deposition.cancellation_open: False},
        by=by,
        now=now,
        version=version,
    )
    transitions.check_start(State.SCHEDULED, deposition.room_url is not None)
    record(db, events.STARTED, deposition, by=by, now=now)
    return deposition
