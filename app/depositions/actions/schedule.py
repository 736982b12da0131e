"""Scheduling a request: the manager, the video room, and everything that is sent."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from app.depositions import emails, events
from app.depositions.actions import overlaps, roster
from app.depositions.actions._write import next_sequence, organization_name, record, write
from app.depositions.actions.request import webhook
from app.depositions.models import Deposition, Manager, State
from app.depositions.queries import managers
from app.depositions.rules import rooms, transitions
from app.kernel.changes.events import Actor
from app.kernel.db.engine import Db
from app.kernel.errors import NotFound


@dataclass(frozen=True, slots=True)
class Booking:
    """What is decided when a session is scheduled.

    The manager is a row of the roster: `manager_id`, or else the one with this address, which is added with the name
    when there is none. Without `room_url` people meet in the manager's own room at the provider. `reason` says why in
    spite of an overlap; only the event has it.
    """

    manager_name: str = ""
    manager_email: str = ""
    room_url: str = ""
    provider: str = ""
    reason: str = ""
    manager_id: int | None = None


def schedule(
    db: Db, deposition_id: int, booking: Booking, *, by: Actor, now: datetime, version: int | None = None
) -> Deposition:
    """Books the session: state, link and id become visible; the webhook and the e-mails go out.

    Raises Conflict when it no longer waits to be scheduled, or when the manager is busy and no reason is given.
    """
    overlaps.take_turn(db, deposition_id)
    request = db.execute(
        select(Deposition.id, Deposition.zone, Deposition.case_name, Deposition.remote_session_id).where(
            Deposition.id == deposition_id
        )
    ).first()
    if request is None:
        raise NotFound("There is no such session request.")
    manager = chosen_manager(db, booking, request.zone, by=by, now=now)
    provider, room_url = chosen_room(booking, manager, request)
    deposition = write(
        db,
        deposition_id,
        lambda current: transitions.check_schedule(current.state),
        transitions.source_states("schedule"),
        {
            Deposition.state: State.SCHEDULED.value,
            Deposition.manager_id: manager.id,
            Deposition.manager_name: manager.name,
            Deposition.manager_email: manager.email,
            Deposition.provider: provider or None,
            Deposition.room_url: room_url,
            **next_sequence(now),
            Deposition.booked_at: now,
        },
        by=by,
        now=now,
        version=version,
    )
    transitions.check_past(deposition.starts_at, now, booking.reason)
    found = overlaps.check(db, deposition, booking.reason, now)
    name = organization_name(db, deposition.organization_id)
    to_manager = emails.manager_invited(db, deposition, name, now)
    messages = [*emails.scheduled(db, deposition, name, now), *to_manager, *webhook(db, deposition)]
    data = {"manager": manager.name, "provider": provider, **found}
    if booking.reason.strip():
        data["reason"] = booking.reason.strip()
    record(db, events.SCHEDULED, deposition, by=by, now=now, data=data, messages=messages)
    return deposition


def chosen_manager(db: Db, booking: Booking, zone: str, *, by: Actor, now: datetime) -> Manager:
    """The manager of a booking, locked until the transaction ends. One whom the roster does not know is added, in the
    zone of the session. Raises NotFound, and Conflict when they are not active."""
    id = booking.manager_id
    if id is None:
        id = roster.add_for_booking(db, booking.manager_name, booking.manager_email, zone, by=by, now=now)
    manager = managers.lock(db, [id]).get(id)
    if manager is None:
        raise NotFound("There is no such manager in the roster.")
    roster.check_active(manager)
    return manager


def chosen_room(booking: Booking, manager: Manager, session: rooms.Session) -> tuple[str, str]:
    """The provider and the address where people meet: as they were written, or the manager's own room. Raises Invalid
    when there is none, or when it is no web address."""
    provider, room_url = booking.provider.strip(), booking.room_url.strip()
    if not room_url:
        own = rooms.room_of(manager.templates, provider)
        if own is None:
            raise rooms.no_room(manager.name, provider)
        provider, room_url = provider or own.provider, rooms.address(own, session)
    transitions.check_room(room_url)
    return provider, room_url
