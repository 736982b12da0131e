"""Asking a time-stamping authority again that has failed."""

import uuid
from datetime import datetime

from sqlalchemy import select, update

from app.inspections import emails, events, rules
from app.inspections.actions._anchoring import sum_up
from app.inspections.actions._write import record
from app.inspections.anchors import name_of
from app.inspections.models import Anchor, AnchorRequest, AnchorState
from app.kernel.changes.events import Actor
from app.kernel.db.engine import Db
from app.kernel.errors import Conflict, NotFound


def retry_anchor(db: Db, id: uuid.UUID, inspection_id: uuid.UUID, *, by: Actor, now: datetime) -> None:
    """Asks an authority again that has failed. Raises NotFound, and Conflict unless it has failed."""
    this = (AnchorRequest.id == id, AnchorRequest.inspection_id == inspection_id)
    asked = db.execute(
        update(AnchorRequest)
        .where(*this, AnchorRequest.state == AnchorState.FAILED.value)
        .values(
            {
                AnchorRequest.state: AnchorState.PENDING.value,
                AnchorRequest.attempts: 0,
                AnchorRequest.updated_at: now,
            }
        )
        .returning(AnchorRequest.authority, AnchorRequest.kind)
    ).one_or_none()
    if asked is None:
        state = db.scalar(select(AnchorRequest.state).where(*this))
        if state is None and db.scalar(select(Anchor.id).where(Anchor.id == id, Anchor.inspection_id == inspection_id)):
            state = AnchorState.ANCHORED.value
        if state is None:
            raise NotFound("There is no such time stamp.")
        rules.check_retry_anchor(state)
        raise Conflict("This authority was asked again just now.")
    inspection = sum_up(db, inspection_id, asked.kind, now=now)
    data = {"authority": name_of(asked.authority)}
    messages = [emails.anchor_job(id, asked.authority)]
    record(db, events.ANCHOR_RETRIED, inspection, by=by, now=now, data=data, messages=messages)
