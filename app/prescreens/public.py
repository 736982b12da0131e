"""Pages for prospects, who have no account: the chat, one question a step, and the status page.

GET writes nothing, because mail scanners open links. The link of a chat is the only proof of its prospect, so it is
unguessable.
"""

import json
from collections.abc import Collection, Sequence
from datetime import date
from functools import partial
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, current_app, g, render_template, request, url_for

from app.accounts import hosts
from app.accounts.access import public
from app.kernel import clock
from app.kernel.api.rate_limits import Limiter, by_network, refuse
from app.kernel.changes.events import Actor
from app.kernel.db.engine import Db
from app.kernel.db.transaction import db
from app.kernel.errors import Conflict, Invalid, NotFound
from app.kernel.hosts import Host
from app.kernel.text.i18n import Translator
from app.kernel.web.htmx import see_other
from app.kernel.web.visitors import VisitorPages, page_context
from app.prescreens import actions, links, presentation
from app.prescreens.forms import AnswerForm, ButtonForm, SendForm
from app.prescreens.locales import TRANSLATIONS
from app.prescreens.models import Prescreen, QuestionType, Status, Submission
from app.prescreens.queries import detail, questionnaires
from app.prescreens.queries.questionnaires import QuestionnaireDetail
from app.prescreens.rules import answers, review
from app.prescreens.rules.question_types import TYPES, Reader
from app.prescreens.rules.questions import Question, applicable

public_pages = Blueprint("prescreens_public", __name__, url_prefix="/p/<organization>/<questionnaire>")


def _host(db: Db, segments: Sequence[str]) -> Host | None:
    return hosts.by_slug(db, segments[0]) if segments else None


VISITOR_PAGES = VisitorPages("p", _host)

STARTS_A_MINUTE = 20
STARTS_AN_HOUR = 120
REQUESTS_A_MINUTE = 240
"""Limits for one network (an IPv4 address, a /64 of IPv6), which a household or an office may share."""

REVIEW = "review"
"""The step after the last question."""


@public_pages.get("")
@public
def welcome(organization: str, questionnaire: str) -> Response:
    """The introduction of a questionnaire, and the button that starts a prescreen."""
    found = _questionnaire(organization, questionnaire)
    return _page("prescreens/welcome.html", found, form=ButtonForm(), status=200 if found.is_open else 410)


@public_pages.post("/start")
@public
def start(organization: str, questionnaire: str) -> Response:
    """Starts a prescreen and goes to its first question."""
    ButtonForm().check()
    _limit("start", STARTS_A_MINUTE)
    _limit("start", STARTS_AN_HOUR, seconds=3600)
    found = _questionnaire(organization, questionnaire)
    if not found.is_open:
        return see_other(_url(".welcome", found))
    id = actions.start(db(), found, by=_prospect(found), now=clock.now())
    return see_other(_url(".chat", found, links.token(db().config, links.CHAT, id)))


@public_pages.get("/chat/<token>")
@public
def chat(organization: str, questionnaire: str, token: str) -> Response:
    """One question with the answers so far, or all answers before they are sent."""
    prescreen, found = _by_token(organization, questionnaire, token, links.CHAT)
    return _step(prescreen, found, token, request.args.get("step"))


@public_pages.post("/chat/<token>/answer")
@public
def answer(organization: str, questionnaire: str, token: str) -> Response:
    """Saves one answer and goes to the question that is due; a refused one is kept, and its question asked again."""
    form = AnswerForm()
    form.check()
    _limit("answer", REQUESTS_A_MINUTE)
    prescreen, found = _by_token(organization, questionnaire, token, links.CHAT)
    if _is_over(prescreen):
        return see_other(_url(".chat", found, token))
    key, typed = str(form.step.data), request.form.getlist("answer")
    try:
        actions.answer(db(), prescreen.id, key, typed, by=_prospect(found), now=clock.now())
    except Invalid as refusal:
        if refusal.code == "answer.not_asked":
            return see_other(_url(".chat", found, token))
        actions.keep_refused(db(), prescreen.id, key, typed)
        return see_other(_url(".chat", found, token, step=key))
    answered, _ = _by_token(organization, questionnaire, token, links.CHAT)
    return see_other(_url(".chat", found, token, step=_due(answered, found) or REVIEW))


