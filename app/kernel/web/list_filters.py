"""Filters of a list that is no desk's queue: read from the address, shown in the popover of its toolbar and as chips.

The templates are those of the desks' filters (macros/filters.html). A value that cannot be read is dropped and named;
the other filters hold.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from flask import request, url_for

from app.kernel.text import normalization
from app.kernel.web.arguments import Arguments

LONGEST = 100
"""Characters of a text that is searched for."""

Options = Sequence[tuple[str, str]]
"""What a select offers: (value in the address, words)."""


class Filter(NamedTuple):
    """One filter: the argument of the address, its label, and what it offers; without options it takes a text."""

    name: str
    label: str
    options: Options | None = None


class Control(NamedTuple):
    """The control of a filter in the form, as macros/filters.html draws it."""

    kind: str
    name: str
    label: str
    value: str
    options: Options = ()
    placeholder: str = ""


class Chip(NamedTuple):
    """A filter that is set, in words."""

    label: str
    value: str


class Unreadable(NamedTuple):
    """A filter that was dropped because its value could not be read."""

    label: str
    sentence: str


@dataclass(frozen=True, slots=True)
class ListFilters:
    """The filters of one list as one address sets them. `kept` are arguments that stay when a filter changes."""

    endpoint: str
    filters: Sequence[Filter]
    kept: Mapping[str, str] = field(default_factory=dict)
    values: dict[str, str] = field(default_factory=dict)
    unreadable: list[Unreadable] = field(default_factory=list)

    def __getitem__(self, name: str) -> str:
        """The value of a filter, empty when it is not set."""
        return self.values.get(name, "")

    def without(self, name: str) -> str:
        """The address of the list without a filter."""
        arguments: Arguments = {**self.kept, **self.values}
        arguments.pop(name)
        return url_for(self.endpoint, **arguments)

    @property
    def url(self) -> str:
        return url_for(self.endpoint)

    @property
    def controls(self) -> list[Control]:
        """The form. A select with one choice is left out."""
        kept = [Control("hidden", name, "", value) for name, value in self.kept.items()]
        return kept + [
            Control("text" if each.options is None else "select", each.name, each.label, self[each.name], offered)
            for each in self.filters
            for offered in [(("", "any"), *(each.options or ()))]
            if each.options is None or len(each.options) > 1 or self[each.name]
        ]

    @property
    def chips(self) -> list[tuple[Chip, str]]:
        """The filters that are set, each with the address without it."""
        return [
            (Chip(f"{each.label}:", dict(each.options or ()).get(self[each.name], self[each.name])), url)
            for each in self.filters
            if self[each.name]
            for url in [self.without(each.name)]
        ]


def read(endpoint: str, *filters: Filter, kept: Mapping[str, str] | None = None) -> ListFilters:
    """What the address sets of these filters."""
    found = ListFilters(endpoint, filters, kept or {})
    for each in filters:
        text = normalization.query(request.args.get(each.name, ""), LONGEST)
        if not text:
            continue
        if each.options is None or text in dict(each.options):
            found.values[each.name] = text
        else:
            found.unreadable.append(Unreadable(each.label, "It is none of those that can be chosen here."))
    return found
