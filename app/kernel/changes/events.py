"""Events: one `record()` writes the event and its outgoing messages in the transaction of the change.

Rows are only ever added, which the database enforces (app/kernel/db/append_only.py), but for an erasure
(event_erasure.py).
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import NamedTuple

from sqlalchemy import BigInteger, Index, Integer, String, bindparam, insert, select, text
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.changes.event_erasure import ERASURE
from app.kernel.changes.event_types import ActedRow, EventType, EventTypes
from app.kernel.db.append_only import keep_append_only
from app.kernel.db.engine import Base, Db, Instant, Json
from app.kernel.db.prepared import Prepared
from app.kernel.errors import Change, Conflict
from app.kernel.json_types import JsonObject
from app.kernel.outbox import outbox


@dataclass(frozen=True, slots=True)
class Actor:
    """Who caused an event. `name` is what a timeline shows, `via` is page, api, cli or worker, `address` the IP."""

    kind: str
    id: str | None
    name: str
    organization_id: int | None
    via: str
    request_id: str | None = None
    address: str | None = None


def person_of(by: Actor) -> int | None:
    """The id of the person who acts, None for anything else."""
    return int(by.id) if by.kind == "person" and by.id else None


WORKER = Actor("worker", None, "Session Desk", None, "worker")


class Event(Base):
    """An event of one item: its kind, its actor and the facts of the change."""

    __tablename__ = "events"
    __table_args__ = (
        Index("ix_events_subject", "subject_type", "subject_id", "id"),
        Index("ix_events_newest", "subject_type", "id"),
        Index("ix_events_newest_place", "subject_type", "organization_id", "id"),
        Index("ix_events_organization", "organization_id", "id"),
        Index(
            "ix_events_person",
            "actor_id",
            "id",
            sqlite_where=text("actor_kind = 'person'"),
            postgresql_where=text("actor_kind = 'person'"),
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    organization_id: Mapped[int | None]
    subject_type: Mapped[str] = mapped_column(String(40))
    subject_id: Mapped[str] = mapped_column(String(40))
    kind: Mapped[str] = mapped_column(String(60))
    actor_kind: Mapped[str] = mapped_column(String(20))
    actor_id: Mapped[str | None] = mapped_column(String(64))
    actor_name: Mapped[str] = mapped_column(String(320))
    via: Mapped[str] = mapped_column(String(10))
    request_id: Mapped[str | None] = mapped_column(String(64))
    address: Mapped[str | None] = mapped_column(String(64))
    data: Mapped[JsonObject] = mapped_column(Json)
    created_at: Mapped[datetime] = mapped_column(Instant)


keep_append_only(Base.metadata.tables[Event.__tablename__], ERASURE)

_INSERT: Prepared[tuple[int]] = Prepared(insert(Event.__table__).returning(Event.__table__.c.id))


def record(
    db: Db,
    event_type: EventType,
    *,
    subject_type: str,
    subject_id: object,
    organization_id: int | None,
    by: Actor,
    now: datetime,
    data: JsonObject | None = None,
    messages: Iterable[outbox.Message] = (),
) -> int:
    """Writes an event and its outbox rows; returns the event's id.

    `data` holds facts (before, after, reason), never a secret, a token or a signed link.
    """
    event_id: int = _INSERT.scalar(
        db,
        {
            "organization_id": organization_id,
            "subject_type": subject_type,
            "subject_id": str(subject_id),
            "kind": event_type.kind,
            "actor_kind": by.kind,
            "actor_id": by.id,
            "actor_name": by.name,
            "via": by.via,
            "request_id": by.request_id,
            "address": by.address,
            "data": data or {},
            "created_at": now,
        },
    )
    waiting = list(messages)
    if waiting:
        outbox.enqueue(
            db,
            waiting,
            event_id=event_id,
            organization_id=organization_id,
            subject_type=subject_type,
            subject_id=str(subject_id),
            now=now,
        )
    return event_id


class TimelineRow(NamedTuple):
    """An event as timelines read it."""

    id: int
    kind: str
    organization_id: int | None
    actor_kind: str
    actor_id: str | None
    actor_name: str
    via: str
    request_id: str | None
    data: JsonObject
    created_at: datetime


_TIMELINE = Prepared(
    select(
        Event.id,
        Event.kind,
        Event.organization_id,
        Event.actor_kind,
        Event.actor_id,
        Event.actor_name,
        Event.via,
        Event.request_id,
        Event.data,
        Event.created_at,
    )
    .where(Event.subject_type == bindparam("subject_type"), Event.subject_id == bindparam("subject_id"))
    .order_by(Event.id.desc())
    .limit(bindparam("limit", type_=Integer)),
    TimelineRow,
)


def timeline(db: Db, subject_type: str, subject_id: object, limit: int = 200) -> list[TimelineRow]:
    """The events of one item, newest first."""
    values = {"subject_type": subject_type, "subject_id": str(subject_id), "limit": limit}
    return _TIMELINE.all(db, values)


def is_own(row: ActedRow, by: Actor) -> bool:
    """Whether the event was caused by the same person, in whichever window."""
    return by.kind == row.actor_kind == "person" and row.actor_id == by.id


def is_own_act(db: Db, subject_type: str, subject_id: object, types: Collection[EventType], by: Actor) -> bool:
    """Whether the newest event of these types about an item was caused by the same person."""
    kinds = {kind for each in types for kind in each.stored_kinds}
    rows = (row for row in timeline(db, subject_type, subject_id) if row.kind in kinds)
    return any(is_own(row, by) for row in islice(rows, 1))


def change(row: ActedRow, types: EventTypes, by: Actor) -> Change:
    """An event in words for `by`: `Ended by Ana Ruiz`, and `Ended by you` of the same person."""
    return Change(types.of(row).text(row, "you" if is_own(row, by) else ""), row.created_at)


def changes_since(
    db: Db, subject_type: str, subject_id: object, seen: int, current: int, types: EventTypes, by: Actor
) -> list[Change]:
    """The changes after version `seen`, newest first: each wrote one event and incremented the version."""
    rows = timeline(db, subject_type, subject_id, limit=max(1, min(current - seen, 5)))
    return [
        Change(f"{'You' if is_own(row, by) else row.actor_name} {types.clause(row.kind)}", row.created_at)
        for row in rows
    ]


def stale_conflict(
    db: Db, subject_type: str, subject_id: object, seen: int, current: int, types: EventTypes, by: Actor
) -> Conflict:
    """Conflict: the row's version moved on after the form was loaded."""
    changes = changes_since(db, subject_type, subject_id, seen, current, types, by)
    first = changes[0].sentence if changes else "It changed"
    refusal = Conflict(
        f"{first} while you had this page open, so nothing was changed. Look at it again before you go on.",
        code="stale",
    )
    refusal.changes, refusal.current = changes, current
    return refusal
