"""The page of an item, the same at every desk: alone, or beside its list for a user who chose the split view.

Both are one page: in a narrow window the list is not shown. With the target `#item` only the item is answered, with
`#queue` only the list (docs/decisions/0026-split-view.md).
"""

from typing import Any

from flask import Response, request

from app.accounts.access import me
from app.dashboard.listing import BESIDE, Id
from app.dashboard.live import live_item, live_list
from app.dashboard.queue import AnyQueue, ListState
from app.dashboard.queue_page import ListContext, context_of
from app.kernel import clock
from app.kernel.db.transaction import db
from app.kernel.web import htmx
from app.kernel.web.live import START_HEADER, Live, is_poll


def live_page(queue: AnyQueue, id: Id, *, every: float) -> Live:
    """The revision of the page of an item: of the item, and of the list where that stands beside it."""
    now, scope = clock.now(), me().scope(queue.desk)
    seconds = queue.seconds(queue.tab_of(queue.choose()))
    beside = live_list(queue.subject, scope, now, every=seconds) if _is_split(queue) else None
    return live_item(queue.subject, id, scope, now, every=every, beside=beside)


def respond(
    queue: AnyQueue,
    template: str,
    id: Id,
    list_state: ListState,
    live: Live | None,
    /,
    **context: Any,  # what the template reads
) -> Response:
    """The page `template` of an item, which the user may see, or the part of it that is asked for."""
    context |= {"live": live, "item_id": id}
    if htmx.has_target("item"):
        return htmx.respond(template, alone=True, **context)
    beside = _list_around(queue, id, list_state, live) if _is_split(queue) else None
    if beside and htmx.has_target("queue"):
        return htmx.respond("dashboard/_queue.html", live=live, **beside)
    return htmx.respond(template, beside=beside, **context)


def _is_split(queue: AnyQueue) -> bool:
    return queue.desk in me().split_desks


def _list_around(queue: AnyQueue, id: Id, list_state: ListState, live: Live | None) -> ListContext:
    """The page of the list that holds the item. A poll gets the page that is on screen, which may be another."""
    listing = list_state.listing
    listing.size = BESIDE
    if is_poll():
        page = listing.page(db(), request.headers.get(START_HEADER))
    else:
        page = listing.page_with(db(), id)
    return context_of(queue, list_state, page, looked=live.looked if live else True, open_id=id)
