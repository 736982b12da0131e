"""Erasing what is personal about a participant, once the session is over."""

import uuid
from datetime import datetime

from sqlalchemy import and_, func, or_, select, update

from app.dashboard.documents import actions as documents
from app.inspections import events, people, queries, rules
from app.inspections.actions._anchoring import stamp
from app.inspections.actions._write import LockedInspection, append_to_chain, record, update_where
from app.inspections.evidence import rules as evidence_rules
from app.inspections.evidence.models import Evidence, EvidenceHold, EvidenceState, ItemHold
from app.inspections.models import Inspection, Invite, PersonalRecord, StatementKind, Status
from app.inspections.queries import search
from app.kernel.changes.events import Actor
from app.kernel.db.engine import Db
from app.kernel.outbox import dropping

EMPTIED = {
    Invite.recipient_first_name: "",
    Invite.recipient_last_name: "",
    Invite.recipient_email: "",
    Invite.recipient_phone: "",
    Invite.recipient_phone_key: None,
    Invite.pin_network: None,
    Invite.pin_agent: None,
}


def erase_person(
    db: Db, inspection_id: uuid.UUID, invite_id: uuid.UUID, *, reason: str, by: Actor, now: datetime
) -> int:
    """Erases the personal records of an invite, its recipient, where they joined from, what messages said to them, and
    the particulars of what they sent (names of files, place, time on the device); returns how many records.

    The evidence itself stays: it is erased piece by piece (erase_evidence).

    The chain keeps their SHA-256 and says that they were erased; what was added is stamped again. Raises NotFound, and
    Conflict while the inspection goes on, when nothing is left to erase, and under a legal hold, be it of one piece.
    """
    invite = queries.invite(db, invite_id, inspection_id)
    expired = and_(Inspection.status == Status.CREATED.value, Inspection.expires_at <= now)
    over = or_(Inspection.status == Status.CLOSED.value, expired)
    locked = update_where(db, [Inspection.id == inspection_id, over], {Inspection.version: Inspection.version + 1})
    mine = (PersonalRecord.invite_id == invite.id, PersonalRecord.content.is_not(None))
    erased = update(PersonalRecord).where(*mine).values({PersonalRecord.content: None, PersonalRecord.erased_at: now})
    digests: list[str] = []
    if locked is not None:
        digests = sorted([*db.scalars(erased.returning(PersonalRecord.sha256)), *_particulars(db, invite.id)])
    rules.check_erase_person(queries.get(db, inspection_id), bool(digests), now)
    assert locked is not None
    hold = db.get(EvidenceHold, inspection_id, populate_existing=True)
    evidence_rules.check_erase(erased=False, hold=hold is not None)
    kept = select(func.count()).select_from(ItemHold).join(Evidence, Evidence.id == ItemHold.evidence_id)
    evidence_rules.check_erase_particulars(db.scalar(kept.where(Evidence.invite_id == invite.id)) or 0)
    db.execute(update(Invite).where(Invite.id == invite.id).values(EMPTIED))
    search.keep(db, inspection_id)
    summary = "To a recipient whose personal record was erased"
    dropping.erase(db, events.SUBJECT, inspection_id, str(invite.id), summary=summary, now=now)
    _add_to_record(db, locked, invite.id, digests, by, now)
    documents.expire_about(db, events.SUBJECT, [inspection_id], now)
    changed = {"before": {"personal_records": len(digests)}, "after": {"personal_records": 0}}
    data = {"invite": str(invite.id), "records": len(digests), "reason": reason, **changed}
    record(db, events.PERSON_ERASED, locked, by=by, now=now, data=data)
    return len(digests)


def _particulars(db: Db, invite_id: uuid.UUID) -> list[str]:
    """Erases the particulars of what came by an invite; the SHA-256 of each."""
    sent = select(Evidence.id).where(Evidence.invite_id == invite_id)
    mine = (EvidenceState.evidence_id.in_(sent), EvidenceState.content.is_not(None))
    erased = update(EvidenceState).where(*mine).values({EvidenceState.content: None})
    ids = db.scalars(erased.returning(EvidenceState.evidence_id)).all()
    return list(db.scalars(select(Evidence.record).where(Evidence.id.in_(ids))))


def _add_to_record(
    db: Db, locked: LockedInspection, invite_id: uuid.UUID, digests: list[str], by: Actor, now: datetime
) -> None:
    payload = {"participant": str(invite_id), "by": people.named(by)}
    append_to_chain(db, locked, [("record.erased", {**payload, "erased": digest}) for digest in digests], now)
    inspection = queries.get(db, locked.id)
    if inspection.ended_at is not None and db.config.tsa_urls:
        stamp(db, inspection, StatementKind.ADDITION, now)
