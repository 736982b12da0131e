"""Sending the answers, by the prospect."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID, uuid4

from app.kernel.changes.events import Actor
from app.kernel.db.engine import Db
from app.kernel.db.inserts import insert_or_ignore
from app.kernel.errors import Conflict
from app.kernel.text import normalization, search
from app.prescreens import emails, events
from app.prescreens.actions._count import count_steps
from app.prescreens.actions._write import TRIES, answered_by_link, record, write_answers
from app.prescreens.actions.announce_answers import announce_answers
from app.prescreens.models import Contact, Prescreen, Status
from app.prescreens.queries import contacts, questionnaires
from app.prescreens.queries.search import contact_document
from app.prescreens.rules import answers, progress, review
from app.prescreens.rules.alike import alike_key


def complete(
    db: Db, prescreen_id: UUID, *, reviewed: Mapping[str, str] | None = None, by: Actor, now: datetime
) -> None:
    """Completes the prescreen, finds or creates its contact, and confirms it to the prospect by e-mail.

    `reviewed` is what the prospect saw of the answers (rules.answers.seen). A second call changes nothing. Raises
    NotFound, Invalid (a question is open), Conflict (they are not the answers that were reviewed), Gone.
    """
    for _ in range(TRIES):
        prescreen = answered_by_link(db, prescreen_id)
        if prescreen.status == Status.COMPLETED:
            return
        review.check_answering(prescreen, now)
        questionnaire = questionnaires.of_prescreen(db, prescreen)
        answers.check_reviewed(reviewed, prescreen.submission)
        answers.check_complete(questionnaire.questions, prescreen.submission)
        contact_id, other_contact_id = _contacts(db, prescreen, questionnaire.region, now)
        if contact_id is not None and not contacts.stays(db, contact_id):
            continue  # erased at this moment: it fits no more
        reached, steps = progress.after_sending(prescreen.progress)
        values = {
            Prescreen.progress: reached,
            Prescreen.status: Status.COMPLETED.value,
            Prescreen.completed_at: now,
            Prescreen.contact_id: contact_id,
            Prescreen.other_contact_id: other_contact_id,
            Prescreen.refused_answer: None,
            Prescreen.alike_key: alike_key(
                questionnaire.id, questionnaire.number, questionnaire.questions, prescreen.submission
            ),
        }
        completed = write_answers(db, prescreen, values, now=now)
        if completed is not None:
            count_steps(db, questionnaire.id, questionnaire.number, steps)
            messages = emails.completed(db, completed, questionnaire, now)
            messages += announce_answers(db, completed, questionnaire, now)
            record(db, events.COMPLETED, prescreen_id, completed.organization_id, by=by, now=now, messages=messages)
            return
    raise Conflict("Another tab is answering at the same time. Nothing was sent. Please try again.")


def _contacts(db: Db, prescreen: Prescreen, region: str | None, now: datetime) -> tuple[UUID | None, UUID | None]:
    """The prescreen's contact, and another one that its e-mail or telephone fits too. Creates one if none is known.

    The e-mail address decides; contacts that share a telephone stay several, of which the oldest counts. What is stored
    about a known contact does not change.
    """
    email = normalization.email_key(prescreen.email) if prescreen.email else None
    phone = normalization.telephone_key(prescreen.phone, region) if prescreen.phone else None
    if not email and not phone:
        return None, None
    if phone:
        contacts.lock_phone(db, prescreen.organization_id, phone)
    by_email, by_phone = contacts.match(db, prescreen.organization_id, email, phone)
    if by_email is None and not by_phone:
        new = uuid4()
        db.execute(
            insert_or_ignore(db, Contact).values(
                id=new,
                organization_id=prescreen.organization_id,
                name=prescreen.name,
                email=prescreen.email,
                phone=prescreen.phone,
                email_key=email,
                phone_key=phone,
                created_at=now,
            )
        )
        by_email, by_phone = contacts.match(db, prescreen.organization_id, email, phone)
        if new in (by_email, *by_phone):  # else another one made it at this moment
            person = answers.Person(prescreen.name, prescreen.email, prescreen.phone)
            search.index(db, contact_document(new, prescreen.organization_id, person, phone))
    contact_id = by_email or by_phone[0]
    return contact_id, next((id for id in by_phone if id != contact_id), None)
