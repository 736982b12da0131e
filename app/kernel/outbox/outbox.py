"""What must leave the house: written in the transaction that causes it, delivered by the worker afterwards.

A row is a promise. It is kept at least once, under an id that never changes (Message-ID, webhook-id), so that a
receiver can drop what it already has. A promise that cannot be kept stays visible as a dead row with a reason.
"""

import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    Uuid,
    and_,
    false,
    literal_column,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from app.config import Config
from app.kernel.db.engine import Base, Database, Db, Instant
from app.kernel.db.hourly_stats import StatEvent, keep_hourly_stats

QUEUED, SENT, DEAD, DROPPED = "queued", "sent", "dead", "dropped"
DISMISSED = "aside"
"""No state of its own: how a dead message stands that somebody has set aside."""


class OutboxRow(Base):
    """One message to one receiver. `payload` is encrypted and, when `secret`, blanked as soon as it was sent."""

    __tablename__ = "outbox"

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    event_id: Mapped[int | None] = mapped_column(BigInteger)
    organization_id: Mapped[int | None]
    subject_type: Mapped[str | None] = mapped_column(String(40))
    subject_id: Mapped[str | None] = mapped_column(String(40))
    channel: Mapped[str] = mapped_column(String(60))
    destination: Mapped[str] = mapped_column(String(255))
    summary: Mapped[str] = mapped_column(String(500))
    payload: Mapped[str] = mapped_column(Text)
    secret: Mapped[bool] = mapped_column(Boolean)
    dedupe: Mapped[str | None] = mapped_column(String(200), unique=True)
    state: Mapped[str] = mapped_column(String(10))
    due_at: Mapped[datetime] = mapped_column(Instant)
    not_after: Mapped[datetime | None] = mapped_column(Instant)
    attempts: Mapped[int]
    earlier_attempts: Mapped[int]
    """Attempts before somebody pressed "Send again": the retry plan starts anew after them."""
    lease_until: Mapped[datetime | None] = mapped_column(Instant)
    lease_token: Mapped[UUID | None] = mapped_column(Uuid)
    last_error: Mapped[str | None] = mapped_column(String(500))
    created_at: Mapped[datetime] = mapped_column(Instant)
    finished_at: Mapped[datetime | None] = mapped_column(Instant)
    moved_us: Mapped[int | None] = mapped_column(BigInteger)
    """When an attempt last changed how it stands, in microseconds since 1970: what live pages watch."""
    set_aside_at: Mapped[datetime | None] = mapped_column(Instant)
    """When somebody saw that a dead message needs no sending again: it stays, and asks for nothing any more."""
    set_aside_by: Mapped[str | None] = mapped_column(String(320))


_o = OutboxRow.__table__.c

WAITING = _o.state == literal_column("'queued'")
"""What is still to be sent. A literal, because no database takes a partial index for a value it learns later."""

FAILING = and_(WAITING, _o.last_error.is_not(None))
"""What was tried in vain and will be tried again."""

UNDELIVERED = and_(_o.state == literal_column("'dead'"), _o.set_aside_at.is_(None))
"""What was given up, and nobody has said yet that it does not matter."""

Index(
    "ix_outbox_due",
    _o.state,  # of one value only; without it SQLite takes the index below unless it has been told to ANALYZE
    _o.due_at,
    _o.destination,
    _o.channel,
    sqlite_where=WAITING,
    postgresql_where=WAITING,
)
Index("ix_outbox_subject", _o.subject_type, _o.subject_id, _o.created_at)
Index("ix_outbox_state", _o.state, _o.created_at, _o.id)
Index("ix_outbox_organization", _o.organization_id, _o.state, _o.created_at, _o.id)

for _name, _which in (("ix_outbox_failing", FAILING), ("ix_outbox_untold", UNDELIVERED)):
    Index(
        _name,
        _o.state,  # of one value only, as above
        _o.subject_type,
        _o.organization_id,
        _o.created_at,
        _o.id,
        sqlite_where=_which,
        postgresql_where=_which,
    )

_TRIED = _o.moved_us.is_not(None)
for _name, _columns in (
    ("ix_outbox_moved", (_o.subject_type, _o.moved_us)),
    ("ix_outbox_moved_place", (_o.subject_type, _o.organization_id, _o.moved_us)),
):
    Index(_name, *_columns, sqlite_where=_TRIED, postgresql_where=_TRIED)


class OutboxAttempt(Base):
    """One try at one message, written when its end is known. A missing number is a try whose worker was killed."""

    __tablename__ = "outbox_attempts"
    __table_args__ = (Index("ix_outbox_attempts_outbox", "outbox_id", "number"),)

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    outbox_id: Mapped[UUID] = mapped_column(ForeignKey("outbox.id"))
    number: Mapped[int]
    started_at: Mapped[datetime] = mapped_column(Instant)
    ended_at: Mapped[datetime] = mapped_column(Instant)
    ok: Mapped[bool] = mapped_column(Boolean)
    status: Mapped[int | None]
    """The receiver's own code (HTTP, SMTP), when there was one."""
    detail: Mapped[str] = mapped_column(String(500))


