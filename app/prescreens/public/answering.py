"""The chat: the introduction of a questionnaire, one question a step, and all answers once more before they go."""

import json
from collections.abc import Collection, Sequence
from datetime import date
from functools import partial
from uuid import UUID

from flask import Response, request

from app.accounts.access import public
from app.kernel import clock
from app.kernel.db.transaction import db
from app.kernel.errors import Conflict, Invalid, NotFound
from app.kernel.text.i18n import Translator, language_of
from app.kernel.text.normalization import is_blank
from app.kernel.web import visitors
from app.kernel.web.arguments import Variables
from app.kernel.web.htmx import see_other
from app.prescreens import actions, links, presentation
from app.prescreens.forms import AnswerForm, ButtonForm, LanguageForm, SendForm, StartForm
from app.prescreens.locales import TRANSLATIONS
from app.prescreens.models import Prescreen, QuestionType, Status
from app.prescreens.presentation.files import file_control, file_rows, refused_files
from app.prescreens.public._pages import (
    answered,
    by_token,
    limit_requests,
    page,
    prospect,
    public_pages,
    questionnaire_at,
    url,
)
from app.prescreens.public.afterwards import sent_page
from app.prescreens.queries import files as kept_files
from app.prescreens.queries.questionnaires import QuestionnaireDetail
from app.prescreens.rules import answers, review
from app.prescreens.rules.question_types import TYPES, Reader
from app.prescreens.rules.questions import Question, applicable

STARTS_A_MINUTE = 20
STARTS_AN_HOUR = 120
"""Of one network (an IPv4 address, a /64 of IPv6), which a household or an office may share."""

LEAST_SECONDS = 2
"""How old the page must be on which Start is pressed: whoever is faster has not read it. Counted in whole seconds."""

REVIEW = "review"
"""The step after the last question."""


@public_pages.get("")
@public
def welcome(organization: str, questionnaire: str) -> Response:
    """The introduction of a questionnaire, and the button that starts a prescreen."""
    found = _in_chosen_language(questionnaire_at(organization, questionnaire))
    form, again = StartForm(formdata=None), "again" in request.args
    return page("prescreens/welcome.html", found, form=form, again=again, status=200 if found.is_open else 410)


@public_pages.post("/start")
@public
def start(organization: str, questionnaire: str) -> Response:
    """Starts a prescreen and goes to its first question. What no person presses is asked to press once more."""
    form = StartForm()
    form.check()
    limit_requests("start", STARTS_A_MINUTE)
    limit_requests("start", STARTS_AN_HOUR, seconds=3600)
    found = questionnaire_at(organization, questionnaire)
    if not found.is_open:
        return see_other(url(".welcome", found))
    if form.website.data or visitors.form_age() < LEAST_SECONDS:
        return see_other(url(".welcome", found, again="yes"))
    found = found.in_language(str(form.lang.data))
    id = actions.start(db(), found, by=prospect(found), now=clock.now())
    return see_other(url(".chat", found, links.token(db().config, links.CHAT, id)))


def _in_chosen_language(questionnaire: QuestionnaireDetail) -> QuestionnaireDetail:
    """In the language that was chosen, else in the one that the browser prefers, among those that there are."""
    offered = questionnaire.languages
    chosen = request.args.get("lang", "")
    if chosen not in offered:
        preferred = (language_of(accepted) for accepted, _ in request.accept_languages)
        chosen = next((language for language in preferred if language in offered), offered[0])
    return questionnaire.in_language(chosen)


@public_pages.post("/chat/<token>/language")
@public
def speak(organization: str, questionnaire: str, token: str) -> Response:
    """Goes on in another language, at the same question."""
    form = LanguageForm()
    form.check()
    limit_requests("answer")
    prescreen, found = by_token(organization, questionnaire, token, links.CHAT)
    if form.lang.data in found.languages:
        actions.speak(db(), prescreen.id, str(form.lang.data))
    return see_other(url(".chat", found, token, step=request.args.get("step")))


@public_pages.get("/chat/<token>")
@public
def chat(organization: str, questionnaire: str, token: str) -> Response:
    """One question with the answers so far, or all answers before they are sent."""
    prescreen, found = by_token(organization, questionnaire, token, links.CHAT)
    return _step(prescreen, found, token, request.args.get("step"))


