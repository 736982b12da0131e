"""Assigning a prescreen to a member of the team, and unassigning it. An assignee is information, not a lock."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import update

from app.kernel.changes.event_types import EventType
from app.kernel.changes.events import Actor, person_of
from app.kernel.db.engine import Db
from app.kernel.errors import Conflict, NotFound
from app.prescreens import events
from app.prescreens.actions._write import record
from app.prescreens.models import Prescreen
from app.prescreens.queries import detail
from app.prescreens.queries.stages import Reach


def assign(
    db: Db,
    prescreen_id: UUID,
    *,
    assignee: tuple[int, str],
    former: int | None,
    reach: Reach,
    by: Actor,
    now: datetime,
) -> None:
    """Assigns the prescreen to `assignee` (id and name), often the actor, in place of `former` (None: unassigned).

    Raises NotFound, and Conflict when it is assigned to anybody else than `former` by now.
    """
    id, name = assignee
    data = {} if by.id == str(id) else {"to": name}
    _write(db, prescreen_id, id, name, former, reach, events.ASSIGNED, data, by=by, now=now)


def unassign(db: Db, prescreen_id: UUID, *, former: int, reach: Reach, by: Actor, now: datetime) -> None:
    """Leaves the prescreen of the assignee `former` without one. A second call changes nothing."""
    _write(db, prescreen_id, None, None, former, reach, events.UNASSIGNED, {}, by=by, now=now)


def _write(
    db: Db,
    prescreen_id: UUID,
    assignee_id: int | None,
    assignee_name: str | None,
    former: int | None,
    reach: Reach,
    event_type: EventType,
    data: Mapping[str, object],
    *,
    by: Actor,
    now: datetime,
) -> None:
    row = db.execute(
        update(Prescreen)
        .where(
            Prescreen.id == prescreen_id,
            reach.rows(Prescreen.organization_id),
            Prescreen.assignee_id.is_not_distinct_from(former),
        )
        .values(assignee_id=assignee_id, assignee_name=assignee_name)
        .returning(Prescreen.organization_id)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    if row is not None:
        record(db, event_type, prescreen_id, row.organization_id, by=by, now=now, data=data)
        return
    found = detail.get(db, prescreen_id, reach)
    if found is None:
        raise NotFound("There is no such session.")
    if found.assignee_id != assignee_id:
        mine = found.assignee_id is not None and found.assignee_id == person_of(by)
        state = (
            "assigned to you" if mine else f"assigned to {found.assignee_name}" if found.assignee_id else "unassigned"
        )
        raise Conflict(
            f"This is {state} now; that changed a moment ago. Nothing was changed.",
            code="session.taken",
        )
