"""The queue page, once for all desks: a room says what is in its list and how a row looks; this shows it.

A room subclasses `Room`, makes one instance and calls `show`, `copies.take` and `bulk.act` from three endpoints.
docs/queue.md says how, with depositions as the example. What is in a list, app/dashboard/listing.py alone says.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, ClassVar, NamedTuple, TypedDict

from flask import Response, current_app, g, request, url_for
from sqlalchemy import Row

from app.accounts.access import Me, me
from app.dashboard import assignees, delivery_problems, filters, recent_events, tags
from app.dashboard.filters import Filter
from app.dashboard.listing import MOST_COUNTED, Listing
from app.dashboard.live import live_list, who_looks
from app.dashboard.saved_views import for_page
from app.kernel import clock
from app.kernel.changes.event_types import EventTypes
from app.kernel.changes.events import Actor
from app.kernel.db.engine import Db
from app.kernel.db.transaction import db, reading
from app.kernel.text.template_filters import pluralize
from app.kernel.web.htmx import respond
from app.kernel.web.live import rows_on_screen


class Label(NamedTuple):
    """A word with its icon and tone."""

    word: str
    icon: str
    tone: str = ""


class Column(NamedTuple):
    """A head cell. `sort` is the name the address gives this order; empty: an index carries no such order."""

    label: str
    cls: str = ""
    sort: str = ""


class Tab(TypedDict):
    """A list of the desk that is always there, with its true count."""

    label: str
    url: str
    count: int
    tone: str
    current: bool


class Empty(NamedTuple):
    """What stands where no row is."""

    icon: str
    title: str
    text: str


@dataclass(slots=True)
class ListState:
    """What the address asks for. A room may subclass it to carry its own filters.

    `args` are the address without what goes without saying, sort included, page not. `sort` is the order in force, with
    a leading `-` when it descends, and `sorts` are those this list can be sorted by. `f` are the room's filters.
    `counted`: counters know how many each of its groups holds, and `Room.sizes` says so. `known` is what `Room.gather`
    read for the rows of the page.
    """

    listing: Listing
    now: datetime
    args: dict[str, Any]
    title: str
    view: str
    sort: str = ""
    sorts: tuple[str, ...] = ()
    f: Any = None
    organization_id: int | None = None
    counted: bool = False
    known: Any = None


@dataclass(slots=True)
class Group:
    """One stretch of a page: its heading (None without groups), how many it holds in all, its lines.

    `capped`: it holds more than could be counted.
    """

    key: str
    word: Label | None
    size: int
    lines: list[Any]
    capped: bool = False


class Queue(ABC):
    """What the queue page has to know of a room. `desk`, `subject` (as in events) and `endpoint` name it.

    `endpoint` is the list's; beside it stand `.detail`, `.csv`, `.bulk`, `.assign`, `.give_back`, `.tag` and `.untag`,
    whose paths are the list's with `/<id>`, `/csv`, `/bulk`, `/<id>/assign` and so on.
    `page` is the template of the whole page, which extends `desk/queue.html`; `rows` the one with the macro `cells`.
    """

    desk: ClassVar[str]
    subject: ClassVar[str]
    events: ClassVar[EventTypes]
    endpoint: ClassVar[str]
    page: ClassVar[str]
    tab_args: ClassVar[tuple[str, ...]] = ("view",)
    rows: ClassVar[str]
    columns: ClassVar[tuple[Column, ...]]
    noun: ClassVar[tuple[str, str]]
    groups: ClassVar[Mapping[str, Label]]
    export: ClassVar[tuple[str, ...]]
    """The head of the CSV."""
    orders: ClassVar[Mapping[str, str]] = {}
    """What the orders are called, for the table's caption: `starts` → `by start`; without one it is urgency."""
    caption: ClassVar[str] = ""
    """What the caption says besides."""
    seconds: ClassVar[float] = 2
    """Between two polls of the list."""

    @abstractmethod
    def ask(self, now: datetime, without: str = "") -> ListState:
        """The list that the address asks for, or the same `without` one of its filters. Raises Invalid."""

    @abstractmethod
    def tabs(self, asked: ListState, kept: Sequence[tuple[str, int, int]]) -> tuple[list[Tab], int | None]:
        """The tabs with what the counters say, and how many this list holds when the counters know that."""

    def sizes(self, asked: ListState, kept: Sequence[tuple[str, int, int]]) -> Mapping[str, int]:
        """How many each group holds, of what the counters say; asked for lists that are `counted`."""
        return {}

    @abstractmethod
    def lede(self, asked: ListState, tabs: Sequence[Tab]) -> str:
        """The sentence under the title."""

    def gather(self, asked: ListState, rows: Sequence[Row]) -> Any:
        """Reads at once, for all rows of the page, what `line` wants besides; it finds it in `asked.known`."""
        return asked.known

    @abstractmethod
    def line(self, asked: ListState, key: str, row: Row, worn: tuple[str, ...], viewer: Me) -> Any:
        """A row as `cells` shows it: it has `id`, `version`, `name` and whatever the macro wants."""

    def context(self, asked: ListState) -> dict[str, Any]:
        """What else the room's own templates want; called for whole pages only."""
        return {}

    @abstractmethod
    def nothing(self, asked: ListState, tabs: Sequence[Tab]) -> Empty:
        """What an empty list says when no filter is to blame: nothing yet, or all done and since when."""

    @abstractmethod
    def name_of(self, row: Row) -> str:
        """How a row is called in a sentence."""

    @abstractmethod
    def record(self, row: Row, key: str, viewer: Me) -> Sequence[Any]:
        """A row of the CSV, in the order of `export`."""

    @abstractmethod
    def assign(self, db: Db, id: Any, person: tuple[int, str], *, by: Actor, now: datetime, version: int) -> None:
        """Gives a row to a person (id and name). Raises Refusal."""

    @abstractmethod
    def give_back(self, db: Db, id: Any, *, by: Actor, now: datetime, version: int) -> None:
        """Gives a row back to everybody. Raises Refusal."""

    def narrowing(self, asked: ListState) -> list[Filter]:
        """The filters that are set, in words; asked only of lists that are empty. A room adds its own."""
        return filters.usual(reading(), asked.f, self.colleagues)

    # What every room has alike

    def url(self, end: str = "", **args: Any) -> str:
        """The address of the list, or of what stands beside it: `csv`, `bulk`."""
        return url_for(f"{self.endpoint.partition('.')[0]}.{end}" if end else self.endpoint, **args)

    def every(self) -> float:
        """Seconds between two polls of the list that the address asks for."""
        return self.seconds

    def heads(self, asked: ListState) -> Sequence[Column]:
        """The head cells of this list, as many as `columns`."""
        return self.columns

    def tag_names(self) -> list[str]:
        """The tags in use where the reader may look, the most used first."""
        known: list[str] | None = g.get("tags_offered")
        if known is None:
            known = g.tags_offered = [name for name, _ in tags.offered(reading(), self.subject, self.reach())]
        return known

    def colleagues(self) -> list[assignees.Assignee]:
        """The people who act at this desk where the reader may look, by name."""
        known: list[assignees.Assignee] | None = g.get("colleagues")
        if known is None:
            known = g.colleagues = assignees.assignees_of(reading(), self.desk, self.reach())
        return known

    def reach(self) -> frozenset[int] | None:
        """The organizations whose rows the reader may see; None is all."""
        scope = me().scope(self.desk)
        return None if scope.everything else scope.organization_ids


