"""Approving a prescreen, finally."""

from datetime import datetime
from uuid import UUID

from app.kernel.changes.events import Actor
from app.kernel.db.engine import Db
from app.prescreens.actions._review import write_review
from app.prescreens.models import Prescreen
from app.prescreens.queries.stages import Reach


def approve(
    db: Db,
    prescreen_id: UUID,
    notes: str | None,
    *,
    reach: Reach,
    by: Actor,
    now: datetime,
    version: int | None = None,
) -> Prescreen:
    """Approves a completed prescreen and returns it. Raises NotFound, Conflict (already reviewed), Invalid."""
    return write_review(db, prescreen_id, "approve", notes, reach=reach, by=by, now=now, version=version)
