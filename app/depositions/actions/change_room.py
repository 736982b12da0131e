"""Changing the video room of a booked session."""

from datetime import datetime

from app.depositions import emails, events
from app.depositions.actions._write import organization_name, record, write
from app.depositions.models import Deposition, Kind
from app.depositions.queries.people import address_key, invited
from app.depositions.rules import transitions
from app.kernel.changes.events import Actor
from app.kernel.db.engine import Db


def change_room(
    db: Db, deposition_id: int, room_url: str, *, by: Actor, now: datetime, version: int | None = None
) -> Deposition:
    """Sets or changes the address of the room. The links that were sent stay the same and lead there; the manager, who
    was told of the room itself, gets the new one; where no invitation has reached them yet, with it."""
    transitions.check_room(room_url)
    deposition = write(
        db,
        deposition_id,
        lambda current: transitions.check_change_room(current.state),
        transitions.source_states("start"),
        {Deposition.room_url: room_url},
        by=by,
        now=now,
        version=version,
    )
    name = organization_name(db, deposition.organization_id)
    if address_key(deposition.manager_email or "") in invited(db, deposition_id, Kind.MANAGER):
        messages = emails.manager_changed(db, deposition, name, now, room_changed=True)
    else:
        messages = emails.manager_invited(db, deposition, name, now)
    record(db, events.ROOM_CHANGED, deposition, by=by, now=now, messages=messages)
    return deposition
