"""A desk's list as it is declared: its columns, filters, tabs and groups, and the few things that are really code.

A desk subclasses `Queue` and makes one instance; `queue_page.show`, `csv_export.export` and `bulk.act` answer its three
endpoints. docs/queue.md says how, with depositions as the example. app/dashboard/listing.py reads the rows.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, ClassVar, Generic, NamedTuple, Protocol, TypeVar, cast
from uuid import UUID

from flask import g, request, url_for

from app.accounts.access import Me, me
from app.dashboard import assignees, tags
from app.dashboard.filters import Chosen, Filters, Reader
from app.dashboard.listing import CounterRow, Found, Id, Listing
from app.kernel.changes.event_types import EventTypes
from app.kernel.changes.events import Actor
from app.kernel.db.engine import Db
from app.kernel.db.transaction import reading
from app.kernel.errors import Invalid
from app.kernel.text.template_filters import pluralize
from app.kernel.web.arguments import Arguments


class Label(NamedTuple):
    """A word with its icon and tone."""

    word: str
    icon: str
    tone: str = ""


class ShownRow(Protocol):
    """A row as every list shows it."""

    @property
    def id(self) -> Id: ...
    @property
    def version(self) -> int: ...
    @property
    def name(self) -> str: ...


Key = TypeVar("Key", int, UUID)
"""What an id is."""
R = TypeVar("R")
"""A row as it was read: a protocol that names the columns of the listing."""
L = TypeVar("L", bound=ShownRow)
"""A row as the list shows it: besides, `person`, `mine` and `takeable` for its assignee, and what its cells want."""
K = TypeVar("K")
"""What was read besides the rows of a page."""


@dataclass(eq=False)
class Exported(Generic[R, L, K]):
    """A row on its way into a CSV: as it was read, what was read besides, and what only the CSV says of it."""

    row: R
    group: str
    known: K
    tags: tuple[str, ...]
    facts: Mapping[str, object]
    time_zone: str
    now: datetime
    show: Callable[["Exported[R, L, K]"], L]

    @cached_property
    def shown(self) -> L:
        """The row as the list shows it, made for a column that asks: that costs more than a row of the CSV."""
        return self.show(self)


@dataclass(frozen=True, slots=True)
class Csv(Generic[R, L, K]):
    """A column of the CSV: the name of a column of the row, or what is made of it."""

    head: str
    value: str | Callable[[Exported[R, L, K]], object]


@dataclass(frozen=True, slots=True)
class Column(Generic[R, L, K]):
    """A column of the list: its head, its cell, and the same in the CSV.

    `cell` is a macro of the desk's `_cells.html`. `sort` is the name that the address gives this order; empty: an index
    carries no such order. `css` are the classes of its head and of its <col>, which has its width (table.css); a column
    with the class `wide-only` leaves a narrow list. One with `tabs` is shown on these alone; the CSV has it always.
    """

    label: str
    cell: str
    csv: tuple[Csv[R, L, K], ...]
    css: str
    sort: str = ""
    tabs: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.csv:
            raise ValueError(f"The column {self.label} says nothing in the CSV.")


@dataclass(frozen=True, slots=True)
class Tab:
    """A list of the desk that is always there: its key, its label, its page's title, what its number counts, and the
    arguments that choose it. `counts` is said of one and of several: `("session is booked", "sessions are booked")`.

    `tone` colours its count while the number under `toned_by` (its own, unless given) is not zero. `under` makes it a
    list without a tab of its own: the tab with that key is lit instead. A `rare` one is there only while it holds
    something, or is open.
    """

    key: str
    label: str
    title: str
    counts: tuple[str, str]
    args: Mapping[str, str] = field(default_factory=dict)
    tone: str = ""
    toned_by: str = ""
    under: str = ""
    rare: bool = False


@dataclass(frozen=True, slots=True)
class ShownTab:
    """A tab as the page shows it, with its true count."""

    label: str
    url: str
    count: int
    tone: str = ""
    current: bool = False


class Counts(NamedTuple):
    """What the counters say of a list: by tab (and whatever else tones one), in all, and by group.

    `total` is None when they do not know this list; `groups` is None when they do not know its groups.
    """

    tabs: Mapping[str, int]
    total: int | None
    groups: Mapping[str, int] | None = None


class Way(NamedTuple):
    """A link that leads on from where no row is."""

    label: str
    url: str
    icon: str


class Empty(NamedTuple):
    """What stands where no row is."""

    icon: str
    title: str
    text: str
    ways: Sequence[Way] = ()


def api_ways(desk: str) -> list[Way]:
    """How programs call the desk's API and, for who makes keys, where one is made."""
    key = [Way("Create a key", url_for("accounts.new_key"), "key-round")] if me().administers else []
    return [*key, Way("How programs call it", url_for("reference.read", name=desk), "code")]


