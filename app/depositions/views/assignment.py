"""Assigning a deposition, and the team's tags on it. From the list the user stays in the list."""

from flask import Response, flash, url_for

from app.accounts.access import allow, me
from app.dashboard import redirects, tagging
from app.depositions import actions, presentation
from app.depositions.forms import ButtonForm
from app.depositions.views.filters import READERS, actable, args, filters, pages
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
    return redirects.back(QUEUE, deposition.id)


@pages.post("/<int:id>/unassign")
@allow(*READERS)
def unassign(id: int) -> Response:
    """Leaves the deposition without an assignee."""
    deposition, form = actable(id), ButtonForm()
    form.check()
    actions.unassign(db(), deposition.id, by=me().actor(), now=clock.now(), version=form.seen_version)
    flash(f"Unassigned: {presentation.name_of(deposition)}.")
    return redirects.back(QUEUE, deposition.id)


@pages.post("/<int:id>/give_back")
@allow(*READERS)
def give_back(id: int) -> Response:
    """The former address of `unassign`, for pages that were open during an upgrade."""
    return redirects.moved(url_for(".unassign", id=id, **args(filters())))


@pages.post("/<int:id>/tag")
@allow(*READERS)
def tag(id: int) -> Response:
    """Adds a tag."""
    tagging.add(QUEUE, actable(id))
    return redirects.stay(QUEUE, id)


@pages.post("/<int:id>/untag")
@allow(*READERS)
def untag(id: int) -> Response:
    """Removes a tag."""
    tagging.remove(QUEUE, actable(id))
    return redirects.stay(QUEUE, id)
