"""Giving a booked session another manager, or none for the time being."""

from datetime import datetime

from sqlalchemy import ColumnElement, or_

from app.depositions import events
from app.depositions.actions import overlaps, people
from app.depositions.actions._manager import Managed, manager_columns, room_columns
from app.depositions.actions._write import organization_name, record, write
from app.depositions.actions.schedule import Booking
from app.depositions.models import Deposition, Kind
from app.depositions.rules import transitions
from app.kernel.changes.events import Actor
from app.kernel.db.engine import Db


def change_manager(
    db: Db,
    deposition_id: int,
    booking: Booking | None,
    *,
    by: Actor,
    now: datetime,
    version: int | None = None,
) -> Deposition:
    """Gives the session to the manager of `booking`, with another room where it names one; without a booking, to
    nobody. The former and the new manager are told; for participants nothing changes.

    Raises Conflict when they manage it already, and when they are busy and no reason is given.
    """
    managed = Managed(db, deposition_id, booking, by=by, now=now)
    if booking is None:
        managed.manager = None
    manager, former = managed.manager, managed.former
    id = manager.id if manager else None
    name = manager.name if manager else ""
    deposition = write(
        db,
        deposition_id,
        lambda current: transitions.check_change_manager(current.state, current.manager_id == id, name),
        transitions.source_states("change_manager"),
        {**manager_columns(manager), **(room_columns(managed, booking) if booking else {})},
        by=by,
        now=now,
        version=version,
        only=Deposition.manager_id.is_not(None) if id is None else _is_not(id),
    )
    found = overlaps.check(db, deposition, booking.reason, now) if booking else {}
    if former is not None:
        address = managed.before.manager_email or former.email
        people.leave(db, deposition, Kind.MANAGER, [address])
    data: dict[str, object] = {"manager": name, "before": managed.before.manager_name}
    if deposition.room_url != managed.before.room_url:
        data["room"] = deposition.room_url
    data |= found
    organization = organization_name(db, deposition.organization_id)
    messages = managed.messages(db, deposition, organization, now)
    record(db, events.MANAGER_CHANGED, deposition, by=by, now=now, data=data, messages=messages)
    return deposition


def _is_not(manager_id: int) -> ColumnElement[bool]:
    return or_(Deposition.manager_id.is_(None), Deposition.manager_id != manager_id)
