"""The visitor page behind a signed link on which a participant says which of the offered hours suit them.

Opening it changes nothing, and nothing on it says who else is asked. Without scripts the hours are those of the
session's own clock; with them the participant's own stand first.
"""

from typing import NamedTuple
from zoneinfo import available_timezones

from flask import Blueprint, Response, request, url_for
from sqlalchemy import true

from app.accounts import hosts
from app.accounts.access import public
from app.depositions import actions, calendar, emails
from app.depositions.answers import Closed, over
from app.depositions.forms.asking import HoursForm
from app.depositions.locales import Hours, hours, in_words, translator
from app.depositions.models import Proposal, ProposalPerson
from app.depositions.queries import detail, proposals
from app.depositions.queries.detail import DepositionDetail
from app.depositions.queries.people import address_key
from app.depositions.rules.proposals import Answer, ProposalState, read_slot
from app.depositions.rules.transitions import busy
from app.kernel import clock
from app.kernel.changes.events import Actor
from app.kernel.db.engine import Db
from app.kernel.db.transaction import db, reading
from app.kernel.errors import Conflict, Invalid, NotFound
from app.kernel.signing import unsign
from app.kernel.text.i18n import Translator
from app.kernel.text.normalization import shown
from app.kernel.web.htmx import respond, see_other
from app.kernel.web.visitors import page_context

hour_pages = Blueprint("depositions_hours", __name__, url_prefix="/sessions")

PROPOSALS = "proposals"
"""The segment before the link of a proposal, where other addresses have a session's slug."""
FIELD = "hour_"
"""What the name of an hour's answers begins with; the hour follows, as the proposal keeps it."""


class Offer(NamedTuple):
    """The proposal of a link, and whom it asks; `participant` is None for somebody who takes part no longer."""

    deposition: DepositionDetail
    proposal: Proposal
    participant: emails.Participant | None


class OfferedHour(NamedTuple):
    """An offered hour: how it is kept, when it begins and ends (as browsers read it), in words, and the answer."""

    value: str
    starts: str
    ends: str
    words: Hours
    line: str
    answer: str


@hour_pages.get("/proposals/<token>")
@public
def proposal(token: str) -> Response:
    """The hours with three answers each, what was answered, or why none is asked for any more."""
    offer = _offer(reading(), token)
    deposition = offer.deposition
    host = hosts.by_id(reading(), deposition.organization_id)
    t = translator(deposition.details, host.locale)
    closed = _closed(offer, t)
    offered = _offered(reading(), offer, t)
    person = _person(reading(), offer)
    answered = bool(offered) and all(each.answer for each in offered)
    until = in_words(offer.proposal.answers_until, offer.proposal.answers_until, deposition.zone, t)[1]
    return respond(
        "depositions/hours.html",
        status=410 if closed else 200,
        deposition=deposition,
        proposal=offer.proposal,
        what=calendar.title(deposition, t),
        hours=hours(deposition.starts_at, deposition.ends_at, deposition.zone, t),
        offered=offered,
        labels=[(Answer.YES, t("suits_yes")), (Answer.MAYBE, t("suits_maybe")), (Answer.NO, t("suits_no"))],
        name=FIELD,
        note=person.note if person else "",
        closed=closed,
        answered=answered and not request.args.get("change"),
        notice=t("hours_changed") if not closed and (request.args.get("late") or _changed(offered)) else "",
        until=until,
        form=HoursForm(formdata=None),
        token=token,
        **page_context(host, t),
    )


@hour_pages.post("/proposals/<token>")
@public
def answer_hours(token: str) -> Response:
    """Keeps the answers and shows the page with them; what comes too late changes nothing, which the page says."""
    form = HoursForm()
    form.check()
    offer = _offer(db(), token)
    if offer.participant is None:
        return see_other(url_for(".proposal", token=token))
    given = {name.removeprefix(FIELD): value for name, value in request.form.items() if name.startswith(FIELD)}
    name = shown(offer.participant.name, offer.participant.email)
    by = Actor("participant", None, name, offer.deposition.organization_id, "page", None, request.remote_addr)
    zone = form.zone.data or ""
    try:
        actions.answer_hours(
            db(),
            offer.proposal.id,
            address_key(offer.participant.email),
            given,
            by=by,
            now=clock.now(),
            note=form.note.data or "",
            zone=zone if zone in available_timezones() else "",
        )
    except Conflict:
        return see_other(url_for(".proposal", token=token, late=1))
    return see_other(url_for(".proposal", token=token))


def host_language(found: Db, token: str) -> tuple[int, dict[str, str]] | None:
    """The organization of a link and its session's details, for pages that refuse; None for one that leads nowhere."""
    try:
        deposition = _offer(found, token).deposition
    except NotFound:
        return None
    return deposition.organization_id, deposition.details


def _offer(found: Db, token: str) -> Offer:
    """The proposal of a link. Raises NotFound when the link is incomplete or forged."""
    try:
        proposal_id, mark = unsign(found.config, emails.PROPOSAL, token)
        offered = proposals.by_id(found, int(proposal_id))
    except (Invalid, ValueError, TypeError):
        offered, mark = None, ""
    if offered is None:
        raise NotFound("This link is not complete. Copy all of it from the message it came in.")
    deposition = detail.get(found, offered.deposition_id, true())
    who = (one for one in emails.participants(deposition) if emails.proposal_mark(one.email) == mark)
    return Offer(deposition, offered, next(who, None))


def _person(found: Db, offer: Offer) -> ProposalPerson | None:
    key = address_key(offer.participant.email) if offer.participant else ""
    return next((one for one in proposals.people(found, offer.proposal.id) if one.address == key), None)


def _offered(found: Db, offer: Offer, t: Translator) -> list[OfferedHour]:
    """The hours with what this participant answered, and nobody else."""
    deposition, participant = offer.deposition, offer.participant
    span = busy(deposition.starts_at, deposition.ends_at)
    length = span.ends_at - span.starts_at
    key = address_key(participant.email) if participant else ""
    given = {one.starts_at: one.answer for one in proposals.answers(found, deposition.id) if one.address == key}
    shown_hours = []
    for slot in offer.proposal.slots:
        starts_at = read_slot(slot)
        ends_at = starts_at + length if deposition.ends_at > deposition.starts_at else starts_at
        words = hours(starts_at, ends_at, deposition.zone, t)
        line = in_words(starts_at, ends_at, deposition.zone, t)[1]
        ends = clock.iso(ends_at) or "" if ends_at > starts_at else ""
        shown_hours.append(OfferedHour(slot, slot, ends, words, line, given.get(starts_at, "")))
    return shown_hours


def _changed(offered: list[OfferedHour]) -> bool:
    """Whether some of the hours came after this participant answered."""
    return any(each.answer for each in offered) and not all(each.answer for each in offered)


def _closed(offer: Offer, t: Translator) -> Closed | None:
    """Why no answer is asked for any more."""
    proposal, now = offer.proposal, clock.now()
    if proposal.state == ProposalState.MOVED:
        return Closed("good", "calendar-check", t("hours_moved"), t("hours_moved_text"))
    gone = over(offer.deposition, t, passed=False)
    if gone is not None:
        return gone
    if offer.participant is None:
        return Closed("", "undo-2", t("hours_gone"), t("hours_gone_text"))
    if proposal.state != ProposalState.OPEN:
        return Closed("", "undo-2", t("hours_withdrawn"), t("hours_withdrawn_text"))
    if now > proposal.answers_until:
        return Closed("warn", "clock", t("hours_late"), t("hours_late_text"))
    return None
