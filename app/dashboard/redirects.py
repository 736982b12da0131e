"""Where one goes after an act: back to the list it was done in, or to the thing, which still knows its list."""

from typing import Any

from flask import Response, flash, redirect, request
from markupsafe import Markup

from app.dashboard.listing import MOST_COUNTED, Listing, Neighbours
from app.dashboard.queue import ListState, Queue
from app.kernel import clock
from app.kernel.db.engine import Db
from app.kernel.db.transaction import reading
from app.kernel.web.htmx import personal, see_other


def stay(room: Queue, id: Any) -> Response:
    """To where it was pressed: the list, or the page of the thing."""
    args = room.ask(clock.now()).args
    return see_other(room.url(**args) if "in_list" in request.form else room.url("detail", id=id, **args))


def back(room: Queue, id: Any) -> Response:
    """The same, and on the page of the thing a message links the next one of its list."""
    if "in_list" not in request.form:
        following = next_in_list(room, room.ask(clock.now()), id)
        if following:
            flash(following, "info")
    return stay(room, id)


def moved(url: str) -> Response:
    """308 from a verb's former address, so that pages which were open during an upgrade keep working."""
    return personal(redirect(url, 308))  # type: ignore[arg-type]  # werkzeug's and flask's Response are one here


def next_in_list(room: Queue, asked: ListState, id: Any) -> Markup | None:
    """`Next: Rafael Lindqvist`, linked, for the message after an act; None at the end of the list.

    Asked before the act is committed: reading sessions still see the row in its place.
    """
    near = asked.listing.near(reading(), id)
    if near is None or near.next is None:
        return None
    found = asked.listing.rows_of(reading(), [near.next]).get(near.next)
    if found is None:
        return None
    url = room.url("detail", id=near.next, **asked.args)
    return Markup('Next: <a href="{}">{}</a>').format(url, room.name_of(found[1]))


def place_in_list(listing: Listing, session: Db, near: Neighbours | None) -> str:
    """`3 of 31`; nothing for what is not in the list, or too far down to be counted."""
    if near is None or not near.place:
        return ""
    total = listing.total(session)
    return f"{near.place:,} of " + (f"{MOST_COUNTED:,}+" if total > MOST_COUNTED else f"{total:,}")
