"""Who works on a deposition: taking it, giving it to a colleague, giving it back."""

from datetime import datetime

from sqlalchemy import Row

from app.depositions import events
from app.depositions.actions._write import T, record, write
from app.depositions.models import State
from app.depositions.rules import transitions
from app.kernel.changes.events import Actor
from app.kernel.db.engine import Db

_STATES = [state.value for state in State]


def assign(
    db: Db,
    deposition_id: int,
    *,
    person: tuple[int, str],
    by: Actor,
    now: datetime,
    version: int | None = None,
) -> Row:
    """Gives it to `person` (id and name), often the one who presses. Who had it before stays in the story."""
    id, name = person
    values = {"assignee_id": id, "assignee_name": name}
    d = write(db, deposition_id, lambda row: None, _STATES, values, now=now, version=version)
    record(db, events.ASSIGNED, d, by=by, now=now, data={"to": name} if by.id != str(id) else None)
    return d


def give_back(db: Db, deposition_id: int, *, by: Actor, now: datetime, version: int | None = None) -> Row:
    """Leaves it to whoever takes it next. Raises Conflict when nobody has it."""
    values = {"assignee_id": None, "assignee_name": None}
    d = write(
        db,
        deposition_id,
        lambda row: transitions.check_give_back(row.assignee_id is not None),
        _STATES,
        values,
        now=now,
        version=version,
        only=T.assignee_id.is_not(None),
    )
    record(db, events.UNASSIGNED, d, by=by, now=now)
    return d
