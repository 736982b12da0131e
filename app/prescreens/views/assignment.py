"""Assigning a prescreen, and the team's tags on it. From the list the user stays in the list."""

from uuid import UUID

from flask import Response, flash

from app.accounts.access import allow, me
from app.dashboard import redirects
from app.dashboard.routes import add_tag_routes
from app.kernel import clock
from app.kernel.db.transaction import db
from app.prescreens import actions, presentation
from app.prescreens.forms import AssignForm
from app.prescreens.views.filters import READERS, actable, pages, writable
from app.prescreens.views.list import QUEUE


@pages.post("/<uuid:id>/assign")
@allow(*READERS)
def assign(id: UUID) -> Response:
    """Assigns the prescreen to the current user, in place of the assignee that they saw."""
    prescreen, form = actable(id), AssignForm()
    form.check()
    assignee, former, by, now = (me().id, me().name), form.seen.assignee_id, me().actor(), clock.now()
    actions.assign(db(), id, assignee=assignee, former=former, reach=writable(), by=by, now=now)
    flash(f"Assigned to you: {presentation.name_of(prescreen)}.")
    return redirects.stay(QUEUE, id)


@pages.post("/<uuid:id>/unassign")
@allow(*READERS)
def unassign(id: UUID) -> Response:
    """Leaves a prescreen of the current user without an assignee."""
    prescreen, form = actable(id), AssignForm()
    form.check()
    actions.unassign(db(), id, former=me().id, reach=writable(), by=me().actor(), now=clock.now())
    flash(f"Unassigned: {presentation.name_of(prescreen)}.")
    return redirects.back(QUEUE, id)


add_tag_routes(pages, "/<uuid:id>", QUEUE, READERS, actable)