keep_hourly_stats(
    OutboxRow.__table__,
    StatEvent(
        "delivery.finished",
        at="finished_at",
        word="{r}.channel || CASE WHEN {r}.state = 'sent' AND {r}.attempts > 1 THEN ' late' ELSE ' ' || {r}.state END",
        part="COALESCE({r}.subject_type, '')",
        reads=("state", "attempts"),
        only="{r}.channel NOT LIKE 'job:%'",
        organization="COALESCE({r}.organization_id, 0)",
    ),
)


@dataclass(frozen=True, slots=True)
class Message:
    """What is to leave the house. `channel` is email, sms, webhook or `job:<room>.<name>`.

    `destination` is the lane (mail domain, host): one slow receiver delays only its own lane. `dedupe` names the
    promise: a second message of that name is silently not queued. After `not_after` it is of no use and is not sent (a
    reminder once the thing has begun). `summary` is what staff read, without secrets.
    With `secret` the payload is blanked once sent and the message cannot be sent again.
    """

    channel: str
    payload: dict[str, Any]
    destination: str = ""
    due_at: datetime | None = None
    dedupe: str | None = None
    secret: bool = False
    summary: str = ""
    not_after: datetime | None = None
    fresh: Sequence[tuple[str, str]] = ()
    """What is made anew each time (secrets, signed proofs), each with the words that stand for it in a preview."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One attempt, as a handler sees it. `payload` is in clear; `attempts` counts this one."""

    id: UUID
    channel: str
    destination: str
    payload: dict[str, Any]
    attempts: int
    organization_id: int | None
    subject_type: str | None
    subject_id: str | None
    created_at: datetime
    database: Database
    config: Config
    now: datetime


class TemporaryFailure(Exception):
    """This attempt failed, a later one may not. The reason is shown to staff: a sentence, without secrets.

    `after` (seconds) replaces the plan's next wait, `at_least` can only lengthen it; `status` is the receiver's code.
    """

    def __init__(
        self, reason: str, after: float | None = None, status: int | None = None, at_least: float | None = None
    ) -> None:
        super().__init__(reason)
        self.reason, self.after, self.status, self.at_least = reason, after, status, at_least


class PermanentFailure(Exception):
    """No attempt will succeed unless somebody changes something. The reason is shown to staff."""

    def __init__(self, reason: str, status: int | None = None) -> None:
        super().__init__(reason)
        self.reason, self.status = reason, status


Handler = Callable[[Delivery], "str | int | None"]
HANDLERS: dict[str, Handler] = {}
"""Who delivers a channel. What a handler returns (a code or a few words) is kept with the attempt."""


def handles(channel: str) -> Callable[[Handler], Handler]:
    """Registers the handler of a channel. It must be idempotent: it may be called again with the same id."""

    def register(handler: Handler) -> Handler:
        if channel in HANDLERS:
            raise ValueError(f"Two handlers want the channel {channel}.")
        HANDLERS[channel] = handler
        return handler

    return register


COLLECTED = "noted messages"
"""Where a session notes what it promises to send, for whoever wants to show it (kernel/preview.py)."""


def enqueue(
    db: Db,
    messages: Iterable[Message],
    *,
    event_id: int | None,
    organization_id: int | None,
    subject_type: str | None,
    subject_id: str | None,
    now: datetime,
) -> list[UUID]:
    """Writes the rows in the caller's transaction. Returns the ids meant; a known `dedupe` leaves the old row alone."""
    messages = list(messages)
    if COLLECTED in db.info:
        db.info[COLLECTED].extend(messages)
    rows: list[dict[str, Any]] = [
        {
            "id": uuid4(),
            "event_id": event_id,
            "organization_id": organization_id,
            "subject_type": subject_type,
            "subject_id": None if subject_id is None else str(subject_id),
            "channel": message.channel,
            "destination": (message.destination or message.channel).lower()[:255],
            "summary": one_line(message.summary or message.channel.removeprefix("job:")),
            "payload": db.vault.encrypt(json.dumps(message.payload)),
            "secret": message.secret,
            "dedupe": message.dedupe,
            "state": QUEUED,
            "due_at": message.due_at or now,
            "not_after": message.not_after,
            "attempts": 0,
            "earlier_attempts": 0,
            "created_at": now,
        }
        for message in messages
    ]
    if rows:
        insert = postgresql.insert if db.dialect == "postgresql" else sqlite.insert
        db.execute(insert(OutboxRow.__table__).on_conflict_do_nothing(index_elements=["dedupe"]), rows)
    return [row["id"] for row in rows]


