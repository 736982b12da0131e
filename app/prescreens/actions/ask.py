"""Asking the prospect again, and their answers. The 30 days go on; for the API it waits for a decision as before."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import cast
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, insert, select, update

from app.dashboard.undo import actions as undo
from app.kernel.changes.events import Actor, person_of
from app.kernel.db.engine import Db
from app.kernel.errors import Invalid, NotFound, Outdated
from app.kernel.text import normalization, search
from app.prescreens import emails, events
from app.prescreens.actions._review import STALE
from app.prescreens.actions._write import record
from app.prescreens.actions.look import check_looked
from app.prescreens.events import SUBJECT
from app.prescreens.models import COLUMNS, Inquiry, Prescreen, QuestionType, Submission
from app.prescreens.queries import inquiries, questionnaires
from app.prescreens.queries.questionnaires import QuestionnaireDetail
from app.prescreens.queries.search import search_document
from app.prescreens.queries.stages import Reach
from app.prescreens.rules import answers
from app.prescreens.rules import inquiries as rules
from app.prescreens.rules.alike import alike_key
from app.prescreens.rules.question_types import Reader
from app.prescreens.rules.questions import Question


def ask(
    db: Db,
    prescreen_id: UUID,
    keys: Collection[str],
    labels: Iterable[str],
    text: str,
    *,
    reach: Reach,
    version: int | None,
    by: Actor,
    now: datetime,
) -> UUID:
    """Asks the questions `keys` again, and those that were written, by an e-mail with a link; returns the inquiry's id.

    Raises NotFound, Conflict (not possible now, changed, or a decision is pending), Invalid.
    """
    prescreen = _locked(db, Prescreen.id == prescreen_id, reach.rows(Prescreen.organization_id))
    check_looked(db, prescreen, person_of(by), now)
    questionnaire = questionnaires.of_prescreen(db, prescreen)
    if version is not None and prescreen.version != version:
        raise Outdated(STALE.replace("Nothing was decided", "Nothing was sent"))
    reopened, added = rules.check_ask(prescreen, questionnaire.questions, keys, labels, text, now)
    undo.check_not_pending(db, SUBJECT, prescreen_id, person_of(by) or 0, now)
    id = uuid4()
    db.execute(
        insert(Inquiry.__table__).values(
            id=id,
            prescreen_id=prescreen_id,
            keys=reopened,
            added=[question.stored() for question in added],
            text=text,
            given={},
            asked_by=by.name,
            asked_at=now,
        )
    )
    _write(db, prescreen_id, {Prescreen.inquiry: rules.ASKED})
    messages = emails.asked(db, prescreen, questionnaire, id, text)
    data = {"questions": len(reopened) + len(added)}
    record(db, events.ASKED, prescreen_id, prescreen.organization_id, by=by, now=now, data=data, messages=messages)
    return id


def answer_inquiry(db: Db, inquiry_id: UUID, key: str, typed: Sequence[str], *, by: Actor, now: datetime) -> bool:
    """Keeps one answer; with the last one all become those of the prescreen. Returns whether they did. To a question
    that asks for files nothing is typed: those that were added are the answer.

    Raises NotFound, Invalid (with what would be accepted), Conflict (already sent), Gone (decided, or over).
    """
    prescreen, inquiry, questionnaire, question = asked_question(db, inquiry_id, key, now)
    questions = questionnaire.questions
    if question.type is QuestionType.FILE:
        typed = [str(each) for each in inquiry.adding.get(key, ())]
    value = answers.check_answer(question, typed, Reader.of(questionnaire.locale, questionnaire.time_zone, now))
    inquiry_given = {**inquiry.given, key: value}
    db.execute(update(Inquiry).where(Inquiry.id == inquiry_id).values(given=inquiry_given))
    if prescreen.refused_answer is not None:
        _write(db, prescreen.id, {Prescreen.refused_answer: None})
    inquiry = inquiries.get(db, inquiry_id) or inquiry
    if rules.open_question(inquiry, questions) is not None:
        return False
    given, former = rules.merged(inquiry, questions, prescreen.submission)
    person = answers.person(questions, given)
    phone_key = normalization.telephone_key(person.phone, questionnaire.region) if person.phone else None
    db.execute(update(Inquiry).where(Inquiry.id == inquiry_id).values(former=former, answered_at=now))
    _write(
        db,
        prescreen.id,
        {
            Prescreen.submission: given,
            Prescreen.answer_times: answers.times(prescreen.answer_times, prescreen.submission, given, now),
            Prescreen.inquiry: rules.ANSWERED,
            Prescreen.name: person.name,
            Prescreen.email: person.email,
            Prescreen.phone: person.phone,
            Prescreen.phone_key: phone_key,
            Prescreen.alike_key: alike_key(questionnaire.id, questionnaire.number, questions, given),
            Prescreen.version: Prescreen.version + 1,
            Prescreen.updated_at: now,
        },
    )
    search.index(db, search_document(prescreen.id, prescreen.organization_id, person, phone_key))
    data = {"changed": len(former), "inquiry": str(inquiry_id)}
    record(db, events.ASKED_ANSWERED, prescreen.id, prescreen.organization_id, by=by, now=now, data=data)
    return True


def asked_question(
    db: Db, inquiry_id: UUID, key: str, now: datetime
) -> tuple[Prescreen, Inquiry, QuestionnaireDetail, Question]:
    """An inquiry that waits for answers, its prescreen locked, and the question of it under a key. Raises NotFound,
    Invalid, Conflict, Gone."""
    known = inquiries.get(db, inquiry_id)
    if known is None:
        raise NotFound(rules.FORGOTTEN)
    prescreen = _locked(db, Prescreen.id == known.prescreen_id)
    inquiry = inquiries.get(db, inquiry_id, lock=True) or known
    rules.check_open(inquiry, prescreen, now)
    questionnaire = questionnaires.of_prescreen(db, prescreen)
    asked = rules.asked_questions(inquiry, questionnaire.questions)
    question = next((each for each in asked if each.key == key), None)
    if question is None:
        raise Invalid("This question is not asked any more. Go on with the next one.", code="answer.not_asked")
    return prescreen, inquiry, questionnaire, question


def keep_adding(db: Db, prescreen: Prescreen, inquiry: Inquiry, adding: Submission) -> None:
    """Keeps which files were added to answers that are not given yet."""
    db.execute(update(Inquiry).where(Inquiry.id == inquiry.id).values(adding=adding))
    if prescreen.refused_answer is not None:
        _write(db, prescreen.id, {Prescreen.refused_answer: None})


def _locked(db: Db, *where: ColumnElement[bool]) -> Prescreen:
    row = db.execute(select(*COLUMNS).where(*where).with_for_update()).one_or_none()
    if row is None:
        raise NotFound("There is no such prescreen, or it belongs to an organization that is not yours.")
    return cast(Prescreen, row)


def _write(db: Db, prescreen_id: UUID, values: dict[object, object]) -> None:
    statement = update(Prescreen).where(Prescreen.id == prescreen_id).values(values)
    db.execute(statement.execution_options(synchronize_session=False))
