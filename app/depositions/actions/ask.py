"""Asking an organization about a deposition, its answer, and being done with it."""

from datetime import datetime
from typing import cast

from sqlalchemy import insert, update

from app.depositions import emails, events
from app.depositions.actions._write import locked, record, write
from app.depositions.events import SUBJECT
from app.depositions.models import Deposition, DepositionQuestion
from app.depositions.queries import questions, reconfirmation
from app.depositions.rules.questions import (
    ASKABLE,
    NewQuestion,
    QuestionState,
    check_answer,
    check_ask,
    check_recipient,
    start_of,
)
from app.kernel.changes.events import Actor
from app.kernel.db.engine import Db
from app.kernel.errors import Conflict, NotFound
from app.kernel.outbox.dropping import drop

_STATES = [state.value for state in ASKABLE]
ALREADY_ANSWERED = "This question is answered already."
NOTHING_ASKED = "No question to the organization waits. Nothing was changed."


def ask(
    db: Db, deposition_id: int, new: NewQuestion, *, by: Actor, now: datetime, version: int | None = None
) -> Deposition:
    """Sends a question with a link under which it is answered. It takes the place of one that is open.

    Raises Conflict when no address of the organization is known, Invalid for a prepared hour that does not exist.
    """
    deposition = write(
        db,
        deposition_id,
        lambda current: check_ask(current.state),
        _STATES,
        {Deposition.question: QuestionState.OPEN.value},
        by=by,
        now=now,
        version=version,
    )
    organization = reconfirmation.contact(db, deposition.organization_id)
    check_recipient(organization.email)
    for hour in new.hours:
        start_of(hour, deposition.time_zone)
    _withdraw(db, deposition, now)
    _end(db, deposition_id, QuestionState.ANSWERED, QuestionState.SETTLED)
    values = {
        "deposition_id": deposition_id,
        "question": new.question,
        "kind": new.kind.value,
        "choices": list(new.hours),
        "asked_at": now,
        "asked_by": by.name,
        "asked_to": organization.email,
        "state": QuestionState.OPEN.value,
    }
    row = db.execute(
        insert(DepositionQuestion.__table__).values(values).returning(*DepositionQuestion.__table__.c)
    ).one()
    message = emails.question(db, deposition, organization.name, cast(DepositionQuestion, row))
    data = {"question": new.question, "to": organization.email}
    record(db, events.ORGANIZATION_ASKED, deposition, by=by, now=now, data=data, messages=[message])
    return deposition


def answer_question(db: Db, question_id: int, answer: str, note: str, *, by: Actor, now: datetime) -> Deposition:
    """Keeps the organization's answer: the first one counts. Raises Conflict when it comes too late."""
    found = questions.by_id(db, question_id)
    if found is None:
        raise NotFound("There is no such question.")
    check_answer(found.kind, found.choices, answer, note)
    check_ask(locked(db, found.deposition_id).state)
    current = questions.by_id(db, question_id)
    if current is None or current.state != QuestionState.OPEN:
        raise Conflict(f"{ALREADY_ANSWERED} Nothing was changed.", code="question.closed")
    values = {
        DepositionQuestion.state: QuestionState.ANSWERED.value,
        DepositionQuestion.answer: answer,
        DepositionQuestion.note: note,
        DepositionQuestion.answered_at: now,
    }
    db.execute(update(DepositionQuestion).where(DepositionQuestion.id == question_id).values(values))
    deposition = write(
        db,
        found.deposition_id,
        lambda now_is: check_ask(now_is.state),
        _STATES,
        {Deposition.question: QuestionState.ANSWERED.value},
        by=by,
        now=now,
    )
    data = {"question": found.question, "kind": found.kind, "answer": answer, "note": note}
    record(db, events.QUESTION_ANSWERED, deposition, by=by, now=now, data=data)
    return deposition


def settle_question(db: Db, deposition_id: int, *, by: Actor, now: datetime, version: int | None = None) -> Deposition:
    """Withdraws a question that is open, or is done with the answer."""
    before = locked(db, deposition_id)
    deposition = write(
        db,
        deposition_id,
        _check_waits,
        [before.state],
        {Deposition.question: None},
        by=by,
        now=now,
        version=version,
        only=Deposition.question.is_not(None),
    )
    withdrawn = _withdraw(db, deposition, now)
    _end(db, deposition_id, QuestionState.ANSWERED, QuestionState.SETTLED)
    event = events.QUESTION_WITHDRAWN if withdrawn else events.ANSWER_SETTLED
    record(db, event, deposition, by=by, now=now)
    return deposition


def _check_waits(current: Deposition) -> None:
    if current.question is None:
        raise Conflict(NOTHING_ASKED, code="question.none")


def _withdraw(db: Db, deposition: Deposition, now: datetime) -> bool:
    """Withdraws the open question, whose e-mail is not sent any more if it was not yet; whether there was one."""
    ended = _end(db, deposition.id, QuestionState.OPEN, QuestionState.WITHDRAWN)
    keys = [key for id in ended for key in emails.question_keys(deposition, id)]
    if keys:
        drop(db, SUBJECT, deposition.id, reason="The question was withdrawn.", now=now, dedupe=keys)
    return bool(ended)


def _end(db: Db, deposition_id: int, state: QuestionState, becomes: QuestionState) -> list[int]:
    """Brings questions in this state to another one; returns their ids."""
    mine = (DepositionQuestion.deposition_id == deposition_id, DepositionQuestion.state == state.value)
    values = {DepositionQuestion.state: becomes.value}
    done = db.execute(update(DepositionQuestion).where(*mine).values(values).returning(DepositionQuestion.id))
    return list(done.scalars())
