"""The queue page, the same at every desk: one showing of a list, as a whole page or as its fragment `#queue`."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypedDict

from flask import Response, current_app, request, url_for

from app.accounts.access import me
from app.dashboard import delivery_problems, recent_events
from app.dashboard.filters import Active, Control, Unreadable
from app.dashboard.listing import MOST_COUNTED, Found, Id, Listing, Page, read_id
from app.dashboard.live import live_list, viewers_of_rows
from app.dashboard.queue import AnyColumn, AnyQueue, Counts, Empty, Label, ListState, ShownRow, ShownTab
from app.dashboard.saved_views import Views, for_page
from app.kernel import clock
from app.kernel.changes.events import is_own
from app.kernel.db.transaction import db
from app.kernel.text.template_filters import pluralize
from app.kernel.web.htmx import has_target, respond, retarget, see_other
from app.kernel.web.live import rows_on_screen

BESIDE = {"title-cell", "flags-cell", "person-cell", "left-cell", "number-cell"}
"""Columns that a list beside an open item shows (split.css); the others stay empty there."""
LEAVE = {"wide-only", "person-cell"}
"""Columns that leave a narrow list (rows.css)."""


@dataclass(slots=True)
class Group:
    """One group of a page: its heading (None without groups), how many it holds in all, its rows.

    `capped`: it holds more than could be counted.
    """

    key: str
    word: Label | None
    size: int
    rows: list[ShownRow]
    capped: bool = False


@dataclass
class QueuePage:
    """One showing of a list, as `dashboard/queue.html` and `dashboard/_queue.html` read it."""

    queue: AnyQueue
    list_state: ListState
    groups: list[Group]
    removed: list[tuple[ShownRow, Label | None]]
    counts: Counts
    tabs: list[ShownTab]
    total: int
    count: int
    first: bool
    next_url: str
    previous_url: str
    start: str
    """The cursor after which the page begins; empty for the first."""
    capped: bool = False

    @property
    def many(self) -> str:
        """How many the list holds, in words: `31`, `1,000+`."""
        return f"{MOST_COUNTED:,}+" if self.total > MOST_COUNTED and self.capped else f"{self.total:,}"

    @property
    def order(self) -> str:
        """The order in force, in words."""
        return self.queue.filters.order(self.list_state.chosen.sort)

    @property
    def is_watched(self) -> bool:
        """Whether somebody may appear in this list who waits: then it is kept live in a hidden window, too."""
        watched = {self.queue.tabs[0].key, *self.queue.at_once}
        return bool(self.queue.at_once) and self.list_state.tab.key in watched

    @property
    def window_title(self) -> str:
        """The title of the window, with whoever waits: `Selin Aydın waits · Live board`."""
        title = self.list_state.title
        waiting = [group for group in self.groups if group.key in self.queue.at_once] if self.is_watched else []
        if not waiting:
            return title
        name, more = waiting[0].rows[0].name, sum(group.size for group in waiting) - 1
        return f"{name} and {more:,} more wait · {title}" if more else f"{name} waits · {title}"

    @property
    def csv_label(self) -> str:
        return "CSV" if self.total == 0 else "CSV of this one" if self.total == 1 else f"CSV of these {self.many}"

    @property
    def csv_url(self) -> str:
        return self.queue.url("csv", **self.list_state.args)

    @property
    def bulk_url(self) -> str:
        return self.queue.url("bulk", **self.list_state.args, **self.after)

    @property
    def after(self) -> dict[str, str]:
        """The argument that leads back to this page."""
        return {"after": self.start} if self.start else {}

    @property
    def split(self) -> bool:
        """Whether the user has list and item side by side at this desk."""
        return self.queue.desk in me().split_desks

    @property
    def layout_url(self) -> str:
        return self.queue.url("layout", **self.list_state.args, **self.after)

    @property
    def first_url(self) -> str:
        return self.queue.url(**self.list_state.args)

    def head(self) -> Iterator[tuple[AnyColumn, str, str]]:
        """Head cells with the address that sorts by them, and the order in force: one press sorts, the next turns it
        round, the third goes back to urgency."""
        args, chosen = self.list_state.args, self.list_state.chosen
        for column in self.columns:
            if column.sort not in chosen.sorts:
                yield column, "", ""
                continue
            order = {column.sort: "ascending", f"-{column.sort}": "descending"}.get(chosen.sort, "")
            then = {"": column.sort, "ascending": f"-{column.sort}", "descending": None}[order]
            yield column, self.queue.url(**{**args, "sort": then}), order

    @property
    def columns(self) -> Sequence[AnyColumn]:
        """The columns of this tab."""
        return self.queue.columns_on(self.list_state.tab)

    def cells(self, *, beside: bool) -> tuple[str, ...]:
        """The macros of these columns; empty for one that a list beside an open item does not show."""
        return tuple(column.cell if not beside or BESIDE & set(column.css.split()) else "" for column in self.columns)

    @property
    def span(self) -> int:
        """How many columns are always there, with that of the tick boxes: what the heading of a group spans."""
        return 1 + sum(not LEAVE & set(column.css.split()) for column in self.columns)

    def controls(self) -> tuple[Control, ...]:
        """The form of the filters."""
        return tuple(self.list_state.chosen.controls(self.queue))

    @property
    def during(self) -> str:
        """The address of the same list in a period, whose name is to be appended."""
        return self.queue.url(**self.list_state.chosen.during)

    @property
    def unreadable(self) -> list[Unreadable]:
        """What of the address could not be read, and was left out."""
        return self.list_state.chosen.unreadable

    @cached_property
    def active_filters(self) -> list[Active]:
        """The filters that are set, in words."""
        set_ = self.list_state.chosen.active(self.queue)
        return [one for one in set_ if one.name not in self.queue.tab_args]

    @property
    def chips(self) -> list[tuple[Active, str]]:
        """The filters that are set, each with the address of the same list without it."""
        chosen = self.list_state.chosen
        return [(one, self.queue.url(**chosen.without(one).args)) for one in self.active_filters]

    def removals(self) -> list[tuple[str, int, str]]:
        """For the list that matches nothing: each filter in words, how many there are without it, and that address."""
        found = []
        for one in self.active_filters:
            without = self.queue.ask(self.list_state.now, self.list_state.chosen.without(one))
            n = without.listing.total(db())
            if n:
                found.append((one.words, n, self.queue.url(**without.args)))
        return found

    @cached_property
    def elsewhere(self) -> list[tuple[str, int, str]]:
        """For words that find nothing on this tab: the other tabs on which the same filters find something, each with
        how much and its address.
        """
        chosen = self.list_state.chosen
        if "q" not in {one.name for one in self.active_filters}:
            return []
        given = {name: text for name, text in self.list_state.args.items() if name not in self.queue.tab_args}
        found = []
        for tab in self.queue.tabs:
            if tab == self.list_state.tab or tab.under:
                continue
            other = self.queue.filters.read({**given, **tab.args}, chosen.reader)
            asked = self.queue.ask(self.list_state.now, other)
            n = asked.listing.total(db())
            if n:
                found.append((tab.label, n, self.queue.url(**asked.args)))
        return found

    @property
    def unfiltered(self) -> int:
        """How many the tab holds without any filter."""
        return next((tab.count for tab in self.tabs if tab.current), 0)

    @property
    def hides(self) -> str:
        """What the filters hide, all together."""
        if not self.unfiltered:
            return "This list is empty."
        return f"The filters hide {pluralize(self.unfiltered, *self.queue.noun)}. Remove one:"

    @property
    def plain_url(self) -> str:
        set_ = {name for one in self.active_filters for name in one.names}
        return self.queue.url(**{name: text for name, text in self.list_state.args.items() if name not in set_})

    def empty(self) -> Empty:
        return self.queue.empty(self.list_state, self.counts)

    def problem_tabs(self) -> list[ShownTab]:
        """What this desk sent that did not arrive: lists of messages, each here only while it holds something."""
        desk = self.queue.desk
        found = delivery_problems.delivery_problems(db(), {desk: me().scope(desk)}, current_app.extensions["subjects"])[
            desk
        ]
        problems = (("Failed", "failed", found.dead, "danger"), ("Failing", "failing", found.failing, "warn"))
        return [
            ShownTab(label, url_for("messages.list", view=view, desk=desk), n, tone)
            for label, view, n, tone in problems
            if n
        ]


def show(queue: AnyQueue) -> Response:
    """The page of a list, or its fragment `#queue`.

    An argument that cannot be read is named and left out: the answer is 422, and it is not live.
    """
    viewer, now, chosen = me(), clock.now(), queue.choose()
    tab = queue.tab_of(chosen)
    live = live_list(queue.subject, viewer.scope(queue.desk), now, every=queue.seconds(tab))
    if live.unchanged and not chosen.unreadable:
        return live.not_modified()
    # An address that is copied must mean the same days to every reader.
    kept = queue.url(**chosen.args) if chosen.rewritten and not chosen.unreadable else ""
    if kept and not has_target("queue"):
        return see_other(kept)
    list_state = queue.ask(now, chosen)
    page = list_state.listing.page(db(), request.args.get("after"), request.args.get("before"))
    response = respond(
        queue.page,
        "dashboard/_queue.html",
        status=422 if chosen.unreadable else 200,
        live=None if chosen.unreadable else live,
        **context_of(queue, list_state, page, looked=live.looked),
    )
    if kept:
        response.headers["HX-Push-Url"] = kept
    # Without this header a script takes an answer of 422 for a failure and does not show it.
    return retarget(response, "#queue") if chosen.unreadable and has_target("queue") else response


class ListContext(TypedDict):
    """What `dashboard/_toolbar.html` and `dashboard/_queue.html` read."""

    shown: QueuePage
    list_state: ListState
    queue: AnyQueue
    title: str
    why_not: str | None
    presence: Mapping[str, tuple[str, ...]]
    most: int
    views: Views
    open_id: Id | None
    """The item that is open beside it."""


def context_of(
    queue: AnyQueue, list_state: ListState, page: Page, *, looked: bool, open_id: Id | None = None
) -> ListContext:
    """One page of a list as its templates read it. `looked`: other users may be viewing something on it."""
    viewer, now, chosen, listing = me(), list_state.now, list_state.chosen, list_state.listing
    exact = queue.counts_groups(chosen)
    sizes, counters = listing.counts(db(), () if exact else dict.fromkeys(key for key, _ in page.rows))
    counts = queue.counts(chosen, counters)
    ids = [row[0] for _, row in page.rows]
    left = _left(list_state, ids)
    rows = queue.rows(db(), list_state, [*page.rows, *left.values()], viewer)
    groups: list[Group] = []
    for key, row in page.rows:
        if not groups or groups[-1].key != key:
            size = counts.groups[key] if counts.groups is not None else sizes[key]
            more = counts.groups is None and size > MOST_COUNTED
            groups.append(Group(key, queue.groups.get(key), size, [], more))
        groups[-1].rows.append(rows[row[0]])
    args = list_state.args
    views = for_page(db(), viewer, queue.desk, args, now, tab=queue.tab_args)
    views.mark_rows(db(), queue.subject, (row for _, row in page.rows), page.first and page.next_cursor is None)
    shown = QueuePage(
        queue=queue,
        list_state=list_state,
        groups=groups,
        removed=_removed(queue, left, rows),
        counts=counts,
        tabs=queue.show_tabs(list_state, counts),
        total=counts.total if counts.total is not None else _total(listing, page),
        capped=counts.total is None,
        count=len(page.rows),
        first=page.first,
        next_url=queue.url(**args, after=page.next_cursor) if page.next_cursor else "",
        previous_url=queue.url(**args, before=page.previous_cursor) if page.previous_cursor else "",
        start=page.start or "",
    )
    return {
        "shown": shown,
        "list_state": list_state,
        "queue": queue,
        "title": list_state.title,
        "why_not": viewer.why_not(queue.desk),
        "presence": viewers_of_rows(queue.subject, ids, now) if looked else {},
        "most": MOST_COUNTED,
        "views": views,
        "open_id": open_id,
    }


def _total(listing: Listing, page: Page) -> int:
    """What a list holds that is on this page whole is known already."""
    if page.first and page.next_cursor is None:
        return len(page.rows)
    return listing.total(db())


def _left(list_state: ListState, ids: Sequence[Id]) -> dict[Id, tuple[str | None, Found]]:
    """Of the rows that a poll says are on screen, those that the fresh page does not show."""
    kind, on_page = list_state.listing.compiled.id_type, set(ids)
    known = [id for word in rows_on_screen() if (id := read_id(word, kind)) is not None and id not in on_page]
    return list_state.listing.rows_of(db(), known)


def _removed(
    queue: AnyQueue, left: dict[Id, tuple[str | None, Found]], rows: Mapping[Id, ShownRow]
) -> list[tuple[ShownRow, Label | None]]:
    """Rows no longer on the page: as they are when they moved to another page, else with who did what."""
    over = [id for id, (key, _) in left.items() if key is None]
    happened, by = recent_events.latest_events(db(), queue.subject, over), me().actor()
    found: list[tuple[ShownRow, Label | None]] = []
    for id, (key, _) in left.items():
        label = None
        if key is None:
            removal = queue.events.removal(event, is_own(event, by)) if (event := happened.get(id)) else None
            label = Label("No longer in this list", "circle-check")
            if removal is not None:
                label = Label(removal.text, removal.icon, removal.tone or "good")
        found.append((rows[id], label))
    return found
