"""Optimistic concurrency for every write: a conditional UPDATE on state and version.

Raises Conflict with who was first.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, select, update

from app.accounts.models import Organization
from app.depositions.events import EVENTS, SUBJECT
from app.depositions.models import Deposition
from app.kernel.changes import events
from app.kernel.changes.event_types import EventType
from app.kernel.changes.events import Actor
from app.kernel.db.engine import Db
from app.kernel.errors import Conflict, NotFound
from app.kernel.outbox.outbox import Message

TABLE: Any = Deposition.__table__
T: Any = TABLE.c


def write(
    db: Db,
    deposition_id: int,
    check: Callable[[Row], None],
    states: Sequence[str],
    values: dict[str, Any],
    *,
    now: datetime,
    version: int | None = None,
    organization_id: int | None = None,
    only: ColumnElement[bool] | None = None,
) -> Row:
    """Changes the deposition if it is in one of `states` and, when given, still at `version`; returns it changed.
    `only` is what else must hold.

    Otherwise `check` says why not, in the rule's words, about the row as it is now. Raises NotFound, and Conflict
    `stale` when the rule would allow it, but somebody changed the deposition since the page was shown.
    """
    conditions = [T.id == deposition_id, T.state.in_(states)]
    if organization_id is not None:
        conditions.append(T.organization_id == organization_id)
    if version is not None:
        conditions.append(T.version == version)
    if only is not None:
        conditions.append(only)
    changes = {"version": T.version + 1, "updated_at": now, **values}
    row = db.execute(update(TABLE).where(*conditions).values(changes).returning(*T)).first()
    if row is not None:
        return row
    current = db.execute(select(*T).where(T.id == deposition_id)).first()
    if current is None or (organization_id is not None and current.organization_id != organization_id):
        raise NotFound("There is no such session request.")
    try:
        check(current)
    except Conflict as refusal:
        if version is not None and current.version > version:
            refusal.changes = events.changes_since(db, SUBJECT, deposition_id, version, current.version, EVENTS)
        raise
    raise events.stale_conflict(db, SUBJECT, deposition_id, version or current.version, current.version, EVENTS)


def record(
    db: Db,
    event_type: EventType,
    d: Row,
    *,
    by: Actor,
    now: datetime,
    data: dict[str, Any] | None = None,
    messages: Sequence[Message] = (),
) -> None:
    """Records an event of a deposition with its outgoing messages."""
    events.record(
        db,
        event_type,
        subject_type=SUBJECT,
        subject_id=d.id,
        organization_id=d.organization_id,
        by=by,
        now=now,
        data=data,
        messages=messages,
    )


def organization_name(db: Db, organization_id: int) -> str:
    """What the organization is called in letters."""
    o = Organization.__table__.c
    return str(db.execute(select(o.name).where(o.id == organization_id)).scalar_one())
