"""What an agent does with a prescreen: each verb one POST. A decision leads to the next one of its list."""

from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Response, flash, request, url_for

from app.accounts.access import allow, me
from app.accounts.roles import PRESCREENS
from app.desk import leaving
from app.kernel import clock, preview
from app.kernel.db import Db
from app.kernel.htmx import see_other
from app.kernel.transaction import db, reading
from app.prescreens import actions, telling
from app.prescreens.forms import DecisionForm, TakeForm
from app.prescreens.queries import desk, templates
from app.prescreens.rules import review
from app.prescreens.views.shared import STAFF, Asked, find, mine, pages


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
    asked, form, row = Asked(), DecisionForm(), find(id)
    me().check(PRESCREENS, row.organization_id)
    form.check()
    notes = (form.notes.data or "").replace("\r\n", "\n") or None
    reach, by, now = mine(), me().actor(), clock.now()
    name, here = telling.name_of(row), asked.url(".detail", id=id)

    def held(own: Db, _version: int | None) -> None:
        actions.press(
            own,
            id,
            verb,
            notes,
            person_id=me().id,
            seconds=me().hold_seconds,
            version=form.seen_version,
            preview=request.form.get(preview.SEEN, ""),
            name=name,
            url=url_for(".detail", id=id),
            reach=reach,
            by=by,
            now=now,
        )

    def final(own: Db, _version: int | None) -> None:
        act = {"approve": actions.approve, "deny": actions.deny}[verb]
        act(own, id, notes, reach=reach, by=by, now=now, version=form.seen_version)

    _, shown = preview.press(held, leads_to=final)
    if shown is not None:
        label = f"{verb.capitalize()} {name[:40]}"
        icon = "check" if verb == "approve" else "x"
        return leaving.show(shown, label, back=here, back_label="Back to the answers", icon=icon)
    if not me().hold_seconds:
        workflow = templates.version(db(), row.workflow_template_id, row.template_version)
        flash(f"{name} is {review.DECISIONS[verb].value}. {telling.told(row, workflow)}", "good")
    return see_other(_next(asked, row, now))


def _next(asked: Asked, row: Any, now: datetime) -> str:
    """The next one of the list that this one was opened from; at its end the list."""
    _, following = desk.neighbours(reading(), asked.reach, asked.view, now, row)
    return asked.url(".detail", id=following) if following else asked.url()


@pages.post("/<uuid:id>/take")
@allow(*STAFF)
def take(id: UUID) -> Response:
    """Assigns it to oneself, from nobody or from whoever had it on the page."""
    asked, form = Asked(), TakeForm()
    me().check(PRESCREENS, find(id).organization_id)
    form.check()
    holder = int(form.holder.data) if (form.holder.data or "").isdecimal() else None
    actions.take(db(), id, me().id, holder, reach=mine(), by=me().actor(), now=clock.now())
    return see_other(asked.url(".detail", id=id))


@pages.post("/<uuid:id>/release")
@allow(*STAFF)
def release(id: UUID) -> Response:
    """Gives it back."""
    asked, form = Asked(), TakeForm()
    me().check(PRESCREENS, find(id).organization_id)
    form.check()
    actions.release(db(), id, me().id, reach=mine(), by=me().actor(), now=clock.now())
    return see_other(asked.url(".detail", id=id))
