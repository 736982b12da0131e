"""What every filter is, what a desk declares of its filters, and what one address asks of them.

The three refer to each other, so they stand in one file.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, ClassVar, Generic, NamedTuple, Protocol, TypeVar, cast

from sqlalchemy import bindparam, false

from app.dashboard import assignees
from app.dashboard.day_forms import DayForm, day_form
from app.dashboard.listing import Column as Column
from app.dashboard.listing import Condition as Condition
from app.dashboard.listing import Conditions as Conditions
from app.dashboard.listing import Segment
from app.kernel import clock
from app.kernel.db.engine import Db
from app.kernel.errors import Invalid
from app.kernel.text.datetimes import local
from app.kernel.web.arguments import Arguments

V = TypeVar("V")

Options = Sequence[tuple[str, str]]
"""What a select offers: (value in the address, words)."""


@dataclass(frozen=True, slots=True)
class Reader:
    """The person who reads a list, as far as its filters ask: `organization_ids` are those whose rows they may see."""

    person_id: int = 0
    organization_ids: frozenset[int] | None = None
    """None is every organization."""
    time_zone: str = "UTC"

    @property
    def day_form(self) -> DayForm:
        """How the reader writes days in figures."""
        return day_form(self.time_zone)

    @property
    def today(self) -> date:
        """The day it is where the reader is."""
        return local(clock.now(), self.time_zone).date()


class Sources(Protocol):
    """Where filters read what they offer; an implementation reads each once a request."""

    def reading(self) -> Db: ...
    def assignees(self) -> Sequence[assignees.Assignee]: ...
    def tag_names(self) -> Sequence[str]: ...


class Control(NamedTuple):
    """A filter's control in the form. `kind` is select, text, hidden, several: any number of the `options`, days: a
    range of two `ends`, whose `options` are periods by name, or sort: a select of the orders, seen where the heads of
    the columns are not."""

    kind: str
    name: str
    label: str
    value: str
    options: tuple[tuple[str, str], ...] = ()
    placeholder: str = ""
    ends: "tuple[Control, ...]" = ()


class Unreadable(NamedTuple):
    """An argument of an address that was dropped because it could not be read."""

    name: str
    label: str
    sentence: str
    text: str = ""


class Active(NamedTuple):
    """A filter that is set: its arguments, and what it asks for in words: `State:` and `canceled`. `left` is what the
    filter still asks for when this is taken off: one of several values."""

    names: tuple[str, ...]
    label: str
    value: str
    left: "Mapping[AnyFilter, Any] | None" = None  # of any type of value

    @property
    def name(self) -> str:
        return self.names[0]

    @property
    def words(self) -> str:
        """`State: canceled`."""
        return f"{self.label} {self.value}".strip()


class Filter(ABC, Generic[V]):
    """One filter. Subclasses say how its text is read, what it narrows and how it looks in the form."""

    rewrites: ClassVar[bool] = False
    """Whether people write its values otherwise than the address keeps them."""
    repeats: ClassVar[bool] = False
    """Whether the address may have its argument several times: a form sends each value that is ticked by itself."""
    yields_to: tuple[str, ...] = ()
    """The arguments that mean more than this one: where one of them is set, this one is dropped."""

    def __init__(self, name: str, label: str) -> None:
        self.name, self.label = name, label

    @abstractmethod
    def parse(self, text: str, reader: Reader) -> V:
        """The value that the text means. Raises Invalid with a sentence."""

    def serialize(self, value: V) -> str:
        """The text of a value in the address."""
        return str(value)

    def shown(self, value: V, reader: Reader) -> str:
        """The text of a value in the form."""
        return self.serialize(value)

    def applies(self, value: V, tab: str) -> bool:
        """Whether the value means anything on this tab; elsewhere it is dropped without a word."""
        return True

    def kind(self, value: V, reader: Reader) -> Hashable:
        """What of the value changes the statement, and not only its values."""
        return True

    def conditions(self, kind: Hashable, tab: str) -> Conditions:
        """The conditions of a kind, with bindparams for what differs from request to request."""
        return ()

    def values(self, value: V, chosen: "Chosen", db: Db) -> Mapping[str, object]:
        """What fills the conditions' bindparams."""
        return {self.name: value}

    def label_on(self, tab: str) -> str:
        """The label on this tab."""
        return self.label

    def options(self, chosen: "Chosen", sources: Sources) -> Options:
        """What the filter's select offers."""
        return ()

    def phrase(self, value: V, chosen: "Chosen", sources: Sources) -> tuple[str, str]:
        """What a value asks for in words: a label, and the value."""
        return f"{self.label}:", self.serialize(value)

    def active(self, value: V, chosen: "Chosen", sources: Sources) -> Sequence[Active]:
        """The filter as it is set; nothing where another one speaks for it."""
        return [Active((self.name,), *self.phrase(value, chosen, sources))]

    def control(self, chosen: "Chosen", sources: Sources) -> Control | None:
        """The control in the form; None where there is nothing to choose."""
        options = self.options(chosen, sources)
        return Control("select", self.name, self.label, chosen.shown(self), tuple(options)) if options else None

    def refuse(self, sentence: str) -> Invalid:
        return Invalid(sentence, code=f"filter.{self.name}")


