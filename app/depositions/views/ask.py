"""Asking the organization about a deposition, and being done with its answer."""

from typing import NamedTuple

from flask import Response, flash

from app.accounts.access import allow, me
from app.dashboard import redirects
from app.depositions import actions
from app.depositions.forms import ButtonForm
from app.depositions.forms.asking import AskForm
from app.depositions.models import DepositionQuestion
from app.depositions.queries import questions, reconfirmation
from app.depositions.queries.detail import DepositionDetail
from app.depositions.rules.questions import Kind, QuestionState, check_recipient, start_of
from app.depositions.views import confirmations
from app.depositions.views.filters import READERS, actable, pages
from app.depositions.views.list import QUEUE
from app.kernel import clock
from app.kernel.changes import confirmation
from app.kernel.db.transaction import db, reading
from app.kernel.text import datetimes
from app.kernel.web import confirmation_pages


@pages.post("/<int:id>/ask")
@allow(*READERS)
def ask(id: int) -> Response:
    """Sends the organization a question with prepared answers, once the user has seen the e-mail."""
    confirmation_pages.comes_back_as("ask")
    deposition, form = actable(id), AskForm()
    form.check()
    new, by, now = form.question_asked, me().actor(), clock.now()
    address = reconfirmation.contact(reading(), deposition.organization_id).email
    check_recipient(address)
    _, preview = confirmation.confirm(
        lambda db, version: actions.ask(db, deposition.id, new, by=by, now=now, version=version),
        "ask",
        deposition.id,
        [new.question, new.kind.value, *new.hours],
    )
    if preview:
        return confirmation_pages.show(preview, confirmations.asking(deposition, address))
    flash(f"Sent to {address}. The answer appears here and under “Asked”.")
    return redirects.back(QUEUE, deposition.id)


@pages.post("/<int:id>/settle_question")
@allow(*READERS)
def settle_question(id: int) -> Response:
    """Withdraws the open question, or takes the answer off the list of what waits."""
    deposition, form = actable(id), ButtonForm()
    form.check()
    open_question = deposition.question == QuestionState.OPEN
    actions.settle_question(db(), deposition.id, by=me().actor(), now=clock.now(), version=form.seen_version)
    flash("Withdrawn. Its link says so." if open_question else "Done with the answer.")
    return redirects.back(QUEUE, deposition.id)


class ShownQuestion(NamedTuple):
    """The latest question with its answer in words; `move` are the values of the form that moves the session to the
    hour that was chosen, None where none was."""

    row: DepositionQuestion
    prepared: str
    answer: str
    move: dict[str, str] | None


def shown_question(deposition: DepositionDetail) -> ShownQuestion | None:
    """The latest question to the organization."""
    row = questions.latest(reading(), deposition.id)
    if row is None:
        return None
    starts = {hour: start_of(hour, deposition.time_zone) for hour in row.choices}
    hours = {hour: datetimes.moment(start.starts_at, start.zone) for hour, start in starts.items()}
    words = {"yes": "Yes", "no": "No", "none": "None of these hours", **hours}
    prepared = {Kind.YES_NO: "yes or no", Kind.HOURS: " or ".join(hours.values()), Kind.TEXT: "in their own words"}
    chosen = row.answer if row.answer in hours else None
    move = None
    if chosen and deposition.question == QuestionState.ANSWERED:
        start = starts[chosen]
        move = {
            "start_date": start.start_date,
            "start_time": start.start_time,
            "time_zone": start.time_zone,
            "estimated_duration": deposition.estimated_duration or "",
            "notify": "y",
            "step": "preview",
        }
    return ShownQuestion(row, prepared[Kind(row.kind)], words.get(row.answer or "", ""), move)
