"""Changing the notes that the invitee sees."""

import uuid
from datetime import datetime

from app.inspections import events, queries, rules
from app.inspections.actions._write import record, seal_act, try_write
from app.inspections.events import SUBJECT
from app.inspections.models import Inspection
from app.inspections.queries import search
from app.kernel.changes.events import Actor, is_own_act
from app.kernel.crypto import same, sha256
from app.kernel.db.engine import Db
from app.kernel.errors import Conflict


def change_notes(db: Db, inspection_id: uuid.UUID, *, notes: str, seen: str, by: Actor, now: datetime) -> Inspection:
    """Changes the notes. `seen` is the SHA-256 of the notes that the form was filled with.

    Raises Conflict when the inspection is over, or the notes are no longer those that were seen.
    """
    before = queries.get(db, inspection_id)
    rules.check_change_notes(before, now)
    if before.notes == notes:
        return before
    former, inspection = before.notes, None
    if same(sha256(former), seen):
        values, unchanged = {Inspection.notes: notes}, Inspection.notes == former
        inspection = try_write(db, inspection_id, rules.LIVE_STATES, values, now=now, only=unchanged)
    if inspection is None:
        current = queries.get(db, inspection_id)
        rules.check_change_notes(current, now)
        own = is_own_act(db, SUBJECT, inspection_id, [events.NOTES_CHANGED], by)
        refusal = Conflict(
            f"{'You' if own else 'Somebody else'} changed the notes while you were writing. Yours were not saved: "
            "compare, then save again.",
            code="session.notes_changed",
        )
        refusal.current = sha256(current.notes)
        raise refusal
    seal_act(db, inspection, "notes.changed", {"notes": notes}, by=by, now=now)
    search.keep(db, inspection_id)
    data = {"before": former, "after": notes}
    record(db, events.NOTES_CHANGED, inspection, by=by, now=now, data=data)
    return queries.get(db, inspection_id)
