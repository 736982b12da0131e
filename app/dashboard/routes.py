"""The routes that are the same at every desk: those of its list, and those of the tags on its items.

What differs from desk to desk stays with the desk: its list's declaration, who may read it, and how an item is found.
"""

from collections.abc import Callable, Iterable
from typing import TypeVar
from uuid import UUID

from flask import Blueprint, Response, request, url_for

from app.accounts.access import allow, me
from app.accounts.actions import people
from app.accounts.roles import Role
from app.dashboard import bulk, csv_export, queue_page, redirects, tagging
from app.dashboard.queue import AnyQueue
from app.dashboard.tagging import Tagged
from app.kernel.db.transaction import db
from app.kernel.web.forms import DeskForm

PathId = TypeVar("PathId", int, UUID, str)
"""An id as the desk's addresses hold it."""


def add_list_routes(pages: Blueprint, queue: AnyQueue, readers: Iterable[Role]) -> None:
    """Adds the list of a desk, its CSV, and what is done to the ticked rows."""
    allowed = allow(*readers)

    @pages.get("", endpoint="list")
    @allowed
    def show_list() -> Response:
        """The queue: tabs, filters, groups, one page at a time."""
        return queue_page.show(queue)

    @pages.get("/csv", endpoint="csv")
    @allowed
    def export_list() -> Response:
        """The list as a file for a spreadsheet."""
        return csv_export.export(queue)

    @pages.post("/layout", endpoint="layout")
    @allowed
    def choose_layout() -> Response:
        """Saves whether the user has list and item side by side at this desk."""
        DeskForm().check()
        people.choose_layout(db(), me().id, queue.desk, split=request.form.get("layout") == "split")
        return redirects.to_list(queue)

    @pages.post("/bulk", endpoint="bulk")
    @allowed
    def act_on_several() -> Response:
        """What is done to the ticked rows."""
        return bulk.act(queue)


def add_tag_routes(
    pages: Blueprint, path: str, queue: AnyQueue, readers: Iterable[Role], actable: Callable[[PathId], Tagged]
) -> None:
    """Adds the verbs on an item's tags. `path` is the item's, as in `/<int:id>`; `actable` gives an item that the user
    may change and raises NotFound or Denied.
    """
    allowed = allow(*readers)

    @pages.post(f"{path}/tag", endpoint="tag")
    @allowed
    def tag(id: PathId) -> Response:
        """Adds a tag."""
        item = actable(id)
        tagging.add(queue, item)
        return redirects.stay(queue, item.id)

    @pages.post(f"{path}/untag", endpoint="untag")
    @allowed
    def untag(id: PathId) -> Response:
        """Removes a tag."""
        item = actable(id)
        tagging.remove(queue, item)
        return redirects.stay(queue, item.id)

    @pages.post(f"{path}/give_back", endpoint="give_back")
    @allowed
    def give_back(id: PathId) -> Response:
        """The former address of `unassign`, for pages that were open during an upgrade."""
        return redirects.moved(url_for(".unassign", id=id, **queue.choose().args))
