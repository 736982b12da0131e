"""How a change and its chain event go together: take the inspection, change it, seal what happened."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, insert, or_, update
from sqlalchemy.engine import Row

from app.inspections import chain
from app.inspections.events import SUBJECT
from app.inspections.models import ChainEvent, Inspection, Status
from app.kernel.changes.event_types import EventType
from app.kernel.changes.events import Actor, record
from app.kernel.db.engine import Db
from app.kernel.outbox.outbox import Message

_i = Inspection.__table__.c
_TAKEN = (
    _i.id,
    _i.organization_id,
    _i.status,
    _i.locale,
    _i.notes,
    _i.scheduled_for,
    _i.consent_state,
    _i.chain_length,
    _i.chain_head,
)
SealedEvent = tuple[str, Mapping[str, Any]]


def in_status(*known: Status) -> ColumnElement[bool]:
    return _i.status.in_([status.value for status in known])


def live(now: datetime) -> ColumnElement[bool]:
    """Neither ended nor expired."""
    return (_i.status != Status.CLOSED.value) & or_(_i.status != Status.CREATED.value, _i.expires_at > now)


def take(db: Db, id: uuid.UUID, now: datetime, *conditions: ColumnElement[bool], **values: Any) -> Row | None:
    """Changes the inspection if the conditions hold at this very moment, and keeps others out until the end of the
    transaction. None when they do not hold. Rows returned show the state after the change.
    """
    changed = {"version": _i.version + 1, "updated_at": now, **values}
    statement = update(Inspection.__table__).where(_i.id == id, *conditions).values(**changed)
    return db.execute(statement.returning(*_TAKEN)).one_or_none()


def hold(db: Db, id: uuid.UUID, *conditions: ColumnElement[bool]) -> Row | None:
    """Like take, but changes nothing."""
    statement = update(Inspection.__table__).where(_i.id == id, *conditions).values(version=_i.version)
    return db.execute(statement.returning(*_TAKEN)).one_or_none()


def append(db: Db, taken: Row, events: Sequence[SealedEvent], now: datetime) -> None:
    """Seals events onto the chain of an inspection that was taken in this transaction."""
    length, head = taken.chain_length, taken.chain_head
    rows = []
    for kind, payload in events:
        link = chain.seal(length, head, kind, payload, now)
        rows.append(row_of(taken.id, link))
        length, head = link.sequence, link.hash
    if rows:
        db.execute(insert(ChainEvent.__table__), rows)
        values = {"chain_length": length, "chain_head": head}
        db.execute(update(Inspection.__table__).where(_i.id == taken.id).values(**values))


def row_of(inspection_id: uuid.UUID, link: chain.Link) -> dict[str, Any]:
    """A link as a row of chain_events."""
    return {
        "inspection_id": inspection_id,
        "sequence": link.sequence,
        "prev_hash": link.prev_hash,
        "kind": link.kind,
        "payload": link.payload,
        "occurred_at": link.occurred_at,
        "hash": link.hash,
    }


def tell(
    db: Db,
    event_type: EventType,
    inspection: Any,
    by: Actor,
    now: datetime,
    data: dict[str, Any] | None = None,
    messages: Sequence[Message] = (),
) -> int:
    """Writes history, and what must leave because of it. `inspection` needs id and organization_id."""
    return record(
        db,
        event_type,
        subject_type=SUBJECT,
        subject_id=inspection.id,
        organization_id=inspection.organization_id,
        by=by,
        now=now,
        data=data,
        messages=messages,
    )