@public_pages.post("/chat/<token>/answer")
@public
def answer(organization: str, questionnaire: str, token: str) -> Response:
    """Saves one answer and goes to the question that is due; a refused one is kept, and its question asked again."""
    form = AnswerForm()
    form.check()
    limit_requests("answer")
    prescreen, found = by_token(organization, questionnaire, token, links.CHAT)
    if is_over(prescreen):
        return see_other(url(".chat", found, token))
    key, typed = str(form.step.data), request.form.getlist("answer")
    try:
        actions.answer(db(), prescreen.id, key, typed, by=prospect(found), now=clock.now())
    except Invalid as refusal:
        if refusal.code == "answer.not_asked":
            return see_other(url(".chat", found, token))
        actions.keep_refused(db(), prescreen, key, typed, refusal.errors[0].code)
        return see_other(url(".chat", found, token, step=key))
    prescreen, _ = by_token(organization, questionnaire, token, links.CHAT)
    return see_other(url(".chat", found, token, step=due(prescreen, found) or REVIEW))


@public_pages.get("/chat/<token>/reading")
@public
def reading(organization: str, questionnaire: str, token: str) -> Response:
    """How a number that is being typed will be read, in a sentence: `1.200` is not one and a fifth everywhere."""
    limit_requests("reading")
    prescreen, found = by_token(organization, questionnaire, token, links.CHAT)
    t = TRANSLATIONS.translator(found.locale)
    asked = {question.key: question for question in applicable(found.questions, prescreen.submission)}
    question = asked.get(request.args.get("step", ""))
    if question is None or not TYPES[question.type].read_back:
        raise NotFound("There is no such question.")
    reader = Reader.of(found.locale, found.time_zone, clock.now())
    try:
        value = answers.check_answer(question, [request.args.get("answer", "")[:100]], reader)
    except Invalid as refusal:
        sentence = _problem(question, refusal.errors[0].code, found, t)
    else:
        sentence = t("we_read", number=presentation.answer_text(question, value, t)) if value is not None else ""
    return Response(sentence, mimetype="text/plain", headers={"Cache-Control": "no-store"})


@public_pages.post("/chat/<token>/send_link")
@public
def send_link(organization: str, questionnaire: str, token: str) -> Response:
    """Sends the link of this page to the e-mail address given so far."""
    ButtonForm().check()
    limit_requests("answer")
    prescreen, found = by_token(organization, questionnaire, token, links.CHAT)
    back = partial(url, ".chat", found, token, step=request.args.get("step"))
    if is_over(prescreen):
        return see_other(back())
    try:
        actions.send_link(db(), prescreen.id, by=prospect(found), now=clock.now())
    except Invalid:  # the page offers it only while it is possible
        return see_other(back())
    return see_other(back())


@public_pages.post("/chat/<token>/complete")
@public
def complete(organization: str, questionnaire: str, token: str) -> Response:
    """Sends the answers that were reviewed and says so; shows them again when they have changed."""
    form = SendForm()
    form.check()
    limit_requests("answer")
    prescreen, found = by_token(organization, questionnaire, token, links.CHAT)
    changed = answers.changed(form.reviewed, prescreen.submission)
    if prescreen.status == Status.COMPLETED and not changed:
        return see_other(url(".chat", found, token))
    next_key = due(prescreen, found)
    if is_over(prescreen) or (next_key and not changed):
        return see_other(url(".chat", found, token, step=next_key))
    try:
        actions.complete(db(), prescreen.id, reviewed=form.reviewed, by=prospect(found), now=clock.now())
    except Conflict as refusal:
        if refusal.code != "answers.changed":
            raise
        prescreen, found = by_token(organization, questionnaire, token, links.CHAT)
        return _step(prescreen, found, token, REVIEW, changed=answers.changed(form.reviewed, prescreen.submission))
    return see_other(url(".chat", found, token))


def is_over(prescreen: Prescreen) -> bool:
    """Whether no more answers are taken, which the chat's page explains."""
    return prescreen.status == Status.COMPLETED or review.has_expired(prescreen, clock.now())


def due(prescreen: Prescreen, questionnaire: QuestionnaireDetail) -> str | None:
    """The key of the question that is due; None when all can be reviewed."""
    return answers.next_question(questionnaire.questions, prescreen.submission, prescreen.left_empty)


