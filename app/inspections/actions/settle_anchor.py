"""Storing what a time-stamping authority answered."""

import uuid
from datetime import datetime

from sqlalchemy import insert, update

from app.inspections import events
from app.inspections.actions._anchoring import sum_up
from app.inspections.actions._write import record
from app.inspections.anchors import name_of
from app.inspections.models import Anchor, AnchorRequest, AnchorState, StatementKind
from app.kernel.changes.events import WORKER
from app.kernel.db.columns import Values
from app.kernel.db.engine import Db

GIVE_UP_AFTER = 10
"""Attempts at an authority that cannot be reached: as many as the worker makes."""
STAMPED = {
    StatementKind.END: events.ANCHORED,
    StatementKind.CHECKPOINT: events.CHECKPOINTED,
    StatementKind.ADDITION: events.CHECKPOINTED,
    StatementKind.RENEWAL: events.RENEWED,
}
"""The event of a time stamp, by what was stamped."""


def settle_anchor(
    db: Db,
    id: uuid.UUID,
    *,
    now: datetime,
    reply: bytes | None = None,
    stamped_at: datetime | None = None,
    reason: str = "",
    final: bool = False,
) -> str:
    """Stores an authority's answer: a stamp, a failure for good (`final`), or one more attempt in vain.

    Returns the state that follows. An anchored one never changes again.
    """
    state = AnchorState.ANCHORED if reply is not None else AnchorState.FAILED if final else AnchorState.PENDING
    this = (AnchorRequest.id == id, AnchorRequest.state != AnchorState.ANCHORED.value)
    values: Values = {
        AnchorRequest.state: state.value,
        AnchorRequest.reason: reason,
        AnchorRequest.attempts: AnchorRequest.attempts + 1,
        AnchorRequest.updated_at: now,
    }
    changed = update(AnchorRequest).where(*this).values(dict(values)).returning(AnchorRequest)
    asked = db.scalars(changed.execution_options(populate_existing=True)).one_or_none()
    if asked is None:
        return AnchorState.ANCHORED.value
    if state == AnchorState.PENDING and asked.attempts >= GIVE_UP_AFTER:
        state = AnchorState.FAILED
        db.execute(update(AnchorRequest).where(AnchorRequest.id == id).values({AnchorRequest.state: state.value}))
    if reply is not None:
        stamp: Values = {
            Anchor.id: id,
            Anchor.inspection_id: asked.inspection_id,
            Anchor.authority: asked.authority,
            Anchor.kind: asked.kind,
            Anchor.statement: asked.statement,
            Anchor.reply: reply,
            Anchor.stamped_at: stamped_at,
            Anchor.created_at: asked.created_at,
        }
        db.execute(insert(Anchor).values(dict(stamp)))
    inspection = sum_up(db, asked.inspection_id, asked.kind, now=now)
    data = {"authority": name_of(asked.authority), "reason": reason}
    if state == AnchorState.ANCHORED:
        record(db, STAMPED[StatementKind(asked.kind)], inspection, by=WORKER, now=now, data=data)
    elif state == AnchorState.FAILED:
        record(db, events.ANCHOR_FAILED, inspection, by=WORKER, now=now, data=data)
    return state.value
