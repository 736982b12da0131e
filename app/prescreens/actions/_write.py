"""What every write of a prescreen shares: its events, and optimistic concurrency for the prospect's answers."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import cast
from uuid import UUID

from sqlalchemy import bindparam, update

from app.kernel.changes import events
from app.kernel.changes.event_types import EventType
from app.kernel.changes.events import Actor
from app.kernel.db.columns import Attribute, Values
from app.kernel.db.engine import Db
from app.kernel.db.prepared import Prepared
from app.kernel.errors import NotFound
from app.kernel.outbox.outbox import Message
from app.prescreens.events import SUBJECT
from app.prescreens.models import COLUMNS, Prescreen, Status, Submission
from app.prescreens.queries import detail
from app.prescreens.rules.answers import times

TRIES = 20
"""How often a prospect's write is repeated when a write from another tab came first."""


def record(
    db: Db,
    event_type: EventType,
    prescreen_id: UUID,
    organization_id: int,
    *,
    by: Actor,
    now: datetime,
    data: Mapping[str, object] | None = None,
    messages: Sequence[Message] = (),
) -> None:
    """Records an event of a prescreen with its outgoing messages."""
    events.record(
        db,
        event_type,
        subject_type=SUBJECT,
        subject_id=prescreen_id,
        organization_id=organization_id,
        by=by,
        now=now,
        data=dict(data or {}),
        messages=messages,
    )


def answered_by_link(db: Db, prescreen_id: UUID) -> Prescreen:
    """The prescreen as it is now, for the prospect. Raises NotFound."""
    found = detail.get(db, prescreen_id)
    if found is None:
        raise NotFound("This link leads nowhere any more. Start again from the first page.")
    return found


_WRITE: Prepared[Prescreen] = Prepared(
    update(Prescreen.__table__)
    .where(
        Prescreen.id == bindparam("wanted"),
        Prescreen.version == bindparam("seen"),
        Prescreen.status != Status.COMPLETED.value,
        Prescreen.expires_at > bindparam("now", type_=Prescreen.expires_at.type),
    )
    .values(version=Prescreen.version + 1)
    .returning(*COLUMNS)
)


def write_answers(db: Db, prescreen: Prescreen, values: Values, *, now: datetime) -> Prescreen | None:
    """Changes the version that was read, while the prospect may still answer; None when the row moved on."""
    changes: dict[Attribute, object] = {Prescreen.updated_at: now, **values}
    if Prescreen.submission in values:
        given = cast(Submission, values[Prescreen.submission])
        changes[Prescreen.answer_times] = times(prescreen.answer_times, prescreen.submission, given, now)
    written = {column.key: value for column, value in changes.items()}
    return _WRITE.first(db, {"wanted": prescreen.id, "seen": prescreen.version, "now": now, **written})
