"""Write a notice: what the organization reads as `notice`."""

import pytest

from tests.depositions import factories
from tests.depositions.pages import listed, others_may_not, send, sender, stored
from tests.pages import at_once, one_wins, text


@pytest.mark.parametrize("state", ["initial", "scheduled", "ready", "active", "ended", "canceled"])
def test_works_in_every_state(ines, cast, database, state):
    made = factories.in_state(database, cast, state)
    answer = send(ines, made.id, "write_notice", version=made.version, notice=" Which exhibits? ")
    assert answer.status_code == 303
    assert stored(database, made.id).notice == "Which exhibits?"
    assert "Which exhibits?" in text(ines.get(f"/depositions/{made.id}"))


def test_an_empty_one_removes_it(ines, cast, database):
    made = factories.request(database, cast)
    send(ines, made.id, "write_notice", notice="Which exhibits?")
    assert send(ines, made.id, "write_notice", version=2, notice="  ").status_code == 303
    assert stored(database, made.id).notice is None


def test_too_long(ines, cast, database):
    made = factories.request(database, cast)
    assert send(ines, made.id, "write_notice", notice="x" * 2001).status_code == 422
    assert stored(database, made.id) == made


def test_who_may_not(client, cast, database):
    others_may_not(client, cast, database, factories.request(database, cast), "write_notice", notice="Hello")


def test_twice(ines, cast, database):
    made = factories.request(database, cast)
    for version, notice in ((1, "First."), (2, "Second.")):
        assert send(ines, made.id, "write_notice", version=version, notice=notice).status_code == 303
    assert stored(database, made.id).notice == "Second."


def test_stale(ines, cast, database):
    made = factories.request(database, cast)
    send(ines, made.id, "write_notice", notice="First.")
    stale = send(ines, made.id, "write_notice", version=1, notice="Second.")
    assert stale.status_code == 409
    assert "You wrote a notice while you had this page open" in text(stale)
    assert stored(database, made.id).notice == "First."


def test_lost_race(another_browser, cast, database):
    made = factories.request(database, cast)
    presses = [sender(another_browser(), made.id, "write_notice", notice=f"Notice {n}") for n in range(4)]
    for page in one_wins(at_once(presses)):
        assert "You wrote a notice" in page


def test_unknown(ines):
    assert send(ines, 987654, "write_notice", notice="Hello").status_code == 404


def test_the_api_says_the_same(ines, cast, database):
    made = factories.request(database, cast)
    assert listed(ines, cast, made.id)["notice"] is None
    send(ines, made.id, "write_notice", notice="Which exhibits?")
    assert listed(ines, cast, made.id)["notice"] == "Which exhibits?"