@dataclass
class QueuePage:
    """One showing of a list, as `desk/queue.html` and `desk/_queue.html` read it."""

    room: Queue
    asked: ListState
    groups: list[Group]
    gone: list[Any]
    tabs: list[Tab]
    total: int
    count: int
    first: bool
    next_url: str
    previous_url: str
    after: dict[str, str]
    capped: bool = False

    @property
    def many(self) -> str:
        """How many the list holds, in words: `31`, `1,000+`."""
        return f"{MOST_COUNTED:,}+" if self.total > MOST_COUNTED and self.capped else f"{self.total:,}"

    @property
    def order(self) -> str:
        """The order in force, in words."""
        sort = self.asked.sort
        if not sort:
            return "the most urgent first"
        return f"{self.room.orders[sort.removeprefix('-')]}, {'latest' if sort.startswith('-') else 'earliest'} first"

    @property
    def csv_label(self) -> str:
        return "CSV" if self.total == 0 else "CSV of this one" if self.total == 1 else f"CSV of these {self.many}"

    @property
    def csv_url(self) -> str:
        return self.room.url("csv", **self.asked.args)

    @property
    def bulk_url(self) -> str:
        return self.room.url("bulk", **self.asked.args, **self.after)

    @property
    def first_url(self) -> str:
        return self.room.url(**self.asked.args)

    def head(self) -> Iterator[tuple[Column, str, str]]:
        """Head cells with the address that sorts by them, and the order in force: one press sorts, the next turns it
        round, the third goes back to urgency."""
        asked = self.asked
        for column in self.room.heads(asked):
            if column.sort not in asked.sorts:
                yield column, "", ""
                continue
            order = {column.sort: "ascending", f"-{column.sort}": "descending"}.get(asked.sort, "")
            then = {"": column.sort, "ascending": f"-{column.sort}", "descending": None}[order]
            yield column, self.room.url(**{**asked.args, "sort": then}), order

    @cached_property
    def narrowing(self) -> list[Filter]:
        """The filters that are set, in words."""
        return self.room.narrowing(self.asked)

    def removals(self) -> list[tuple[str, int, str]]:
        """For the list that matches nothing: each filter in words, how many there are without it, and that address."""
        found = []
        for one in self.narrowing:
            n = self.room.ask(self.asked.now, without=one.name).listing.total(db())
            args = {name: value for name, value in self.asked.args.items() if name != one.name}
            if n:
                found.append((one.words, n, self.room.url(**args)))
        return found

    @property
    def unfiltered(self) -> int:
        """How many the tab holds without any filter."""
        return next((tab["count"] for tab in self.tabs if tab["current"]), 0)

    @property
    def hides(self) -> str:
        """What the filters hide, all together."""
        return f"The filters hide {pluralize(self.unfiltered, *self.room.noun)}. Take one away:"

    @property
    def plain_url(self) -> str:
        set_ = {one.name for one in self.narrowing}
        return self.room.url(**{name: value for name, value in self.asked.args.items() if name not in set_})

    def nothing(self) -> Empty:
        return self.room.nothing(self.asked, self.tabs)

    def untold(self) -> list[Tab]:
        """Failed and failing messages of this desk: a tab for each list that holds any."""
        desk = self.room.desk
        found = delivery_problems.delivery_problems(db(), {desk: me().scope(desk)}, current_app.extensions["subjects"])[
            desk
        ]
        lanes = (("Failed", "failed", found.dead, "danger"), ("Failing", "failing", found.failing, "warn"))
        return [
            Tab(label=label, url=url_for("messages.list", view=view, desk=desk), count=n, tone=tone, current=False)
            for label, view, n, tone in lanes
            if n
        ]

    def colleagues(self) -> list[assignees.Assignee]:
        """The people the ticked rows can be given to."""
        return self.room.colleagues()

    def tag_names(self) -> list[str]:
        """The tags in use, to choose from."""
        return self.room.tag_names()