@public_pages.get("/chat/<token>/reading")
@public
def reading(organization: str, questionnaire: str, token: str) -> Response:
    """How a number that is being typed will be read, in a sentence: `1.200` is not one and a fifth everywhere."""
    _limit("reading", REQUESTS_A_MINUTE)
    prescreen, found = _by_token(organization, questionnaire, token, links.CHAT)
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
    _limit("answer", REQUESTS_A_MINUTE)
    prescreen, found = _by_token(organization, questionnaire, token, links.CHAT)
    page = partial(_url, ".chat", found, token, step=request.args.get("step"))
    if _is_over(prescreen):
        return see_other(page())
    try:
        actions.send_link(db(), prescreen.id, by=_prospect(found), now=clock.now())
    except Invalid:  # the page offers it only while it is possible
        return see_other(page())
    return see_other(page())


@public_pages.post("/chat/<token>/complete")
@public
def complete(organization: str, questionnaire: str, token: str) -> Response:
    """Sends the answers that were reviewed and says so; shows them again when they have changed."""
    form = SendForm()
    form.check()
    _limit("answer", REQUESTS_A_MINUTE)
    prescreen, found = _by_token(organization, questionnaire, token, links.CHAT)
    changed = answers.changed(form.reviewed, prescreen.submission)
    if prescreen.status == Status.COMPLETED and not changed:
        return see_other(_url(".chat", found, token))
    due = _due(prescreen, found)
    if _is_over(prescreen) or (due and not changed):
        return see_other(_url(".chat", found, token, step=due))
    try:
        actions.complete(db(), prescreen.id, reviewed=form.reviewed, by=_prospect(found), now=clock.now())
    except Conflict as refusal:
        if refusal.code != "answers.changed":
            raise
        prescreen, found = _by_token(organization, questionnaire, token, links.CHAT)
        return _step(prescreen, found, token, REVIEW, changed=answers.changed(form.reviewed, prescreen.submission))
    return see_other(_url(".chat", found, token))


@public_pages.get("/status/<token>")
@public
def status(organization: str, questionnaire: str, token: str) -> Response:
    """Pending, approved or denied, and nothing else."""
    prescreen, found = _by_token(organization, questionnaire, token, links.STATUS)
    status = {"approved": "approved", "denied": "denied"}.get(prescreen.review_status, "pending")
    return _page("prescreens/status.html", found, review_status=status)


def _is_over(prescreen: Prescreen) -> bool:
    """Whether no more answers are taken, which the chat's page explains."""
    return prescreen.status == Status.COMPLETED or review.has_expired(prescreen, clock.now())


def _due(prescreen: Prescreen, questionnaire: QuestionnaireDetail) -> str | None:
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
        return _sent(prescreen, questionnaire)
    if review.has_expired(prescreen, clock.now()):
        next_url = _url(".welcome", questionnaire) if questionnaire.is_open else ""
        return _page("prescreens/over.html", questionnaire, next_url=next_url, status=410)
    t = TRANSLATIONS.translator(questionnaire.locale)
    given = prescreen.submission
    asked = applicable(questionnaire.questions, given)
    keys = [question.key for question in asked]
    due = _due(prescreen, questionnaire)
    if step not in keys and step != REVIEW:
        step = due or REVIEW
    place = len(keys) if step == REVIEW else keys.index(step)
    context: dict[str, Any] = {  # variables of the template, of many types
        "token": token,
        "total": len(asked),
        "answered": sum(key in given for key in keys),
        "email": prescreen.email if prescreen.link_mails < actions.LINK_MAILS else None,
        "link_asked": prescreen.link_mails > 0,
        "earlier": [_earlier(question, given, t) for question in asked[:place]],
        "back_url": _url(".chat", questionnaire, token, step=keys[place - 1]) if place else "",
        "step": step,
    }
    if step == REVIEW:
        return _page(
            "prescreens/review.html",
            questionnaire,
            status=409 if changed else 200,
            form=SendForm(formdata=None, seen=json.dumps(answers.seen(given))),
            left_empty=prescreen.left_empty or (),
            due_url=_url(".chat", questionnaire, token, step=due) if due else "",
            changed=changed,
            **context,
        )
    question = asked[place]
    typed, problem = _refused(prescreen, questionnaire, question, t)
    return _page(
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
        **context,
    )


def _sent(prescreen: Prescreen, questionnaire: QuestionnaireDetail) -> Response:
    """The chat's page after sending. Its link showed the answers before, and goes on to."""
    t = TRANSLATIONS.translator(questionnaire.locale)
    organization, slug, config = questionnaire.organization_slug, questionnaire.slug, db().config
    asked = applicable(questionnaire.questions, prescreen.submission)
    return _page(
        "prescreens/sent.html",
        questionnaire,
        when=presentation.moment(prescreen.completed_at or prescreen.created_at, questionnaire.time_zone, t),
        next_url=_url(".status", questionnaire, links.token(config, links.STATUS, prescreen.id)),
        status_link=links.status_url(config, organization, slug, prescreen.id),
        given=[_earlier(question, prescreen.submission, t) for question in asked],
    )


