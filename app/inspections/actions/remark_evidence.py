"""Remarks on one piece of evidence. A newer one corrects those before, which stay in the record."""

import uuid
from datetime import datetime

from app.inspections import events, people, queries
from app.inspections.actions._write import append_to_chain, lock_any, record, seal_act
from app.inspections.evidence import remarks
from app.inspections.evidence import rules as evidence_rules
from app.kernel.changes.events import Actor
from app.kernel.db.engine import Db


def remark_evidence(
    db: Db, inspection_id: uuid.UUID, evidence_id: uuid.UUID, *, text: str, by: Actor, now: datetime
) -> None:
    """Seals a remark on a piece of evidence onto the chain, for good; also after the end, which is stamped again.

    Raises NotFound, and Conflict when the piece is erased.
    """
    locked = lock_any(db, inspection_id)
    item = queries.evidence_item(db, inspection_id, evidence_id)
    evidence_rules.check_remark(erased=item.erased_at is not None)
    payload = {"item": str(evidence_id), "sha256": item.sha256, "text": text}
    if locked.ended_at is None:
        seal_act(db, locked, remarks.KIND, payload, by=by, now=now)
    else:  # nobody joins what has ended
        append_to_chain(db, locked, [(remarks.KIND, {**payload, "by": people.named(by)})], now)
    data = {"evidence": str(evidence_id), "sha256": item.sha256, "text": text}
    record(db, events.EVIDENCE_REMARKED, locked, by=by, now=now, data=data)