@dataclass(slots=True)
class ListState:
    """What the address asks of a list, ready to be read: the filters that are set, their tab, and the rows.

    `args` are the query arguments of the list; defaults are omitted, and so are places in the list (pages).
    """

    listing: Listing
    now: datetime
    chosen: Chosen
    tab: Tab
    args: Arguments

    @property
    def title(self) -> str:
        return self.tab.title

    def url(self, endpoint: str = ".list", **changes: Any) -> str:  # Arguments
        """The same list elsewhere: its page, or that of one of its rows."""
        return url_for(endpoint, **{**self.args, **changes})

    def check_readable(self) -> None:
        """Raises Invalid for the first argument that cannot be read: where a list that differs would mislead."""
        for each in self.chosen.unreadable:
            raise Invalid(each.sentence, code=f"filter.{each.name}")


class Queue(ABC, Generic[Key, R, L, K]):
    """What the queue page has to know of a desk. `desk`, `subject` (as in events) and `endpoint` name it.

    `endpoint` is the list's; beside it stand `.detail`, `.csv`, `.bulk`, `.assign`, `.unassign`, `.tag` and `.untag`,
    whose paths are the list's with `/<id>`, `/csv`, `/bulk`, `/<id>/assign` and so on.
    `page` is the template of the whole page; `cells` the one with a macro for each column.
    """

    desk: ClassVar[str]
    subject: ClassVar[str]
    events: ClassVar[EventTypes]
    endpoint: ClassVar[str]
    heading: ClassVar[str]
    """What the desk lists, in a word: the title of the page says besides how many, and which."""
    page: ClassVar[str] = "dashboard/queue.html"
    cells: ClassVar[str]
    filters: ClassVar[Filters]
    tabs: ClassVar[tuple[Tab, ...]]
    identity: tuple[Csv[R, L, K], ...]
    """What the CSV says before the columns: the id comes first."""
    columns: tuple[Column[R, L, K], ...]
    noun: ClassVar[tuple[str, str]]
    groups: ClassVar[Mapping[str, Label]]
    at_once: tuple[str, ...] = ()
    grouped: tuple[str, str] | None = None
    """The endpoint of the same list in other groups, and what that is called."""
    """The groups whose rows appear on open screens at once, on top, and are named in the title of the window: somebody
    waits there. New rows of other groups wait behind a button."""
    caption: ClassVar[str] = ""
    """What the caption says besides."""

    @abstractmethod
    def listing(self, db: Db, chosen: Chosen, now: datetime) -> Listing:
        """The list of these filters at this moment."""

    @abstractmethod
    def counts(self, chosen: Chosen, counters: Sequence[CounterRow]) -> Counts:
        """What the rows of the counters say of a list."""

    def counts_groups(self, chosen: Chosen) -> bool:
        """Whether the counters know how many each group of this list holds."""
        return False

    def lede(self, tab: Tab, counts: Counts) -> str:
        """The sentence under the title: about this tab."""
        return f"{pluralize(counts.tabs[tab.key], *tab.counts)}."

    def summary(self, list_state: "ListState", counts: Counts) -> str:
        """What a list says in one line above its rows, for everybody to see; most say nothing."""
        return ""

    def readable(self, db: Db, rows: Sequence[R], viewer: Me) -> Sequence[R]:
        """The rows as this user may read them now, in their order: some columns may be kept from them for a while."""
        return rows

    @abstractmethod
    def read_more(self, db: Db, rows: Sequence[R]) -> K:
        """Reads at once, for all rows of a page, what `row` wants besides."""

    def further_csv(self, db: Db, chosen: Chosen) -> Sequence[Csv[R, L, K]]:
        """Columns that only the CSV has, after the others, and that depend on what the list is narrowed to."""
        return ()

    def export_facts(self, db: Db, rows: Sequence[R]) -> Mapping[Key, Mapping[str, object]]:
        """Reads at once what only the CSV says of these rows, by id."""
        return {}

    @abstractmethod
    def row(self, list_state: ListState, known: K, key: str, row: R, tags: tuple[str, ...], viewer: Me) -> L:
        """A row as the list shows it; `key` is its group's, empty for a row that has left the list."""

    @abstractmethod
    def empty(self, list_state: ListState, counts: Counts) -> Empty:
        """What an empty list says when no filter is to blame: nothing yet, or all done and since when."""

    @abstractmethod
    def name_of(self, row: R) -> str:
        """How a row is called in a sentence."""

    @abstractmethod
    def distinguishing_fact(self, row: R) -> str:
        """What a row has that another one of the same name has not, in short: its hour, its questionnaire."""

    @abstractmethod
    def assign(self, db: Db, id: Key, person: tuple[int, str], *, by: Actor, now: datetime, version: int) -> None:
        """Assigns a row to a person (id and name). Raises Refusal."""

    @abstractmethod
    def unassign(self, db: Db, id: Key, *, by: Actor, now: datetime, version: int) -> None:
        """Leaves a row assigned to nobody. Raises Refusal."""

    def seconds(self, tab: Tab) -> float:
        """Seconds between two polls of a tab."""
        return 2

    # The same at every desk

    def columns_on(self, tab: Tab) -> list[Column[R, L, K]]:
        """The columns that a tab shows."""
        return [column for column in self.columns if not column.tabs or tab.key in column.tabs]

    @cached_property
    def csv(self) -> tuple[Csv[R, L, K], ...]:
        """The columns of the CSV."""
        return (*self.identity, *(each for column in self.columns for each in column.csv))

    def rows(self, db: Db, list_state: ListState, found: Sequence[tuple[str | None, Found]], viewer: Me) -> dict[Id, L]:
        """Rows as the list shows them, by id, with the tags and all else read at once."""
        tags_of = tags.tags_of(db, self.subject, [row[0] for _, row in found])
        read = self.readable(db, [cast(R, row) for _, row in found], viewer)
        known = self.read_more(db, read)
        return {
            raw[0]: self.row(list_state, known, key or "", row, tags_of.get(raw[0], ()), viewer)
            for (key, raw), row in zip(found, read, strict=True)
        }

    def url(self, end: str = "", **args: Any) -> str:  # Arguments
        """The address of the list, or of what stands beside it: `csv`, `bulk`."""
        return url_for(f"{self.endpoint.partition('.')[0]}.{end}" if end else self.endpoint, **args)

    def choose(self) -> Chosen:
        """The filters that the address of this request sets."""
        person, given = me(), request.args.to_dict()
        for filter in self.filters.filters:
            if filter.repeats and len(texts := request.args.getlist(filter.name)) > 1:
                given[filter.name] = ", ".join(text for text in texts if text.strip())
        return self.filters.read(given, Reader(person.id, self.organization_ids(), person.time_zone))

    def ask(self, now: datetime, chosen: Chosen | None = None) -> ListState:
        """The list that the address of this request asks for, or that of other filters."""
        chosen = chosen or self.choose()
        return ListState(self.listing(reading(), chosen, now), now, chosen, self.tab_of(chosen), chosen.args)

    def tab_of(self, chosen: Chosen) -> Tab:
        """The tab, with or without a place among the tabs, that the filters choose."""
        args = chosen.args
        given = {name: args[name] for name in self.tab_args if name in args}
        return next(tab for tab in self.tabs if tab.args == given)

    @cached_property
    def tab_args(self) -> tuple[str, ...]:
        """The arguments that choose a tab."""
        return tuple(dict.fromkeys(name for tab in self.tabs for name in tab.args))

    def show_tabs(self, list_state: ListState, counts: Counts) -> list[ShownTab]:
        """The desk's own tabs, each with its count."""
        lit = list_state.tab.under or list_state.tab.key
        return [
            ShownTab(
                tab.label,
                self.url(**tab.args),
                counts.tabs[tab.key],
                tab.tone if counts.tabs[tab.toned_by or tab.key] else "",
                tab.key == lit,
            )
            for tab in self.tabs
            if not tab.under and (counts.tabs[tab.key] or tab.key == lit or not tab.rare)
        ]

    def reading(self) -> Db:
        """The session that this request reads with."""
        return reading()

    def tag_names(self) -> Sequence[str]:
        """The tags in use where the reader may look, the most used first."""
        known: list[str] | None = g.get("tags_offered")
        if known is None:
            offered = tags.offered(reading(), self.subject, self.organization_ids())
            known = g.tags_offered = [name for name, _ in offered]
        return known

    def assignees(self) -> Sequence[assignees.Assignee]:
        """The people who act at this desk where the reader may look, by name."""
        known: list[assignees.Assignee] | None = g.get("assignees")
        if known is None:
            known = g.assignees = assignees.assignees_of(reading(), self.desk, self.organization_ids())
        return known

    def organization_ids(self) -> frozenset[int] | None:
        """The organizations whose rows the reader may see; None is all."""
        scope = me().scope(self.desk)
        return None if scope.everything else scope.organization_ids


AnyColumn = Column[Any, Any, Any]
AnyExported = Exported[Any, Any, Any]
AnyQueue = Queue[Any, Any, Any, Any]
"""A column, a row of a CSV and a queue where it does not matter which desk's: of `Any` of their types."""