def one_line(text: str) -> str:
    """At most 500 characters without line breaks and control characters."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:500]


def drop(
    db: Db,
    subject_type: str,
    subject_id: object,
    *,
    reason: str,
    now: datetime,
    channel: str | None = None,
    dedupe: Sequence[str] = (),
) -> int:
    """Takes back what has not left yet (a reminder after the end). Returns how many rows were still waiting.

    A message being sent at this very moment may still arrive, and is then shown as sent.
    """
    wanted = [_o.subject_type == subject_type, _o.subject_id == str(subject_id), WAITING]
    if channel:
        wanted.append(_o.channel == channel)
    if dedupe:
        wanted.append(_o.dedupe.in_(list(dedupe)))
    done = db.execute(
        update(OutboxRow.__table__)
        .where(*wanted)
        .values(state=DROPPED, last_error=one_line(reason), finished_at=now)
        .returning(_o.id)
    )
    return len(done.all())


def mark(row: Any) -> str:
    """How a message stands, in a word that every change changes: what a page sends back with what was pressed on it."""
    return f"{status_of(row)}-{row.attempts}-{row.earlier_attempts}"


def _still(mark: str | None) -> list[ColumnElement[bool]]:
    """That a message still stands as it did when somebody saw it; no condition when nobody says how."""
    if mark is None:
        return []
    found = _MARK.fullmatch(mark)
    if found is None:
        return [false()]
    how, attempts, earlier = found[1], int(found[2]), int(found[3])
    stands = {"failing": FAILING, DISMISSED: and_(_o.state == DEAD, _o.set_aside_at.is_not(None)), DEAD: UNDELIVERED}
    return [stands.get(how, _o.state == how), _o.attempts == attempts, _o.earlier_attempts == earlier]


_MARK = re.compile(r"([a-z]{1,10})-([0-9]{1,6})-([0-9]{1,6})")


def dismiss(db: Db, id: UUID, by: str, now: datetime, seen: str | None = None) -> bool:
    """Says that a dead message needs no sending again. False when it is not dead, or not as it was `seen` (a mark)."""
    return _moved(db, id, UNDELIVERED, seen, set_aside_at=now, set_aside_by=by)


def restore(db: Db, id: UUID, seen: str | None = None) -> bool:
    """Takes that back. False when it was not set aside any more."""
    return _moved(db, id, _o.set_aside_at.is_not(None), seen, set_aside_at=None, set_aside_by=None)


def _moved(db: Db, id: UUID, now: ColumnElement[bool], seen: str | None, **values: Any) -> bool:
    change = update(OutboxRow.__table__).where(_o.id == id, now, *_still(seen)).values(**values).returning(_o.id)
    return db.execute(change).one_or_none() is not None


def send_again(db: Db, id: UUID, now: datetime, seen: str | None = None) -> Any | None:
    """Queues a dead row, a sent one that was no secret, or one waiting for its next try, to go now under its old id.

    Returns the row, or None when that is not possible (unknown, on its way, dropped, blanked, or finished work), or
    when it is not as it was `seen` (a mark) any more.
    """
    sent = and_(_o.state == SENT, _o.channel.not_like("job:%"))
    failing = and_(FAILING, or_(_o.lease_until.is_(None), _o.lease_until < now))
    return db.execute(
        update(OutboxRow.__table__)
        .where(_o.id == id, _o.payload != "", or_(_o.state == DEAD, sent, failing), *_still(seen))
        .values(
            state=QUEUED,
            due_at=now,
            finished_at=None,
            lease_until=None,
            lease_token=None,
            earlier_attempts=_o.attempts,
            set_aside_at=None,
            set_aside_by=None,
        )
        .returning(*LISTED_COLUMNS)
    ).one_or_none()


LISTED_COLUMNS = (
    _o.id,
    _o.event_id,
    _o.organization_id,
    _o.subject_type,
    _o.subject_id,
    _o.channel,
    _o.destination,
    _o.summary,
    _o.secret,
    _o.state,
    _o.due_at,
    _o.attempts,
    _o.earlier_attempts,
    _o.lease_until,
    _o.last_error,
    _o.created_at,
    _o.finished_at,
    _o.set_aside_at,
    _o.set_aside_by,
    (_o.payload == "").label("blanked"),
)
"""What may be shown of a message: everything but its payload."""


def messages_of(db: Db, subject_type: str, subject_id: object, limit: int = 200) -> Sequence[Any]:
    """Every message about one thing, newest first, without payloads. `standing(row)` says how it stands."""
    return db.execute(
        select(*LISTED_COLUMNS)
        .where(_o.subject_type == subject_type, _o.subject_id == str(subject_id))
        .order_by(_o.created_at.desc())
        .limit(limit)
    ).all()


def status_of(row: Any) -> str:
    """One word for staff: queued, failing (has failed, will be tried again), sent, dead, aside or dropped."""
    if row.state == DEAD and row.set_aside_at is not None:
        return DISMISSED
    return "failing" if row.state == QUEUED and row.last_error else str(row.state)
