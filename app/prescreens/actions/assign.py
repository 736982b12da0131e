"""Whose a prescreen is: explicit, visible, and no lock."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import update

from app.kernel.changes.event_types import EventType
from app.kernel.changes.events import Actor
from app.kernel.db.engine import Db
from app.kernel.errors import Conflict, NotFound
from app.prescreens import events
from app.prescreens.actions._write import note
from app.prescreens.models import Prescreen
from app.prescreens.queries import detail
from app.prescreens.queries.stages import P, Reach

TABLE = Prescreen.__table__


def take(
    db: Db,
    id: UUID,
    person_id: int,
    holder: int | None,
    *,
    reach: Reach,
    by: Actor,
    now: datetime,
    to: str | None = None,
) -> None:
    """Makes somebody the one who has this, taking it over from `holder` (None: nobody had it). `to` is their name when
    it is not the one who presses."""
    _assign(db, id, (person_id, to or by.name), holder, reach, by, now, events.ASSIGNED, {"to": to} if to else {})


def release(db: Db, id: UUID, person_id: int, *, reach: Reach, by: Actor, now: datetime) -> None:
    """Gives back what somebody has. Giving back twice changes nothing."""
    _assign(db, id, (None, None), person_id, reach, by, now, events.UNASSIGNED, {})


def _assign(
    db: Db,
    id: UUID,
    person: tuple[int | None, str | None],
    holder: int | None,
    reach: Reach,
    by: Actor,
    now: datetime,
    event_type: EventType,
    data: dict[str, Any],
) -> None:
    person_id, name = person
    moved = db.execute(
        update(TABLE)
        .where(P.id == id, reach.rows(P.organization_id), P.assignee_id.is_not_distinct_from(holder))
        .values(assignee_id=person_id, assignee_name=name)
        .returning(P.organization_id)
    ).one_or_none()
    if moved is not None:
        note(db, event_type, id, moved.organization_id, by, now, data)
        return
    found = detail.get(db, id, reach)
    if found is None:
        raise NotFound("There is no such session.")
    if found.assignee_id != person_id:
        who = found.assignee_name or "Nobody"
        raise Conflict(f"{who} has this now; it was changed a moment ago. Nothing was done.", code="session.taken")
