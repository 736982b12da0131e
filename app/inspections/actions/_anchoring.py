"""Time stamps over the chain: asking the authorities, and what all of them come to."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import insert, update

from app.inspections import chain, emails, queries, rules
from app.inspections.actions._write import LockedInspection, Values, lock
from app.inspections.models import AnchorRequest, AnchorState, Inspection, StatementKind, Status
from app.kernel.db.engine import Db
from app.kernel.outbox.outbox import Message


def ask_authorities(db: Db, inspection: Inspection, urls: Iterable[str], now: datetime) -> list[Message]:
    """Adds one pending request for each authority; returns the jobs that ask them."""
    statement = chain.statement(str(inspection.id), inspection.chain_head, inspection.chain_length).decode()
    messages = []
    for url in dict.fromkeys(urls):
        id = uuid.uuid4()
        values: Values = {
            AnchorRequest.id: id,
            AnchorRequest.inspection_id: inspection.id,
            AnchorRequest.authority: url,
            AnchorRequest.kind: StatementKind.END.value,
            AnchorRequest.statement: statement,
            AnchorRequest.state: AnchorState.PENDING.value,
            AnchorRequest.attempts: 0,
            AnchorRequest.reason: "",
            AnchorRequest.created_at: now,
            AnchorRequest.updated_at: now,
        }
        db.execute(insert(AnchorRequest).values(dict(values)))
        messages.append(emails.anchor_job(id, url))
    return messages


def sum_up(db: Db, inspection_id: uuid.UUID, *, now: datetime) -> LockedInspection:
    """Brings the inspection's `anchoring` to what its authorities say; locks it, so that answers sum up in turn."""
    inspection = lock(db, inspection_id, [Status.CLOSED], now=now)
    assert inspection is not None, "Authorities are asked about ended inspections only."
    states = [each.state for each in queries.anchors(db, inspection_id) if each.kind == StatementKind.END]
    anchoring: Values = {Inspection.anchoring: rules.anchoring_of(states)}
    db.execute(update(Inspection).where(Inspection.id == inspection_id).values(dict(anchoring)))
    return inspection
