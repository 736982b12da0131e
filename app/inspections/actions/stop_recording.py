"""Marking the end of a recording."""

import uuid
from datetime import datetime

from app.inspections import events, queries, rules
from app.inspections.actions._anchoring import checkpoint
from app.inspections.actions._write import record, seal_act, write
from app.inspections.models import Inspection, Status
from app.kernel.changes.events import Actor
from app.kernel.db.engine import Db


def stop_recording(db: Db, inspection_id: uuid.UUID, *, by: Actor, now: datetime) -> Inspection:
    """Marks that the recording ends. Raises Conflict unless one is running."""
    inspection = write(
        db,
        inspection_id,
        lambda current: rules.check_stop_recording(current, now),
        rules.source_states("stop_recording"),
        {Inspection.status: Status.OPEN.value},
        now=now,
    )
    seal_act(db, inspection, "recording.stopped", {}, by=by, now=now)
    record(db, events.RECORDING_STOPPED, inspection, by=by, now=now)
    checkpoint(db, inspection_id, now)
    return queries.get(db, inspection_id)
