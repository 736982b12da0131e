"""Change the notes that the invitee sees: never over what another operator wrote meanwhile."""

from hashlib import sha256

import pytest

from tests.inspections.pages import OTTO, kinds, last_link, others_may_not, send, sender, state, stored
from tests.pages import at_once, text

SEEN = sha256(b"first").hexdigest()


@pytest.fixture
def noted(integrator):
    """A session with notes."""
    return integrator.create(notes="first")


def test_works(otto, noted, database):
    assert send(otto, noted, "change_notes", notes="Dégât <b>", version=SEEN).status_code == 303
    assert stored(database, noted).notes == "Dégât <b>"
    assert last_link(database, noted) == ("notes.changed", {"notes": "Dégât <b>", "by": OTTO})
    assert kinds(database, noted)[0] == "inspection.notes_changed"
    assert noted["id"] in text(otto.get("/inspections?q=dégât")), "and it is found by them"


def test_who_may_not(app, cast, database, noted):
    others_may_not(app, cast, database, noted, "change_notes", notes="x", version=SEEN)


def test_twice(otto, noted, database):
    send(otto, noted, "change_notes", notes="second", version=SEEN)
    before = state(database, noted)
    assert send(otto, noted, "change_notes", notes="second", version=SEEN).status_code == 303
    assert state(database, noted) == before, "the same notes are no change"


def test_wrong_state(otto, integrator, noted, database):
    integrator.end(noted)
    before = state(database, noted)
    refused = send(otto, noted, "change_notes", notes="late", version=SEEN)
    assert refused.status_code == 409
    assert "its record is sealed" in text(refused)
    assert state(database, noted) == before


def test_stale(otto, mira, noted, database):
    send(mira, noted, "change_notes", notes="second", version=SEEN)
    late = send(otto, noted, "change_notes", notes="mine, typed with care", version=SEEN)
    assert late.status_code == 409
    assert "Somebody else changed the notes while you were writing." in text(late)
    assert "mine, typed with care" in text(late)
    assert "Mira Haddad" in text(late)
    own = send(mira, noted, "change_notes", notes="mine too", version=SEEN)
    assert "You changed the notes while you were writing." in text(own)
    assert "Mira Haddad" not in text(own).partition("<main")[2]
    assert stored(database, noted).notes == "second"


def test_without_saying_which_notes_were_seen(otto, noted, database):
    assert send(otto, noted, "change_notes", notes="x").status_code == 422
    assert stored(database, noted).notes == "first"


def test_lost_race(another_browser, noted, database):
    presses = [sender(another_browser(), noted, "change_notes", notes=f"notes {n}", version=SEEN) for n in range(3)]
    answers = at_once(presses)
    assert sorted(answer.status_code for answer in answers) == [303, 409, 409]
    winner = next(n for n, answer in enumerate(answers) if answer.status_code == 303)
    assert stored(database, noted).notes == f"notes {winner}"


def test_unknown(otto):
    nobody = {"id": "b6a3f8a0-0000-4000-8000-000000000000"}
    assert send(otto, nobody, "change_notes", notes="x", version=SEEN).status_code == 404


def test_the_api_says_the_same(otto, integrator, noted):
    send(otto, noted, "change_notes", notes="second", version=SEEN)
    assert integrator.session(noted)["notes"] == "second"
