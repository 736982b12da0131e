"""Taking a deposition, giving it back, and the team's tags on it. From the list one stays in the list."""

from flask import Response, flash, request
from sqlalchemy import Row

from app.accounts.access import allow, me
from app.depositions.actions import assigning
from app.depositions.forms import MoveForm
from app.depositions.views.queue import ROOM, back
from app.depositions.views.shared import READERS, actable, args, filters, pages
from app.desk import tagging
from app.kernel import clock
from app.kernel.htmx import see_other
from app.kernel.transaction import db


@pages.post("/<int:id>/assign")
@allow(*READERS)
def assign(id: int) -> Response:
    """The one who presses takes it."""
    d, form = actable(id), MoveForm()
    form.check()
    person = (me().id, me().name)
    assigning.assign(db(), d.id, person=person, by=me().actor(), now=clock.now(), version=form.seen_version)
    flash(f"It is yours: {ROOM.name_of(d)}.")
    return _stay_or_back(d)


@pages.post("/<int:id>/give_back")
@allow(*READERS)
def give_back(id: int) -> Response:
    """Leaves it to whoever takes it next."""
    d, form = actable(id), MoveForm()
    form.check()
    assigning.give_back(db(), d.id, by=me().actor(), now=clock.now(), version=form.seen_version)
    flash(f"Given back: {ROOM.name_of(d)}. Nobody has it now.")
    return _stay_or_back(d)


@pages.post("/<int:id>/tag")
@allow(*READERS)
def tag(id: int) -> Response:
    """Puts a tag on it."""
    tagging.add(ROOM, actable(id))
    return _stay(id)


@pages.post("/<int:id>/untag")
@allow(*READERS)
def untag(id: int) -> Response:
    """Takes a tag off it."""
    tagging.remove(ROOM, actable(id))
    return _stay(id)


def _stay_or_back(d: Row) -> Response:
    return see_other(ROOM.url(**args(filters()))) if "in_list" in request.form else back(d)


def _stay(id: int) -> Response:
    return see_other(ROOM.url("detail", id=id, **args(filters())))
