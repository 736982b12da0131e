"""Pages for prospects, who have no account: the chat, one question a step, and the status page.

GET writes nothing, because mail scanners open links. The link of a chat is the only proof of its prospect, so it is
unguessable.
"""

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, current_app, g, render_template, request, url_for

from app.accounts.access import public
from app.kernel import clock
from app.kernel.api.rate_limits import Limiter, by_network, refuse
from app.kernel.changes.events import Actor
from app.kernel.db.transaction import db
from app.kernel.errors import Invalid, NotFound
from app.kernel.text import normalization
from app.kernel.text.i18n import Translator
from app.kernel.web.htmx import see_other
from app.prescreens import actions, links, presentation
from app.prescreens.forms import AnswerForm, ButtonForm
from app.prescreens.locales import TRANSLATIONS
from app.prescreens.models import Prescreen, Status, Submission
from app.prescreens.queries import detail, questionnaires
from app.prescreens.queries.questionnaires import QuestionnaireDetail
from app.prescreens.rules import answers, review
from app.prescreens.rules.bounds import LIMITING

public_pages = Blueprint("prescreens_public", __name__, url_prefix="/p/<organization>/<questionnaire>")

STARTS_A_MINUTE = 20
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
    found = _questionnaire(organization, questionnaire)
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
    """Saves one answer and goes to the next question; shows the question again when the answer is refused."""
    form = AnswerForm()
    form.check()
    _limit("answer", REQUESTS_A_MINUTE)
    prescreen, found = _by_token(organization, questionnaire, token, links.CHAT)
    key, typed = str(form.step.data), request.form.getlist("answer")
    try:
        given = actions.answer(db(), prescreen.id, key, typed, by=_prospect(found), now=clock.now())
    except Invalid as refusal:
        if refusal.code == "answer.not_asked":
            return see_other(_url(".chat", found, token))
        return _step(prescreen, found, token, key, problem=refusal.errors[0].code, typed=typed)
    back = form.back_to.data == REVIEW and not answers.missing(found.questions, given)
    following = None if back else answers.next_question(found.questions, given, after=key)
    return see_other(_url(".chat", found, token, step=following or REVIEW))


@public_pages.post("/chat/<token>/send_link")
@public
def send_link(organization: str, questionnaire: str, token: str) -> Response:
    """Sends the link of this page to the e-mail address given so far."""
    ButtonForm().check()
    _limit("answer", REQUESTS_A_MINUTE)
    prescreen, found = _by_token(organization, questionnaire, token, links.CHAT)
    actions.send_link(db(), prescreen.id, by=_prospect(found), now=clock.now())
    return see_other(_url(".chat", found, token, step=request.args.get("step"), sent="yes"))


@public_pages.post("/chat/<token>/complete")
@public
def complete(organization: str, questionnaire: str, token: str) -> Response:
    """Sends the answers and goes to the status page."""
    ButtonForm().check()
    _limit("answer", REQUESTS_A_MINUTE)
    prescreen, found = _by_token(organization, questionnaire, token, links.CHAT)
    actions.complete(db(), prescreen.id, by=_prospect(found), now=clock.now())
    return see_other(_url(".status", found, links.token(db().config, links.STATUS, prescreen.id)))


@public_pages.get("/status/<token>")
@public
def status(organization: str, questionnaire: str, token: str) -> Response:
    """Pending, approved or denied, and nothing else."""
    prescreen, found = _by_token(organization, questionnaire, token, links.STATUS)
    status = {"approved": "approved", "denied": "denied"}.get(prescreen.review_status, "pending")
    return _page("prescreens/status.html", found, review_status=status)


