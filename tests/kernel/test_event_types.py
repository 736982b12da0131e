"""Kinds of events: what is said of one, and that rows stored under an earlier kind are still read."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from app.kernel.changes.event_types import EventRow, EventType, EventTypes

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


@dataclass
class Stored:
    kind: str
    data: dict[str, Any] = field(default_factory=dict)
    actor_kind: str = "person"
    actor_id: str | None = "7"
    actor_name: str = "Ana Ruiz"
    via: str = "page"
    request_id: str | None = None
    created_at: datetime = NOW


def by_recipient(row: EventRow) -> str:
    return "Given to {to} by {who}" if row.data.get("to") else "Taken by {who}"


TAKEN = EventType("thing.taken", by_recipient, "took it", "user-check", removes_from_list=True, aliases=("thing.got",))
WRITTEN = EventType("thing.written", "Written", details=lambda row: str(row.data.get("text", "")))
TYPES = EventTypes([TAKEN, WRITTEN])


@pytest.mark.parametrize("kind", ["thing.taken", "thing.got"])
def test_a_row_under_an_earlier_kind_reads_like_one_of_today(kind: str) -> None:
    row = Stored(kind, {"to": "Bo"})
    assert TYPES.of(row) is TAKEN
    assert kind in TYPES
    assert TYPES.timeline([row])[0].text == "Given to Bo by Ana Ruiz"
    assert TYPES.clause(kind) == "took it"
    removal = TYPES.removal(row)
    assert removal is not None
    assert removal.text == "Given to Bo by Ana Ruiz"


def test_a_filter_on_a_kind_finds_every_stored_kind() -> None:
    assert TYPES["thing.taken"].stored_kinds == ("thing.taken", "thing.got")
    assert list(TYPES) == ["thing.taken", "thing.written"], "Earlier kinds are not offered."


def test_an_actor_that_the_sentence_does_not_name_is_named_beside_it() -> None:
    entry = WRITTEN.entry(Stored("thing.written", {"text": "hello"}, via="api", request_id="0123456789"))
    assert (entry.text, entry.small) == ("Written", "hello · by Ana Ruiz · through the API · request 01234567")
    assert TAKEN.entry(Stored("thing.taken")).small == ""


def test_what_the_event_does_not_know_is_somebody() -> None:
    assert TAKEN.text(Stored("thing.taken", {"to": "{who}"})) == "Given to {who} by Ana Ruiz", "Data is no sentence."
    assert EventType("thing.sent", "Sent to {to}").text(Stored("thing.sent", {"to": None})) == "Sent to somebody"


def test_an_unknown_kind_still_has_words_and_removes_nothing() -> None:
    row = Stored("thing.turned_over")
    assert TYPES.of(row).text(row) == "Turned over"
    assert TYPES.clause(row.kind) == "changed it"
    assert TYPES.removal(row) is None
    assert TYPES.removal(Stored("thing.written")) is None
