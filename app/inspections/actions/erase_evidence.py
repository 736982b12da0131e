"""Erasing a piece of evidence: the original and its copies go, its hash and the event of its erasure stay. And the
legal holds that keep one from being erased, or all of an inspection."""

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select, update

from app.accounts.models import Organization
from app.dashboard.documents import actions as documents
from app.inspections import emails, events, people, queries, rules
from app.inspections.actions._anchoring import stamp
from app.inspections.actions._write import LockedInspection, append_to_chain, lock_any, record
from app.inspections.evidence import rules as evidence_rules
from app.inspections.evidence.models import EvidenceFault, EvidenceHold, EvidenceMark, EvidenceState, ItemHold
from app.inspections.models import StatementKind
from app.kernel.changes.events import WORKER, Actor
from app.kernel.db.columns import Values
from app.kernel.db.engine import Db
from app.kernel.db.inserts import insert_or_update


def erase_evidence(
    db: Db, inspection_id: uuid.UUID, evidence_id: uuid.UUID, *, reason: str, by: Actor, now: datetime
) -> None:
    """Erases one piece for good. The files follow by a job, which is tried until the store has let them go.

    Raises NotFound, and Conflict when it is erased already, or it or the session is under a legal hold.
    """
    locked = lock_any(db, inspection_id)
    item = queries.evidence_item(db, inspection_id, evidence_id)
    hold = db.get(EvidenceHold, inspection_id, populate_existing=True)
    evidence_rules.check_erase(
        erased=item.erased_at is not None, hold=hold is not None, item_hold=item.hold is not None
    )
    _erase(db, locked, [item], reason, by, now)


def expire_evidence(db: Db, inspection_id: uuid.UUID, now: datetime) -> int:
    """Erases what an inspection holds longer than its organization keeps it; returns how many pieces.

    None while the inspection is under a legal hold or goes on, nor where evidence is kept for good; and none of the
    pieces that are under a hold of their own.
    """
    locked = lock_any(db, inspection_id)
    inspection = queries.get(db, inspection_id)
    days = db.scalar(select(Organization.evidence_days).where(Organization.id == locked.organization_id))
    until = evidence_rules.kept_until(inspection.ended_at, days)
    if until is None or until > now or db.get(EvidenceHold, inspection_id, populate_existing=True) is not None:
        return 0
    items = [item for item in queries.evidence(db, inspection_id) if item.erased_at is None and item.hold is None]
    if items:
        _erase(db, locked, items, f"Kept for {days} days after the end.", WORKER, now)
    return len(items)


def _erase(
    db: Db, locked: LockedInspection, items: Sequence[queries.Item], reason: str, by: Actor, now: datetime
) -> None:
    """Erases pieces of a locked inspection. What is added to the record of one that has ended is stamped, once."""
    ids = [item.id for item in items]
    state: Values = {
        EvidenceState.content: None,
        EvidenceState.note: None,
        EvidenceState.erased_at: now,
    }
    db.execute(update(EvidenceState).where(EvidenceState.evidence_id.in_(ids)).values(dict(state)))
    db.execute(delete(EvidenceFault).where(EvidenceFault.evidence_id.in_(ids)))
    sealed = [
        (
            "evidence.erased",
            {"item": str(item.id), "sha256": item.sha256, "erased": item.record, "by": people.named(by)},
        )
        for item in items
    ]
    append_to_chain(db, locked, sealed, now)
    inspection = queries.get(db, locked.id)
    if inspection.ended_at is not None and db.config.tsa_urls:
        stamp(db, inspection, StatementKind.ADDITION, now)
    documents.expire_about(db, events.SUBJECT, [locked.id], now)
    for item in items:
        known = {"original": f"{item.mime}, {item.bytes} bytes", "copies": 2 if item.copy_sha256 else 0}
        changed = {"before": known, "after": {"original": "erased", "copies": 0}}
        data = {"evidence": str(item.id), "sha256": item.sha256, "reason": reason, **changed}
        messages = [emails.erase_job(item.id)]
        record(db, events.EVIDENCE_ERASED, locked, by=by, now=now, data=data, messages=messages)


def place_hold(db: Db, inspection_id: uuid.UUID, *, reason: str, by: Actor, now: datetime) -> None:
    """Keeps the evidence of a session from being erased until the hold is released. Raises Conflict when it is held."""
    locked = lock_any(db, inspection_id)
    evidence_rules.check_hold(hold=db.get(EvidenceHold, inspection_id, populate_existing=True) is not None)
    db.add(EvidenceHold(inspection_id=inspection_id, reason=reason, placed_at=now))
    record(db, events.HOLD_PLACED, locked, by=by, now=now, data={"reason": reason, **_hold(None, reason)})


def release_hold(db: Db, inspection_id: uuid.UUID, *, reason: str, by: Actor, now: datetime) -> None:
    """Lets the evidence of a session be erased again. Raises Conflict when it is not held."""
    locked = lock_any(db, inspection_id)
    hold = db.get(EvidenceHold, inspection_id, populate_existing=True)
    evidence_rules.check_release(hold=hold is not None)
    assert hold is not None
    changed = _hold(hold.reason, None)
    db.delete(hold)
    _look_again(db, locked)
    record(db, events.HOLD_RELEASED, locked, by=by, now=now, data={"reason": reason, **changed})


def hold_item(
    db: Db, inspection_id: uuid.UUID, evidence_id: uuid.UUID, *, reason: str, by: Actor, now: datetime
) -> None:
    """Keeps one piece of evidence from being erased until its hold is released. Raises NotFound, and Conflict when it
    is held or erased."""
    locked = lock_any(db, inspection_id)
    item = queries.evidence_item(db, inspection_id, evidence_id)
    evidence_rules.check_hold_item(erased=item.erased_at is not None, hold=item.hold is not None)
    db.add(ItemHold(evidence_id=evidence_id, inspection_id=inspection_id, reason=reason, placed_at=now))
    data = {"evidence": str(evidence_id), "sha256": item.sha256, "reason": reason, **_hold(None, reason)}
    record(db, events.ITEM_HOLD_PLACED, locked, by=by, now=now, data=data)


def release_item(
    db: Db, inspection_id: uuid.UUID, evidence_id: uuid.UUID, *, reason: str, by: Actor, now: datetime
) -> None:
    """Lets one piece of evidence be erased again. Raises NotFound, and Conflict when it is not held by itself."""
    locked = lock_any(db, inspection_id)
    item = queries.evidence_item(db, inspection_id, evidence_id)
    evidence_rules.check_release(hold=item.hold is not None, what="piece")
    db.execute(delete(ItemHold).where(ItemHold.evidence_id == evidence_id))
    _look_again(db, locked)
    data = {"evidence": str(evidence_id), "sha256": item.sha256, "reason": reason, **_hold(item.hold, None)}
    record(db, events.ITEM_HOLD_RELEASED, locked, by=by, now=now, data=data)


def _hold(before: str | None, after: str | None) -> dict[str, object]:
    """A legal hold before and after an act, by its reason."""
    return {"before": {"legal_hold": before}, "after": {"legal_hold": after}}


def _look_again(db: Db, locked: LockedInspection) -> None:
    """Has the worker go through the ended inspections of an organization from the first one: it passed over those under
    a hold. The mark is another one than before, so that a worker that is at it does not move it on (retention.py)."""
    again = insert_or_update(db, EvidenceMark, ["organization_id"], ["ended_at", "after"])
    anew = {"ended_at": rules.EARLIEST, "after": uuid.uuid4()}
    db.execute(again.values(organization_id=locked.organization_id, **anew))
