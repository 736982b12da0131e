"""The outbox: outgoing messages, written in the transaction that causes them and delivered by the worker afterwards.

Delivery is at least once; the id of a row is stable across retries (Message-ID, webhook-id), so that a receiver can
drop what it already has. A row that cannot be delivered stays visible in the state `dead`, with the reason.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol
from uuid import UUID, uuid4

from sqlalchemy import (
    BigInteger,
    Boolean,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    Uuid,
    and_,
    literal_column,
    select,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.config import Config
from app.kernel.db.engine import Base, Database, Db, Instant, only
from app.kernel.db.hourly_stats import StatEvent, keep_hourly_stats
from app.kernel.db.inserts import INSERTS
from app.kernel.db.prepared import Prepared
from app.kernel.json_types import JsonObject
from app.kernel.text.normalization import characters

QUEUED, SENT, DEAD, DROPPED = "queued", "sent", "dead", "dropped"


class OutboxRow(Base):
    """One message to one recipient. `payload` is encrypted and, when `secret`, blanked as soon as it was sent."""

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
    """Attempts before the last "Send again", after which the backoff starts again."""
    lease_until: Mapped[datetime | None] = mapped_column(Instant)
    lease_token: Mapped[UUID | None] = mapped_column(Uuid)
    last_error: Mapped[str | None] = mapped_column(String(500))
    created_at: Mapped[datetime] = mapped_column(Instant)
    finished_at: Mapped[datetime | None] = mapped_column(Instant)
    changed_at_us: Mapped[int | None] = mapped_column(BigInteger)
    """When an attempt last changed the status, in microseconds since 1970. Live pages watch it."""
    dismissed_at: Mapped[datetime | None] = mapped_column(Instant)
    """When a user dismissed the dead message: it stays in the table and is no longer counted as a problem."""
    dismissed_by: Mapped[str | None] = mapped_column(String(320))


WAITING = OutboxRow.state == literal_column("'queued'")
"""Messages still to be sent. A literal, because no planner uses a partial index for a value that is bound later."""

FAILING = and_(WAITING, OutboxRow.last_error.is_not(None))
"""Messages whose last attempt failed and that will be tried again."""

UNDELIVERED = and_(OutboxRow.state == literal_column("'dead'"), OutboxRow.dismissed_at.is_(None))
"""Dead messages that no user has dismissed."""

Index(
    "ix_outbox_due",
    OutboxRow.state,  # of one value only; without it SQLite takes the index below unless ANALYZE has run
    OutboxRow.due_at,
    OutboxRow.destination,
    OutboxRow.channel,
    sqlite_where=WAITING,
    postgresql_where=WAITING,
)
Index("ix_outbox_subject", OutboxRow.subject_type, OutboxRow.subject_id, OutboxRow.created_at)
Index("ix_outbox_state", OutboxRow.state, OutboxRow.created_at, OutboxRow.id)
Index("ix_outbox_organization", OutboxRow.organization_id, OutboxRow.state, OutboxRow.created_at, OutboxRow.id)

for _name, _which in (("ix_outbox_failing", FAILING), ("ix_outbox_untold", UNDELIVERED)):
    Index(
        _name,
        OutboxRow.state,  # of one value only, as above
        OutboxRow.subject_type,
        OutboxRow.organization_id,
        OutboxRow.created_at,
        OutboxRow.id,
        sqlite_where=_which,
        postgresql_where=_which,
    )

Index(
    "ix_outbox_finished",
    OutboxRow.organization_id,
    OutboxRow.finished_at,
    OutboxRow.id,
    **only("finished_at IS NOT NULL AND channel NOT LIKE 'job:%'"),
)

_TRIED = OutboxRow.changed_at_us.is_not(None)
for _name, _columns in (
    ("ix_outbox_moved", (OutboxRow.subject_type, OutboxRow.changed_at_us)),
    ("ix_outbox_moved_place", (OutboxRow.subject_type, OutboxRow.organization_id, OutboxRow.changed_at_us)),
):
    Index(_name, *_columns, sqlite_where=_TRIED, postgresql_where=_TRIED)


class OutboxAttempt(Base):
    """One delivery attempt, written when it has ended. A missing number is an attempt whose worker was killed."""

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
    answer: Mapped[str | None] = mapped_column(Text)
    """The beginning of what the receiver said, encrypted: it may repeat what it was sent."""


keep_hourly_stats(
    OutboxRow.__table__,
    StatEvent(
        "delivery.finished",
        at="finished_at",
        category="{r}.channel || CASE WHEN {r}.state = 'sent' AND {r}.attempts > 1 "
        "THEN ' late' ELSE ' ' || {r}.state END",
        subcategory="COALESCE({r}.subject_type, '')",
        reads=("state", "attempts"),
        only="{r}.channel NOT LIKE 'job:%'",
        organization="COALESCE({r}.organization_id, 0)",
    ),
)


@dataclass(frozen=True, slots=True)
class Message:
    """An outgoing message: e-mail, SMS, webhook or job (`channel` is email, sms, webhook or `job:<package>.<name>`).

    `destination` is a mail domain or a host: a slow one delays only its own messages. `dedupe` is a unique key: a
    second message with the same key is not queued. After `not_after` the message is not sent (a reminder of a session
    that has begun). `summary` is what staff read, without secrets. With `secret` the payload is blanked once sent, and
    the message cannot be sent again.
    """

    channel: str
    payload: JsonObject
    destination: str = ""
    due_at: datetime | None = None
    dedupe: str | None = None
    secret: bool = False
    summary: str = ""
    not_after: datetime | None = None
    fresh: Sequence[tuple[str, str]] = ()
    """Values that differ in every rendering (secrets, signed proofs), each with the text that previews show instead."""
    content: JsonObject | None = None
    """What a fingerprint takes instead of the same keys of the payload: the text without what only surrounds it."""
    receipt: JsonObject | None = None
    """What is known of the item once the recipient's server has accepted the message; for `Receipts`."""
    remains: bool = False
    """With `secret`: what it says stays once it is sent, as previews show it."""


