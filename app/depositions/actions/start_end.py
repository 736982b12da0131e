"""The session itself: people come in, people go home."""

from datetime import datetime

from sqlalchemy import Row

from app.depositions import events
from app.depositions.actions._write import record, write
from app.depositions.models import State
from app.depositions.rules import transitions
from app.kernel.changes.events import Actor
from app.kernel.db.engine import Db


def start(db: Db, deposition_id: int, *, by: Actor, now: datetime, version: int | None = None) -> Row:
    """Opens the room: from now on the mailed links lead in."""
    d = write(
        db,
        deposition_id,
        lambda row: transitions.check_start(row.state, row.room_url is not None),
        transitions.source_states("start"),
        {"state": State.ACTIVE.value, "started_at": now, "cancellation_open": False},
        now=now,
        version=version,
    )
    transitions.check_start(State.SCHEDULED, d.room_url is not None)
    record(db, events.STARTED, d, by=by, now=now)
    return d


def end(db: Db, deposition_id: int, *, by: Actor, now: datetime, version: int | None = None) -> Row:
    """Closes the room for good."""
    d = write(
        db,
        deposition_id,
        lambda row: transitions.check_end(row.state),
        transitions.source_states("end"),
        {"state": State.ENDED.value, "ended_at": now},
        now=now,
        version=version,
    )
    record(db, events.ENDED, d, by=by, now=now)
    return d
