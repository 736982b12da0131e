"""The session itself: people come in, people go home."""

from datetime import datetime

from sqlalchemy import Row

from app.depositions.actions.moving import move, record
from app.depositions.models import State
from app.depositions.rules import moves
from app.kernel.db import Db
from app.kernel.events import Actor


def start(db: Db, deposition_id: int, *, by: Actor, now: datetime, version: int | None = None) -> Row:
    """Opens the room: from now on the mailed links lead in."""
    d = move(
        db,
        deposition_id,
        lambda row: moves.check_start(row.state, row.room_url is not None),
        moves.sources("start"),
        {"state": State.ACTIVE.value, "started_at": now, "cancellation_open": False},
        now=now,
        version=version,
    )
    moves.check_start(State.SCHEDULED, d.room_url is not None)
    record(db, "started", d, by=by, now=now)
    return d


def end(db: Db, deposition_id: int, *, by: Actor, now: datetime, version: int | None = None) -> Row:
    """Closes the room for good."""
    d = move(
        db,
        deposition_id,
        lambda row: moves.check_end(row.state),
        moves.sources("end"),
        {"state": State.ENDED.value, "ended_at": now},
        now=now,
        version=version,
    )
    record(db, "ended", d, by=by, now=now)
    return d
