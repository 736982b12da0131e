"""Taking an inspection, giving it back, and the team's tags on it. From the list one stays in the list."""

from __future__ import annotations

from flask import Response, flash, request

from app.accounts.access import allow, me
from app.desk import tagging
from app.inspections import actions
from app.inspections.forms import TakeForm
from app.inspections.models import Inspection
from app.inspections.views.address import here
from app.inspections.views.queue import ROOM
from app.inspections.views.shared import READERS, held, pages
from app.kernel import clock
from app.kernel.htmx import see_other
from app.kernel.transaction import db


@pages.post("/<id>/assign")
@allow(*READERS)
def assign(id: str) -> Response:
    """The one who presses takes it."""
    inspection, form = held(id), TakeForm()
    form.check()
    person = (me().id, me().name)
    actions.assign(db(), inspection.id, person=person, by=me().actor(), now=clock.now(), version=form.seen_version)
    flash("It is yours.")
    return _stay(inspection)


@pages.post("/<id>/give_back")
@allow(*READERS)
def give_back(id: str) -> Response:
    """Leaves it to whoever takes it next."""
    inspection, form = held(id), TakeForm()
    form.check()
    actions.give_back(db(), inspection.id, by=me().actor(), now=clock.now(), version=form.seen_version)
    flash("Given back. Nobody has it now.")
    return _stay(inspection)


@pages.post("/<id>/tag")
@allow(*READERS)
def tag(id: str) -> Response:
    """Puts a tag on it."""
    inspection = held(id)
    tagging.add(ROOM, inspection)
    return _stay(inspection)


@pages.post("/<id>/untag")
@allow(*READERS)
def untag(id: str) -> Response:
    """Takes a tag off it."""
    inspection = held(id)
    tagging.remove(ROOM, inspection)
    return _stay(inspection)


def _stay(inspection: Inspection) -> Response:
    """Back to where it was pressed: the list, or its page."""
    if "in_list" in request.form:
        return see_other(ROOM.url(**here()))
    return see_other(ROOM.url("detail", id=inspection.id, **here()))
