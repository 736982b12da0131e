"""Taking a prescreen, giving it back, and the team's tags on it. From the list one stays in the list."""

from typing import Any
from uuid import UUID

from flask import Response, flash

from app.accounts.access import allow, me
from app.accounts.roles import PRESCREENS
from app.dashboard import redirects, tagging
from app.kernel import clock
from app.kernel.db.transaction import db
from app.prescreens import actions
from app.prescreens.forms import SeenForm
from app.prescreens.views.filters import STAFF, find, mine, pages
from app.prescreens.views.list import QUEUE


@pages.post("/<uuid:id>/assign")
@allow(*STAFF)
def assign(id: UUID) -> Response:
    """Assigns it to oneself, from nobody or from whoever had it on the page."""
    row, form = _actable(id), SeenForm()
    form.check()
    actions.take(db(), id, me().id, form.seen.holder, reach=mine(), by=me().actor(), now=clock.now())
    flash(f"It is yours: {QUEUE.name_of(row)}.")
    return redirects.back(QUEUE, id)


@pages.post("/<uuid:id>/give_back")
@allow(*STAFF)
def give_back(id: UUID) -> Response:
    """Leaves it to whoever takes it next."""
    row, form = _actable(id), SeenForm()
    form.check()
    actions.release(db(), id, me().id, reach=mine(), by=me().actor(), now=clock.now())
    flash(f"Given back: {QUEUE.name_of(row)}. Nobody has it now.")
    return redirects.back(QUEUE, id)


@pages.post("/<uuid:id>/tag")
@allow(*STAFF)
def tag(id: UUID) -> Response:
    """Puts a tag on it."""
    tagging.add(QUEUE, _actable(id))
    return redirects.stay(QUEUE, id)


@pages.post("/<uuid:id>/untag")
@allow(*STAFF)
def untag(id: UUID) -> Response:
    """Takes a tag off it."""
    tagging.remove(QUEUE, _actable(id))
    return redirects.stay(QUEUE, id)


def _actable(id: UUID) -> Any:
    """The prescreen, for somebody who may change it. Raises NotFound, Denied."""
    row = find(id)
    me().check(PRESCREENS, row.organization_id)
    return row