class Receipts(Protocol):
    """What an item keeps of the final results of its messages, in the transaction that marks a message."""

    def lock(self, db: Db, subject_id: str) -> None:
        """Locks the item, before the message: whoever changes an item locks in that order too."""

    def keep(self, db: Db, subject_id: str, receipt: JsonObject, state: str, now: datetime) -> None:
        """Keeps that the message with this receipt was sent, is dead, or was dropped."""

    def still_true(self, db: Db, subject_id: str, receipt: JsonObject) -> bool:
        """Whether what the message with this receipt says is still so."""


class Connection(Protocol):
    """What a handler keeps open for the next delivery of the same thread."""

    def end(self) -> None:
        """Closes it. Raises nothing."""


Connections = dict[str, Connection]
"""By name; a handler takes its own out while it uses it."""


@contextmanager
def connections() -> Iterator[Connections]:
    """For deliveries that follow one another: what is kept is closed after the last one."""
    kept: Connections = {}
    try:
        yield kept
    finally:
        for connection in kept.values():
            connection.end()


@dataclass(frozen=True, slots=True)
class Delivery:
    """One attempt, as a handler receives it. `payload` is decrypted; `attempts` includes this one."""

    id: UUID
    channel: str
    destination: str
    payload: JsonObject
    attempts: int
    organization_id: int | None
    subject_type: str | None
    subject_id: str | None
    created_at: datetime
    database: Database
    config: Config
    now: datetime
    connections: Connections


class TemporaryFailure(Exception):
    """An attempt failed and a later one may succeed. The reason is a sentence for staff, without secrets.

    `after` (seconds) replaces the next wait of BACKOFF, `at_least` can only lengthen it; `status` is the
    receiver's code, `answer` the beginning of what it said.
    """

    def __init__(
        self,
        reason: str,
        after: float | None = None,
        status: int | None = None,
        at_least: float | None = None,
        answer: str = "",
    ) -> None:
        super().__init__(reason)
        self.reason, self.after, self.status, self.at_least = reason, after, status, at_least
        self.answer = answer


