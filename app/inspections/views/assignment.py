"""Assigning an inspection, and the desk's tags on it. From the list the user stays in the list."""

from flask import Response, flash

from app.accounts.access import allow, me
from app.dashboard import redirects
from app.dashboard.routes import add_tag_routes
from app.inspections import actions
from app.inspections.forms import AssignForm
from app.inspections.views.filters import READERS, actable, pages
from app.inspections.views.list import QUEUE
from app.kernel import clock
from app.kernel.db.transaction import db


@pages.post("/<id>/assign")
@allow(*READERS)
def assign(id: str) -> Response:
    """Assigns the inspection to the current user."""
    inspection, form = actable(id), AssignForm()
    form.check()
    assignee = (me().id, me().name)
    actions.assign(db(), inspection.id, assignee=assignee, by=me().actor(), now=clock.now(), version=form.seen_version)
    flash("Assigned to you.")
    return redirects.stay(QUEUE, inspection.id)


@pages.post("/<id>/unassign")
@allow(*READERS)
def unassign(id: str) -> Response:
    """Leaves the inspection without an assignee."""
    inspection, form = actable(id), AssignForm()
    form.check()
    actions.unassign(db(), inspection.id, by=me().actor(), now=clock.now(), version=form.seen_version)
    flash("Unassigned.")
    return redirects.stay(QUEUE, inspection.id)


add_tag_routes(pages, "/<id>", QUEUE, READERS, actable)