def _step(
    prescreen: Prescreen,
    questionnaire: QuestionnaireDetail,
    token: str,
    step: str | None,
    *,
    problem: str = "",
    typed: list[str] | None = None,
) -> Response:
    """One step of the chat. `problem` is the code of the refusal of what was `typed`."""
    if prescreen.status == Status.COMPLETED:
        address = _url(".status", questionnaire, links.token(db().config, links.STATUS, prescreen.id))
        return _page("prescreens/over.html", questionnaire, sent=True, next_url=address)
    if review.has_expired(prescreen, clock.now()):
        next_url = _url(".welcome", questionnaire) if questionnaire.is_open else ""
        return _page("prescreens/over.html", questionnaire, sent=False, next_url=next_url, status=410)
    t = TRANSLATIONS.translator(questionnaire.locale)
    given = prescreen.submission
    asked = answers.applicable(questionnaire.questions, given)
    keys = [question.key for question in asked]
    if step not in keys and step != REVIEW:
        step = answers.next_question(questionnaire.questions, given) or REVIEW
    place = len(keys) if step == REVIEW else keys.index(step)
    context: dict[str, Any] = {  # variables of the template, of many types
        "token": token,
        "total": len(asked),
        "answered": sum(key in given for key in keys),
        "email": prescreen.email if prescreen.link_mails < actions.LINK_MAILS else None,
        "link_sent": request.args.get("sent") == "yes",
        "earlier": [_earlier(question, given, t) for question in asked[:place]],
        "back_url": _url(".chat", questionnaire, token, step=keys[place - 1]) if place else "",
        "form": AnswerForm(formdata=None),
    }
    if step == REVIEW:
        left = {question.key for question in answers.missing(questionnaire.questions, given)}
        return _page("prescreens/review.html", questionnaire, left=left, step=REVIEW, **context)
    question = asked[place]
    return _page(
        "prescreens/step.html",
        questionnaire,
        status=422 if problem else 200,
        question=question,
        choices=[(option.value, option.label) for option in question.options],
        limit=answers.LIMITS.get(question.type),
        step=step,
        number=place + 1,
        values=_typed(question, given, questionnaire.locale) if typed is None else typed,
        problem=_problem(question, problem, questionnaire, t) if problem else "",
        back_to=REVIEW if request.values.get("back_to") == REVIEW else "",
        **context,
    )


def _problem(question: answers.Question, code: str, questionnaire: QuestionnaireDetail, t: Translator) -> str:
    """Why an answer was refused, in the language of the page."""
    if code not in LIMITING:
        return t(f"error_{code}")
    today = answers.Reader.of(questionnaire.locale, questionnaire.time_zone, clock.now()).today
    return t(f"bound_{code}", bound=presentation.answer_text(question, question.bounds.limit(code, today), t))


def _earlier(question: answers.Question, given: Submission, t: Translator) -> dict[str, str]:
    return {
        "key": question.key,
        "question": question.label,
        "answer": presentation.answer_text(question, given.get(question.key), t),
    }


def _typed(question: answers.Question, given: Submission, locale: str) -> list[str]:
    """The stored answer as values of the form's fields."""
    value = given.get(question.key)
    if value is None:
        return []
    if isinstance(value, bool):
        return ["yes" if value else "no"]
    if isinstance(value, int | float):
        return [normalization.written(value, locale)]
    return [str(one) for one in value] if isinstance(value, list) else [str(value)]


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
    if prescreen is not None:
        found = questionnaires.version(db(), prescreen.workflow_template_id, prescreen.template_version)
        if (found.organization_slug, found.slug) == (organization, questionnaire):
            return prescreen, found
    raise NotFound("This link leads nowhere any more. Ask the person who gave it to you.")


def _prospect(questionnaire: QuestionnaireDetail) -> Actor:
    name, address = "The prospect", request.remote_addr
    return Actor("prospect", None, name, questionnaire.organization_id, "page", g.get("request_id"), address)


def _limit(what: str, limit: int) -> None:
    limiter: Limiter = current_app.extensions["limiter"]
    refuse(limiter.hit(by_network(f"prescreens.{what}", request.remote_addr), limit))


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
        organization_name=questionnaire.organization_name,
        t=t,
        lang=t.lang,
        dir=t.dir,
        their_lang=None if questionnaire.locale.split("-")[0] == t.lang else questionnaire.locale,
        **context,
    )
    return Response(text, status, headers={"Cache-Control": "no-store"})
