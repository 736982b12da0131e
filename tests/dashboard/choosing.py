"""Filters for tests that ask a list without a request: values instead of the texts of an address."""

from collections.abc import Callable
from datetime import date
from functools import partial
from typing import Any

from app.dashboard.filters import Chosen, Filters, Reader

ARGUMENTS = {
    "organization_id": "organization",
    "template_id": "template",
    "person": "with",
    "first": "from",
    "last": "to",
    "in_zone": "zone",
}


def choose(
    filters: Filters,
    view: str = "",
    *,
    reach: frozenset[int] | None = None,
    zone: str = "UTC",
    person_id: int = 0,
    **values: Any,
) -> Chosen:
    """What an address with these values asks of a list; every one of them can be read."""
    given = {ARGUMENTS.get(name, name): _text(value) for name, value in {"view": view or None, **values}.items()}
    found = filters.read({name: text for name, text in given.items() if text}, Reader(person_id, reach, zone))
    assert found.unreadable == []
    return found


def _text(value: Any) -> str:
    return "" if value is None else value.isoformat() if isinstance(value, date) else str(value)


def chooser(filters: Filters) -> Callable[..., Chosen]:
    return partial(choose, filters)
