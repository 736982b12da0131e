"""Taking a deposition, giving it back, and the team's tags on it. From the list one stays in the list."""

from flask import Response, flash

from app.accounts.access import allow, me
from app.dashboard import redirects, tagging
from app.depositions import actions
from app.depositions.forms import MoveForm
from app.depositions.views.filters import READERS, actable, pages
from app.depositions.views.list import QUEUE
from app.kernel import clock
from app.kernel.db.transaction import db


@pages.post("/<int:id>/assign")
@allow(*READERS)
def assign(id: int) -> Response:
    """The one who presses takes it."""
    d, form = actable(id), MoveForm()
    form.check()
    person = (me().id, me().name)
    actions.assign(db(), d.id, person=person, by=me().actor(), now=clock.now(), version=form.seen_version)
    flash(f"It is yours: {QUEUE.name_of(d)}.")
    return redirects.back(QUEUE, d.id)


@pages.post("/<int:id>/give_back")
@allow(*READERS)
def give_back(id: int) -> Response:
    """Leaves it to whoever takes it next."""
    d, form = actable(id), MoveForm()
    form.check()
    actions.give_back(db(), d.id, by=me().actor(), now=clock.now(), version=form.seen_version)
    flash(f"Given back: {QUEUE.name_of(d)}. Nobody has it now.")
    return redirects.back(QUEUE, d.id)


@pages.post("/<int:id>/tag")
@allow(*READERS)
def tag(id: int) -> Response:
    """Puts a tag on it."""
    tagging.add(QUEUE, actable(id))
    return redirects.stay(QUEUE, id)


@pages.post("/<int:id>/untag")
@allow(*READERS)
def untag(id: int) -> Response:
    """Takes a tag off it."""
    tagging.remove(QUEUE, actable(id))
    return redirects.stay(QUEUE, id)
