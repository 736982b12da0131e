"""Who works on a deposition: taking it, giving it to a colleague, giving it back."""

from datetime import datetime

from sqlalchemy import Row

from app.depositions.actions.moving import T, move, record
from app.depositions.models import State
from app.depositions.rules import moves
from app.kernel.db import Db
from app.kernel.events import Actor

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
    values = {"assigned_id": id, "assigned_name": name}
    d = move(db, deposition_id, lambda row: None, _STATES, values, now=now, version=version)
    record(db, "assigned", d, by=by, now=now, data={"to": name} if by.id != str(id) else None)
    return d


def give_back(db: Db, deposition_id: int, *, by: Actor, now: datetime, version: int | None = None) -> Row:
    """Leaves it to whoever takes it next. Raises Conflict when nobody has it."""
    values = {"assigned_id": None, "assigned_name": None}
    d = move(
        db,
        deposition_id,
        lambda row: moves.check_give_back(row.assigned_id is not None),
        _STATES,
        values,
        now=now,
        version=version,
        only=T.assigned_id.is_not(None),
    )
    record(db, "given_back", d, by=by, now=now)
    return d
