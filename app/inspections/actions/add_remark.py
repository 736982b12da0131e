"""Adding a remark to the record."""

import uuid
from datetime import datetime

from app.inspections import events, queries, rules
from app.inspections.actions._write import record, seal_act, write
from app.inspections.models import Inspection
from app.kernel.changes.events import Actor
from app.kernel.db.engine import Db


def add_remark(db: Db, inspection_id: uuid.UUID, *, text: str, by: Actor, now: datetime) -> Inspection:
    """Seals a remark onto the chain, for good. Raises Conflict when the inspection is over."""
    inspection = write(
        db, inspection_id, lambda current: rules.check_add_remark(current, now), rules.LIVE_STATES, {}, now=now
    )
    seal_act(db, inspection, "remark.added", {"text": text}, by=by, now=now)
    record(db, events.REMARK_ADDED, inspection, by=by, now=now, data={"text": text})
    return queries.get(db, inspection_id)
