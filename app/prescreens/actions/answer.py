"""Answering one question, by the prospect."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from app.kernel.changes.events import Actor
from app.kernel.db.engine import Db
from app.kernel.errors import Conflict, Invalid
from app.kernel.text import normalization, search
from app.prescreens import events
from app.prescreens.actions._count import count_steps
from app.prescreens.actions._file_jobs import tidy_jobs
from app.prescreens.actions._write import TRIES, answered_by_link, record, write_answers
from app.prescreens.models import Prescreen, QuestionType, Status, Submission
from app.prescreens.queries import questionnaires
from app.prescreens.queries.questionnaires import QuestionnaireDetail
from app.prescreens.queries.search import search_document
from app.prescreens.rules import answers, files, progress, review
from app.prescreens.rules.question_types import Reader
from app.prescreens.rules.questions import Answer, Question, applicable

BUSY = "Another tab is answering at the same time. This answer was not kept. Please try again."


def answer(db: Db, prescreen_id: UUID, key: str, typed: Sequence[str], *, by: Actor, now: datetime) -> Submission:
    """Saves one answer and returns all of them. An empty answer to an optional question skips it. To one that asks for
    files nothing is typed: what was added stays.

    Raises NotFound, Invalid (with what would be accepted), Conflict (already sent), Gone (30 days are over).
    """
    for _ in range(TRIES):
        prescreen, questionnaire, question = due_question(db, prescreen_id, key, now)
        reader = Reader.of(questionnaire.locale, questionnaire.time_zone, now)
        if question.type is QuestionType.FILE:
            typed = [str(each) for each in prescreen.submission.get(key, ())]
        value = answers.check_answer(question, typed, reader)
        given = keep_answer(db, prescreen, questionnaire, question, value, by=by, now=now)
        if given is not None:
            return given
    raise Conflict(BUSY)


def due_question(
    db: Db, prescreen_id: UUID, key: str, now: datetime
) -> tuple[Prescreen, QuestionnaireDetail, Question]:
    """The prescreen as it is, and the question of it that is asked under a key. Raises NotFound, Invalid, Conflict,
    Gone."""
    prescreen = answered_by_link(db, prescreen_id)
    review.check_answering(prescreen, now)
    questionnaire = questionnaires.of_prescreen(db, prescreen)
    asked = applicable(questionnaire.questions, prescreen.submission)
    question = next((question for question in asked if question.key == key), None)
    if question is None:
        raise Invalid("This question is not asked any more. Go on with the next one.", code="answer.not_asked")
    return prescreen, questionnaire, question


def keep_answer(
    db: Db,
    prescreen: Prescreen,
    questionnaire: QuestionnaireDetail,
    question: Question,
    value: Answer | None,
    *,
    by: Actor,
    now: datetime,
    asking: bool = False,
) -> Submission | None:
    """Writes one answer and returns all of them; None when another tab wrote first. With `asking` it is not finished:
    left empty it is still due. Files that no answer names any more go, also where their question is asked no more."""
    questions, prescreen_id, key = questionnaire.questions, prescreen.id, question.key
    given = answers.with_answer(questions, prescreen.submission, question, value)
    person = answers.person(questions, given)
    phone_key = normalization.telephone_key(person.phone, questionnaire.region) if person.phone else None
    left_empty = answers.still_left_empty(questions, given, prescreen.left_empty, "" if asking else key)
    due = answers.next_question(questions, given, left_empty)
    reached, steps = (
        (prescreen.progress, []) if asking else progress.after_answer(prescreen.progress, key, value is not None, due)
    )
    values = {
        Prescreen.submission: given,
        Prescreen.left_empty: left_empty,
        Prescreen.progress: reached,
        Prescreen.refused_answer: None,
        Prescreen.status: Status.ACTIVE.value,
        Prescreen.name: person.name,
        Prescreen.email: person.email,
        Prescreen.phone: person.phone,
        Prescreen.phone_key: phone_key,
    }
    if write_answers(db, prescreen, values, now=now) is None:
        return None
    count_steps(db, questionnaire.id, questionnaire.number, steps)
    if prescreen.status == Status.DRAFT:
        data = {"template": questionnaire.name}
        record(db, events.STARTED, prescreen_id, prescreen.organization_id, by=by, now=now, data=data)
    gone = files.hashes(prescreen.submission) - files.hashes(given)
    if gone:
        jobs, organization_id = tidy_jobs(db, prescreen_id, gone), prescreen.organization_id
        removed = {"sha256": sorted(gone)}
        record(db, events.FILE_REMOVED, prescreen_id, organization_id, by=by, now=now, data=removed, messages=jobs)
    if person != (prescreen.name, prescreen.email, prescreen.phone):
        search.index(db, search_document(prescreen_id, prescreen.organization_id, person, phone_key))
    return given
