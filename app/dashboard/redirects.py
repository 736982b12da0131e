"""The redirect after a POST: to the list it was sent from, or to the item's page, which still knows its list."""

from flask import Response, flash, redirect, request
from markupsafe import Markup

from app.accounts.access import me
from app.dashboard.listing import MOST_COUNTED, Id, Listing, Neighbours, read_id
from app.dashboard.queue import AnyQueue, ListState
from app.kernel import clock
from app.kernel.db.engine import Db
from app.kernel.db.transaction import reading
from app.kernel.web.htmx import personal, see_other


def stay(queue: AnyQueue, id: Id) -> Response:
    """Redirects to the page that the button was on: the list, or the item."""
    args = queue.ask(clock.now()).args
    return see_other(queue.url(**args) if "in_list" in request.form else queue.url("detail", id=id, **args))


def to_list(queue: AnyQueue) -> Response:
    """Redirects to the page of the list that the address names; to the item that is open beside it, where one is."""
    list_state, after = queue.ask(clock.now()), request.args.get("after")
    item = read_id(request.form.get("item", ""), list_state.listing.compiled.id_type)
    if item is not None:
        return see_other(queue.url("detail", id=item, **list_state.args))
    return see_other(queue.url(**list_state.args, **({"after": after} if after else {})))


def back(queue: AnyQueue, id: Id) -> Response:
    """The same; on the page of an item the message also links the next one of its list."""
    if "in_list" not in request.form:
        following = next_in_list(queue, queue.ask(clock.now()), id)
        if following:
            flash(following, "info")
    return stay(queue, id)


def moved(url: str) -> Response:
    """308 from a verb's former address, so that pages which were open during an upgrade keep working."""
    return personal(redirect(url, 308))  # type: ignore[arg-type]  # werkzeug's and flask's Response are one here


def next_in_list(queue: AnyQueue, list_state: ListState, id: Id) -> Markup | None:
    """`Next: Rafael Lindqvist, Tue 1 Dec, 10:00 AM EST`, for the message after an act; None at the end of the list.

    Asked before the act is committed: reading sessions still see the row in its place.
    """
    near = list_state.listing.near(reading(), id)
    if near is None or near.next is None:
        return None
    found = list_state.listing.rows_of(reading(), [near.next]).get(near.next)
    if found is None:
        return None
    (row,), url = queue.readable(reading(), [found[1]], me()), queue.url("detail", id=near.next, **list_state.args)
    return Markup('Next: <a href="{}"><bdi>{}</bdi></a>, <bdi>{}</bdi>').format(
        url, queue.name_of(row), queue.distinguishing_fact(row)
    )


def place_in_list(listing: Listing, session: Db, near: Neighbours | None) -> str:
    """`3 of 31`; nothing for what is not in the list, or too far down to be counted."""
    if near is None or not near.place:
        return ""
    total = listing.total(session)
    return f"{near.place:,} of " + (f"{MOST_COUNTED:,}+" if total > MOST_COUNTED else f"{total:,}")
