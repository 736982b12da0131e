"""Scheduling a request: the manager, the video room, and everything that is sent."""

from dataclasses import dataclass
from datetime import datetime

from app.depositions import emails, events
from app.depositions.actions._write import next_sequence, organization_name, record, write
from app.depositions.actions.request import webhook
from app.depositions.models import Deposition, State
from app.depositions.queries import managers
from app.depositions.rules import transitions
from app.kernel.changes.events import Actor
from app.kernel.db.engine import Db


@dataclass(frozen=True, slots=True)
class Booking:
    """What is decided when a session is scheduled. `reason` says why in spite of an overlap; only the event has it."""

    manager_name: str
    manager_email: str
    room_url: str
    provider: str = ""
    reason: str = ""


def schedule(
    db: Db, deposition_id: int, booking: Booking, *, by: Actor, now: datetime, version: int | None = None
) -> Deposition:
    """Books the session: state, link and id become visible; the webhook and the e-mails go out.

    Raises Conflict when it no longer waits to be scheduled, or when the manager is busy and no reason is given.
    """
    transitions.check_room(booking.room_url)
    email = booking.manager_email.lower()
    managers.lock_manager(db, email)
    deposition = write(
        db,
        deposition_id,
        lambda current: transitions.check_schedule(current.state),
        transitions.source_states("schedule"),
        {
            Deposition.state: State.SCHEDULED.value,
            Deposition.manager_name: booking.manager_name,
            Deposition.manager_email: email,
            Deposition.provider: booking.provider or None,
            Deposition.room_url: booking.room_url,
            **next_sequence(now),
            Deposition.booked_at: now,
        },
        by=by,
        now=now,
        version=version,
    )
    overlaps = managers.overlaps(db, email, deposition.starts_at, deposition.ends_at, besides=deposition.id)
    transitions.check_overlaps(overlaps, booking.manager_name, booking.reason)
    name = organization_name(db, deposition.organization_id)
    messages = [*emails.scheduled(db, deposition, name, now), *webhook(db, deposition)]
    data: dict[str, object] = {"manager": booking.manager_name, "provider": booking.provider}
    if overlaps:
        data |= {"overlaps": [other.id for other in overlaps], "reason": booking.reason.strip()}
    record(db, events.SCHEDULED, deposition, by=by, now=now, data=data, messages=messages)
    return deposition
