"""Writes of the prescreens room: one function per verb.

The prospect: start, answer, send_link, complete. The agent: take, release, approve, deny. Each race is decided by one
conditional UPDATE; each change writes its history and its messages in the same transaction.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Row, bindparam, delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import ReturningUpdate

from app.kernel.db import Db
from app.kernel.errors import Conflict, Gone, Invalid, NotFound
from app.kernel.events import Actor, record
from app.kernel.outbox import Message
from app.prescreens import emails
from app.prescreens.models import Contact, Prescreen, PrescreenWord, ReviewStatus, Status
from app.prescreens.queries import contacts, one, templates
from app.prescreens.queries.stages import P, Reach
from app.prescreens.queries.templates import Workflow
from app.prescreens.rules import answers, review

PENDING = ReviewStatus.PENDING.value
TRIES = 20
"""How often an answer is merged anew when another tab of the same prospect was faster."""

LINK_MAILS = 3
"""How many times one prescreen mails its link: whoever answers may have written somebody else's address."""

TABLE = Prescreen.__table__


# The prospect


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
            review_status=PENDING,
            locale=workflow.locale,
            updated_at=now,
            **Prescreen.lifetime(now),
        )
    )
    _record(db, "prescreen.started", id, workflow.organization_id, by, now, {"template": workflow.name})
    return id


def answer(db: Db, id: UUID, key: str, typed: Sequence[str], *, by: Actor, now: datetime) -> dict[str, Any]:
    """Keeps one answer as it is given; returns all answers. An empty optional one is a question skipped.

    Raises NotFound, Invalid (what would be accepted), Conflict (already sent), Gone (30 days are over).
    """
    for _ in range(TRIES):
        prescreen = _get(db, id)
        review.check_answering(prescreen, now)
        questions = templates.version(db, prescreen.workflow_template_id, prescreen.template_version).questions
        question = next((q for q in answers.applicable(questions, prescreen.submission) if q.key == key), None)
        if question is None:
            raise Invalid("This question is not asked any more. Go on with the next one.", code="answer.not_asked")
        value = answers.check_answer(question, typed)
        given = answers.with_answer(questions, prescreen.submission, question, value)
        person = answers.person(questions, given)
        changes = {"submission": given, "status": Status.ACTIVE.value, **person}
        if _change(db, prescreen, now, changes) is not None:
            if _words(prescreen) != _words_of(person):
                keep_words(db, prescreen.organization_id, id, _words_of(person))
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
    workflow = templates.version(db, prescreen.workflow_template_id, prescreen.template_version)
    messages = emails.link(db, prescreen, workflow)
    _record(db, "prescreen.link_sent", id, prescreen.organization_id, by, now, {}, messages)


def complete(db: Db, id: UUID, *, by: Actor, now: datetime) -> None:
    """Sends the answers: the prescreen is `completed`, its contact matched or made, the prospect told.

    Doing it twice changes nothing. Raises NotFound, Invalid (a question is open), Gone.
    """
    for _ in range(TRIES):
        prescreen = _get(db, id)
        if prescreen.status == Status.COMPLETED:
            return
        review.check_answering(prescreen, now)
        workflow = templates.version(db, prescreen.workflow_template_id, prescreen.template_version)
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
            _record(db, "prescreen.completed", id, done.organization_id, by, now, {}, messages)
            return
    raise Conflict("Another tab is answering at the same time. Nothing was sent. Please try again.")


def _get(db: Db, id: UUID) -> Row:
    found = one.get(db, id)
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


def _words(prescreen: Any) -> list[str]:
    return answers.words(prescreen.name, prescreen.email, prescreen.phone)


def _words_of(person: dict[str, str | None]) -> list[str]:
    return answers.words(person["name"], person["email"], person["phone"])


def keep_words(db: Db, organization_id: int, id: UUID, words: list[str]) -> None:
    """The words a prescreen is found by."""
    db.execute(delete(PrescreenWord.__table__).where(PrescreenWord.__table__.c.prescreen_id == id))
    if words:
        rows = [{"organization_id": organization_id, "word": word, "prescreen_id": id} for word in words]
        db.execute(insert(PrescreenWord.__table__), rows)


# The agent


