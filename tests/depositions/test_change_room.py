"""Change the room: where people meet, until the session begins."""

import pytest

from app.depositions import actions
from app.kernel.clock import now
from app.kernel.errors import Conflict, Invalid
from tests.depositions import factories
from tests.depositions.races import race, won

ELSEWHERE = "https://rooms.example.com/r/43"


def change(db, cast, id, url=ELSEWHERE, version=None):
    return actions.change_room(db, id, url, by=cast.actor("ines"), now=now(), version=version)


@pytest.mark.parametrize("state", ["scheduled", "ready"])
def test_before_it_begins(database, cast, state):
    made = factories.in_state(database, cast, state)
    with database.write() as db:
        changed = change(db, cast, made.id)
    assert changed.room_url == ELSEWHERE
    assert changed.slug == made.slug
    assert changed.sequence == made.sequence


@pytest.mark.parametrize("state", ["initial", "active", "ended", "canceled"])
def test_wrong_state(database, cast, state):
    made = factories.in_state(database, cast, state)
    with pytest.raises(Conflict), database.write() as db:
        change(db, cast, made.id)


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "javascript:alert(1)",
        "//rooms.example.com",
        "https://",
        "https://a:b@c.example",
        "https://a b",
        "https://a\x00",
    ],
)
def test_a_room_is_a_web_address(database, cast, bad):
    made = factories.in_state(database, cast, "scheduled")
    with pytest.raises(Invalid) as refused, database.write() as db:
        change(db, cast, made.id, bad)
    assert refused.value.errors[0].field == "room_url"


def test_change_against_start_leaves_one_truth(database, cast):
    made = factories.in_state(database, cast, "scheduled")
    ines = cast.actor("ines")
    got = race(
        database,
        [
            lambda db: change(db, cast, made.id, version=made.version),
            lambda db: actions.start(db, made.id, by=ines, now=now(), version=made.version),
        ],
    )
    assert len(won(got)) == 1
