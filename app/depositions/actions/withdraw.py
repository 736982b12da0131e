"""Withdrawing a request, by the organization itself through the API."""

from datetime import datetime

from app.depositions.actions import people
from app.depositions.actions._write import write
from app.depositions.actions.cancel import canceled_values, record_canceled
from app.depositions.models import Deposition, State
from app.depositions.rules import transitions
from app.kernel.changes.events import Actor
from app.kernel.db.engine import Db


def withdraw(db: Db, deposition_id: int, *, organization_id: int, by: Actor, now: datetime, notify: bool) -> Deposition:
    """Cancels a request that is not booked yet ("Cancel Session Requests"). Raises Invalid otherwise."""
    deposition = write(
        db,
        deposition_id,
        lambda current: transitions.check_withdraw(current.state),
        [State.INITIAL.value],
        canceled_values(now),
        by=by,
        now=now,
        organization_id=organization_id,
    )
    people.knows(db, deposition)
    record_canceled(db, deposition, notify, by=by, now=now)
    return deposition
