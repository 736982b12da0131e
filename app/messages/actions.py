"""Writes: sending a message again, dismissing a failed one, restoring a dismissed one."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from app.kernel.changes import message_events as events
from app.kernel.changes.event_types import EventType
from app.kernel.changes.events import Actor, is_own, record, timeline
from app.kernel.db.engine import Db
from app.kernel.errors import Conflict, NotFound
from app.kernel.outbox import delivery_status
from app.kernel.outbox.claims import NO_RECEIPTS
from app.kernel.outbox.delivery_status import ListedMessage
from app.kernel.outbox.outbox import Receipts
from app.messages import queries
from app.messages.rules import check_dismiss, check_restore, check_send_again, check_still_true

CHANGED = "It has changed since this page was loaded. Nothing was done; look at it as it is now."


def send_again(
    db: Db,
    id: UUID,
    *,
    by: Actor,
    now: datetime,
    seen: str | None = None,
    receipts: Mapping[str, Receipts] = NO_RECEIPTS,
) -> None:
    """Queues a message to go now, under the same id, with all its retries. Raises NotFound or Conflict.

    `seen` is its state token (kernel/outbox/outbox.py) as the page showed it; None takes the message as it is.
    `receipts` say whether what it says still holds.
    """
    row = _find(db, id)
    check_send_again(row, now)
    check_still_true(queries.still_true(db, row, receipts))
    if delivery_status.send_again(db, id, now, seen) is None:
        raise Conflict(CHANGED, code="message.changed")
    _record(db, events.MESSAGE_RESENT, row, by, now)


def dismiss(db: Db, id: UUID, *, by: Actor, now: datetime, seen: str | None = None) -> None:
    """Marks a failed message as one that need not be sent: it stays, and is no longer counted as a problem.

    Raises NotFound or Conflict.
    """
    row = _find(db, id)
    check_dismiss(row, _dismissed_by(db, row, by))
    if not delivery_status.dismiss(db, id, by.name, now, seen):
        raise Conflict(CHANGED, code="message.changed")
    _record(db, events.MESSAGE_DISMISSED, row, by, now)


def restore(db: Db, id: UUID, *, by: Actor, now: datetime, seen: str | None = None) -> None:
    """Undoes `dismiss`. Raises NotFound or Conflict."""
    row = _find(db, id)
    check_restore(row)
    if not delivery_status.restore(db, id, seen):
        raise Conflict(CHANGED, code="message.changed")
    _record(db, events.MESSAGE_RESTORED, row, by, now)


def _find(db: Db, id: UUID) -> ListedMessage:
    row = queries.message(db, id)
    if row is None:
        raise NotFound()
    return row


def _subject(row: ListedMessage) -> tuple[str, str]:
    """Where the events of a message are recorded; `delivery` as earlier versions wrote it: events are append-only."""
    return row.subject_type or "delivery", row.subject_id or str(row.id)


def _dismissed_by(db: Db, row: ListedMessage, by: Actor) -> bool:
    """Whether this person dismissed the message."""
    if row.dismissed_at is None:
        return False
    kinds = events.MESSAGE_DISMISSED.stored_kinds
    rows = (each for each in timeline(db, *_subject(row)) if each.kind in kinds)
    newest = next((each for each in rows if each.data.get("delivery") == str(row.id)), None)
    return newest is not None and is_own(newest, by)


def _record(db: Db, event_type: EventType, row: ListedMessage, by: Actor, now: datetime) -> None:
    subject_type, subject_id = _subject(row)
    record(
        db,
        event_type,
        subject_type=subject_type,
        subject_id=subject_id,
        organization_id=row.organization_id,
        by=by,
        now=now,
        data={
            "delivery": str(row.id),
            "channel": row.channel,
            "to": row.destination,
            "was": delivery_status.status_of(row),
        },
    )
