"""What an agent does with a prescreen: each verb one POST. A decision leads to the next one of its list."""

from uuid import UUID

from flask import Response, flash, request, url_for

from app.accounts.access import allow, me
from app.accounts.roles import PRESCREENS
from app.dashboard import confirmation_pages
from app.kernel import clock
from app.kernel.changes import confirmation
from app.kernel.db.engine import Db
from app.kernel.db.transaction import db, reading
from app.kernel.web.htmx import see_other
from app.prescreens import actions, presentation
from app.prescreens.forms import DecisionForm
from app.prescreens.queries import listing, questionnaires
from app.prescreens.rules import review
from app.prescreens.views.filters import STAFF, find, mine, pages
from app.prescreens.views.list import QUEUE, Reviews


@pages.post("/<uuid:id>/approve")
@allow(*STAFF)
def approve(id: UUID) -> Response:
    """Approves, after the hold."""
    return _decide(id, "approve")


@pages.post("/<uuid:id>/deny")
@allow(*STAFF)
def deny(id: UUID) -> Response:
    """Denies, after the hold."""
    return _decide(id, "deny")


def _decide(id: UUID, verb: str) -> Response:
    form, row, now = DecisionForm(), find(id), clock.now()
    asked = QUEUE.ask(now)
    me().check(PRESCREENS, row.organization_id)
    form.check()
    notes = (form.notes.data or "").replace("\r\n", "\n") or None
    reach, by = mine(), me().actor()
    name, here = presentation.name_of(row), asked.url(".detail", id=id)

    def held(own: Db, _version: int | None) -> None:
        actions.press(
            own,
            id,
            verb,
            notes,
            person_id=me().id,
            seconds=me().undo_seconds,
            version=form.seen_version,
            preview=request.form.get(confirmation.SEEN, ""),
            name=name,
            url=url_for(".detail", id=id),
            reach=reach,
            by=by,
            now=now,
        )

    def final(own: Db, _version: int | None) -> None:
        act = {"approve": actions.approve, "deny": actions.deny}[verb]
        act(own, id, notes, reach=reach, by=by, now=now, version=form.seen_version)

    _, shown = confirmation.confirm(held, leads_to=final)
    if shown is not None:
        label = f"{verb.capitalize()} {name[:40]}"
        icon = "check" if verb == "approve" else "x"
        return confirmation_pages.show(shown, label, back=here, back_label="Back to the answers", icon=icon)
    if not me().undo_seconds:
        workflow = questionnaires.version(db(), row.workflow_template_id, row.template_version)
        flash(f"{name} is {review.DECISIONS[verb].value}. {presentation.told(row, workflow)}", "good")
    return see_other(_next(asked, id))


def _next(asked: Reviews, id: UUID) -> str:
    """The next one of the list that this one was opened from; at its end the list."""
    near = listing.near(reading(), asked.listing, asked.f, asked.now, id)
    return asked.url(".detail", id=near.next) if near and near.next else asked.url()
