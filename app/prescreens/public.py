"""Pages for prospects, who have no account: the chat, one question a step, and the page that says how it stands.

GET reads and writes nothing; a link from a mail may be opened by any machine. Whoever holds the link of a chat answers
for it, so its address is unguessable.
"""

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, current_app, g, render_template, request, url_for

from app.accounts.access import public
from app.kernel import clock
from app.kernel.api.rate_limits import Limiter, refuse
from app.kernel.changes.events import Actor
from app.kernel.db.transaction import db
from app.kernel.errors import Invalid, NotFound
from app.kernel.text.i18n import Translator
from app.kernel.web.htmx import see_other
from app.prescreens import actions, display, links
from app.prescreens.forms import AnswerForm, PressForm
from app.prescreens.locales import TRANSLATIONS
from app.prescreens.models import Status
from app.prescreens.queries import detail, questionnaires
from app.prescreens.queries.questionnaires import Workflow
from app.prescreens.rules import answers, review

public_pages = Blueprint("prescreens_public", __name__, url_prefix="/p/<organization>/<workflow>")

STARTS_A_MINUTE = 20
PRESSES_A_MINUTE = 240
"""For one address: a household, or an office behind one address."""

REVIEW = "review"
"""The step after the last question."""


@public_pages.get("")
@public
def welcome(organization: str, workflow: str) -> Response:
    """What this is, who reads it, and the button that starts it."""
    found = _workflow(organization, workflow)
    return _page("prescreens/welcome.html", found, form=PressForm(), status=200 if found.is_open else 410)


@public_pages.post("/start")
@public
def start(organization: str, workflow: str) -> Response:
    """Starts a prescreen and goes to its first question."""
    PressForm().check()
    _count("start", STARTS_A_MINUTE)
    found = _workflow(organization, workflow)
    id = actions.start(db(), found, by=_prospect(found), now=clock.now())
    return see_other(_url(".chat", found, links.token(db().config, links.CHAT, id)))


@public_pages.get("/chat/<token>")
@public
def chat(organization: str, workflow: str, token: str) -> Response:
    """The question to answer now, with the answers so far; or all answers, before they are sent."""
    prescreen, found = _held(organization, workflow, token, links.CHAT)
    return _step(prescreen, found, token, request.args.get("step"))


@public_pages.post("/chat/<token>/answer")
@public
def answer(organization: str, workflow: str, token: str) -> Response:
    """Keeps one answer and goes to the next question; shows the same question again when it does not fit."""
    form = AnswerForm()
    form.check()
    _count("answer", PRESSES_A_MINUTE)
    prescreen, found = _held(organization, workflow, token, links.CHAT)
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
def send_link(organization: str, workflow: str, token: str) -> Response:
    """Mails the link of this page to the address given so far."""
    PressForm().check()
    _count("answer", PRESSES_A_MINUTE)
    prescreen, found = _held(organization, workflow, token, links.CHAT)
    actions.send_link(db(), prescreen.id, by=_prospect(found), now=clock.now())
    return see_other(_url(".chat", found, token, step=request.args.get("step"), sent="yes"))


@public_pages.post("/chat/<token>/complete")
@public
def complete(organization: str, workflow: str, token: str) -> Response:
    """Sends the answers and goes to the page that says how they stand."""
    PressForm().check()
    _count("answer", PRESSES_A_MINUTE)
    prescreen, found = _held(organization, workflow, token, links.CHAT)
    actions.complete(db(), prescreen.id, by=_prospect(found), now=clock.now())
    return see_other(_url(".status", found, links.token(db().config, links.STATUS, prescreen.id)))


@public_pages.get("/status/<token>")
@public
def status(organization: str, workflow: str, token: str) -> Response:
    """Pending, approved or denied, and nothing else."""
    prescreen, found = _held(organization, workflow, token, links.STATUS)
    standing = {"approved": "approved", "denied": "denied"}.get(prescreen.review_status, "pending")
    return _page("prescreens/status.html", found, standing=standing)


