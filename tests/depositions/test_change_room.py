"""Change the room: where the participants meet, until the session begins."""

import pytest

from app.depositions import actions
from app.kernel.clock import now
from tests.depositions import factories
from tests.depositions.pages import listed, others_may_not, send, sender, stored
from tests.depositions.races import race, won
from tests.pages import at_once, one_wins, text

ELSEWHERE = "https://rooms.example.com/r/43"


@pytest.mark.parametrize("state", ["scheduled", "ready"])
def test_works(ines, cast, database, state):
    made = factories.in_state(database, cast, state)
    assert send(ines, made.id, "change_room", version=made.version, room_url=ELSEWHERE).status_code == 303
    row = stored(database, made.id)
    assert (row.room_url, row.slug, row.sequence) == (ELSEWHERE, made.slug, made.sequence)


@pytest.mark.parametrize(
    "wrong", ["", "javascript:alert(1)", "//rooms.example.com", "https://", "https://a:b@c.example", "https://a b"]
)
def test_a_room_is_a_web_address(ines, cast, database, wrong):
    made = factories.in_state(database, cast, "scheduled")
    assert send(ines, made.id, "change_room", version=made.version, room_url=wrong).status_code == 422
    assert stored(database, made.id) == made


def test_who_may_not(client, cast, database):
    made = factories.in_state(database, cast, "scheduled")
    others_may_not(client, cast, database, made, "change_room", room_url=ELSEWHERE)


def test_twice(ines, cast, database):
    made = factories.in_state(database, cast, "scheduled")
    for version in (made.version, made.version + 1):
        assert send(ines, made.id, "change_room", version=version, room_url=ELSEWHERE).status_code == 303
    assert stored(database, made.id).room_url == ELSEWHERE


@pytest.mark.parametrize("state", ["initial", "active", "ended", "canceled"])
def test_wrong_state(ines, cast, database, state):
    made = factories.in_state(database, cast, state)
    assert send(ines, made.id, "change_room", version=made.version, room_url=ELSEWHERE).status_code == 409
    assert stored(database, made.id) == made


def test_stale(ines, cast, database):
    made = factories.in_state(database, cast, "scheduled")
    stale = send(ines, made.id, "change_room", version=1, room_url=ELSEWHERE)
    assert stale.status_code == 409
    assert "You scheduled it" in text(stale)
    assert stored(database, made.id) == made


def test_lost_race(another_browser, cast, database):
    made = factories.in_state(database, cast, "scheduled")
    presses = [
        sender(another_browser(), made.id, "change_room", version=made.version, room_url=f"{ELSEWHERE}/{n}")
        for n in range(3)
    ]
    for page in one_wins(at_once(presses)):
        assert "You changed the room" in page


def test_unknown(ines):
    assert send(ines, 987654, "change_room", room_url=ELSEWHERE).status_code == 404


def test_the_api_says_the_same(ines, cast, database):
    made = factories.in_state(database, cast, "scheduled")
    before = listed(ines, cast, made.id)
    send(ines, made.id, "change_room", version=made.version, room_url=ELSEWHERE)
    assert listed(ines, cast, made.id) == before


def test_change_against_start_has_one_winner(database, cast):
    made = factories.in_state(database, cast, "scheduled")
    by = cast.actor("ines")
    got = race(
        database,
        [
            lambda db: actions.change_room(db, made.id, ELSEWHERE, by=by, now=now(), version=made.version),
            lambda db: actions.start(db, made.id, by=by, now=now(), reason="On purpose.", version=made.version),
        ],
    )
    assert len(won(got)) == 1
