"""Pages on which a prospect answers what an agent asks again, one question a step. The link is the only proof."""

from flask import Response, request

from app.accounts.access import public
from app.kernel import clock
from app.kernel.db.engine import Db
from app.kernel.db.transaction import db
from app.kernel.errors import Conflict, Gone, Invalid, NotFound
from app.kernel.text.normalization import is_blank
from app.kernel.web.htmx import see_other
from app.prescreens import actions, links, presentation
from app.prescreens.forms import AnswerForm
from app.prescreens.locales import TRANSLATIONS
from app.prescreens.models import Inquiry, Prescreen, QuestionType
from app.prescreens.presentation.files import file_control, file_rows, refused_files
from app.prescreens.public._pages import limit_requests, page, prospect, public_pages, url
from app.prescreens.queries import detail, inquiries, questionnaires
from app.prescreens.queries import files as kept_files
from app.prescreens.queries.questionnaires import QuestionnaireDetail
from app.prescreens.rules import answers
from app.prescreens.rules import inquiries as rules
from app.prescreens.rules.question_types import TYPES, Reader
from app.prescreens.rules.questions import Question


@public_pages.get("/asked/<token>")
@public
def asked(organization: str, questionnaire: str, token: str) -> Response:
    """One question with the answer so far; when all are answered or none is needed any more, that."""
    inquiry, prescreen, found = inquiry_by_token(organization, questionnaire, token)
    if inquiry.answered_at is not None:
        return page("prescreens/asked-over.html", found, thanks=True)
    try:
        rules.check_open(inquiry, prescreen, clock.now())
    except (Conflict, Gone):
        return page("prescreens/asked-over.html", found, thanks=False, status=410)
    question = rules.open_question(inquiry, found.questions, request.args.get("step"))
    if question is None:
        return page("prescreens/asked-over.html", found, thanks=True)
    return _step(inquiry, prescreen, found, token, question)


@public_pages.post("/asked/<token>/answer")
@public
def answer_asked(organization: str, questionnaire: str, token: str) -> Response:
    """Keeps one answer and goes to the next question; the last one sends them. A refused one is asked again."""
    form = AnswerForm()
    form.check()
    limit_requests("answer")
    inquiry, _, found = inquiry_by_token(organization, questionnaire, token)
    key, typed = str(form.step.data), request.form.getlist("answer")
    try:
        actions.answer_inquiry(db(), inquiry.id, key, typed, by=prospect(found), now=clock.now())
    except (Conflict, Gone):
        return see_other(url(".asked", found, token))
    except Invalid as refusal:
        if refusal.code == "answer.not_asked":
            return see_other(url(".asked", found, token))
        actions.keep_refused_inquiry(db(), inquiry, key, typed)
        return see_other(url(".asked", found, token, step=key))
    return see_other(url(".asked", found, token))


def _step(
    inquiry: Inquiry, prescreen: Prescreen, found: QuestionnaireDetail, token: str, question: Question
) -> Response:
    t, reader = TRANSLATIONS.translator(found.locale), Reader.of(found.locale, found.time_zone, clock.now())
    typed, code = _refused(inquiry, prescreen, question, reader)
    every = rules.asked_questions(inquiry, found.questions)
    former, given = prescreen.submission.get(question.key), inquiry.given.get(question.key)
    return page(
        "prescreens/asked.html",
        found,
        form=AnswerForm(formdata=None),
        token=token,
        step=question.key,
        question=question,
        kind=TYPES[question.type],
        currency=presentation.currency_name(question.currency, t),
        number=every.index(question) + 1,
        total=len(every),
        former=presentation.answer_text(question, former, t) if former is not None else "",
        values=typed if typed is not None else presentation.fields(question, given, found.locale),
        as_text=question.type != QuestionType.FILE and not is_blank("".join(typed or ())),
        problem=refused_files(question, kept, t)
        if (kept := _refused_files(inquiry, prescreen, question))
        else presentation.problem(question, code, reader.today, t)
        if code
        else "",
        files=file_rows(inquiry.adding.get(question.key), kept_files.of(db(), prescreen.id), t)
        if question.type is QuestionType.FILE
        else (),
        thumbnail_url=lambda id: url(".asked_file_thumbnail", found, token, file_id=id),
        **file_control(question, t, adds=True),
        note=inquiry.text,
    )


def _refused_files(inquiry: Inquiry, prescreen: Prescreen, question: Question) -> list[tuple[str, str]]:
    """The files that were refused for this question of the inquiry: name and code."""
    kept = prescreen.refused_answer or {}
    mine = (kept.get("inquiry"), kept.get("step")) == (str(inquiry.id), question.key)
    return kept.get("files", []) if mine else []


def _refused(
    inquiry: Inquiry, prescreen: Prescreen, question: Question, reader: Reader
) -> tuple[list[str] | None, str]:
    """What was typed for this question of the inquiry and refused, if it was, and the code of why."""
    kept = prescreen.refused_answer or {}
    if (kept.get("inquiry"), kept.get("step")) != (str(inquiry.id), question.key):
        return None, ""
    try:
        answers.check_answer(question, kept["typed"], reader)
    except Invalid as refusal:
        return kept["typed"], refusal.errors[0].code
    return kept["typed"], ""


def inquiry_by_token(
    organization: str, questionnaire: str, token: str, source: Db | None = None
) -> tuple[Inquiry, Prescreen, QuestionnaireDetail]:
    """The inquiry of a link, its prescreen, and that's version of the questionnaire. Raises NotFound."""
    source = source or db()
    inquiry = inquiries.get(source, links.read(source.config, links.INQUIRY, token))
    prescreen = detail.get(source, inquiry.prescreen_id) if inquiry else None
    if inquiry is None or prescreen is None:
        raise NotFound(rules.FORGOTTEN)
    found = questionnaires.of_prescreen(source, prescreen)
    if (found.organization_slug, found.slug) != (organization, questionnaire):
        raise NotFound(rules.FORGOTTEN)
    return inquiry, prescreen, found
