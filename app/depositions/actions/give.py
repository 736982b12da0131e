"""Giving a session to the manager whom a plan proposes: a request is booked, a booked session changes its manager."""

from datetime import datetime
from typing import NamedTuple

from app.depositions.actions.change_manager import change_manager
from app.depositions.actions.schedule import Booking, schedule
from app.depositions.models import Deposition, Manager
from app.depositions.rules import rooms
from app.kernel.changes.events import Actor
from app.kernel.db.engine import Db


class Given(NamedTuple):
    """A proposal of a plan: the session, `provider` as its organization asked for it, and whether it `waits`."""

    id: int
    manager: Manager
    provider: str
    waits: bool


def give(db: Db, given: Given, *, by: Actor, now: datetime, reason: str = "", version: int | None = None) -> Deposition:
    """Does it. A request gets the manager's room at its provider, or else their first; a session that is booked keeps
    its room, or gets the new manager's in place of the former one's. Raises what the two verbs raise."""
    has_room = rooms.room_of(given.manager.templates, given.provider) is not None
    provider = given.provider if given.waits and has_room else ""
    booking = Booking(manager_id=given.manager.id, provider=provider, reason=reason)
    verb = schedule if given.waits else change_manager
    return verb(db, given.id, booking, by=by, now=now, version=version)
