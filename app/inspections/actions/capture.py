"""Adding evidence: a photo, a note or a document, which the chain names by its SHA-256."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import func, insert, select

from app.inspections import emails, events, people, queries, rules
from app.inspections.actions._write import LockedInspection, lock, record, seal_act, try_write
from app.inspections.evidence import rules as evidence_rules
from app.inspections.evidence import signatures
from app.inspections.evidence.models import Copying, Evidence, EvidenceState
from app.inspections.evidence.rules import Unfit
from app.inspections.evidence.signatures import Signed
from app.inspections.models import Inspection, Invite, Status
from app.kernel.changes.events import Actor
from app.kernel.crypto import sha256
from app.kernel.db.columns import Values
from app.kernel.db.engine import Db

if TYPE_CHECKING:
    from app.inspections.evidence.receiving import Received  # with Pillow, which only those who receive need


def capture(db: Db, invite: Invite, received: Received, *, by: Actor, now: datetime, late: bool = False) -> Evidence:
    """Adds what a field user captured, which lies in the store already; with `late` also after the end, for what waited
    on their phone. Raises Unfit: also when they may not, or when it is in the record already."""
    states = rules.JOINED_STATES
    locked = lock(db, invite.inspection_id, states, now=now)
    if locked is None and late:
        states = (Status.CLOSED.value,)
        locked = lock(db, invite.inspection_id, states, now=now)
    if locked is None:
        raise Unfit("ended", 409)
    answers = queries.consents(db, invite.inspection_id).get(invite.id, {})
    inspection = queries.get(db, invite.inspection_id)
    evidence_rules.check_capture(inspection, now, role=invite.role, answers=answers, late=late)
    return _add(db, locked, received, invite.id, states, by=by, now=now)


def add_document(db: Db, inspection_id: uuid.UUID, received: Received, *, by: Actor, now: datetime) -> Evidence:
    """Adds a document or a picture of an operator. Raises Conflict when it is over, Unfit when that is known."""
    locked = lock(db, inspection_id, rules.LIVE_STATES, now=now)
    if locked is None:
        rules.check_live(queries.get(db, inspection_id), now)
        raise Unfit("ended", 409)
    return _add(db, locked, received, None, rules.LIVE_STATES, by=by, now=now)


def _add(
    db: Db,
    locked: LockedInspection,
    received: Received,
    invite_id: uuid.UUID | None,
    states: tuple[str, ...],
    *,
    by: Actor,
    now: datetime,
) -> Evidence:
    """The inspection is locked, so of two who add the same file at once the second finds it here."""
    hashed = received.sha256
    known = queries.evidence_by_hash(db, locked.id, hashed)
    if known is not None:
        raise Unfit("erased" if known.erased_at else "known", 409)
    mine = select(func.count()).select_from(Evidence).where(Evidence.inspection_id == locked.id)
    if db.execute(mine).scalar_one() >= evidence_rules.MOST_ITEMS:
        raise Unfit("too_many", 409)
    id, content = uuid.uuid4(), people.particulars(_agreeing(db, locked.id, invite_id, received.particulars))
    digest = sha256(content)
    payload: dict[str, object] = {
        "item": str(id),
        "kind": received.kind.value,
        "sha256": hashed,
        "bytes": len(received.content),
        "type": received.mime,
        "record": digest,
    }
    if received.place_cut:
        payload["place"] = "cut"
    if received.by_hand.names:
        payload["by_hand"] = received.by_hand.names
    changed = try_write(db, locked.id, states, {}, now=now)
    assert changed is not None, "it is locked"
    seal_act(db, changed, "evidence.captured", payload, by=by, now=now)
    values: Values = {
        Evidence.id: id,
        Evidence.inspection_id: locked.id,
        Evidence.organization_id: locked.organization_id,
        Evidence.invite_id: invite_id,
        Evidence.sequence: select(Inspection.chain_length).where(Inspection.id == locked.id).scalar_subquery(),
        Evidence.kind: received.kind.value,
        Evidence.sha256: hashed,
        Evidence.bytes: len(received.content),
        Evidence.mime: received.mime,
        Evidence.record: digest,
        Evidence.received_at: now,
    }
    db.execute(insert(Evidence).values(dict(values)))
    pictured = received.mime.startswith("image/")
    state: Values = {
        EvidenceState.evidence_id: id,
        EvidenceState.inspection_id: locked.id,
        EvidenceState.content: content,
        EvidenceState.note: received.note,
        EvidenceState.copying: (Copying.PENDING if pictured else Copying.NONE).value,
    }
    db.execute(insert(EvidenceState).values(dict(state)))
    data: dict[str, object] = {"evidence": str(id), "kind": received.kind.value, "sha256": hashed}
    if Status.CLOSED in states:
        data["late"] = True
    messages = [emails.copy_job(id)] if pictured else []
    record(db, events.EVIDENCE_CAPTURED, changed, by=by, now=now, data=data, messages=messages)
    return db.get_one(Evidence, id)


def _agreeing(
    db: Db, inspection_id: uuid.UUID, invite_id: uuid.UUID | None, particulars: Mapping[str, object]
) -> Mapping[str, object]:
    """What is personal about a file, without a signature that contradicts those of the same phone that are kept."""
    if invite_id is None or "signature" not in particulars:
        return particulars
    signed = Signed(str(particulars["statement"]), str(particulars["signature"]))
    if not signatures.contradicts(signed, queries.signed_by(db, invite_id, inspection_id)):
        return particulars
    return {name: each for name, each in particulars.items() if name not in ("statement", "signature")}
