"""Starting with the answers of a prescreen that has expired, by the prospect who was sent a fresh link."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import update

from app.kernel.changes.events import Actor
from app.kernel.db.engine import Db
from app.kernel.errors import Conflict, Gone, Invalid
from app.kernel.text import normalization, search
from app.prescreens import events
from app.prescreens.actions._write import answered_by_link, record
from app.prescreens.actions.start import start
from app.prescreens.models import Prescreen, QuestionType, Status, Submission
from app.prescreens.queries import questionnaires
from app.prescreens.queries.questionnaires import QuestionnaireDetail
from app.prescreens.queries.search import search_document
from app.prescreens.rules import answers, reminders
from app.prescreens.rules.question_types import TYPES, Reader
from app.prescreens.rules.questions import applicable


def start_again(db: Db, prescreen_id: UUID, questionnaire: QuestionnaireDetail, *, by: Actor, now: datetime) -> UUID:
    """Starts a prescreen in the current version with the old answers that still fit, and returns its id. The second
    press leads to the first one's. Raises NotFound, Gone (the link is over), Conflict."""
    former = answered_by_link(db, prescreen_id)
    if former.renewed_as:
        return former.renewed_as
    if former.renewed_at is None or former.withdrawn_at or now >= reminders.renewable_until(former.renewed_at):
        raise Gone("This link no longer works. Nothing was started.", code="session.expired")
    questionnaire = questionnaire.in_language(former.locale)
    given = _fitting(db, former, questionnaire, now)
    id = start(db, questionnaire, by=by, now=now, known=given)
    marked = db.execute(
        update(Prescreen)
        .where(Prescreen.id == prescreen_id, Prescreen.renewed_as.is_(None))
        .values(renewed_as=id)
        .returning(Prescreen.id)
        .execution_options(synchronize_session=False)
    ).first()
    if marked is None:
        raise Conflict("You started in another tab at the same moment. Open the link again.")
    person = answers.person(questionnaire.questions, given)
    phone_key = normalization.telephone_key(person.phone, questionnaire.region) if person.phone else None
    db.execute(
        update(Prescreen)
        .where(Prescreen.id == id)
        .values(
            submission=given,
            answer_times=answers.times(former.answer_times, former.submission, given, now),
            status=Status.ACTIVE.value if given else Status.DRAFT.value,
            locale=former.locale,
            phone_key=phone_key,
            **person._asdict(),
        )
        .execution_options(synchronize_session=False)
    )
    if given:
        search.index(db, search_document(id, questionnaire.organization_id, person, phone_key))
        data = {"template": questionnaire.name, "former": str(prescreen_id)}
        record(db, events.STARTED, id, questionnaire.organization_id, by=by, now=now, data=data)
    return id


def _fitting(db: Db, former: Prescreen, questionnaire: QuestionnaireDetail, now: datetime) -> Submission:
    """The old answers that the current questions would accept now."""
    asked = {
        question.key: question.type
        for question in questionnaires.version(db, former.workflow_template_id, former.template_version).questions
    }
    reader, given = Reader.of(questionnaire.locale, questionnaire.time_zone, now), Submission()
    # A condition asks about earlier questions only, so one pass in their order decides which are due.
    for question in questionnaire.questions:
        due = question in applicable(questionnaire.questions, given)
        if not due or question.key not in former.submission or asked.get(question.key) is not question.type:
            continue
        if question.type is QuestionType.FILE:
            continue  # they stay with the prescreen that they were added to, and are asked for again
        typed = TYPES[question.type].fields(former.submission[question.key], questionnaire.locale)
        try:
            value = answers.check_answer(question, typed, reader)
        except Invalid:
            continue
        given = answers.with_answer(questionnaire.questions, given, question, value)
    return given