def reach_kind(organization_ids: Collection[int] | None) -> str:
    """What of a set of organizations changes a statement and not only its values: all, none, one or several."""
    if organization_ids is None:
        return "all"
    return ("none", "one")[len(organization_ids)] if len(organization_ids) < 2 else "several"


def reach_values(organization_ids: Collection[int] | None) -> dict[str, object]:
    """The values of the conditions that `within_reach` makes."""
    ids = sorted(organization_ids or ())
    return {"organizations": ids, "only": ids[0] if ids else None}


def within_reach(column: Column, kind: str) -> Conditions:
    """The conditions that keep to the reader's organizations."""
    if kind == "several":
        return (column.in_(bindparam("organizations", expanding=True)),)
    return {"all": (), "none": (false(),), "one": (column == bindparam("only"),)}[kind]


MOST_PLACES = 8
"""Of so many organizations each has its own ranges; with more everybody's are read, and the others left out."""


AnyFilter = Filter[Any]
"""A filter, whatever type (`Any`) its values have."""


@dataclass(frozen=True, slots=True)
class ListKind:
    """What of a list changes its statements and not only their values: they are built once for each kind."""

    tab: str
    reach: str
    places: int | None
    """Of how many organizations rows are in the list, at most one more than MOST_PLACES; None is all."""
    sort: str
    filters: tuple[tuple[AnyFilter, Hashable], ...]

    def get(self, name: str) -> Hashable:
        """The kind of the filter with this name; None when it is not set."""
        return next((kind for filter, kind in self.filters if filter.name == name), None)

    def has(self, *names: str) -> bool:
        """Whether one of these filters is set."""
        return any(filter.name in names for filter, _ in self.filters)

    @property
    def descending(self) -> bool:
        return self.sort.startswith("-")

    @property
    def order(self) -> str:
        """The order without its direction; empty is urgency."""
        return self.sort.removeprefix("-")

    def conditions(self) -> Conditions:
        """The conditions of all filters that are set."""
        return tuple(each for filter, kind in self.filters for each in filter.conditions(kind, self.tab))


def spread(segments: Sequence[Segment], column: Column, kind: ListKind) -> list[Segment]:
    """The segments of the organizations in the list: each of their branches once for each organization, so that it
    stays one range on one index."""
    places = kind.places
    if places is None:
        return list(segments)
    each: list[Condition] = [column == bindparam(f"place_{n}", type_=column.type) for n in range(places)] or [false()]
    if places > MOST_PLACES or (places > 1 and kind.has("q")):  # what text finds is few
        each = [column.in_(bindparam("places", expanding=True, type_=column.type))]
    return [
        replace(segment, branches=tuple((place, *branch) for place in each for branch in segment.branches))
        for segment in segments
    ]


class TabFilter(Filter[str]):
    """The argument that chooses the tab. The first of `keys` is the default."""

    def __init__(self, name: str, keys: Sequence[str], label: str) -> None:
        super().__init__(name, label)
        self.keys, self.default = tuple(keys), keys[0]


