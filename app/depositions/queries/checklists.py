"""The checklists of requests: what is on them, and what of it is open."""

from collections.abc import Sequence

from sqlalchemy import bindparam, select

from app.depositions.models import ChecklistItem
from app.depositions.rules.checklist import Item, Progress
from app.kernel.db.engine import Db
from app.kernel.db.prepared import Prepared

_OF_ONE = select(ChecklistItem.item, ChecklistItem.done).where(ChecklistItem.deposition_id == bindparam("id"))
OPEN: Prepared[tuple[int, str]] = Prepared(
    select(ChecklistItem.deposition_id, ChecklistItem.item).where(
        ChecklistItem.deposition_id.in_(bindparam("ids", expanding=True)), ~ChecklistItem.done
    ),
    tuple,
)


def checklist(db: Db, deposition_id: int) -> dict[Item, Progress]:
    """How far each item of a request is."""
    found = dict.fromkeys(Item, Progress.NONE)
    for item, done in db.execute(_OF_ONE, {"id": deposition_id}):
        found[Item(item)] = Progress.DONE if done else Progress.OPEN
    return found


def open_items(db: Db, ids: Sequence[int]) -> dict[int, tuple[str, ...]]:
    """The open items of these requests, by their ids, in the order of the checklist."""
    found: dict[int, set[str]] = {}
    for id, item in OPEN.all(db, {"ids": ids}) if ids else ():
        found.setdefault(id, set()).add(item)
    return {id: tuple(item.value for item in Item if item in items) for id, items in found.items()}
