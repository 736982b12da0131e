"""Who has an inspection at the desk: taking it, giving it to a colleague, giving it back.

The wire says nothing of it: neither `operator_email` nor `updated_at` changes, and nothing is sealed onto the chain.
"""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, update
from sqlalchemy.engine import Row

from app.inspections import events, queries, rules
from app.inspections.actions._write import tell
from app.inspections.events import EVENTS, SUBJECT
from app.inspections.models import Inspection
from app.kernel.changes.events import Actor, stale_conflict
from app.kernel.db.engine import Db
from app.kernel.errors import Conflict

_i = Inspection.__table__.c


def assign(
    db: Db, id: uuid.UUID, *, person: tuple[int, str], by: Actor, now: datetime, version: int | None = None
) -> None:
    """Gives it to `person` (id and name), often the one who presses. Who had it before stays in the story.

    Raises NotFound, and Conflict when it is no longer at the `version` that was seen.
    """
    number, name = person
    taken = _move(db, id, version, assignee_id=number, assignee_name=name)
    if taken is None:
        raise _refuse(db, id, version)
    tell(db, events.ASSIGNED, taken, by, now, {"to": name} if by.id != str(number) else None)


def give_back(db: Db, id: uuid.UUID, *, by: Actor, now: datetime, version: int | None = None) -> None:
    """Leaves it to whoever takes it next. Raises NotFound, Conflict when nobody has it or it has moved on."""
    taken = _move(db, id, version, _i.assignee_id.is_not(None), assignee_id=None, assignee_name=None)
    if taken is None:
        rules.check_give_back(queries.get(db, id).assignee_id is not None)
        raise _refuse(db, id, version)
    tell(db, events.UNASSIGNED, taken, by, now)


def _move(db: Db, id: uuid.UUID, version: int | None, *conditions: ColumnElement[bool], **values: Any) -> Row | None:
    """Changes it if it is still at this version. None when it is not."""
    seen = () if version is None else (_i.version == version,)
    statement = update(Inspection.__table__).where(_i.id == id, *seen, *conditions)
    changed = statement.values(version=_i.version + 1, **values)
    return db.execute(changed.returning(_i.id, _i.organization_id)).one_or_none()


def _refuse(db: Db, id: uuid.UUID, seen: int | None) -> Conflict:
    """The refusal that says what happened instead. Raises NotFound when there is no such inspection."""
    current = queries.get(db, id).version
    return stale_conflict(db, SUBJECT, id, current if seen is None else seen, current, EVENTS)