def approve(
    db: Db, id: UUID, notes: str | None, *, reach: Reach, by: Actor, now: datetime, version: int | None = None
) -> Row:
    """Approves, finally. Returns the prescreen. Raises NotFound, Conflict (already reviewed), Invalid."""
    return _review(db, id, "approve", notes, reach, by, now, version)


def deny(
    db: Db, id: UUID, notes: str | None, *, reach: Reach, by: Actor, now: datetime, version: int | None = None
) -> Row:
    """Denies, finally. Returns the prescreen. Raises NotFound, Conflict (already reviewed), Invalid."""
    return _review(db, id, "deny", notes, reach, by, now, version)


def _review(
    db: Db, id: UUID, verb: str, notes: str | None, reach: Reach, by: Actor, now: datetime, version: int | None
) -> Row:
    decision = review.DECISIONS[verb].value
    who = by.name if by.via == "page" else f"{by.name} (API)"
    facts = {"wanted": id, "decision": decision, "notes": notes, "who": who, "now": now}
    seen = {} if version is None else {"seen": version}
    done = db.execute(_decide(reach, version is not None), {**facts, **seen}).one_or_none()
    if done is None:
        found = db.execute(select(TABLE).where(P.id == id, reach.rows(P.organization_id))).one_or_none()
        if found is None:
            raise NotFound("There is no such session.")
        review.check_review(found, now)
        raise Conflict("This changed while you were reading it. Nothing was decided. Read it once more and try again.")
    workflow = templates.version(db, done.workflow_template_id, done.template_version)
    messages = emails.decided(db, done, workflow)
    data = {"prospect": done.name, "told": bool(messages)}
    _record(db, f"prescreen.{decision}", id, done.organization_id, by, now, data, messages)
    return done


@lru_cache(maxsize=256)
def _decide(reach: Reach, versioned: bool) -> ReturningUpdate[Any]:
    """The one conditional update of a review, built once a reach. `versioned`: only the version that was read."""
    now = bindparam("now", type_=P.expires_at.type)
    return (
        update(TABLE)
        .where(
            P.id == bindparam("wanted"),
            reach.rows(P.organization_id),
            *([P.version == bindparam("seen")] if versioned else []),
            P.status == Status.COMPLETED.value,
            P.review_status == PENDING,
            P.expires_at > now,
        )
        .values(
            review_status=bindparam("decision"),
            review_notes=bindparam("notes"),
            reviewed_at=now,
            reviewed_by=bindparam("who"),
            updated_at=now,
            version=P.version + 1,
        )
        .returning(*TABLE.c)
    )


def take(db: Db, id: UUID, person_id: int, holder: int | None, *, reach: Reach, by: Actor, now: datetime) -> None:
    """Makes somebody the one who has this, taking it over from `holder` (None: nobody had it)."""
    _assign(db, id, person_id, holder, reach, by, now, "prescreen.taken")


def release(db: Db, id: UUID, person_id: int, *, reach: Reach, by: Actor, now: datetime) -> None:
    """Gives back what one has. Giving back twice changes nothing."""
    _assign(db, id, None, person_id, reach, by, now, "prescreen.released")


def _assign(
    db: Db, id: UUID, person_id: int | None, holder: int | None, reach: Reach, by: Actor, now: datetime, kind: str
) -> None:
    moved = db.execute(
        update(TABLE)
        .where(P.id == id, reach.rows(P.organization_id), P.assignee_id.is_not_distinct_from(holder))
        .values(assignee_id=person_id)
        .returning(P.organization_id)
    ).one_or_none()
    if moved is not None:
        _record(db, kind, id, moved.organization_id, by, now, {})
        return
    found = one.get(db, id, reach)
    if found is None:
        raise NotFound("There is no such session.")
    if found.assignee_id != person_id:
        who = found.assignee_name or "Nobody"
        raise Conflict(f"{who} has this now; it was changed a moment ago. Nothing was done.", code="session.taken")


def _record(
    db: Db,
    kind: str,
    id: UUID,
    organization_id: int,
    by: Actor,
    now: datetime,
    data: dict[str, Any],
    messages: Sequence[Message] = (),
) -> None:
    record(
        db,
        kind,
        subject_type="prescreen",
        subject_id=id,
        organization_id=organization_id,
        by=by,
        now=now,
        data=data,
        messages=messages,
    )