def _step(
    prescreen: Prescreen,
    questionnaire: QuestionnaireDetail,
    token: str,
    step: str | None,
    *,
    changed: Collection[str] = (),
) -> Response:
    """One step of the chat. `changed` are the answers that another tab changed since they were reviewed."""
    if prescreen.status == Status.COMPLETED:
        return sent_page(prescreen, questionnaire, token)
    if review.has_expired(prescreen, clock.now()):
        next_url = url(".welcome", questionnaire) if questionnaire.is_open else ""
        return page("prescreens/over.html", questionnaire, next_url=next_url, status=410)
    t = TRANSLATIONS.translator(questionnaire.locale)
    given = prescreen.submission
    asked = applicable(questionnaire.questions, given)
    keys = [question.key for question in asked]
    next_key = due(prescreen, questionnaire)
    if step not in keys and step != REVIEW:
        step = next_key or REVIEW
    place = len(keys) if step == REVIEW else keys.index(step)
    context: Variables = {
        "token": token,
        # Every question that there is, so that it stays the same however many of them are asked.
        "total": len(questionnaire.questions),
        "at_most": any(question.condition for question in questionnaire.questions),
        "answered": sum(key in given for key in keys),
        "email": prescreen.email if prescreen.link_mails < actions.LINK_MAILS else None,
        "link_asked": prescreen.link_mails > 0,
        "earlier": [answered(question, given, t) for question in asked[:place]],
        "back_url": url(".chat", questionnaire, token, step=keys[place - 1]) if place else "",
        "step": step,
    }
    if step == REVIEW:
        return page(
            "prescreens/review.html",
            questionnaire,
            status=409 if changed else 200,
            form=SendForm(formdata=None, seen=json.dumps(answers.seen(given))),
            left_empty=prescreen.left_empty or (),
            due_url=url(".chat", questionnaire, token, step=next_key) if next_key else "",
            changed=changed,
            **context,
        )
    question = asked[place]
    typed, problem = _refused(prescreen, questionnaire, question, t)
    return page(
        "prescreens/step.html",
        questionnaire,
        form=AnswerForm(formdata=None),
        question=question,
        kind=TYPES[question.type],
        currency=presentation.currency_name(question.currency, t),
        number=place + 1,
        values=presentation.fields(question, given.get(question.key), questionnaire.locale) if typed is None else typed,
        as_text=question.type == QuestionType.DATE and _is_no_day(typed),
        problem=problem,
        files=file_rows(given.get(question.key), kept_files.of(db(), prescreen.id), t)
        if question.type is QuestionType.FILE
        else (),
        thumbnail_url=partial(_thumbnail_url, questionnaire, token),
        **file_control(question, t, adds=True),
        **context,
    )


def _thumbnail_url(questionnaire: QuestionnaireDetail, token: str, id: UUID) -> str:
    return url(".file_thumbnail", questionnaire, token, file_id=id)


def _problem(question: Question, code: str, questionnaire: QuestionnaireDetail, t: Translator) -> str:
    """Why an answer was refused, in the language of the page."""
    today = Reader.of(questionnaire.locale, questionnaire.time_zone, clock.now()).today
    return presentation.problem(question, code, today, t)


def _refused(
    prescreen: Prescreen, questionnaire: QuestionnaireDetail, question: Question, t: Translator
) -> tuple[list[str] | None, str]:
    """What was typed for this question and refused, if it was, and what is wrong with it."""
    kept = prescreen.refused_answer
    if not kept or kept["step"] != question.key:
        return None, ""
    if kept.get("files"):
        return [], refused_files(question, kept["files"], t)
    if question.type is QuestionType.FILE:
        return [], "" if question.key in prescreen.submission else _problem(question, "required", questionnaire, t)
    reader = Reader.of(questionnaire.locale, questionnaire.time_zone, clock.now())
    try:
        answers.check_answer(question, kept["typed"], reader)
    except Invalid as refusal:
        return kept["typed"], _problem(question, refusal.errors[0].code, questionnaire, t)
    return kept["typed"], ""


def _is_no_day(typed: Sequence[str] | None) -> bool:
    """Whether this was typed for a date and is none: the browser's own field would show nothing of it."""
    text = "".join(typed or ())
    try:
        date.fromisoformat(text)
    except ValueError:
        return not is_blank(text)
    return False
