"""The delivery status of messages: reading it, dismissing a dead message, sending a message again."""

import re
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol
from uuid import UUID

from sqlalchemy import ColumnElement, Integer, and_, bindparam, false, func, or_, select, update

from app.kernel.db.engine import Db
from app.kernel.db.prepared import Prepared
from app.kernel.outbox.outbox import DEAD, FAILING, QUEUED, SENT, UNDELIVERED, WAITING, OutboxRow

DISMISSED = "aside"
"""The status of a dead message that a user has dismissed. Not a state of the row: `state` stays `dead`."""

PATIENCE = timedelta(minutes=3)
"""How long a message may be due before pages say that nothing is sent."""

LOOKED_AT = 200
"""Messages due longest among which one must be in work while a worker runs; no worker claims more at once."""


def waiting_since(db: Db, now: datetime) -> datetime | None:
    """Since when messages are due that no worker takes; None while one works or nothing waits. One read on an index."""
    due = (
        select(OutboxRow.due_at, OutboxRow.lease_until)
        .where(WAITING, OutboxRow.due_at <= now)
        .order_by(OutboxRow.due_at)
        .limit(LOOKED_AT)
        .subquery()
    )
    oldest, leased_until = db.execute(select(func.min(due.c.due_at), func.max(due.c.lease_until))).one()
    stopped = oldest is not None and now - oldest > PATIENCE and (leased_until is None or leased_until <= now)
    return oldest if stopped else None


class ListedMessage(NamedTuple):
    """Everything that may be shown of a message: all columns but its payload."""

    id: UUID
    event_id: int | None
    organization_id: int | None
    subject_type: str | None
    subject_id: str | None
    channel: str
    destination: str
    summary: str
    secret: bool
    state: str
    due_at: datetime
    attempts: int
    earlier_attempts: int
    lease_until: datetime | None
    last_error: str | None
    created_at: datetime
    finished_at: datetime | None
    dismissed_at: datetime | None
    dismissed_by: str | None
    not_after: datetime | None
    blanked: bool


LISTED_COLUMNS = (
    OutboxRow.id,
    OutboxRow.event_id,
    OutboxRow.organization_id,
    OutboxRow.subject_type,
    OutboxRow.subject_id,
    OutboxRow.channel,
    OutboxRow.destination,
    OutboxRow.summary,
    OutboxRow.secret,
    OutboxRow.state,
    OutboxRow.due_at,
    OutboxRow.attempts,
    OutboxRow.earlier_attempts,
    OutboxRow.lease_until,
    OutboxRow.last_error,
    OutboxRow.created_at,
    OutboxRow.finished_at,
    OutboxRow.dismissed_at,
    OutboxRow.dismissed_by,
    OutboxRow.not_after,
    (OutboxRow.payload == "").label("blanked"),
)
"""The columns of a ListedMessage, in its order."""


class HasStatus(Protocol):
    """The columns that decide the status of a message."""

    @property
    def state(self) -> str: ...
    @property
    def last_error(self) -> str | None: ...
    @property
    def dismissed_at(self) -> datetime | None: ...


def status_of(row: HasStatus) -> str:
    """The status for staff: queued, failing (failed and will be tried again), sent, dead, aside or dropped."""
    if row.state == DEAD and row.dismissed_at is not None:
        return DISMISSED
    return "failing" if row.state == QUEUED and row.last_error else row.state


class HasAttempts(HasStatus, Protocol):
    """The columns that every attempt or user action on a message changes."""

    @property
    def attempts(self) -> int: ...
    @property
    def earlier_attempts(self) -> int: ...


def state_token(row: HasAttempts) -> str:
    """A token of the message's status that every change replaces. Forms carry it back for optimistic concurrency."""
    return f"{status_of(row)}-{row.attempts}-{row.earlier_attempts}"


_STATE_TOKEN = re.compile(r"([a-z]{1,10})-([0-9]{1,6})-([0-9]{1,6})")


