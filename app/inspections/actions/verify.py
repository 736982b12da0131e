"""Verifying a record, and keeping whether it holds."""

import uuid
from datetime import datetime

from sqlalchemy import select

from app.inspections import events, records
from app.inspections.actions._write import record, update_where
from app.inspections.models import Inspection
from app.inspections.verification import Result, Verdict
from app.kernel.changes.events import Actor
from app.kernel.db.engine import Database, Db


def verify(database: Database, id: uuid.UUID, *, by: Actor, now: datetime) -> Verdict:
    """The verdict on a record. When it has changed since the last one, that is kept, with an event. Raises NotFound."""
    with database.read() as db:
        verdict = records.read(db, id).verdict(db.config.tsa_roots)
        known = db.scalar(select(Inspection.broken_at).where(Inspection.id == id)) is not None
    if known == (verdict.result == Result.BROKEN):
        return verdict
    with database.write() as db:
        return settle_verdict(db, id, by=by, now=now)


def settle_verdict(db: Db, id: uuid.UUID, *, by: Actor, now: datetime) -> Verdict:
    """Verifies again while the inspection is locked, and keeps whether its record holds."""
    inspection = update_where(db, [Inspection.id == id], {Inspection.version: Inspection.version})
    verdict = records.read(db, id).verdict(db.config.tsa_roots)
    broken = verdict.result == Result.BROKEN
    changed = (Inspection.id == id, Inspection.broken_at.is_(None) if broken else Inspection.broken_at.is_not(None))
    if inspection is not None and update_where(db, changed, {Inspection.broken_at: now if broken else None}):
        kind = events.FOUND_BROKEN if broken else events.FOUND_WHOLE
        record(db, kind, inspection, by=by, now=now, data={"fault": verdict.fault} if broken else None)
    return verdict
