"""Taking a deposition, giving it back, and the team's tags on it. From the list one stays in the list."""

from flask import Response, flash

from app.accounts.access import allow, me
from app.depositions.actions import assigning
from app.depositions.forms import MoveForm
from app.depositions.views.queue import ROOM
from app.depositions.views.shared import READERS, actable, pages
from app.desk import returning, tagging
from app.kernel import clock
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
    return returning.back(ROOM, d.id)


@pages.post("/<int:id>/give_back")
@allow(*READERS)
def give_back(id: int) -> Response:
    """Leaves it to whoever takes it next."""
    d, form = actable(id), MoveForm()
    form.check()
    assigning.give_back(db(), d.id, by=me().actor(), now=clock.now(), version=form.seen_version)
    flash(f"Given back: {ROOM.name_of(d)}. Nobody has it now.")
    return returning.back(ROOM, d.id)


@pages.post("/<int:id>/tag")
@allow(*READERS)
def tag(id: int) -> Response:
    """Puts a tag on it."""
    tagging.add(ROOM, actable(id))
    return returning.stay(ROOM, id)


@pages.post("/<int:id>/untag")
@allow(*READERS)
def untag(id: int) -> Response:
    """Takes a tag off it."""
    tagging.remove(ROOM, actable(id))
    return returning.stay(ROOM, id)