def _problem(question: Question, code: str, questionnaire: QuestionnaireDetail, t: Translator) -> str:
    """Why an answer was refused, in the language of the page."""
    today = Reader.of(questionnaire.locale, questionnaire.time_zone, clock.now()).today
    return presentation.problem(question, code, today, t)


def _earlier(question: Question, given: Submission, t: Translator) -> dict[str, str | bool]:
    return {
        "required": question.required,
        "key": question.key,
        "question": question.label,
        "answer": presentation.answer_text(question, given.get(question.key), t),
    }


def _refused(
    prescreen: Prescreen, questionnaire: QuestionnaireDetail, question: Question, t: Translator
) -> tuple[list[str] | None, str]:
    """What was typed for this question and refused, if it was, and what is wrong with it."""
    kept = prescreen.refused_answer
    if not kept or kept["step"] != question.key:
        return None, ""
    reader = Reader.of(questionnaire.locale, questionnaire.time_zone, clock.now())
    try:
        answers.check_answer(question, kept["typed"], reader)
    except Invalid as refusal:
        return kept["typed"], _problem(question, refusal.errors[0].code, questionnaire, t)
    return kept["typed"], ""


def _is_no_day(typed: Sequence[str] | None) -> bool:
    """Whether this was typed for a date and is none: the browser's own field would show nothing of it."""
    try:
        date.fromisoformat("".join(typed or ()))
    except ValueError:
        return typed is not None
    return False


def _questionnaire(organization: str, questionnaire: str) -> QuestionnaireDetail:
    found = questionnaires.by_address(db(), organization, questionnaire)
    if found is None:
        raise NotFound(
            "There is no questionnaire at this address. Check the link, or ask the person who gave it to you."
        )
    return found


def _by_token(organization: str, questionnaire: str, token: str, purpose: str) -> tuple[Prescreen, QuestionnaireDetail]:
    """The prescreen of a link, and its version of the questionnaire. Raises NotFound."""
    id: UUID = links.read(db().config, purpose, token)
    prescreen = detail.get(db(), id)
    if prescreen is None:
        raise _Forgotten("This link leads nowhere any more. Start again from the first page.")
    found = questionnaires.version(db(), prescreen.workflow_template_id, prescreen.template_version)
    if (found.organization_slug, found.slug) != (organization, questionnaire):
        raise NotFound("This link leads nowhere any more. Ask the person who gave it to you.")
    return prescreen, found


class _Forgotten(NotFound):
    """The link is right, but its draft was never answered and is forgotten by now: nothing is lost."""


@public_pages.errorhandler(_Forgotten)
def _start_again(_refusal: _Forgotten) -> Response:
    arguments = request.view_args or {}
    names = ("organization", "questionnaire")
    return see_other(url_for(".welcome", **{name: arguments[name] for name in names}))


def _prospect(questionnaire: QuestionnaireDetail) -> Actor:
    name, address = "The prospect", request.remote_addr
    return Actor("prospect", None, name, questionnaire.organization_id, "page", g.get("request_id"), address)


def _limit(what: str, limit: int, seconds: int = 60) -> None:
    limiter: Limiter = current_app.extensions["limiter"]
    refuse(limiter.hit(by_network(f"prescreens.{what}", request.remote_addr), limit, seconds))


def _url(endpoint: str, questionnaire: QuestionnaireDetail, token: str | None = None, **arguments: Any) -> str:
    if token:
        arguments["token"] = token
    organization, slug = questionnaire.organization_slug, questionnaire.slug
    return url_for(endpoint, organization=organization, questionnaire=slug, **arguments)


def _page(template: str, questionnaire: QuestionnaireDetail, *, status: int = 200, **context: Any) -> Response:
    t = TRANSLATIONS.translator(questionnaire.locale)
    text = render_template(
        template,
        questionnaire=questionnaire,
        **page_context(hosts.by_id(db(), questionnaire.organization_id), t),
        their_lang=None if questionnaire.locale.split("-")[0] == t.lang else questionnaire.locale,
        **context,
    )
    return Response(text, status, headers={"Cache-Control": "no-store"})