class Filters:
    """The filters of one desk. `orders` are the orders besides urgency, by name in the address, in words; `sorts` says
    which of them an index carries for what is chosen."""

    def __init__(
        self,
        tabs: "TabFilter",
        filters: Sequence[AnyFilter],
        orders: Mapping[str, str],
        sorts: Callable[["Chosen"], Sequence[str]],
    ) -> None:
        self.tabs, self.filters, self.orders, self.sorts = tabs, tuple(filters), orders, sorts

    def order(self, sort: str) -> str:
        """An order in words."""
        if not sort:
            return "the most urgent first"
        return f"{self.orders[sort.removeprefix('-')]}, {'latest' if sort.startswith('-') else 'earliest'} first"

    def read(self, arguments: Mapping[str, str], reader: Reader) -> "Chosen":
        """What the arguments of an address ask for. What cannot be read is dropped and kept as `unreadable`."""
        given = {name: text.strip() for name, text in arguments.items() if text.strip()}
        unreadable: list[Unreadable] = []
        chosen = Chosen(self, reader, self.tabs.default, unreadable=unreadable)
        for filter in (self.tabs, *self.filters):
            if filter.name not in given:
                continue
            try:
                value = filter.parse(given[filter.name], reader)
            except Invalid as refusal:
                label, text = filter.label_on(chosen.tab), given[filter.name]
                unreadable.append(Unreadable(filter.name, label, refusal.detail, text))
                continue
            if filter is self.tabs:
                chosen.tab = value
            elif chosen.has(*filter.yields_to):
                chosen.rewritten = True
            elif value != "" and filter.applies(value, chosen.tab):
                chosen.values[filter] = value
                chosen.rewritten |= filter.rewrites and filter.serialize(value) != given[filter.name]
        sort = given.get("sort", "")
        if sort.removeprefix("-") in ("", *self.orders):
            chosen.given_sort = sort
        else:
            sentence = "The list cannot be sorted like that. Use the heads of its columns."
            unreadable.append(Unreadable("sort", "Order", sentence))
        return chosen


WITHOUT_TEXT = frozenset(("q", "tag", "language", "sort"))
"""Arguments that stand as an empty text in a cursor's purpose when they are not set; others as `None`."""
PEOPLE = frozenset(("with", "operator", "manager"))
"""Arguments that name a person, by id in a cursor's purpose."""


