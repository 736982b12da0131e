"""The newest word about things: who did what last, and when something of a kind last happened."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, bindparam, func, literal_column, select

from app.kernel.changes.event_types import EventType
from app.kernel.changes.events import Event
from app.kernel.db.engine import Db

LOOKED_THROUGH = 5000
"""How many of the newest events are looked through for one of a kind: enough for days, and never the whole history."""

E: Any = Event.__table__.c
_NEWEST = (
    select(func.max(E.id))
    .where(E.subject_type == bindparam("subject_type"), E.subject_id.in_(bindparam("ids", expanding=True)))
    .group_by(E.subject_id)
)
_EVENTS = select(E.subject_id, E.kind, E.actor_id, E.actor_name, E.via, E.data, E.created_at).where(E.id.in_(_NEWEST))
_LATE = (
    select(E.subject_type, E.organization_id, E.kind, E.created_at)
    .order_by(E.id.desc())
    .limit(literal_column(str(LOOKED_THROUGH)))
    .subquery()
)


def latest_events(db: Db, subject_type: str, ids: Sequence[Any]) -> dict[Any, Row]:
    """The newest event of each of these things; those nothing happened to are left out."""
    if not ids:
        return {}
    asked = {str(id): id for id in ids}
    rows = db.connection().execute(_EVENTS, {"subject_type": subject_type, "ids": list(asked)})
    return {asked[row.subject_id]: row for row in rows}


def since(db: Db, subject_type: str, types: Collection[EventType], where: Any = None) -> datetime | None:
    """When an event of these types last happened, None when that was long ago. `where` narrows by organization."""
    kinds = [kind for each in types for kind in each.stored_kinds]
    mine: list[ColumnElement[bool]] = [_LATE.c.subject_type == subject_type, _LATE.c.kind.in_(kinds)]
    if where is not None:
        mine.append(where(_LATE.c.organization_id))
    return db.connection().execute(select(func.max(_LATE.c.created_at)).where(*mine)).scalar()
