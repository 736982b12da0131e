"""Changing what an inspection uses, and asks its field users about."""

import uuid
from collections.abc import Collection
from datetime import datetime

from app.inspections import events, queries, rules
from app.inspections.actions._write import lock, record, seal_act, write
from app.inspections.events import SUBJECT
from app.inspections.models import Inspection
from app.kernel.changes.events import Actor, is_own_act
from app.kernel.db.engine import Db
from app.kernel.errors import Conflict


def change_subjects(
    db: Db, inspection_id: uuid.UUID, wanted: Collection[str], *, seen: Collection[str], by: Actor, now: datetime
) -> Inspection:
    """Asks field users for `wanted`; `seen` is what the form showed. Those who are in are asked about what was added.

    Raises Conflict when the inspection is over, when somebody else changed this meanwhile, and for a subject that
    would go although somebody has answered about it.
    """
    lock(db, inspection_id, rules.LIVE_STATES, now=now)  # while it is locked, nobody answers
    before = queries.get(db, inspection_id)
    rules.check_live(before, now)
    former = list(before.subjects)
    used = [subject for subject in rules.SUBJECTS if subject in wanted]
    if used == former:
        return before
    if set(former) != set(seen):
        own = is_own_act(db, SUBJECT, inspection_id, [events.SUBJECTS_CHANGED], by)
        who = "You" if own else "Somebody else"
        sentence = (
            f"{who} changed what is asked while you were choosing. Nothing was changed: compare, then save again."
        )
        raise Conflict(sentence, code="session.subjects_changed")
    given = queries.answered_subjects(db, inspection_id)

    def check(current: Inspection) -> None:
        rules.check_change_subjects(current, used, given, now)

    check(before)
    values = {Inspection.subjects: used}
    inspection = write(db, inspection_id, check, rules.LIVE_STATES, values, now=now)
    sealed = {"before": former, "after": used}
    seal_act(db, inspection, "subjects.changed", sealed, by=by, now=now)
    record(db, events.SUBJECTS_CHANGED, inspection, by=by, now=now, data=sealed)
    return queries.get(db, inspection_id)
