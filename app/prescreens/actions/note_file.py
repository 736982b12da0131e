"""Noting that a file of an answer was downloaded."""

from datetime import datetime
from uuid import UUID

from app.kernel.changes.events import Actor
from app.kernel.db.engine import Db
from app.prescreens import events
from app.prescreens.actions._write import record


def note_file(
    db: Db, prescreen_id: UUID, organization_id: int, part: str, sha256: str, *, by: Actor, now: datetime
) -> None:
    """Records who took a file; `part` is original or copy, and `sha256` that of the original."""
    data = {"part": part, "sha256": sha256}
    record(db, events.FILE_DOWNLOADED, prescreen_id, organization_id, by=by, now=now, data=data)
