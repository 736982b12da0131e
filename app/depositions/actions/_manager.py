"""The manager and the room of a booked session, when it is moved or given to somebody else."""

from datetime import datetime

from sqlalchemy import select

from app.depositions import emails
from app.depositions.actions import overlaps, roster
from app.depositions.actions._write import locked
from app.depositions.actions.schedule import Booking
from app.depositions.models import Deposition, Kind, Manager
from app.depositions.queries import managers
from app.depositions.queries.people import address_key, invited
from app.depositions.rules import rooms, transitions
from app.kernel.changes.events import Actor
from app.kernel.db.columns import Values
from app.kernel.db.engine import Db
from app.kernel.errors import NotFound
from app.kernel.outbox.outbox import Message


class Managed:
    """A booked session with the manager it has and the one it gets, locked until the transaction ends.

    Managers are locked before the session and in the order of their ids, as every booking does.
    """

    def __init__(
        self,
        db: Db,
        deposition_id: int,
        booking: Booking | None,
        *,
        by: Actor,
        now: datetime,
        organization_id: int | None = None,
        hours: overlaps.Hours | None = None,
    ) -> None:
        """`booking` names the manager it gets; without one, or with one that names nobody, it keeps its own. `hours`
        are those that it is moved to."""
        overlaps.take_turn(db, deposition_id)
        found = db.execute(select(Deposition.manager_id, Deposition.zone).where(Deposition.id == deposition_id)).first()
        if found is None:
            raise NotFound("There is no such session request.")
        wanted = booking.manager_id if booking else None
        if booking and wanted is None and booking.manager_email:
            wanted = roster.add_for_booking(db, booking.manager_name, booking.manager_email, found.zone, by=by, now=now)
        team = managers.lock(db, {id for id in (found.manager_id, wanted) if id is not None})
        self.before = locked(db, deposition_id, organization_id, hours)
        former = self.before.manager_id
        if wanted is not None and wanted not in team:
            raise NotFound("There is no such manager in the roster.")
        self.former = team[former] if former is not None else None
        self.manager = team[wanted] if wanted is not None else self.former
        if self.manager is not None and self.manager is not self.former:
            roster.check_active(self.manager)

    def messages(self, db: Db, deposition: Deposition, organization: str, now: datetime) -> list[Message]:
        """What its managers are told of the changed session: the one who keeps it, or the former and the new one. Who
        was never invited is invited now."""
        keeps = self.manager is not None and self.manager is self.former
        if keeps and address_key(deposition.manager_email or "") in invited(db, deposition.id, Kind.MANAGER):
            moved, room_changed = deposition.moved_at == now, deposition.room_url != self.before.room_url
            return emails.manager_changed(db, deposition, organization, now, moved=moved, room_changed=room_changed)
        if keeps:
            return emails.manager_invited(db, deposition, organization, now)
        released = []
        if self.former:
            address = self.before.manager_email or ""
            released = emails.manager_canceled(
                db, deposition, organization, now, former=self.former, invited_at=address
            )
        return [*released, *emails.manager_invited(db, deposition, organization, now)]


def manager_columns(manager: Manager | None) -> Values:
    """The columns that say who manages the session."""
    return {
        Deposition.manager_id: manager.id if manager else None,
        Deposition.manager_name: manager.name if manager else None,
        Deposition.manager_email: manager.email if manager else None,
    }


def room_columns(managed: Managed, booking: Booking | None) -> Values:
    """The columns of the room, where it changes: it is the one that was written; or the new manager's own, where
    people would have met in that of the former manager, or nowhere yet."""
    before, provider = managed.before, (booking.provider.strip() if booking else "")
    room_url = booking.room_url.strip() if booking else ""
    if room_url:
        transitions.check_room(room_url)
    elif managed.manager is not None and managed.manager is not managed.former and _is_free(managed):
        own = rooms.room_of(managed.manager.templates, provider or before.provider or "")
        own = own or rooms.room_of(managed.manager.templates, "")
        if own:
            provider, room_url = own.provider, rooms.address(own, before)
    if not room_url or room_url == before.room_url:
        return {}
    return {Deposition.room_url: room_url, Deposition.provider: provider or before.provider}


def _is_free(managed: Managed) -> bool:
    """Whether there is no room yet, or one that belongs to the former manager."""
    before, former = managed.before, managed.former
    if before.room_url is None:
        return True
    own = rooms.room_of(former.templates, before.provider or "") if former else None
    return own is not None and before.room_url == rooms.address(own, before)
