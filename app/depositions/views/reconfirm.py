"""What was answered about whether a session takes place, and what is written down of a call."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from flask import Response, flash

from app.accounts.access import allow, me
from app.dashboard import redirects
from app.depositions import actions
from app.depositions.forms.asking import ReconfirmForm
from app.depositions.queries import managers, reconfirmation
from app.depositions.queries.detail import DepositionDetail
from app.depositions.queries.managers import Telephone
from app.depositions.queries.reconfirmation import Response as GivenResponse
from app.depositions.rules.reconfirmation import Answer, read_answer, why_not_reconfirm
from app.depositions.views.filters import READERS, actable, pages
from app.depositions.views.list import QUEUE
from app.kernel import clock
from app.kernel.db.transaction import db, reading
from app.kernel.text import datetimes
from app.kernel.text.normalization import shown


@pages.post("/<int:id>/reconfirm")
@allow(*READERS)
def reconfirm(id: int) -> Response:
    """Writes down what one person said on the phone: most often that the session takes place."""
    deposition, form = actable(id), ReconfirmForm()
    form.check()
    answer, by, now = read_answer(form.answer.data), me().actor(), clock.now()
    who = actions.respondent(db(), deposition, form.person.data)
    actions.reconfirm(db(), deposition.id, who.key, answer, by=by, now=now, by_phone=True, version=form.seen_version)
    name = shown(who.name, who.address)
    given = {Answer.YES: "confirmed that it takes place", Answer.NO: "says that it does not take place"}
    flash(f"Written down: {name} {given.get(answer, 'asks to be called')}.")
    return redirects.back(QUEUE, deposition.id)


class ShownReconfirmation(NamedTuple):
    """What was answered about whether a session takes place. `telephones` are of respondents, by their keys; `manager`
    is how the manager is reached. `open`: it can still be answered."""

    responses: Sequence[GivenResponse]
    summary: str
    telephones: Mapping[str, Telephone]
    manager: Telephone | None
    open: bool


def shown_reconfirmation(deposition: DepositionDetail, denied: str | None, now: datetime) -> ShownReconfirmation | None:
    """What was answered about a session, and before anybody was asked, on which day they will be.

    None before it is booked, and when nothing was answered of one that has begun."""
    organization = reconfirmation.contact(reading(), deposition.organization_id)
    given = reconfirmation.responses(reading(), deposition, organization)
    asked = any(one.asked_at for one in given)
    over = why_not_reconfirm(deposition.state, deposition.starts_at > now)
    if over and not asked and not any(one.answer for one in given):
        return None
    moment = None if over or asked else deposition.reconfirm_at
    day = datetimes.day(datetimes.local(moment, deposition.zone)) if moment and moment > now else ""
    summary = f"the business day before is {day}" if day else ""
    manager = (deposition.manager_email or "").lower()
    known = managers.telephones_of(reading(), {manager, *(one.who.address for one in given)})
    telephones = {one.who.key: known[key] for one in given if (key := one.who.address.lower()) in known}
    if organization.phone:
        telephones[given[0].who.key] = Telephone(organization.phone, organization.phone_key)
    return ShownReconfirmation(given, summary, telephones, known.get(manager), not (over or denied))
