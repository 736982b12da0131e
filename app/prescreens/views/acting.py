"""What an agent does with a prescreen: each verb one POST, back to the page with 303."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Response, flash

from app.accounts.access import allow, me
from app.accounts.roles import PRESCREENS
from app.kernel import clock
from app.kernel.htmx import see_other
from app.kernel.transaction import db
from app.prescreens import actions, telling
from app.prescreens.forms import DecisionForm, TakeForm
from app.prescreens.queries import templates
from app.prescreens.views.shared import STAFF, Asked, find, mine, pages


@pages.post("/<uuid:id>/approve")
@allow(*STAFF)
def approve(id: UUID) -> Response:
    """Approves, finally."""
    return _decide(id, actions.approve, "approved")


@pages.post("/<uuid:id>/deny")
@allow(*STAFF)
def deny(id: UUID) -> Response:
    """Denies, finally."""
    return _decide(id, actions.deny, "denied")


def _decide(id: UUID, act: Callable[..., Any], word: str) -> Response:
    asked, form = Asked(), DecisionForm()
    me().check(PRESCREENS, find(id).organization_id)
    form.check()
    notes = (form.notes.data or "").replace("\r\n", "\n") or None
    reach, by = mine(), me().actor()
    row = act(db(), id, notes, reach=reach, by=by, now=clock.now(), version=form.seen_version)
    workflow = templates.version(db(), row.workflow_template_id, row.template_version)
    flash(f"{telling.name_of(row)} is {word}. {telling.told(row, workflow)}", "good")
    return see_other(asked.url(".detail", id=id))


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
