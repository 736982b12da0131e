"""Kinds of events. Each package declares its own once, in `events.py`; actions record them and pages read them.

Timelines, the sentence that says who was first, the label of a row that left a list, and the audit's filter all come
from the same `EventType`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from app.kernel.json_types import JsonObject

CHANNELS = {"api": "through the API", "cli": "from the command line"}
"""How an actor came in, where it is not a page."""


class EventRow(Protocol):
    """A row of the events table, or a part of one."""

    @property
    def kind(self) -> str: ...
    @property
    def actor_kind(self) -> str: ...
    @property
    def actor_name(self) -> str: ...
    @property
    def via(self) -> str: ...
    @property
    def request_id(self) -> str | None: ...
    @property
    def data(self) -> JsonObject: ...
    @property
    def created_at(self) -> datetime: ...


class ActedRow(EventRow, Protocol):
    """An event with the id of its actor."""

    @property
    def actor_id(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """An event as a timeline shows it. `small` is a line of details; `at` is when it happened; `actor` is the id of the
    person who caused it."""

    icon: str
    text: str
    small: str
    at: datetime
    tone: str = ""
    actor: str | None = None


@dataclass(frozen=True, slots=True)
class EventType:
    """A kind of event and everything that is said about it.

    `kind` is stored: `<thing>.<past participle>`. `label` is the sentence of a timeline, with `{who}` and the keys of
    the event's data in their places; a function chooses the sentence by the row. `clause` follows the actor's name:
    "Ana Ruiz scheduled it". A row of a list is gone because of it when `removes_from_list`. `details` gives the small
    line. `aliases` are the kinds under which earlier versions stored the same event: events are append-only.
    """

    kind: str
    label: str | Callable[[EventRow], str]
    clause: str = "changed it"
    icon: str = "circle-dot"
    tone: str = ""
    removes_from_list: bool = False
    details: Callable[[EventRow], str] | None = None
    aliases: tuple[str, ...] = ()

    @property
    def stored_kinds(self) -> tuple[str, ...]:
        """Every kind under which rows of this event may be stored."""
        return (self.kind, *self.aliases)

    def text(self, row: EventRow, who: str = "") -> str:
        """The sentence about one event; `who` stands in place of the actor's name."""
        return self._sentence(row).format_map(_Values(row, who))

    def entry(self, row: ActedRow) -> TimelineEntry:
        """One event as a timeline shows it."""
        unnamed = "{who}" not in self._sentence(row) and row.actor_kind != "worker"
        small = [
            self.details(row) if self.details else "",
            f"by {row.actor_name}" if unnamed else "",
            CHANNELS.get(row.via, ""),
            f"request {row.request_id[:8]}" if row.via == "api" and row.request_id else "",
        ]
        actor = row.actor_id if row.actor_kind == "person" else None
        details = " · ".join(filter(None, small))
        return TimelineEntry(self.icon, self.text(row), details, row.created_at, self.tone, actor)

    def _sentence(self, row: EventRow) -> str:
        return self.label if isinstance(self.label, str) else self.label(row)


class _Values(JsonObject):
    """What stands in the places of a sentence: the actor and the event's data, `somebody` for what is not known."""

    def __init__(self, row: EventRow, who: str) -> None:
        super().__init__({key: value for key, value in (row.data or {}).items() if value not in (None, "")})
        self["who"] = who or row.actor_name

    def __missing__(self, key: str) -> str:
        return "somebody"


class EventTypes(Mapping[str, EventType]):
    """The kinds of events of one package, or of several, by stored kind; earlier kinds are found as well.

    Iterating yields current kinds only. `of_module` collects the constants of a module that declares events.
    """

    def __init__(self, types: Iterable[EventType]) -> None:
        self._current = {each.kind: each for each in types}
        self._stored = {kind: each for each in self._current.values() for kind in each.stored_kinds}

    @classmethod
    def of_module(cls, constants: Mapping[str, object], *others: "EventTypes") -> "EventTypes":
        """Every EventType among a module's globals, together with those of `others`."""
        own = [value for value in constants.values() if isinstance(value, EventType)]
        return cls([*own, *(each for other in others for each in other.values())])

    def __getitem__(self, kind: str) -> EventType:
        return self._stored[kind]

    def __iter__(self) -> Iterator[str]:
        return iter(self._current)

    def __len__(self) -> int:
        return len(self._current)

    def of(self, row: EventRow) -> EventType:
        """The type of a stored event; for a kind that nobody declares, one that says no more than its name."""
        return self._stored.get(row.kind) or EventType(
            row.kind, row.kind.partition(".")[2].replace("_", " ").capitalize()
        )

    def clause(self, kind: str) -> str:
        """What an event says of its actor: `scheduled it`."""
        return self._stored[kind].clause if kind in self._stored else "changed it"

    def timeline(self, rows: Iterable[ActedRow]) -> list[TimelineEntry]:
        """Events as a timeline shows them, in the order given."""
        return [self.of(row).entry(row) for row in rows]

    def removal(self, row: EventRow, own: bool = False) -> TimelineEntry | None:
        """What is said of a row that left a list because of this event; None when the event removes none. `own` is
        whether the reader caused it."""
        found = self._stored.get(row.kind)
        if found is None or not found.removes_from_list:
            return None
        return TimelineEntry(found.icon, found.text(row, "you" if own else ""), "", row.created_at, found.tone)
