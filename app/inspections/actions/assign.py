"""Assigning an inspection to a member of the desk, and unassigning it.

The API says nothing of it: neither `operator_email` nor `updated_at` changes, and nothing is sealed onto the chain.
"""

import uuid
from datetime import datetime

from sqlalchemy import ColumnElement

from app.inspections import events, queries, rules
from app.inspections.actions._write import LockedInspection, record, update_where
from app.inspections.events import EVENTS, SUBJECT
from app.inspections.models import Inspection
from app.kernel.changes.events import Actor, stale_conflict
from app.kernel.db.columns import Values
from app.kernel.db.engine import Db
from app.kernel.errors import Conflict


def assign(
    db: Db,
    inspection_id: uuid.UUID,
    *,
    assignee: tuple[int, str],
    by: Actor,
    now: datetime,
    version: int | None = None,
) -> None:
    """Assigns the inspection to `assignee` (id and name), often the actor. The former assignee stays in the events.

    Raises NotFound, and Conflict when it is no longer at the `version` that was seen.
    """
    id, name = assignee
    values = {Inspection.assignee_id: id, Inspection.assignee_name: name}
    inspection = _write(db, inspection_id, version, values)
    if inspection is None:
        raise _stale(db, inspection_id, version, by)
    record(db, events.ASSIGNED, inspection, by=by, now=now, data={"to": name} if by.id != str(id) else None)


def unassign(db: Db, inspection_id: uuid.UUID, *, by: Actor, now: datetime, version: int | None = None) -> None:
    """Leaves the inspection without an assignee. Raises NotFound, and Conflict when it has none or has moved on."""
    values = {Inspection.assignee_id: None, Inspection.assignee_name: None}
    inspection = _write(db, inspection_id, version, values, Inspection.assignee_id.is_not(None))
    if inspection is None:
        rules.check_unassign(queries.get(db, inspection_id).assignee_id is not None)
        raise _stale(db, inspection_id, version, by)
    record(db, events.UNASSIGNED, inspection, by=by, now=now)


def _write(
    db: Db, inspection_id: uuid.UUID, version: int | None, values: Values, *conditions: ColumnElement[bool]
) -> LockedInspection | None:
    """Changes the inspection in any state if it is still at this version; `updated_at` stays."""
    seen = () if version is None else (Inspection.version == version,)
    changes: Values = {Inspection.version: Inspection.version + 1, **values}
    return update_where(db, [Inspection.id == inspection_id, *seen, *conditions], changes)


def _stale(db: Db, inspection_id: uuid.UUID, seen: int | None, by: Actor) -> Conflict:
    """The refusal that names what happened instead. Raises NotFound when there is no such inspection."""
    current = queries.get(db, inspection_id).version
    return stale_conflict(db, SUBJECT, inspection_id, current if seen is None else seen, current, EVENTS, by)
