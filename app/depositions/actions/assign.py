"""Assigning a deposition to a member of the team, and unassigning it."""

from datetime import datetime

from app.depositions import events
from app.depositions.actions._write import record, write
from app.depositions.models import Deposition, State
from app.depositions.rules import transitions
from app.kernel.changes.events import Actor
from app.kernel.db.engine import Db

_EVERY_STATE = [state.value for state in State]


def assign(
    db: Db,
    deposition_id: int,
    *,
    assignee: tuple[int, str],
    by: Actor,
    now: datetime,
    version: int | None = None,
) -> Deposition:
    """Assigns the deposition to `assignee` (id and name), often the actor. The former assignee stays in the events."""
    id, name = assignee
    deposition = write(
        db,
        deposition_id,
        lambda current: None,
        _EVERY_STATE,
        {Deposition.assignee_id: id, Deposition.assignee_name: name},
        by=by,
        now=now,
        version=version,
    )
    record(db, events.ASSIGNED, deposition, by=by, now=now, data={"to": name} if by.id != str(id) else None)
    return deposition


def unassign(db: Db, deposition_id: int, *, by: Actor, now: datetime, version: int | None = None) -> Deposition:
    """Leaves the deposition without an assignee. Raises Conflict when it has none."""
    deposition = write(
        db,
        deposition_id,
        lambda current: transitions.check_unassign(current.assignee_id is not None),
        _EVERY_STATE,
        {Deposition.assignee_id: None, Deposition.assignee_name: None},
        by=by,
        now=now,
        version=version,
        only=Deposition.assignee_id.is_not(None),
    )
    record(db, events.UNASSIGNED, deposition, by=by, now=now)
    return deposition
