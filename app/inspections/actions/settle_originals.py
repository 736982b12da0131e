"""Keeping which originals were missing from the store, or were other files, when they were read."""

import uuid
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import delete, insert, select

from app.files.reading import WHOLE
from app.inspections.actions.verify import settle_verdict
from app.inspections.evidence.models import Evidence, EvidenceFault
from app.kernel.changes.events import Actor
from app.kernel.db.columns import Values
from app.kernel.db.engine import Db


def settle_originals(db: Db, read: Mapping[uuid.UUID, str], *, by: Actor, now: datetime) -> int:
    """`read` says of each piece of evidence what its original was: whole, missing or changed. Where that is news, the
    record is verified anew, which is an event. Returns how many are not whole."""
    known = {
        row.evidence_id: row.fault
        for row in db.execute(
            select(EvidenceFault.evidence_id, EvidenceFault.fault).where(EvidenceFault.evidence_id.in_(list(read)))
        )
    }
    faults = {id: fault for id, fault in read.items() if fault != WHOLE}
    news = {id for id in read if faults.get(id) != known.get(id)}
    if news:
        db.execute(delete(EvidenceFault).where(EvidenceFault.evidence_id.in_(list(news))))
        sessions = {
            row.id: row.inspection_id
            for row in db.execute(select(Evidence.id, Evidence.inspection_id).where(Evidence.id.in_(list(news))))
        }
        for id in news & faults.keys():
            values: Values = {
                EvidenceFault.evidence_id: id,
                EvidenceFault.inspection_id: sessions[id],
                EvidenceFault.fault: faults[id],
                EvidenceFault.found_at: now,
            }
            db.execute(insert(EvidenceFault).values(dict(values)))
        for inspection_id in sorted(set(sessions.values()), key=str):
            settle_verdict(db, inspection_id, by=by, now=now)
    return len(faults)
