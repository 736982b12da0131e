"""What every filter is: the base class, and the small things that filters and pages exchange."""

from abc import ABC, abstractmethod
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, NamedTuple, Protocol, TypeVar

from app.dashboard import assignees
from app.dashboard.listing import Column as Column
from app.dashboard.listing import Condition as Condition
from app.dashboard.listing import Conditions as Conditions
from app.kernel.db.engine import Db
from app.kernel.errors import Invalid

if TYPE_CHECKING:
    from app.dashboard.filters.chosen import Chosen

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


class Sources(Protocol):
    """Where filters read what they offer; an implementation reads each once a request."""

    def reading(self) -> Db: ...
    def assignees(self) -> Sequence[assignees.Assignee]: ...
    def tag_names(self) -> Sequence[str]: ...


class Control(NamedTuple):
    """A filter's control in the form. `kind` is select, text, date or hidden."""

    kind: str
    name: str
    label: str
    value: str
    options: Options = ()
    placeholder: str = ""


class Unreadable(NamedTuple):
    """An argument of an address that was dropped because it could not be read."""

    name: str
    label: str
    sentence: str


class Active(NamedTuple):
    """A filter that is set: its argument, and what it asks for in words: `State: canceled`."""

    name: str
    words: str


class Filter(ABC, Generic[V]):
    """One filter. Subclasses say how its text is read, what it narrows and how it looks in the form."""

    def __init__(self, name: str, label: str) -> None:
        self.name, self.label = name, label

    @abstractmethod
    def parse(self, text: str) -> V:
        """The value that the text means. Raises Invalid with a sentence."""

    def serialize(self, value: V) -> str:
        """The text of a value in the address."""
        return str(value)

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

    def words(self, value: V, chosen: "Chosen", sources: Sources) -> str:
        """What a value asks for, in words."""
        text = self.serialize(value)
        return f"{self.label}: {dict(self.options(chosen, sources)).get(text, text)}"

    def control(self, chosen: "Chosen", sources: Sources) -> Control | None:
        """The control in the form; None where there is nothing to choose."""
        options = self.options(chosen, sources)
        return Control("select", self.name, self.label, chosen.text(self), tuple(options)) if options else None

    def refuse(self, sentence: str) -> Invalid:
        return Invalid(sentence, code=f"filter.{self.name}")
