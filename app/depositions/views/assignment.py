"""Assigning a deposition, and the team's tags on it. From the list the user stays in the list."""

from flask import Response, flash

from app.accounts.access import allow, me
from app.dashboard import redirects
from app.dashboard.routes import add_tag_routes
from app.depositions import actions, presentation
from app.depositions.forms import ButtonForm
from app.depositions.views.filters import READERS, actable, pages
from app.depositions.views.list import QUEUE
from app.kernel import clock
from app.kernel.db.transaction import db


@pages.post("/<int:id>/assign")
@allow(*READERS)
def assign(id: int) -> Response:
    """Assigns the deposition to the current user."""
    deposition, form = actable(id), ButtonForm()
    form.check()
    assignee, by, now = (me().id, me().name), me().actor(), clock.now()
    actions.assign(db(), deposition.id, assignee=assignee, by=by, now=now, version=form.seen_version)
    flash(f"Assigned to you: {presentation.name_of(deposition)}.")
    return redirects.stay(QUEUE, deposition.id)


@pages.post("/<int:id>/unassign")
@allow(*READERS)
def unassign(id: int) -> Response:
    """Leaves the deposition without an assignee."""
    deposition, form = actable(id), ButtonForm()
    form.check()
    actions.unassign(db(), deposition.id, by=me().actor(), now=clock.now(), version=form.seen_version)
    flash(f"Unassigned: {presentation.name_of(deposition)}.")
    return redirects.back(QUEUE, deposition.id)


add_tag_routes(pages, "/<int:id>", QUEUE, READERS, actable)
