"""Taking an inspection, giving it back, and the team's tags on it. From the list one stays in the list."""

from __future__ import annotations

from flask import Response, flash

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
    """The one who presses takes it."""
    inspection, form = held(id), TakeForm()
    form.check()
    person = (me().id, me().name)
    actions.assign(db(), inspection.id, person=person, by=me().actor(), now=clock.now(), version=form.seen_version)
    flash("It is yours.")
    return redirects.stay(QUEUE, inspection.id)


@pages.post("/<id>/give_back")
@allow(*READERS)
def give_back(id: str) -> Response:
    """Leaves it to whoever takes it next."""
    inspection, form = held(id), TakeForm()
    form.check()
    actions.give_back(db(), inspection.id, by=me().actor(), now=clock.now(), version=form.seen_version)
    flash("Given back. Nobody has it now.")
    return redirects.stay(QUEUE, inspection.id)


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
