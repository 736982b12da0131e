"""Writes: sending a message again, setting one aside that was given up, putting it back."""

from datetime import datetime
from typing import Any
from uuid import UUID

from app.dashboard import events
from app.kernel.changes.event_types import EventType
from app.kernel.changes.events import Actor, record
from app.kernel.db.engine import Db
from app.kernel.errors import Conflict, NotFound
from app.kernel.outbox import outbox
from app.messages import queries
from app.messages.rules import check_put_back, check_send_again, check_set_aside

CHANGED = "It has moved on since you looked at it. Nothing was changed; look at it as it is now."


def send_again(db: Db, id: UUID, *, by: Actor, now: datetime, seen: str | None = None) -> None:
    """Queues a message to go now, under the same id, with a fresh retry plan. Raises NotFound or Conflict.

    `seen` is its mark (kernel/outbox.py) as it was on the page; None takes it as it is.
    """
    row = _find(db, id)
    check_send_again(row, now)
    if outbox.send_again(db, id, now, seen) is None:
        raise Conflict(CHANGED, code="delivery.changed")
    _record(db, events.MESSAGE_RESENT, row, by, now)


def set_aside(db: Db, id: UUID, *, by: Actor, now: datetime, seen: str | None = None) -> None:
    """Says that a message that was given up needs no sending again: it stays, but counts no more. Can be taken back.

    Raises NotFound or Conflict.
    """
    row = _find(db, id)
    check_set_aside(row)
    if not outbox.dismiss(db, id, by.name, now, seen):
        raise Conflict(CHANGED, code="delivery.changed")
    _record(db, events.MESSAGE_DISMISSED, row, by, now)


def put_back(db: Db, id: UUID, *, by: Actor, now: datetime, seen: str | None = None) -> None:
    """Takes back that a message was set aside. Raises NotFound or Conflict."""
    row = _find(db, id)
    check_put_back(row)
    if not outbox.restore(db, id, seen):
        raise Conflict(CHANGED, code="delivery.changed")
    _record(db, events.MESSAGE_RESTORED, row, by, now)


def _find(db: Db, id: UUID) -> Any:
    row = queries.one(db, id)
    if row is None:
        raise NotFound()
    return row


def _record(db: Db, event_type: EventType, row: Any, by: Actor, now: datetime) -> None:
    record(
        db,
        event_type,
        subject_type=row.subject_type or "delivery",
        subject_id=row.subject_id or str(row.id),
        organization_id=row.organization_id,
        by=by,
        now=now,
        data={
            "delivery": str(row.id),
            "channel": row.channel,
            "to": row.destination,
            "was": outbox.status_of(row),
        },
    )
