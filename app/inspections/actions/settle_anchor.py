"""Storing what a time-stamping authority answered."""

import uuid
from datetime import datetime

from sqlalchemy import update

from app.inspections import events
from app.inspections.actions._anchoring import sum_up
from app.inspections.actions._write import Values, record
from app.inspections.anchors import name_of
from app.inspections.models import Anchor, AnchorState
from app.kernel.changes.events import WORKER
from app.kernel.db.engine import Db

GIVE_UP_AFTER = 10
"""Attempts at an authority that cannot be reached: as many as the worker makes."""


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
    values: Values = {
        Anchor.state: state.value,
        Anchor.reply: reply,
        Anchor.stamped_at: stamped_at,
        Anchor.reason: reason,
        Anchor.attempts: Anchor.attempts + 1,
        Anchor.updated_at: now,
    }
    anchor = db.execute(
        update(Anchor)
        .where(Anchor.id == id, Anchor.state != AnchorState.ANCHORED.value)
        .values(dict(values))
        .returning(Anchor.inspection_id, Anchor.authority, Anchor.attempts)
    ).one_or_none()
    if anchor is None:
        return AnchorState.ANCHORED.value
    if state == AnchorState.PENDING and anchor.attempts >= GIVE_UP_AFTER:
        state = AnchorState.FAILED
        db.execute(update(Anchor).where(Anchor.id == id).values({Anchor.state: state.value}))
    inspection = sum_up(db, anchor.inspection_id, now=now)
    data = {"authority": name_of(anchor.authority), "reason": reason}
    if state == AnchorState.ANCHORED:
        record(db, events.ANCHORED, inspection, by=WORKER, now=now, data=data)
    elif state == AnchorState.FAILED:
        record(db, events.ANCHOR_FAILED, inspection, by=WORKER, now=now, data=data)
    return state.value
