"""Noting how far an invite got before it was redeemed: its page was opened, and Continue was pressed."""

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import InstrumentedAttribute

from app.inspections import events
from app.inspections.actions._visitor import Visitor
from app.inspections.actions._write import record
from app.inspections.models import Inspection, Invite
from app.kernel.changes.event_types import EventType
from app.kernel.db.engine import Db


def see_invite(db: Db, invite: Invite, *, visitor: Visitor, now: datetime) -> None:
    """Notes that the mailed page was opened for the first time, by a person or by a mail scanner."""
    _first_time(db, invite, Invite.seen_at, events.INVITE_SEEN, visitor, now)


def open_invite(db: Db, invite: Invite, *, visitor: Visitor, now: datetime) -> None:
    """Notes that Continue was pressed for the first time, which only a person does."""
    _first_time(db, invite, Invite.opened_at, events.INVITE_OPENED, visitor, now)


def _first_time(
    db: Db,
    invite: Invite,
    column: InstrumentedAttribute[datetime | None],
    event_type: EventType,
    visitor: Visitor,
    now: datetime,
) -> None:
    first = db.execute(
        update(Invite)
        .where(Invite.id == invite.id, Invite.issue == invite.issue, column.is_(None))
        .values({column: now})
        .returning(Invite.id)
    ).one_or_none()
    if first is not None:
        inspection = db.get_one(Inspection, invite.inspection_id)
        data = {"invite": str(invite.id), "agent": visitor.agent[:200]}
        record(db, event_type, inspection, by=visitor.actor(invite), now=now, data=data)
