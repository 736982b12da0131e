"""Time stamps over the chain: asking the authorities, and what all of them come to."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import insert, update

from app.inspections import chain, emails, queries, rules, verification
from app.inspections.actions._write import LockedInspection, lock
from app.inspections.events import SUBJECT
from app.inspections.models import AnchorRequest, AnchorState, Inspection, StatementKind, Status
from app.kernel.db.columns import Values
from app.kernel.db.engine import Db
from app.kernel.outbox import outbox
from app.kernel.outbox.outbox import Message


def ask_authorities(
    db: Db,
    inspection: Inspection,
    urls: Iterable[str],
    now: datetime,
    kind: StatementKind = StatementKind.END,
    statement: bytes = b"",
) -> list[Message]:
    """Adds one pending request for each authority; returns the jobs that ask them.

    The statement is about the chain as it stands, unless another one is given.
    """
    statement = statement or chain.statement(str(inspection.id), inspection.chain_head, inspection.chain_length)
    messages = []
    for url in dict.fromkeys(urls):
        id = uuid.uuid4()
        values: Values = {
            AnchorRequest.id: id,
            AnchorRequest.inspection_id: inspection.id,
            AnchorRequest.authority: url,
            AnchorRequest.kind: kind.value,
            AnchorRequest.statement: statement.decode(),
            AnchorRequest.state: AnchorState.PENDING.value,
            AnchorRequest.attempts: 0,
            AnchorRequest.reason: "",
            AnchorRequest.created_at: now,
            AnchorRequest.updated_at: now,
        }
        db.execute(insert(AnchorRequest).values(dict(values)))
        messages.append(emails.anchor_job(id, url))
    return messages


def stamp(db: Db, inspection: Inspection, kind: StatementKind, now: datetime, statement: bytes = b"") -> None:
    """Has the authorities asked in the background, beside what an action sends."""
    outbox.enqueue(
        db,
        ask_authorities(db, inspection, db.config.tsa_urls, now, kind, statement),
        event_id=None,
        organization_id=inspection.organization_id,
        subject_type=SUBJECT,
        subject_id=str(inspection.id),
        now=now,
        shown=False,
    )


def checkpoint(db: Db, inspection_id: uuid.UUID, now: datetime) -> bool:
    """Has the record of an inspection stamped, when events came since the last time: one that goes on, or what followed
    the end of one. Returns whether."""
    if not db.config.tsa_urls or lock(db, inspection_id, (*rules.JOINED_STATES, Status.CLOSED), now=now) is None:
        return False
    inspection = queries.get(db, inspection_id)
    known = max((verification.events_of(each.statement) for each in queries.anchors(db, inspection_id)), default=0)
    if inspection.chain_length <= known:
        return False
    over = inspection.ended_at is not None
    stamp(db, inspection, StatementKind.ADDITION if over else StatementKind.CHECKPOINT, now)
    return True


def sum_up(db: Db, inspection_id: uuid.UUID, kind: str, *, now: datetime) -> LockedInspection | Inspection:
    """Brings the inspection's `anchoring` to what its authorities say about its end; locks it, so that answers sum up
    in turn. Other stamps change nothing of it."""
    if kind != StatementKind.END:
        return queries.get(db, inspection_id)
    inspection = lock(db, inspection_id, [Status.CLOSED], now=now)
    assert inspection is not None, "Authorities are asked about the end of ended inspections only."
    states = [each.state for each in queries.anchors(db, inspection_id) if each.kind == StatementKind.END]
    anchoring: Values = {Inspection.anchoring: rules.anchoring_of(states)}
    db.execute(update(Inspection).where(Inspection.id == inspection_id).values(dict(anchoring)))
    return inspection
