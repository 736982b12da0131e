"""Time stamps: asking for them when an inspection ends, and writing down what the authorities say."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import insert, select, update

from app.inspections import chain, events, rules
from app.inspections.actions._write import hold, tell
from app.inspections.anchors import name_of
from app.inspections.models import Anchor, AnchorState, Inspection
from app.kernel.changes.events import WORKER, Actor
from app.kernel.db.engine import Db
from app.kernel.errors import Conflict, NotFound
from app.kernel.outbox.outbox import Message

_a = Anchor.__table__.c
_i = Inspection.__table__.c
ANCHOR = "job:inspections.anchor"
GIVE_UP_AFTER = 10
"""Attempts at an authority that cannot be reached, as many as the worker's plan has."""


def ask_authorities(db: Db, inspection: Inspection, urls: Iterable[str], now: datetime) -> list[Message]:
    """Writes one pending anchor for each authority; returns the messages that make the worker ask them."""
    said = chain.statement(str(inspection.id), inspection.chain_head, inspection.chain_length).decode()
    rows = [
        {
            "id": uuid.uuid4(),
            "inspection_id": inspection.id,
            "authority": url,
            "state": AnchorState.PENDING.value,
            "statement": said,
            "attempts": 0,
            "reason": "",
            "created_at": now,
            "updated_at": now,
        }
        for url in dict.fromkeys(urls)
    ]
    if rows:
        db.execute(insert(Anchor.__table__), rows)
    return [_message(row["id"], str(row["authority"])) for row in rows]


def _message(id: object, authority: str) -> Message:
    host = name_of(authority)
    return Message(ANCHOR, {"anchor": str(id)}, destination=host, summary=f"Time stamp from {host}")


def retry_anchor(db: Db, id: uuid.UUID, inspection_id: uuid.UUID, *, by: Actor, now: datetime) -> None:
    """Asks an authority that has failed once more. Raises NotFound, and Conflict while it is being asked."""
    row = db.execute(
        update(Anchor.__table__)
        .where(_a.id == id, _a.inspection_id == inspection_id, _a.state == AnchorState.FAILED.value)
        .values(state=AnchorState.PENDING.value, attempts=0, updated_at=now)
        .returning(_a.authority)
    ).one_or_none()
    if row is None:
        state = db.scalar(select(_a.state).where(_a.id == id, _a.inspection_id == inspection_id))
        if state is None:
            raise NotFound("There is no such time stamp.")
        rules.check_retry_anchor(state)
        raise Conflict("Somebody else has just asked this authority again.")
    held = _reckon(db, inspection_id)
    data = {"authority": name_of(row.authority)}
    tell(db, events.ANCHOR_RETRIED, held, by, now, data, [_message(id, row.authority)])


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
    """Writes down what an authority answered: a stamp, a failure for good (`final`), or one more attempt in vain.

    Returns the state it is in now. An anchored one never changes again.
    """
    state = AnchorState.ANCHORED if reply is not None else AnchorState.FAILED if final else AnchorState.PENDING
    row = db.execute(
        update(Anchor.__table__)
        .where(_a.id == id, _a.state != AnchorState.ANCHORED.value)
        .values(
            state=state.value,
            reply=reply,
            stamped_at=stamped_at,
            reason=reason,
            attempts=_a.attempts + 1,
            updated_at=now,
        )
        .returning(_a.inspection_id, _a.authority, _a.attempts)
    ).one_or_none()
    if row is None:
        return AnchorState.ANCHORED.value
    if state == AnchorState.PENDING and row.attempts >= GIVE_UP_AFTER:
        state = AnchorState.FAILED
        db.execute(update(Anchor.__table__).where(_a.id == id).values(state=state.value))
    held = _reckon(db, row.inspection_id)
    data = {"authority": name_of(row.authority), "reason": reason}
    if state == AnchorState.ANCHORED:
        tell(db, events.ANCHORED, held, WORKER, now, data)
    elif state == AnchorState.FAILED:
        tell(db, events.ANCHOR_FAILED, held, WORKER, now, data)
    return state.value


def _reckon(db: Db, inspection_id: uuid.UUID) -> object:
    """Sums the authorities up on the inspection, which is held first, so that two answers at once see each other."""
    held = hold(db, inspection_id)
    states = db.scalars(select(_a.state).where(_a.inspection_id == inspection_id)).all()
    word = rules.anchoring_of(states)
    db.execute(update(Inspection.__table__).where(_i.id == inspection_id).values(anchoring=word))
    return held
