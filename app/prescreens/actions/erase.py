"""Erasing what is kept of a contact, or of a prospect who is no contact. Counts, times, decisions and hashes stay.

docs/decisions/0037-erasure.md says what is erased where; tests/prescreens/test_erase.py looks through every table.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import cast
from uuid import UUID

from sqlalchemy import delete, select, update

from app.dashboard import tags
from app.dashboard.documents import actions as documents
from app.dashboard.documents.models import Document
from app.dashboard.undo import actions as undo
from app.dashboard.undo import queries as undo_queries
from app.kernel.changes import events as history
from app.kernel.changes.event_erasure import erase_events
from app.kernel.changes.events import Actor
from app.kernel.db import idempotency
from app.kernel.db.engine import Db
from app.kernel.errors import Conflict, NotFound
from app.kernel.outbox import dev_mailbox, dropping
from app.kernel.text import search
from app.prescreens import events
from app.prescreens.actions._file_jobs import tidy_job
from app.prescreens.actions._write import record
from app.prescreens.answer_files import AnswerFile
from app.prescreens.events import CONTACT, SUBJECT
from app.prescreens.models import COLUMNS, ERASED, Contact, DecisionSnapshot, Inquiry, Note, Prescreen, ReviewStatus
from app.prescreens.queries import personal
from app.prescreens.queries.search import contact_document, search_document
from app.prescreens.queries.stages import Reach
from app.prescreens.rules.answers import Person

MESSAGE = "To a prospect who was erased"
FILED = "This prescreen is filed under a contact. Erase the contact, on their page, with everything that is theirs."
MEANWHILE = "What was kept of this prospect was erased meanwhile."


def erase_contact(
    db: Db, contact_id: UUID, *, reach: Reach, reason: str, by: Actor, now: datetime, recent: bool = True
) -> int:
    """Erases a contact with all of their prescreens, and returns how many those are.

    `recent` looks through the stored answers of API calls too, which live for a day. Raises NotFound, Conflict (erased
    before, or a decision is being written).
    """
    mine = select(*Contact.__table__.c).where(Contact.id == contact_id, reach.rows(Contact.organization_id))
    row = db.execute(mine.with_for_update()).one_or_none()
    if row is None:
        raise NotFound("There is no such contact, or it belongs to an organization that is not yours.")
    contact = cast(Contact, row)
    if contact.erased_at:
        raise Conflict("This contact was erased before. Nothing was changed.", code="contact.erased")
    ids = personal.prescreens_of(db, contact)
    erase_prescreens(db, ids, by=by, now=now, recent=recent)
    also = update(Prescreen).where(Prescreen.other_contact_id == contact_id).values(other_contact_id=None)
    db.execute(also.execution_options(synchronize_session=False))
    forget_contact(db, contact_id, contact.organization_id, reason, len(ids), by=by, now=now)
    if recent:
        idempotency.forget_about(db, [str(contact_id)])
    return len(ids)


def erase_prospect(
    db: Db, prescreen_id: UUID, *, reach: Reach, reason: str, by: Actor, now: datetime, recent: bool = True
) -> int:
    """Erases a prospect who is no contact, by a prescreen of theirs: it and the others filed under nobody that
    would be filed with it. Returns how many. Raises NotFound, Conflict (as above, or there is a contact)."""
    erased = "This prescreen was erased before. Nothing was changed."
    prescreen = personal.prospect(db, prescreen_id, reach, erased=erased, filed=FILED, locked=True)
    ids = personal.prescreens_of_nobody(db, prescreen)
    erase_prescreens(db, ids, by=by, now=now, recent=recent, reason=reason)
    return len(ids)


def forget_contact(
    db: Db, contact_id: UUID, organization_id: int, reason: str, prescreens: int, *, by: Actor, now: datetime
) -> None:
    """Erases what stands in the contact itself, and says so in its history."""
    blank = dict.fromkeys(("email", "phone", "email_key", "phone_key"))
    values: dict[str, object] = {**blank, "name": "", "erased_at": now}
    db.execute(update(Contact).where(Contact.id == contact_id).values(values))
    search.index(db, contact_document(contact_id, organization_id, Person(ERASED, None, None)))
    history.record(
        db,
        events.CONTACT_ERASED,
        subject_type=CONTACT,
        subject_id=contact_id,
        organization_id=organization_id,
        by=by,
        now=now,
        data={"reason": reason, "prescreens": prescreens},
    )
    erase_events(db, CONTACT, contact_id)
    documents.expire_about(db, CONTACT, [contact_id], now)


def erase_prescreens(
    db: Db, ids: Iterable[UUID], *, by: Actor, now: datetime, recent: bool = True, reason: str = ""
) -> None:
    """Erases what is personal in these prescreens. What is undecided expires now. Raises Conflict.

    The `reason` stands in their history where no contact has it.
    """
    erased = [id for id in sorted(ids) if _erase(db, id, by, now, reason)]
    documents.expire_about(db, SUBJECT, erased, now)
    if erased:
        _expire_exports(db, erased, now)
    if recent and erased:
        idempotency.forget_about(db, [str(id) for id in erased])


def _expire_exports(db: Db, erased: Sequence[UUID], now: datetime) -> None:
    """Lets the files go that contacts' exports were made into. Which of them have an erased prescreen in them cannot be
    told afterwards, because the addresses by which it would be found are gone; they can be made again."""
    homes = select(Prescreen.organization_id).where(Prescreen.id.in_(erased))
    documents.expire(db, Document.subject_type == CONTACT, Document.organization_id.in_(homes), now=now)


def _erase(db: Db, id: UUID, by: Actor, now: datetime, reason: str) -> bool:
    # Locked before the pending decision, as everywhere (docs/decisions/0016-undo.md).
    row = db.execute(select(*COLUMNS).where(Prescreen.id == id).with_for_update()).one_or_none()
    if row is None or row.erased_at:
        return False
    prescreen = cast(Prescreen, row)
    pending = undo_queries.pending(db, SUBJECT, id)
    if pending is not None and pending.final_at <= now:
        raise Conflict(
            "A decision about one of their prescreens is being written. Nothing was erased: try again in a minute.",
            code="contact.deciding",
        )
    undo.erase(db, SUBJECT, id, name=ERASED, why=MEANWHILE, by=by, now=now)
    values: dict[str, object] = {
        "submission": {},
        "name": ERASED,
        "erased_at": now,
        "updated_at": now,
        "version": Prescreen.version + 1,
        **dict.fromkeys(("left_empty", "refused_answer", "review_notes", "email", "phone", "phone_key", "inquiry")),
        **dict.fromkeys(("renewed_at", "other_contact_id", "answer_times")),
    }
    if prescreen.review_status == ReviewStatus.PENDING and prescreen.expires_at > now:
        values |= {"expires_at": now, "expires_on": now.astimezone(UTC).date()}
    changed = update(Prescreen).where(Prescreen.id == id).values(values)
    db.execute(changed.execution_options(synchronize_session=False))
    _erase_around(db, prescreen)
    dropping.erase(db, SUBJECT, id, summary=MESSAGE, now=now)
    gone = update(AnswerFile).where(AnswerFile.prescreen_id == id, AnswerFile.erased_at.is_(None))
    files = db.scalars(gone.values(erased_at=now, fault="").returning(AnswerFile.id)).all()
    why = {"reason": reason} if reason else {}
    jobs = [tidy_job(each) for each in files]
    record(db, events.PRESCREEN_ERASED, id, prescreen.organization_id, by=by, now=now, data=why, messages=jobs)
    erase_events(db, SUBJECT, id)
    return True


def _erase_around(db: Db, prescreen: Prescreen) -> None:
    """Erases what stands beside a prescreen: notes, inquiries, what its decision says, tags, words of the search."""
    id = prescreen.id
    db.execute(delete(Note).where(Note.prescreen_id == id))
    db.execute(
        update(Inquiry)
        .where(Inquiry.prescreen_id == id)
        .values(keys=[], added=[], text="", given={}, adding={}, former=None)
    )
    snapshot = (DecisionSnapshot.prescreen_id == id,)
    for reasons in db.scalars(select(DecisionSnapshot.reasons).where(*snapshot)):
        chosen = [{**reason, "other": ""} for reason in cast(Sequence[dict[str, str]], reasons)]
        db.execute(update(DecisionSnapshot).where(*snapshot).values(why="", reasons=chosen))
    tags.erase(db, SUBJECT, id)
    search.index(db, search_document(id, prescreen.organization_id, Person(ERASED, None, None)))
    dev_mailbox.erase(db, SUBJECT, id)
