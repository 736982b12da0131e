"""How what happened to a prescreen is written down, with what must leave because of it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from app.kernel.changes.event_types import EventType
from app.kernel.changes.events import Actor, record
from app.kernel.db.engine import Db
from app.kernel.outbox.outbox import Message
from app.prescreens.events import SUBJECT


def note(
    db: Db,
    event_type: EventType,
    id: UUID,
    organization_id: int,
    by: Actor,
    now: datetime,
    data: dict[str, Any],
    messages: Sequence[Message] = (),
) -> None:
    """One line of history, and its messages, in the transaction of the change."""
    record(
        db,
        event_type,
        subject_type=SUBJECT,
        subject_id=id,
        organization_id=organization_id,
        by=by,
        now=now,
        data=data,
        messages=messages,
    )
