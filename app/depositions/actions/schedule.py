"""What the scheduling team does with a request: take it, schedule it, give it a room, write to the organization."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from app.depositions import emails, events
from app.depositions.actions._write import T, organization_name, record, write
from app.depositions.actions.request import webhook
from app.depositions.models import State
from app.depositions.queries import managers
from app.depositions.rules import transitions
from app.kernel.changes.events import Actor
from app.kernel.db.engine import Db


@dataclass(frozen=True, slots=True)
class Booking:
    """What is decided when a session is scheduled. `reason`: why over an overlap, kept in the story alone."""

    manager_name: str
    manager_email: str
    room_url: str
    provider: str = ""
    reason: str = ""


def schedule(
    db: Db, deposition_id: int, booking: Booking, *, by: Actor, now: datetime, version: int | None = None
) -> Row:
    """Books the session: state, link and id become visible, the webhook and the letters leave.

    Raises Conflict when it is not waiting any more, or when the manager is busy and no reason is given.
    """
    transitions.check_room(booking.room_url)
    email = booking.manager_email.lower()
    managers.hold(db, email)
    d = write(
        db,
        deposition_id,
        lambda row: transitions.check_schedule(row.state),
        transitions.source_states("schedule"),
        {
            "state": State.SCHEDULED.value,
            "manager_name": booking.manager_name,
            "manager_email": email,
            "provider": booking.provider or None,
            "room_url": booking.room_url,
            "sequence": T.sequence + 1,
            "booked_at": now,
        },
        now=now,
        version=version,
    )
    overlaps = managers.overlaps(db, email, d.starts_at, d.ends_at, besides=d.id)
    transitions.check_overlaps(overlaps, booking.manager_name, booking.reason)
    messages = [*emails.scheduled(db, d, organization_name(db, d.organization_id), now), *webhook(d, db)]
    data: dict[str, Any] = {"manager": booking.manager_name, "provider": booking.provider}
    if overlaps:
        data |= {"overlaps": [row.id for row in overlaps], "reason": booking.reason.strip()}
    record(db, events.SCHEDULED, d, by=by, now=now, data=data, messages=messages)
    return d


def change_room(
    db: Db, deposition_id: int, room_url: str, *, by: Actor, now: datetime, version: int | None = None
) -> Row:
    """Says where people meet, or that it is elsewhere now. The link that was mailed stays the same."""
    transitions.check_room(room_url)
    d = write(
        db,
        deposition_id,
        lambda row: transitions.check_change_room(row.state),
        transitions.source_states("start"),
        {"room_url": room_url},
        now=now,
        version=version,
    )
    record(db, events.ROOM_CHANGED, d, by=by, now=now)
    return d


def write_notice(
    db: Db, deposition_id: int, notice: str, *, by: Actor, now: datetime, version: int | None = None
) -> Row:
    """Writes the note the organization reads as `notice`; an empty one takes it back."""
    d = write(
        db,
        deposition_id,
        lambda row: None,
        [state.value for state in State],
        {"notice": notice.strip() or None},
        now=now,
        version=version,
    )
    record(db, events.NOTICE_WRITTEN, d, by=by, now=now, data={"notice": d.notice})
    return d