def show(room: Queue) -> Response:
    """The page of a list, or its fragment `#queue`."""
    viewer, now = me(), clock.now()
    live = live_list(room.subject, viewer.scope(room.desk), now, every=room.every())
    if live.unchanged:
        return live.not_modified()
    asked = room.ask(now)
    listing, after, before = asked.listing, request.args.get("after"), request.args.get("before")
    page = listing.page(db(), after, before)
    keys = dict.fromkeys(key for key, _ in page.rows)
    counted, kept = listing.counts(db(), () if asked.counted else keys)
    sizes = room.sizes(asked, kept) if asked.counted else counted
    ids = [row[0] for _, row in page.rows]
    left = _left(room, asked, ids)
    worn = tags.of(db(), room.subject, [*ids, *left])
    asked.known = room.gather(asked, [row for _, row in (*page.rows, *left.values())])
    groups: list[Group] = []
    for key, row in page.rows:
        if not groups or groups[-1].key != key:
            more = not asked.counted and sizes[key] > MOST_COUNTED
            groups.append(Group(key, room.groups.get(key), sizes[key], [], more))
        groups[-1].lines.append(room.line(asked, key, row, worn.get(row[0], ()), viewer))
    views = for_page(db(), viewer, room.desk, asked.args, now, tab=room.tab_args)
    views.look_through(db(), room.subject, (row for _, row in page.rows), page.first and page.next_cursor is None)
    tabs, known = room.tabs(asked, kept)
    shown = QueuePage(
        room=room,
        asked=asked,
        groups=groups,
        gone=_gone(room, asked, left, worn, viewer),
        tabs=tabs,
        total=known if known is not None else _total(listing, page),
        capped=known is None,
        count=len(page.rows),
        first=page.first,
        next_url=room.url(**asked.args, after=page.next_cursor) if page.next_cursor else "",
        previous_url=room.url(**asked.args, before=page.previous_cursor) if page.previous_cursor else "",
        after={"after": after} if after and not page.first else {},
    )
    return respond(
        room.page,
        "dashboard/_queue.html",
        shown=shown,
        asked=asked,
        room=room,
        title=asked.title,
        why_not=viewer.why_not(room.desk),
        presence=who_looks(room.subject, ids, now) if live.looked else {},
        live=live,
        most=MOST_COUNTED,
        views=views,
        more=lambda: room.context(asked),
    )


def _total(listing: Listing, page: Any) -> int:
    """What a list holds that is on this page whole is known already."""
    if page.first and page.next_cursor is None:
        return len(page.rows)
    return listing.total(db())


def _left(room: Queue, asked: ListState, ids: Sequence[Any]) -> dict[Any, tuple[str | None, Row]]:
    """Of the rows that a poll says are on screen, those that the fresh page does not show."""
    kind, on_page = asked.listing.shape.id.type.python_type, set(ids)
    known = [id for word in rows_on_screen() if (id := _id(word, kind)) is not None and id not in on_page]
    return asked.listing.rows_of(db(), known)


def _id(word: str, kind: type) -> Any:
    try:
        id = kind(word.strip())
    except ValueError:
        return None
    return id if kind is not int or 0 < id < 2**63 else None


def _gone(
    room: Queue, asked: ListState, left: dict[Any, tuple[str | None, Row]], worn: dict[Any, tuple[str, ...]], viewer: Me
) -> list[tuple[Any, Label | None]]:
    """Lines for rows no longer on the page: as they are when they moved to another page, else with who did what."""
    over = [id for id, (key, _) in left.items() if key is None]
    happened = recent_events.latest_events(db(), room.subject, over)
    found: list[tuple[Any, Label | None]] = []
    for id, (key, row) in left.items():
        word = None
        if key is None:
            said = room.events.removal(happened[id]) if id in happened else None
            word = Label("No longer in this list", "circle-check")
            if said is not None:
                word = Label(said.text, said.icon, said.tone or "good")
        found.append((room.line(asked, key or "", row, worn.get(id, ()), viewer), word))
    return found
