"""The newest event of each of some items, and when an event of some types last happened."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Protocol

from sqlalchemy import ColumnElement, bindparam, func, literal_column, select

from app.dashboard.listing import Id
from app.kernel.changes.event_types import ActedRow, EventType
from app.kernel.changes.events import Event
from app.kernel.db.engine import Db
from app.kernel.db.prepared import Prepared

OrganizationCondition = Callable[[ColumnElement[int]], ColumnElement[bool]]
"""Makes the condition that keeps to the organizations of a reader: `Scope.where`."""

LOOKED_THROUGH = 5000
"""How many of the newest events are looked through for one of a kind: enough for days, and never the whole history."""


class _NewestEvent(ActedRow, Protocol):
    """A row of _EVENTS."""

    @property
    def subject_id(self) -> str: ...


_NEWEST = (
    select(func.max(Event.id))
    .where(Event.subject_type == bindparam("subject_type"), Event.subject_id.in_(bindparam("ids", expanding=True)))
    .group_by(Event.subject_id)
)
_EVENTS: Prepared[_NewestEvent] = Prepared(
    select(
        Event.subject_id,
        Event.kind,
        Event.actor_kind,
        Event.actor_id,
        Event.actor_name,
        Event.via,
        Event.request_id,
        Event.data,
        Event.created_at,
    ).where(Event.id.in_(_NEWEST))
)
_LATE = (
    select(Event.subject_type, Event.organization_id, Event.kind, Event.created_at)
    .order_by(Event.id.desc())
    .limit(literal_column(str(LOOKED_THROUGH)))
    .subquery()
)


def latest_events(db: Db, subject_type: str, ids: Sequence[Id]) -> dict[Id, ActedRow]:
    """The newest event of each of these items; items without an event are left out."""
    if not ids:
        return {}
    wanted = {str(id): id for id in ids}
    rows = _EVENTS.all(db, {"subject_type": subject_type, "ids": list(wanted)})
    return {wanted[row.subject_id]: row for row in rows}


def since(
    db: Db, subject_type: str, types: Collection[EventType], where: OrganizationCondition | None = None
) -> datetime | None:
    """When an event of these types last happened, None when that was long ago. `where` narrows by organization."""
    kinds = [kind for each in types for kind in each.stored_kinds]
    mine: list[ColumnElement[bool]] = [_LATE.c.subject_type == subject_type, _LATE.c.kind.in_(kinds)]
    if where is not None:
        mine.append(where(_LATE.c.organization_id))
    return db.connection().execute(select(func.max(_LATE.c.created_at)).where(*mine)).scalar()