class PermanentFailure(Exception):
    """An attempt failed and no later one can succeed. The reason is a sentence for staff, without secrets."""

    def __init__(self, reason: str, status: int | None = None, answer: str = "") -> None:
        super().__init__(reason)
        self.reason, self.status, self.answer = reason, status, answer


class Accepted(NamedTuple):
    """What a handler returns of a receiver that also said something: its code, and the beginning of its answer."""

    status: int
    answer: str


Handler = Callable[[Delivery], "str | int | Accepted | None"]
"""Delivers the messages of one channel. What it returns (a code or a short text) is stored with the attempt.

It must be idempotent: it may be called again with the same id.
"""

RECEIPT = "receipt"
"""Key of the payload under which a message has its receipt."""

FRESH = "fresh"
"""Key of the payload under which a message that remains has what previews show instead of its secrets."""

COLLECTED = "noted messages"
"""Key of `db.info` under which the messages queued in a session are collected (kernel/changes/confirmation.py)."""


_QUEUE: dict[str, Prepared[object]] = {
    name: Prepared(insert(OutboxRow.__table__).on_conflict_do_nothing(index_elements=["dedupe"]).inline())
    for name, insert in INSERTS.items()
}


def enqueue(
    db: Db,
    messages: Iterable[Message],
    *,
    event_id: int | None,
    organization_id: int | None,
    subject_type: str | None,
    subject_id: str | None,
    now: datetime,
    shown: bool = True,
) -> list[UUID]:
    """Writes the rows in the caller's transaction and returns their ids. A known `dedupe` keeps the old row.

    Without `shown` no preview of the action shows them: they are the program's own work, not what the action sends.
    """
    messages = list(messages)
    if COLLECTED in db.info and shown:
        db.info[COLLECTED].extend(messages)
    rows: list[JsonObject] = [
        {
            "id": uuid4(),
            "event_id": event_id,
            "organization_id": organization_id,
            "subject_type": subject_type,
            "subject_id": None if subject_id is None else str(subject_id),
            "channel": message.channel,
            "destination": (message.destination or message.channel).lower()[:255],
            "summary": one_line(message.summary or message.channel.removeprefix("job:")),
            "payload": db.vault.encrypt(json.dumps(_stored(message))),
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
    for row in rows:
        _QUEUE[db.dialect].run(db, row)
    return [row["id"] for row in rows]


def is_known(db: Db, dedupe: str) -> bool:
    """Whether a message with this key was written before: a job that runs again has done its part already."""
    return db.scalars(select(OutboxRow.id).where(OutboxRow.dedupe == dedupe)).first() is not None


def _stored(message: Message) -> JsonObject:
    more = {} if message.receipt is None else {RECEIPT: message.receipt}
    return {**message.payload, **more, **({FRESH: list(message.fresh)} if message.remains else {})}


def without_secrets(stored: str) -> str:
    """What remains of a stored secret message once it is sent; empty when nothing does."""
    fresh = json.loads(stored).get(FRESH, ())
    for value, shown in fresh:
        stored = stored.replace(value, f"[{shown}]")
    return stored if fresh else ""


def receipt_of(db: Db, payload: str) -> JsonObject | None:
    """The receipt of a message, by its encrypted payload; None where it has none, or the present keys read nothing."""
    text = db.vault.read(payload)
    found: JsonObject | None = json.loads(text).get(RECEIPT) if text else None
    return found


_GAPS = re.compile(r"[^\S\u00a0\u202f]+")
"""White space at which a line may break. Spaces that do not break stay: French has them before its signs."""


def one_line(text: str) -> str:
    """At most 500 characters without line breaks, control characters and overrides of direction."""
    return _GAPS.sub(" ", characters.without_controls(text)).strip()[:500]
