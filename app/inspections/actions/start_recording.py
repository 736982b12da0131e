"""Marking the start of a recording."""

import uuid
from datetime import datetime

from sqlalchemy import func

from app.inspections import events, queries, rules
from app.inspections.actions._write import lock, record, seal_act, write
from app.inspections.models import Inspection, Status
from app.kernel.changes.events import Actor
from app.kernel.db.engine import Db


def start_recording(db: Db, inspection_id: uuid.UUID, *, by: Actor, now: datetime) -> Inspection:
    """Marks that a recording begins; an operator attends from then on.

    Raises Conflict unless it is open, and `recording.consent_required` unless every field user who is in allows it.
    """
    if lock(db, inspection_id, rules.source_states("start_recording"), now=now):
        # While it is locked, no field user joins or withdraws.
        unasked = queries.unasked(queries.consents(db, inspection_id))
        rules.check_start_recording(queries.get(db, inspection_id), now, unasked)
    attended_at = func.coalesce(Inspection.attended_at, now, type_=Inspection.attended_at.type)
    inspection = write(
        db,
        inspection_id,
        lambda current: rules.check_start_recording(current, now),
        rules.source_states("start_recording"),
        {Inspection.status: Status.RECORDING.value, Inspection.attended_at: attended_at},
        now=now,
    )
    seal_act(db, inspection, "recording.started", {}, by=by, now=now)
    record(db, events.RECORDING_STARTED, inspection, by=by, now=now)
    return queries.get(db, inspection_id)
