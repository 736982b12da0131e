"""Requesting the cancellation of a booked session, by the organization through the API."""

from datetime import datetime

from sqlalchemy import case, not_

from app.depositions import events
from app.depositions.actions._write import record, write
from app.depositions.models import BOOKED, Deposition
from app.depositions.rules import transitions
from app.kernel.changes.events import Actor
from app.kernel.db.engine import Db


def request_cancellation(db: Db, deposition_id: int, *, organization_id: int, by: Actor, now: datetime) -> Deposition:
    """Asks the team to cancel a booked session. Repeating the request keeps the time of the first, until the team
    has declined it: what is asked then is a new request."""
    first = not_(Deposition.cancellation_open)
    deposition = write(
        db,
        deposition_id,
        lambda current: transitions.check_request_cancellation(current.state),
        [state.value for state in BOOKED],
        {
            Deposition.cancellation_requested_at: case((first, now), else_=Deposition.cancellation_requested_at),
            Deposition.cancellation_open: True,
            Deposition.version: Deposition.version + case((first, 1), else_=0),
        },
        by=by,
        now=now,
        organization_id=organization_id,
    )
    if deposition.cancellation_requested_at == now:
        record(db, events.CANCELLATION_REQUESTED, deposition, by=by, now=now)
    return deposition
