"""Optimistic concurrency for every write: a conditional UPDATE on the state, then the events that the chain seals.

Raises Conflict with the rule's sentence.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, insert, or_, update
from sqlalchemy.orm import InstrumentedAttribute

from app.inspections import chain, emails, people, queries
from app.inspections.events import SUBJECT
from app.inspections.models import ChainEvent, Inspection, Invite, PersonalRecord, Status
from app.kernel.changes import events
from app.kernel.changes.event_types import EventType
from app.kernel.changes.events import Actor
from app.kernel.crypto import sha256
from app.kernel.db.engine import Db
from app.kernel.errors import Outdated
from app.kernel.outbox import outbox
from app.kernel.outbox.outbox import Message

Values = Mapping[InstrumentedAttribute[Any], object]
"""New values by mapped attribute. `Any`, because the columns have many types."""
SealedEvent = tuple[str, Mapping[str, object]]
"""An event for the chain: its kind and its payload."""
CHANGED_MEANWHILE = "This inspection was changed at the same moment. Nothing was changed. Reload the page."


class LockedInspection(NamedTuple):
    """An inspection that this transaction has locked, as it is after the change."""

    id: uuid.UUID
    organization_id: int
    consent_state: dict[str, str]
    chain_length: int
    chain_head: str
    started_at: datetime | None
    ended_at: datetime | None


_LOCKED = (
    Inspection.id,
    Inspection.organization_id,
    Inspection.consent_state,
    Inspection.chain_length,
    Inspection.chain_head,
    Inspection.started_at,
    Inspection.ended_at,
)


def write(
    db: Db,
    inspection_id: uuid.UUID,
    check: Callable[[Inspection], None],
    states: Sequence[str],
    values: Values,
    *,
    now: datetime,
    only: ColumnElement[bool] | None = None,
) -> LockedInspection:
    """Changes the inspection if it is in one of `states`, and locks it until the transaction ends.

    `only` is another condition that must hold. When no row matched, `check` raises the rule's refusal about the
    inspection as it is now. Raises NotFound, and Conflict when the rule would allow the change after all.
    """
    inspection = try_write(db, inspection_id, states, values, now=now, only=only)
    if inspection is None:
        check(queries.get(db, inspection_id))
        raise Outdated(CHANGED_MEANWHILE)
    return inspection


def try_write(
    db: Db,
    inspection_id: uuid.UUID,
    states: Sequence[str],
    values: Values,
    *,
    now: datetime,
    only: ColumnElement[bool] | None = None,
) -> LockedInspection | None:
    """Like `write`, but answers None when no row matched."""
    conditions = _conditions(inspection_id, states, now)
    if only is not None:
        conditions.append(only)
    changes: Values = {Inspection.version: Inspection.version + 1, Inspection.updated_at: now, **values}
    return update_where(db, conditions, changes)


def lock(db: Db, inspection_id: uuid.UUID, states: Sequence[str], *, now: datetime) -> LockedInspection | None:
    """Locks the inspection until the transaction ends and changes nothing; None when it is in none of `states`."""
    return update_where(db, _conditions(inspection_id, states, now), {Inspection.version: Inspection.version})


def lock_any(db: Db, inspection_id: uuid.UUID) -> LockedInspection:
    """The inspection in whatever state it is, locked until the transaction ends. Raises NotFound."""
    found = update_where(db, [Inspection.id == inspection_id], {Inspection.version: Inspection.version + 1})
    if found is None:
        queries.get(db, inspection_id)
    assert found is not None
    return found


def _conditions(inspection_id: uuid.UUID, states: Sequence[str], now: datetime) -> list[ColumnElement[bool]]:
    """The inspection in one of these states. Expiry is computed: with `created` it must still lie ahead."""
    conditions = [Inspection.id == inspection_id, Inspection.status.in_(states)]
    if Status.CREATED in states:
        conditions.append(or_(Inspection.status != Status.CREATED.value, Inspection.expires_at > now))
    return conditions


def update_where(db: Db, conditions: Sequence[ColumnElement[bool]], values: Values) -> LockedInspection | None:
    """Changes and locks the one inspection that these conditions name; None when they do not hold."""
    row = db.execute(update(Inspection).where(*conditions).values(dict(values)).returning(*_LOCKED)).one_or_none()
    return None if row is None else LockedInspection(*row)


def seal_act(
    db: Db, inspection: LockedInspection, kind: str, payload: Mapping[str, object], *, by: Actor, now: datetime
) -> None:
    """Seals what somebody did, with who it was. An operator who acts in an inspection that a participant has joined is
    in it from then on, which is sealed first."""
    joining: list[SealedEvent] = []
    if by.kind == "person" and inspection.started_at is not None and not queries.operator_is_in(db, inspection.id, by):
        joining = [("operator.joined", {"operator": people.named(by)})]
    append_to_chain(db, inspection, [*joining, (kind, {**payload, "by": people.named(by)})], now)


def keep_record(db: Db, invite: Invite, content: str, now: datetime) -> str:
    """Stores a personal record; returns the SHA-256 by which the chain names it."""
    digest = sha256(content)
    values: Values = {
        PersonalRecord.sha256: digest,
        PersonalRecord.inspection_id: invite.inspection_id,
        PersonalRecord.invite_id: invite.id,
        PersonalRecord.content: content,
        PersonalRecord.created_at: now,
    }
    db.execute(insert(PersonalRecord).values(dict(values)))
    return digest


def append_to_chain(db: Db, inspection: LockedInspection, sealed: Sequence[SealedEvent], now: datetime) -> None:
    """Seals events onto the chain of an inspection that this transaction has locked."""
    length, head = inspection.chain_length, inspection.chain_head
    for kind, payload in sealed:
        link = chain.seal(length, head, kind, payload, now)
        insert_link(db, inspection.id, link)
        length, head = link.sequence, link.hash
    ends = any(kind == chain.END for kind, _ in sealed)  # which is stamped by itself
    if inspection.started_at is not None and db.config.tsa_urls and not ends:
        _plan_checkpoint(db, inspection, inspection.started_at, now)
    grown: Values = {Inspection.chain_length: length, Inspection.chain_head: head}
    db.execute(update(Inspection).where(Inspection.id == inspection.id).values(dict(grown)))


def _plan_checkpoint(db: Db, inspection: LockedInspection, started_at: datetime, now: datetime) -> None:
    """Has what was added stamped within ten minutes, unless the inspection ends before, which is stamped as a whole."""
    outbox.enqueue(
        db,
        [emails.checkpoint_job(inspection.id, started_at, now, over=inspection.ended_at is not None)],
        event_id=None,
        organization_id=inspection.organization_id,
        subject_type=SUBJECT,
        subject_id=str(inspection.id),
        now=now,
        shown=False,
    )


def insert_link(db: Db, inspection_id: uuid.UUID, link: chain.Link) -> None:
    """Stores one event of the chain."""
    values: Values = {
        ChainEvent.inspection_id: inspection_id,
        ChainEvent.sequence: link.sequence,
        ChainEvent.prev_hash: link.prev_hash,
        ChainEvent.kind: link.kind,
        ChainEvent.payload: link.payload,
        ChainEvent.occurred_at: link.occurred_at,
        ChainEvent.hash: link.hash,
    }
    db.execute(insert(ChainEvent).values(dict(values)))


def record(
    db: Db,
    event_type: EventType,
    inspection: Inspection | LockedInspection,
    *,
    by: Actor,
    now: datetime,
    data: Mapping[str, object] | None = None,
    messages: Sequence[Message] = (),
) -> None:
    """Records an event of an inspection with its outgoing messages."""
    events.record(
        db,
        event_type,
        subject_type=SUBJECT,
        subject_id=inspection.id,
        organization_id=inspection.organization_id,
        by=by,
        now=now,
        data=dict(data) if data else None,
        messages=messages,
    )