def _unchanged_since(seen: str | None) -> list[ColumnElement[bool]]:
    """Conditions that hold while a message still has the state token `seen`; none without a token."""
    if seen is None:
        return []
    found = _STATE_TOKEN.fullmatch(seen)
    if found is None:
        return [false()]
    status, attempts, earlier_attempts = found[1], int(found[2]), int(found[3])
    by_status = {
        "failing": FAILING,
        DISMISSED: and_(OutboxRow.state == DEAD, OutboxRow.dismissed_at.is_not(None)),
        DEAD: UNDELIVERED,
    }
    return [
        by_status.get(status, OutboxRow.state == status),
        OutboxRow.attempts == attempts,
        OutboxRow.earlier_attempts == earlier_attempts,
    ]


def dismiss(db: Db, id: UUID, by: str, now: datetime, seen: str | None = None) -> bool:
    """Dismisses a dead message. False when it is not dead, or its state token is no longer `seen`."""
    return _set_dismissed(db, id, UNDELIVERED, seen, now, by)


def restore(db: Db, id: UUID, seen: str | None = None) -> bool:
    """Undoes `dismiss`. False when the message is not dismissed, or its state token is no longer `seen`."""
    return _set_dismissed(db, id, OutboxRow.dismissed_at.is_not(None), seen, None, None)


def _set_dismissed(
    db: Db, id: UUID, condition: ColumnElement[bool], seen: str | None, at: datetime | None, by: str | None
) -> bool:
    change = (
        update(OutboxRow)
        .where(OutboxRow.id == id, condition, *_unchanged_since(seen))
        .values({OutboxRow.dismissed_at: at, OutboxRow.dismissed_by: by})
        .returning(OutboxRow.id)
    )
    return db.execute(change).one_or_none() is not None


def send_again(db: Db, id: UUID, now: datetime, seen: str | None = None) -> ListedMessage | None:
    """Queues a dead message, a sent one that was not secret, or a failing one, to be sent now under its old id.

    Returns the row, or None when it cannot be sent again (unknown, being sent, dropped, blanked, too late, or a
    finished job), or its state token is no longer `seen`.
    """
    sent = and_(OutboxRow.state == SENT, ~OutboxRow.secret, OutboxRow.channel.not_like("job:%"))
    failing = and_(FAILING, or_(OutboxRow.lease_until.is_(None), OutboxRow.lease_until < now))
    row = db.execute(
        update(OutboxRow)
        .where(
            OutboxRow.id == id,
            OutboxRow.payload != "",
            or_(OutboxRow.state == DEAD, sent, failing),
            or_(OutboxRow.not_after.is_(None), OutboxRow.not_after >= now),
            *_unchanged_since(seen),
        )
        .values(
            {
                OutboxRow.state: QUEUED,
                OutboxRow.due_at: now,
                OutboxRow.finished_at: None,
                OutboxRow.lease_until: None,
                OutboxRow.lease_token: None,
                OutboxRow.earlier_attempts: OutboxRow.attempts,
                OutboxRow.dismissed_at: None,
                OutboxRow.dismissed_by: None,
            }
        )
        .returning(*LISTED_COLUMNS)
    ).one_or_none()
    return None if row is None else ListedMessage._make(row)


_ABOUT = Prepared(
    select(*LISTED_COLUMNS)
    .where(OutboxRow.subject_type == bindparam("subject_type"), OutboxRow.subject_id == bindparam("subject_id"))
    .order_by(OutboxRow.created_at.desc())
    .limit(bindparam("limit", type_=Integer)),
    ListedMessage,
)


def messages_about(db: Db, subject_type: str, subject_id: object, limit: int = 200) -> list[ListedMessage]:
    """Every message about one item, newest first, without payloads. `status_of(row)` is its status."""
    values = {"subject_type": subject_type, "subject_id": str(subject_id), "limit": limit}
    return _ABOUT.all(db, values)
