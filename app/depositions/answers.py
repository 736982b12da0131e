"""Visitor pages behind signed links on which people answer: whether a session takes place, and what the team asked.

Opening a page changes nothing, because mail scanners open links; the press is a POST, which needs neither cookies nor
scripts. An answer that comes too late is refused on the same page, in words.
"""

from contextlib import suppress
from typing import NamedTuple

from flask import Blueprint, Response, request, url_for
from sqlalchemy import true

from app.accounts import hosts
from app.accounts.access import public
from app.depositions import actions, calendar, emails
from app.depositions.forms.asking import AnswerForm
from app.depositions.locales import TRANSLATIONS, hours, in_words, translator
from app.depositions.models import BOOKED, Deposition, DepositionQuestion, State
from app.depositions.models import Kind as PersonKind
from app.depositions.queries import detail, questions, reconfirmation
from app.depositions.queries.detail import DepositionDetail
from app.depositions.queries.reconfirmation import Response as GivenResponse
from app.depositions.rules.questions import NO, NONE, YES, Kind, QuestionState, start_of
from app.depositions.rules.reconfirmation import read_answer
from app.kernel import clock
from app.kernel.changes.events import Actor
from app.kernel.crypto import sha256
from app.kernel.db.engine import Db
from app.kernel.db.transaction import db
from app.kernel.errors import Conflict, Invalid, NotFound
from app.kernel.hosts import Host
from app.kernel.signing import unsign
from app.kernel.text.i18n import Translator
from app.kernel.text.normalization import shown
from app.kernel.web.htmx import respond, see_other
from app.kernel.web.visitors import page_context

answer_pages = Blueprint("depositions_answers", __name__, url_prefix="/sessions")


QUESTIONS = "questions"
"""The segment before the link of a question, where other addresses have a session's slug."""


class Question(NamedTuple):
    """A question that a link asks: of whom, about which state of the session, and what they answered."""

    deposition: DepositionDetail
    given: GivenResponse
    sequence: int


@answer_pages.get("/<slug>/reconfirm/<token>")
@public
def reconfirm(slug: str, token: str) -> Response:
    """Asks whether the session takes place, or says why that is no longer asked."""
    asked = _question(slug, token)
    deposition, who = asked.deposition, asked.given.who
    host = hosts.by_id(db(), deposition.organization_id)
    own = who.kind is PersonKind.ORGANIZATION
    t = TRANSLATIONS.translator(host.locale) if own else translator(deposition.details, host.locale)
    closed = _closed(asked, t)
    return respond(
        "depositions/reconfirm.html",
        status=410 if closed else 200,
        deposition=deposition,
        what=calendar.title(deposition, t),
        who=shown(who.name, who.address),
        hours=hours(deposition.starts_at, deposition.ends_at, deposition.zone, t),
        closed=closed,
        answer=asked.given.answer,
        form=AnswerForm(),
        token=token,
        **page_context(host, t),
    )


@answer_pages.post("/<slug>/reconfirm/<token>")
@public
def answer_reconfirmation(slug: str, token: str) -> Response:
    """Keeps the answer and shows the page with it; one that comes too late changes nothing."""
    form = AnswerForm()
    form.check()
    asked = _question(slug, token)
    answer = read_answer(form.answer.data or "")
    who = asked.given.who
    name = shown(who.name, who.address)
    by = Actor("participant", None, name, asked.deposition.organization_id, "page", None, request.remote_addr)
    # The page that follows says why it was too late.
    with suppress(Conflict):
        actions.reconfirm(db(), asked.deposition.id, who.key, answer, by=by, now=clock.now(), sequence=asked.sequence)
    return see_other(url_for(".reconfirm", slug=slug, token=token))


def _question(slug: str, token: str) -> Question:
    """The question of a link. Raises NotFound when it is incomplete, forged, or of another session."""
    deposition = detail.by_slug(db(), slug)
    try:
        deposition_id, sequence, mark = unsign(db().config, emails.RECONFIRM, token)
    except (Invalid, ValueError, TypeError):
        raise NotFound("This link is not complete. Copy all of it from the message it came in.") from None
    organization = reconfirmation.contact(db(), deposition.organization_id)
    for given in reconfirmation.responses(db(), deposition, organization) if deposition_id == deposition.id else ():
        if sha256(given.who.key)[:16] == mark:
            return Question(deposition, given, int(sequence))
    raise NotFound("This link is not complete. Copy all of it from the message it came in.")


