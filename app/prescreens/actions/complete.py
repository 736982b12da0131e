"""Sending the answers, by the prospect."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy.dialects import postgresql, sqlite

from app.kernel.changes.events import Actor
from app.kernel.db.engine import Db
from app.kernel.errors import Conflict
from app.kernel.text import normalization
from app.prescreens import emails, events
from app.prescreens.actions._write import TRIES, answered_by_link, record, write_answers
from app.prescreens.models import Contact, Prescreen, Status
from app.prescreens.queries import contacts, questionnaires
from app.prescreens.rules import answers, review


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
        questionnaire = questionnaires.version(db, prescreen.workflow_template_id, prescreen.template_version)
        answers.check_reviewed(reviewed, prescreen.submission)
        answers.check_complete(questionnaire.questions, prescreen.submission)
        contact_id, other_contact_id = _contacts(db, prescreen, now)
        values = {
            Prescreen.status: Status.COMPLETED.value,
            Prescreen.completed_at: now,
            Prescreen.contact_id: contact_id,
            Prescreen.other_contact_id: other_contact_id,
            Prescreen.refused_answer: None,
        }
        completed = write_answers(db, prescreen, values, now=now)
        if completed is not None:
            by = replace(by, name=completed.name or by.name)
            messages = emails.completed(db, completed, questionnaire, now)
            record(db, events.COMPLETED, prescreen_id, completed.organization_id, by=by, now=now, messages=messages)
            return
    raise Conflict("Another tab is answering at the same time. Nothing was sent. Please try again.")


def _contacts(db: Db, prescreen: Prescreen, now: datetime) -> tuple[UUID | None, UUID | None]:
    """The prescreen's contact, and the other one when e-mail and phone belong to two. Creates one if none is known.

    What is stored about a known contact does not change.
    """
    email, phone = prescreen.email, prescreen.phone
    if not email and not phone:
        return None, None
    by_email, by_phone = contacts.match(db, prescreen.organization_id, email, phone)
    if by_email is None and by_phone is None:
        insert = postgresql.insert if db.dialect == "postgresql" else sqlite.insert
        db.execute(
            insert(Contact)
            .values(
                id=uuid4(),
                organization_id=prescreen.organization_id,
                name=prescreen.name,
                email=email,
                phone=phone,
                email_key=normalization.email_key(email) if email else None,
                phone_key=normalization.telephone_key(phone, None) if phone else None,
                created_at=now,
            )
            .on_conflict_do_nothing()
        )
        by_email, by_phone = contacts.match(db, prescreen.organization_id, email, phone)
    contact_id = by_email or by_phone
    return contact_id, by_phone if by_phone not in (None, contact_id) else None
