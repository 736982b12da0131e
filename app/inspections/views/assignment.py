"""Assigning an inspection, and the desk's tags on it. From the list the user stays in the list."""

from flask import Response, flash, url_for

from app.accounts.access import allow, me
from app.dashboard import redirects, tagging
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


@pages.post("/<id>/give_back")
@allow(*READERS)
def give_back(id: str) -> Response:
    """The former address of `unassign`, for pages that were open during an upgrade."""
    return redirects.moved(url_for(".unassign", id=id, **QUEUE.choose().args))


@pages.post("/<id>/tag")
@allow(*READERS)
def tag(id: str) -> Response:
    """Adds a tag."""
    inspection = actable(id)
    tagging.add(QUEUE, inspection)
    return redirects.stay(QUEUE, inspection.id)


@pages.post("/<id>/untag")
@allow(*READERS)
def untag(id: str) -> Response:
    """Removes a tag."""
    inspection = actable(id)
    tagging.remove(QUEUE, inspection)
    return redirects.stay(QUEUE, inspection.id)