@answer_pages.get("/questions/<token>")
@public
def question(token: str) -> Response:
    """A question of the team with its prepared answers, or the answer that was given."""
    deposition, asked = _asked(token)
    host = hosts.by_id(db(), deposition.organization_id)
    t = TRANSLATIONS.translator(host.locale)
    starts = {hour: start_of(hour, deposition.time_zone) for hour in asked.choices}
    hour_words = {hour: in_words(start.starts_at, start.starts_at, start.zone, t)[1] for hour, start in starts.items()}
    prepared = {
        Kind.YES_NO: {YES: t("question_yes"), NO: t("question_no")},
        Kind.HOURS: {**hour_words, NONE: t("question_none")},
        Kind.TEXT: {},
    }[Kind(asked.kind)]
    closed = over(deposition, t) or _no_longer_asked(asked, t)
    return respond(
        "depositions/question.html",
        status=410 if closed and asked.state != QuestionState.ANSWERED else 200,
        deposition=deposition,
        asked=asked,
        what=calendar.title(deposition, t),
        hours=hours(deposition.starts_at, deposition.ends_at, deposition.zone, t),
        choices=list(prepared.items()),
        chosen=prepared.get(asked.answer or "", ""),
        closed=closed,
        form=AnswerForm(),
        token=token,
        **page_context(host, t),
    )


@answer_pages.post("/questions/<token>")
@public
def answer_question(token: str) -> Response:
    """Keeps the first answer and shows the page with it; one that comes too late changes nothing."""
    form = AnswerForm()
    form.check()
    deposition, asked = _asked(token)
    answer, note = form.answer.data or "", form.note.data or ""
    name = reconfirmation.contact(db(), deposition.organization_id).name
    by = Actor("participant", None, name, deposition.organization_id, "page", None, request.remote_addr)
    # The page that follows says why it was too late.
    with suppress(Conflict):
        actions.answer_question(db(), asked.id, answer, note, by=by, now=clock.now())
    return see_other(url_for(".question", token=token))


def _asked(token: str) -> tuple[DepositionDetail, DepositionQuestion]:
    """The question of a link with its deposition. Raises NotFound when the link is incomplete or forged."""
    found = _of_link(db(), token)
    if found is None:
        raise NotFound("This link is not complete. Copy all of it from the message it came in.")
    return detail.get(db(), found.deposition_id, true()), found


def _of_link(db: Db, token: str) -> DepositionQuestion | None:
    try:
        return questions.by_id(db, int(unsign(db.config, emails.QUESTION, token)))
    except (Invalid, ValueError, TypeError):
        return None


def host_of_question(db: Db, token: str) -> Host | None:
    """The organization whose question a link asks, for pages that refuse."""
    found = _of_link(db, token)
    return hosts.by_id(db, detail.get(db, found.deposition_id, true()).organization_id) if found else None


def _no_longer_asked(asked: DepositionQuestion, t: Translator) -> "Closed | None":
    if asked.state == QuestionState.OPEN:
        return None
    if asked.answered_at:
        return Closed("good", "circle-check", t("question_answered"), t("question_answered_text"))
    return Closed("", "undo-2", t("question_withdrawn"), t("question_withdrawn_text"))


class Closed(NamedTuple):
    """Why a question is no longer asked, and what the visitor is to do."""

    tone: str
    icon: str
    title: str
    text: str


def _closed(asked: Question, t: Translator) -> Closed | None:
    ended = over(asked.deposition, t)
    if ended is not None:
        return ended
    if asked.deposition.sequence != asked.sequence:
        return Closed("warn", "history", t("reconfirm_changed"), t("reconfirm_changed_text"))
    return None


def over(deposition: Deposition, t: Translator, *, passed: bool = True) -> Closed | None:
    """Why nothing is asked about a session any more; with `passed`, also that its hour has come."""
    if deposition.state == State.CANCELED:
        return Closed("danger", "calendar-x", t("canceled"), t("canceled_text"))
    if deposition.state == State.ENDED:
        return Closed("", "check", t("ended"), t("ended_text"))
    if deposition.state == State.ACTIVE or (
        passed and deposition.state in BOOKED and deposition.starts_at <= clock.now()
    ):
        return Closed("", "clock", t("reconfirm_changed"), t("reconfirm_over"))
    return None
