"""Noting that a case file was requested or downloaded."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from app.kernel.changes.event_types import EventType
from app.kernel.changes.events import Actor
from app.kernel.db.engine import Db
from app.prescreens.actions._write import record


def note_case_file(
    db: Db,
    event_type: EventType,
    prescreen_id: UUID,
    organization_id: int,
    *,
    by: Actor,
    now: datetime,
    data: Mapping[str, object],
) -> None:
    """Records who had a case file made, or took it; the prescreen does not change."""
    record(db, event_type, prescreen_id, organization_id, by=by, now=now, data=data)