@dataclass(slots=True)
class Chosen:
    """What one address asks of a list, for one reader. Filters that are set are in `values`, in their order."""

    filters: Filters
    reader: Reader
    tab: str
    values: dict[AnyFilter, Any] = field(default_factory=dict)  # of any type of value; `get` is typed
    given_sort: str = ""
    unreadable: list[Unreadable] = field(default_factory=list)
    rewritten: bool = False
    """Whether the address writes a value otherwise than it is kept: a day as only this reader writes it."""

    def get(self, filter: Filter[V]) -> V | None:
        """The value of a filter; None when it is not set."""
        return cast(V | None, self.values.get(filter))

    def text(self, filter: AnyFilter) -> str:
        """The value of a filter as the address writes it; empty when it is not set."""
        return filter.serialize(self.values[filter]) if filter in self.values else ""

    def shown(self, filter: AnyFilter) -> str:
        """The value of a filter as the form shows it; what could not be read as it was typed."""
        if filter in self.values:
            return filter.shown(self.values[filter], self.reader)
        return next((each.text for each in self.unreadable if each.name == filter.name), "")

    @property
    def in_form(self) -> dict[str, str]:
        """What the form shows, by argument."""
        tabs = self.filters.tabs
        found = {filter.name: filter.shown(value, self.reader) for filter, value in self.values.items()}
        found |= {"sort": self.sort} if self.sort else {}
        return found if self.tab == tabs.default else {tabs.name: self.tab, **found}

    def has(self, *names: str) -> bool:
        """Whether one of these filters is set."""
        return any(filter.name in names for filter in self.values)

    @property
    def sorts(self) -> Sequence[str]:
        """The orders that this list can be read in."""
        return self.filters.sorts(self)

    @property
    def sort(self) -> str:
        """The order in force, with a leading `-` when it descends: a filter may have taken away the one asked for."""
        return self.given_sort if self.given_sort.removeprefix("-") in self.sorts else ""

    @property
    def args(self) -> Arguments:
        """Query arguments of this list; defaults are omitted."""
        tabs = self.filters.tabs
        found = {tabs.name: self.tab} if self.tab != tabs.default else {}
        found |= {filter.name: filter.serialize(value) for filter, value in self.values.items()}
        return {**found, "sort": self.sort} if self.sort else found

    @property
    def during(self) -> Arguments:
        """Query arguments of this list in another period, whose name is to be appended."""
        return {**{name: text for name, text in self.args.items() if name not in ("from", "to", "when")}, "when": ""}

    @property
    def organization_ids(self) -> tuple[int, ...] | None:
        """The organizations whose rows are in the list; None is all."""
        reach = self.reader.organization_ids
        wanted = next((value for filter, value in self.values.items() if filter.name == "organization"), None)
        if wanted is None:
            return None if reach is None else tuple(sorted(reach))
        return tuple(id for id in wanted if reach is None or id in reach)

    @property
    def several(self) -> bool:
        """Whether rows of more than one organization may be in the list."""
        return self.organization_ids is None or len(self.organization_ids) > 1

    def without(self, one: Active) -> "Chosen":
        """The same without a filter that is set, or without one of its values."""
        kept = {filter: value for filter, value in self.values.items() if filter.name not in one.names}
        kept |= one.left or {}
        return Chosen(self.filters, self.reader, self.tab, kept, self.given_sort)

    def active(self, sources: Sources) -> list[Active]:
        """The filters that are set, in words."""
        return [each for filter, value in self.values.items() for each in filter.active(value, self, sources)]

    def controls(self, sources: Sources) -> list[Control]:
        """The form: the tab first, then every filter that has something to choose."""
        orders = [(f"{down}{name}", self.filters.order(f"{down}{name}")) for name in self.sorts for down in ("", "-")]
        sort = [Control("sort", "sort", "Sort", self.sort, (("", self.filters.order("")), *orders))] if orders else []
        found = (filter.control(self, sources) for filter in (self.filters.tabs, *self.filters.filters))
        return [*(control for control in found if control is not None), *sort]

    @property
    def kind(self) -> ListKind:
        """The key of this list's statements."""
        kinds = tuple((filter, filter.kind(value, self.reader)) for filter, value in self.values.items())
        places = self.organization_ids
        many = None if places is None else min(len(places), MOST_PLACES + 1)
        return ListKind(self.tab, reach_kind(self.reader.organization_ids), many, self.sort, kinds)

    def bind(self, db: Db) -> dict[str, object]:
        """The values of the statements: the filters' own, the reader's organizations, and those in the list."""
        places = self.organization_ids or ()
        found = {**reach_values(self.reader.organization_ids), "places": places}
        found |= {f"place_{n}": id for n, id in enumerate(places[:MOST_PLACES])}
        for filter, value in self.values.items():
            found |= filter.values(value, self, db)
        return found

    def purpose(self, desk: str, names: Sequence[str]) -> str:
        """What binds a cursor to this list and this reader.

        `names` are the arguments in the order in which cursors have always had them: pages that were open during an
        upgrade go on to their next page.
        """
        reach = self.reader.organization_ids
        args = {self.filters.tabs.name: self.tab, **self.args}
        people = {"nobody": "0", "me": str(self.reader.person_id)}
        texts = [args.get(name, "" if name in WITHOUT_TEXT else "None") for name in names]
        values = [people.get(text, text) if name in PEOPLE else text for name, text in zip(names, texts, strict=True)]
        # A filter that cursors have not always had is named where it is set.
        for name in sorted(args.keys() - set(names)):
            values.append(f"{name}={people.get(args[name], args[name]) if name in PEOPLE else args[name]}")
        return ":".join([desk, *values, "all" if reach is None else ",".join(map(str, sorted(reach)))])
