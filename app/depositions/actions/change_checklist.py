"""Changing the checklist of a request."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import delete, insert

from app.depositions import events
from app.depositions.actions._write import locked, record, write
from app.depositions.models import BOOKED, ChecklistItem, Deposition, State
from app.depositions.queries import checklists
from app.depositions.rules.checklist import Item, Progress, check_change_checklist
from app.kernel.changes.events import Actor
from app.kernel.db.engine import Db


def change_checklist(
    db: Db,
    deposition_id: int,
    wanted: Mapping[Item, Progress],
    *,
    by: Actor,
    now: datetime,
    version: int | None = None,
) -> Deposition:
    """Writes how far these items are; others stay. Raises Conflict where nothing would change, or for what is over."""
    locked(db, deposition_id)
    before = checklists.checklist(db, deposition_id)
    changed = {item: progress for item, progress in wanted.items() if before[item] != progress}
    deposition = write(
        db,
        deposition_id,
        lambda current: check_change_checklist(current.state, same=not changed),
        [state.value for state in (State.INITIAL, *BOOKED, State.ACTIVE)] if changed else [],
        {},
        by=by,
        now=now,
        version=version,
    )
    mine = ChecklistItem.deposition_id == deposition_id
    db.execute(delete(ChecklistItem).where(mine, ChecklistItem.item.in_([item.value for item in changed])))
    rows = [
        {"deposition_id": deposition_id, "item": item.value, "done": progress == Progress.DONE}
        for item, progress in changed.items()
        if progress != Progress.NONE
    ]
    if rows:
        db.execute(insert(ChecklistItem), rows)
    data = {
        "before": {item.value: before[item].value for item in changed},
        "after": {item.value: progress.value for item, progress in changed.items()},
    }
    record(db, events.CHECKLIST_CHANGED, deposition, by=by, now=now, data=data)
    return deposition
