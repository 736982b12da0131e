"""Declining an organization's request to cancel a session."""

from datetime import datetime

from app.depositions import events
from app.depositions.actions._write import record, write
from app.depositions.models import BOOKED, Deposition
from app.depositions.rules import transitions
from app.kernel.changes.events import Actor
from app.kernel.db.engine import Db


def decline_cancellation(
    db: Db, deposition_id: int, notice: str, *, by: Actor, now: datetime, version: int | None = None
) -> Deposition:
    """Keeps the session. `notice` says why, and the organization reads it in the API; nobody is written to, because
    the session stays as its participants know it. When the cancellation was requested stays on the wire."""
    text = transitions.required_notice(notice)
    deposition = write(
        db,
        deposition_id,
        lambda current: transitions.check_decline_cancellation(current.state, current.cancellation_open),
        [state.value for state in BOOKED],
        {Deposition.cancellation_open: False, Deposition.notice: text},
        by=by,
        now=now,
        version=version,
        only=Deposition.cancellation_open.is_(True),
    )
    record(db, events.CANCELLATION_DECLINED, deposition, by=by, now=now, data={"notice": text})
    return deposition
