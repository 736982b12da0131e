"""Visitor pages behind signed links on which people answer: whether a session takes place.

Opening a page changes nothing, because mail scanners open links; the press is a POST, which needs neither cookies nor
scripts. An answer that comes too late is refused on the same page, in words.
"""

from contextlib import suppress
from typing import NamedTuple

from flask import Blueprint, Response, request, url_for

from app.accounts import hosts
from app.accounts.access import public
from app.depositions import actions, calendar, emails
from app.depositions.forms import AnswerForm
from app.depositions.locales import TRANSLATIONS, hours, translator
from app.depositions.models import BOOKED, Deposition, Kind, State
from app.depositions.queries import detail, reconfirmation
from app.depositions.queries.detail import DepositionDetail
from app.depositions.queries.reconfirmation import Response as GivenResponse
from app.depositions.rules.reconfirmation import read_answer
from app.kernel import clock
from app.kernel.changes.events import Actor
from app.kernel.crypto import sha256
from app.kernel.db.transaction import db
from app.kernel.errors import Conflict, Invalid, NotFound
from app.kernel.signing import unsign
from app.kernel.text.i18n import Translator
from app.kernel.text.normalization import shown
from app.kernel.web.htmx import respond, see_other
from app.kernel.web.visitors import page_context

answer_pages = Blueprint("depositions_answers", __name__, url_prefix="/sessions")


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
    own = who.kind is Kind.ORGANIZATION
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
    AnswerForm().check()
    asked = _question(slug, token)
    answer = read_answer(request.form.get("answer", ""))
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


class Closed(NamedTuple):
    """Why a question is no longer asked, and what the visitor is to do."""

    tone: str
    icon: str
    title: str
    text: str


def _closed(asked: Question, t: Translator) -> Closed | None:
    over = _over(asked.deposition, t)
    if over is not None:
        return over
    if asked.deposition.sequence != asked.sequence:
        return Closed("warn", "history", t("reconfirm_changed"), t("reconfirm_changed_text"))
    return None


def _over(deposition: Deposition, t: Translator) -> Closed | None:
    """Why nothing is asked about a session any more."""
    if deposition.state == State.CANCELED:
        return Closed("danger", "calendar-x", t("canceled"), t("canceled_text"))
    if deposition.state == State.ENDED:
        return Closed("", "check", t("ended"), t("ended_text"))
    if deposition.state == State.ACTIVE or (deposition.state in BOOKED and deposition.starts_at <= clock.now()):
        return Closed("", "clock", t("reconfirm_changed"), t("reconfirm_over"))
    return None
