"""Assign to me: explicit, visible to everybody, and from the list the user stays in the list."""

import pytest

from app.depositions import actions
from app.kernel.clock import now
from tests.depositions import factories
from tests.depositions.pages import listed, others_may_not, send, sender, stored
from tests.pages import at_once, one_wins, text


@pytest.mark.parametrize("state", ["initial", "scheduled", "ready", "active", "ended", "canceled"])
def test_works_in_every_state(ines, cast, database, state):
    made = factories.in_state(database, cast, state)
    assert send(ines, made.id, "assign", version=made.version).status_code == 303
    row = stored(database, made.id)
    assert (row.assignee_id, row.assignee_name, row.state) == (cast.ines.id, "Ines Okafor", state)
    assert "Assigned to you" in text(ines.get(f"/depositions/{made.id}"))


def test_who_takes_one_goes_on_with_that_one(ines, cast, database):
    made, _another = factories.request(database, cast), factories.request(database, cast)
    send(ines, made.id, "assign", version=1)
    assert "Next: " not in ines.get(f"/depositions/{made.id}").text
    send(ines, made.id, "cancel", version=2)
    assert "Next: " in ines.get(f"/depositions/{made.id}").text, "other acts name it"


def test_from_the_list(ines, cast, database):
    made = factories.request(database, cast)
    answer = send(ines, made.id, "assign?view=everything&q=keller", in_list="1")
    assert answer.headers["Location"] == "/depositions?view=everything&q=keller"
    assert stored(database, made.id).assignee_id == cast.ines.id


def test_it_can_be_assigned_from_one_person_to_another(ines, cast, database):
    made = factories.request(database, cast)
    hugo = cast.people["hugo"]
    with database.write() as db:
        actions.assign(db, made.id, assignee=(hugo.id, hugo.name), by=cast.actor("hugo"), now=now(), version=1)
    assert "<bdi>Assigned to Hugo Brandt</bdi>" in text(ines.get(f"/depositions/{made.id}"))
    assert send(ines, made.id, "assign", version=2).status_code == 303
    assert stored(database, made.id).assignee_name == "Ines Okafor"


def test_who_may_not(client, cast, database):
    others_may_not(client, cast, database, factories.request(database, cast), "assign")


def test_twice(ines, cast, database):
    made = factories.request(database, cast)
    for version in (1, 2):
        assert send(ines, made.id, "assign", version=version).status_code == 303
    assert stored(database, made.id).assignee_id == cast.ines.id


def test_stale(ines, cast, database):
    made = factories.request(database, cast)
    send(ines, made.id, "write_notice", notice="Hello")
    stale = send(ines, made.id, "assign", version=1)
    assert stale.status_code == 409
    assert "You wrote a notice while you had this page open" in text(stale)
    assert stored(database, made.id).assignee_id is None


def test_lost_race(another_browser, cast, database):
    made = factories.request(database, cast)
    for page in one_wins(at_once([sender(another_browser(), made.id, "assign") for _ in range(4)])):
        assert "You assigned it" in page


def test_unknown(ines):
    assert send(ines, 987654, "assign").status_code == 404


def test_the_api_shows_no_assignee(ines, cast, database):
    made = factories.request(database, cast)
    before = listed(ines, cast, made.id)
    send(ines, made.id, "assign")
    assert listed(ines, cast, made.id) == before