def _step(
    prescreen: Any,
    workflow: Workflow,
    token: str,
    step: str | None,
    *,
    problem: str = "",
    typed: list[str] | None = None,
) -> Response:
    """One step of the chat. `problem` is why what was `typed` does not fit."""
    if prescreen.status == Status.COMPLETED:
        address = _url(".status", workflow, links.token(db().config, links.STATUS, prescreen.id))
        return _page("prescreens/over.html", workflow, sent=True, next_url=address)
    if review.has_expired(prescreen, clock.now()):
        next_url = _url(".welcome", workflow) if workflow.is_open else ""
        return _page("prescreens/over.html", workflow, sent=False, next_url=next_url, status=410)
    t = TRANSLATIONS.translator(workflow.locale)
    given = prescreen.submission
    asked = answers.applicable(workflow.questions, given)
    keys = [question.key for question in asked]
    if step not in keys and step != REVIEW:
        step = answers.next_question(workflow.questions, given) or REVIEW
    place = len(keys) if step == REVIEW else keys.index(step)
    shown: dict[str, Any] = {
        "token": token,
        "total": len(asked),
        "answered": sum(key in given for key in keys),
        "email": prescreen.email if prescreen.link_mails < actions.LINK_MAILS else None,
        "link_sent": request.args.get("sent") == "yes",
        "earlier": [_earlier(question, given, t) for question in asked[:place]],
        "back_url": _url(".chat", workflow, token, step=keys[place - 1]) if place else "",
        "form": AnswerForm(formdata=None),
    }
    if step == REVIEW:
        left = {question.key for question in answers.missing(workflow.questions, given)}
        return _page("prescreens/review.html", workflow, left=left, step=REVIEW, **shown)
    question = asked[place]
    return _page(
        "prescreens/step.html",
        workflow,
        status=422 if problem else 200,
        question=question,
        choices=[(option.value, option.label) for option in question.options],
        step=step,
        number=place + 1,
        values=_typed(question, given) if typed is None else typed,
        problem=t(f"error_{problem}") if problem else "",
        back_to=REVIEW if request.values.get("back_to") == REVIEW else "",
        **shown,
    )


def _earlier(question: answers.Question, given: dict[str, Any], t: Translator) -> dict[str, Any]:
    return {
        "key": question.key,
        "question": question.label,
        "answer": display.answer(question, given.get(question.key), t),
    }


def _typed(question: answers.Question, given: dict[str, Any]) -> list[str]:
    """The stored answer as the fields hold it."""
    value = given.get(question.key)
    if value is None:
        return []
    if isinstance(value, bool):
        return ["yes" if value else "no"]
    return [str(one) for one in value] if isinstance(value, list) else [str(value)]


def _workflow(organization: str, workflow: str) -> Workflow:
    found = questionnaires.by_address(db(), organization, workflow)
    if found is None:
        raise NotFound("There is no questionnaire at this address. Check the link, or ask whoever gave it to you.")
    return found


def _held(organization: str, workflow: str, token: str, purpose: str) -> tuple[Any, Workflow]:
    """The prescreen behind a link and its version of the questions. Raises NotFound."""
    id: UUID = links.read(db().config, purpose, token)
    prescreen = detail.get(db(), id)
    if prescreen is not None:
        found = questionnaires.version(db(), prescreen.workflow_template_id, prescreen.template_version)
        if (found.organization_slug, found.slug) == (organization, workflow):
            return prescreen, found
    raise NotFound("This link leads nowhere any more. Ask whoever gave it to you.")


def _prospect(workflow: Workflow) -> Actor:
    name, address = "The prospect", request.remote_addr
    return Actor("prospect", None, name, workflow.organization_id, "page", g.get("request_id"), address)


def _count(what: str, limit: int) -> None:
    limiter: Limiter = current_app.extensions["limiter"]
    refuse(limiter.hit(f"prescreens.{what}:{request.remote_addr}", limit))


def _url(endpoint: str, workflow: Workflow, token: str | None = None, **more: Any) -> str:
    names: dict[str, Any] = {"organization": workflow.organization_slug, "workflow": workflow.slug, **more}
    if token:
        names["token"] = token
    return url_for(endpoint, **names)


def _page(template: str, workflow: Workflow, *, status: int = 200, **context: Any) -> Response:
    t = TRANSLATIONS.translator(workflow.locale)
    shown = render_template(
        template,
        workflow=workflow,
        organization_name=workflow.organization_name,
        t=t,
        lang=t.lang,
        dir=t.dir,
        their_lang=None if workflow.locale.split("-")[0] == t.lang else workflow.locale,
        **context,
    )
    return Response(shown, status, headers={"Cache-Control": "no-store"})
