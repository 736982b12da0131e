"""Starting a booked session."""

from datetime import datetime

from app.depositions import events
from app.depositions.actions._write import locked, record, write
from app.depositions.models import Deposition, State
from app.depositions.rules import transitions
from app.kernel.changes.events import Actor
from app.kernel.db.engine import Db


def start(
    db: Db, deposition_id: int, *, by: Actor, now: datetime, reason: str = "", version: int | None = None
) -> Deposition:
    """Opens the room: from now on the links that were sent lead into it.

    Long before the planned start only with a `reason`, which only the event has. What changes is kept with the session,
    so that the start can be taken back.
    """
    before = locked(db, deposition_id)
    deposition = write(
        db,
        deposition_id,
        lambda current: transitions.check_start(current.state, current.room_url is not None),
        transitions.source_states("start"),
        {
            Deposition.state: State.ACTIVE.value,
            Deposition.started_at: now,
            Deposition.cancellation_open: False,
            Deposition.before_start: {"state": before.state, "cancellation_open": before.cancellation_open},
        },
        by=by,
        now=now,
        version=version,
    )
    transitions.check_start(State.SCHEDULED, deposition.room_url is not None)
    transitions.check_early(deposition.starts_at, now, reason)
    data: dict[str, object] = {}
    if transitions.starts_early(deposition.starts_at, now):
        data = {"early": int((deposition.starts_at - now).total_seconds()), "reason": reason.strip()}
    record(db, events.STARTED, deposition, by=by, now=now, data=data)
    return deposition
