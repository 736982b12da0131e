"""Taking an inspection, giving it back, and the team's tags on it. From the list one stays in the list."""

from __future__ import annotations

from flask import Response, flash, url_for

from app.accounts.access import allow, me
from app.dashboard import redirects, tagging
from app.inspections import actions
from app.inspections.forms import TakeForm
from app.inspections.views.list import QUEUE
from app.inspections.views.shared import READERS, held, pages
from app.kernel import clock
from app.kernel.db.transaction import db


@pages.post("/<id>/assign")
@allow(*READERS)
def assign(id: str) -> Response:
    """Assigns it to the current user."""
    inspection, form = held(id), TakeForm()
    form.check()
    assignee = (me().id, me().name)
    actions.assign(db(), inspection.id, assignee=assignee, by=me().actor(), now=clock.now(), version=form.seen_version)
    flash("Assigned to you.")
    return redirects.stay(QUEUE, inspection.id)


@pages.post("/<id>/unassign")
@allow(*READERS)
def unassign(id: str) -> Response:
    """Assigns it to nobody."""
    inspection, form = held(id), TakeForm()
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
    """Puts a tag on it."""
    inspection = held(id)
    tagging.add(QUEUE, inspection)
    return redirects.stay(QUEUE, inspection.id)


@pages.post("/<id>/untag")
@allow(*READERS)
def untag(id: str) -> Response:
    """Takes a tag off it."""
    inspection = held(id)
    tagging.remove(QUEUE, inspection)
    return redirects.stay(QUEUE, inspection.id)
