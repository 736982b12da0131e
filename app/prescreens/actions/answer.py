"""What the prospect does: start, answer, have the link sent, send the answers."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Row, insert, update
from sqlalchemy.dialects import postgresql, sqlite

from app.kernel.changes.events import Actor
from app.kernel.db.engine import Db
from app.kernel.errors import Conflict, Gone, Invalid, NotFound
from app.kernel.text import search
from app.prescreens import emails, events
from app.prescreens.actions._write import note
from app.prescreens.models import Contact, Prescreen, ReviewStatus, Status
from app.prescreens.queries import contacts, detail, questionnaires
from app.prescreens.queries.questionnaires import Workflow
from app.prescreens.queries.search import search_document
from app.prescreens.queries.stages import P
from app.prescreens.rules import answers, review

TRIES = 20
"""How often an answer is merged anew when another tab of the same prospect was faster."""

LINK_MAILS = 3
"""How many times one prescreen mails its link: whoever answers may have written somebody else's address."""

TABLE = Prescreen.__table__
NOBODY_YET = {"name": "", "email": None, "phone": None}


def start(db: Db, workflow: Workflow, *, by: Actor, now: datetime) -> UUID:
    """A new prescreen in the template's current version. Raises Gone when the template takes no more."""
    if not workflow.is_open:
        raise Gone(
            f"{workflow.organization_name} takes no answers here at the moment. Nothing was started. Please ask them.",
            code="workflow.closed",
        )
    id = uuid4()
    db.execute(
        insert(TABLE).values(
            id=id,
            organization_id=workflow.organization_id,
            workflow_template_id=workflow.id,
            template_version=workflow.number,
            submission={},
            status=Status.DRAFT.value,
            review_status=ReviewStatus.PENDING.value,
            locale=workflow.locale,
            updated_at=now,
            **Prescreen.lifetime(now),
        )
    )
    search.add(db, search_document(id, workflow.organization_id, NOBODY_YET))
    note(db, events.STARTED, id, workflow.organization_id, by, now, {"template": workflow.name})
    return id


def answer(db: Db, id: UUID, key: str, typed: Sequence[str], *, by: Actor, now: datetime) -> dict[str, Any]:
    """Keeps one answer as it is given; returns all answers. An empty optional one is a question skipped.

    Raises NotFound, Invalid (what would be accepted), Conflict (already sent), Gone (30 days are over).
    """
    for _ in range(TRIES):
        prescreen = _get(db, id)
        review.check_answering(prescreen, now)
        questions = questionnaires.version(db, prescreen.workflow_template_id, prescreen.template_version).questions
        question = next((q for q in answers.applicable(questions, prescreen.submission) if q.key == key), None)
        if question is None:
            raise Invalid("This question is not asked any more. Go on with the next one.", code="answer.not_asked")
        value = answers.check_answer(question, typed)
        given = answers.with_answer(questions, prescreen.submission, question, value)
        person = answers.person(questions, given)
        changes = {"submission": given, "status": Status.ACTIVE.value, **person}
        if _change(db, prescreen, now, changes) is not None:
            if any(getattr(prescreen, name) != value for name, value in person.items()):
                search.index(db, search_document(id, prescreen.organization_id, person))
            return given
    raise Conflict("Another tab is answering at the same time. This answer was not kept. Please try again.")


def send_link(db: Db, id: UUID, *, by: Actor, now: datetime) -> None:
    """Mails the prospect the link to go on later, to the address given so far, at most three times."""
    prescreen = _get(db, id)
    review.check_answering(prescreen, now)
    if not prescreen.email:
        raise Invalid("There is no e-mail address yet. Answer that question first, then ask for the link again.")
    counted = db.execute(
        update(TABLE).where(P.id == id, P.link_mails < LINK_MAILS).values(link_mails=P.link_mails + 1).returning(P.id)
    ).first()
    if counted is None:
        raise Invalid(
            f"The link was already sent {LINK_MAILS} times. Please look in your mail.",
            code="link.sent_often",
        )
    workflow = questionnaires.version(db, prescreen.workflow_template_id, prescreen.template_version)
    messages = emails.link(db, prescreen, workflow)
    note(db, events.LINK_SENT, id, prescreen.organization_id, by, now, {}, messages)


def complete(db: Db, id: UUID, *, by: Actor, now: datetime) -> None:
    """Sends the answers: the prescreen is `completed`, its contact matched or made, the prospect told.

    Doing it twice changes nothing. Raises NotFound, Invalid (a question is open), Gone.
    """
    for _ in range(TRIES):
        prescreen = _get(db, id)
        if prescreen.status == Status.COMPLETED:
            return
        review.check_answering(prescreen, now)
        workflow = questionnaires.version(db, prescreen.workflow_template_id, prescreen.template_version)
        answers.check_complete(workflow.questions, prescreen.submission)
        contact_id, other_id = _contact(db, prescreen, now)
        done = _change(
            db,
            prescreen,
            now,
            {
                "status": Status.COMPLETED.value,
                "completed_at": now,
                "contact_id": contact_id,
                "other_contact_id": other_id,
            },
        )
        if done is not None:
            by = Actor(by.kind, by.id, done.name or by.name, by.organization_id, by.via, by.request_id, by.address)
            messages = emails.completed(db, done, workflow)
            note(db, events.COMPLETED, id, done.organization_id, by, now, {}, messages)
            return
    raise Conflict("Another tab is answering at the same time. Nothing was sent. Please try again.")


def _get(db: Db, id: UUID) -> Row:
    found = detail.get(db, id)
    if found is None:
        raise NotFound("This link leads nowhere any more. Start again from the first page.")
    return found


def _change(db: Db, prescreen: Row, now: datetime, changes: dict[str, Any]) -> Row | None:
    """Writes onto exactly the version that was read, if the prospect may still write; None when it has moved on."""
    return db.execute(
        update(TABLE)
        .where(
            P.id == prescreen.id,
            P.version == prescreen.version,
            P.status != Status.COMPLETED.value,
            P.expires_at > now,
        )
        .values(**changes, updated_at=now, version=P.version + 1)
        .returning(*TABLE.c)
    ).one_or_none()


def _contact(db: Db, prescreen: Row, now: datetime) -> tuple[UUID | None, UUID | None]:
    """The contact of this prescreen and, when address and number know two, the other one. Makes one if none is known.

    Nothing that is stored about a known contact is changed.
    """
    email, phone = prescreen.email, prescreen.phone
    if not email and not phone:
        return None, None
    by_email, by_phone = contacts.match(db, prescreen.organization_id, email, phone)
    if by_email is None and by_phone is None:
        new = postgresql.insert if db.dialect == "postgresql" else sqlite.insert
        db.execute(
            new(Contact.__table__)
            .values(
                id=uuid4(),
                organization_id=prescreen.organization_id,
                name=prescreen.name,
                email=email,
                phone=phone,
                email_key=answers.email_key(email) if email else None,
                phone_key=answers.phone_key(phone) if phone else None,
                created_at=now,
            )
            .on_conflict_do_nothing()
        )
        by_email, by_phone = contacts.match(db, prescreen.organization_id, email, phone)
    chosen = by_email or by_phone
    return chosen, by_phone if by_phone not in (None, chosen) else None
