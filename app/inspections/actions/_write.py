"""Optimistic concurrency for every write: a conditional UPDATE on the state, then the events that the chain seals.

Raises Conflict with the rule's sentence.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import NamedTuple

from sqlalchemy import ColumnElement, Integer, bindparam, insert, or_, update

from app.inspections import chain, emails, people, queries
from app.inspections.events import SUBJECT
from app.inspections.models import ChainEvent, Inspection, Invite, PersonalRecord, Status
from app.kernel.changes import events
from app.kernel.changes.event_types import EventType
from app.kernel.changes.events import Actor
from app.kernel.crypto import sha256
from app.kernel.db.columns import Values
from app.kernel.db.engine import Db
from app.kernel.db.prepared import NOTHING, Prepared
from app.kernel.errors import Outdated
from app.kernel.outbox import outbox
from app.kernel.outbox.outbox import Message

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
    values = {Inspection.updated_at: now, **values}
    if only is None and not any(isinstance(value, ColumnElement) for value in values.values()):
        return _in_states(db, inspection_id, states, 1, now, values)
    conditions = [*_conditions(Status.CREATED in states), *([] if only is None else [only])]
    changes: Values = {Inspection.version: Inspection.version + 1, **values}
    return update_where(db, conditions, changes, _parameters(inspection_id, states, now))


def lock(db: Db, inspection_id: uuid.UUID, states: Sequence[str], *, now: datetime) -> LockedInspection | None:
    """Locks the inspection until the transaction ends and changes nothing; None when it is in none of `states`."""
    return _in_states(db, inspection_id, states, 0, now, {})


def lock_any(db: Db, inspection_id: uuid.UUID) -> LockedInspection:
    """The inspection in whatever state it is, locked until the transaction ends. Raises NotFound."""
    found = update_where(db, [Inspection.id == inspection_id], {Inspection.version: Inspection.version + 1})
    if found is None:
        queries.get(db, inspection_id)
    assert found is not None
    return found


def _conditions(created: bool) -> list[ColumnElement[bool]]:
    """The inspection in one of some states. Expiry is computed: with `created` it must still lie ahead."""
    conditions = [Inspection.id == bindparam("wanted"), Inspection.status.in_(bindparam("states", expanding=True))]
    if created:
        ahead = Inspection.expires_at > bindparam("now", type_=Inspection.expires_at.type)
        conditions.append(or_(Inspection.status != Status.CREATED.value, ahead))
    return conditions


def _parameters(inspection_id: uuid.UUID, states: Sequence[str], now: datetime) -> dict[str, object]:
    return {"wanted": inspection_id, "states": states, "now": now}


@cache
def _writing(created: bool) -> Prepared[LockedInspection]:
    """The conditional UPDATE, built once."""
    changed = update(Inspection.__table__).where(*_conditions(created)).returning(*_LOCKED)
    return Prepared(changed.values(version=Inspection.version + bindparam("steps", type_=Integer)), LockedInspection)


def _in_states(
    db: Db, inspection_id: uuid.UUID, states: Sequence[str], steps: int, now: datetime, values: Values
) -> LockedInspection | None:
    """Changes the inspection in one of these states and brings it so many versions on; 0 only locks it."""
    changes = {column.key: value for column, value in values.items()}
    which = _parameters(inspection_id, states, now)
    return _writing(Status.CREATED in states).first(db, {**which, "steps": steps, **changes})


def update_where(
    db: Db, conditions: Sequence[ColumnElement[bool]], values: Values, parameters: Mapping[str, object] = NOTHING
) -> LockedInspection | None:
    """Changes and locks the one inspection that these conditions name; None when they do not hold."""
    changed = update(Inspection).where(*conditions).values(dict(values)).returning(*_LOCKED)
    row = db.execute(changed, dict(parameters)).one_or_none()
    return None if row is None else LockedInspection(*row)


_ADD_RECORD: Prepared[object] = Prepared(insert(PersonalRecord.__table__).inline())
_ADD_LINK: Prepared[object] = Prepared(insert(ChainEvent.__table__).inline())
_GROW: Prepared[object] = Prepared(update(Inspection.__table__).where(Inspection.id == bindparam("wanted")))


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
    values = {
        "sha256": digest,
        "inspection_id": invite.inspection_id,
        "invite_id": invite.id,
        "content": content,
        "created_at": now,
    }
    _ADD_RECORD.run(db, values)
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
    _GROW.run(db, {"wanted": inspection.id, "chain_length": length, "chain_head": head})


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
    values = {
        "inspection_id": inspection_id,
        "sequence": link.sequence,
        "prev_hash": link.prev_hash,
        "kind": link.kind,
        "payload": link.payload,
        "occurred_at": link.occurred_at,
        "hash": link.hash,
    }
    _ADD_LINK.run(db, values)


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
