"""End: the room closes for good."""

from datetime import timedelta

import pytest

from app.depositions import actions
from app.kernel.changes.events import timeline
from app.kernel.clock import now
from tests.depositions import factories
from tests.depositions.pages import listed, others_may_not, send, sender, stored
from tests.depositions.races import lost, race, won
from tests.pages import at_once, one_wins, text


def running(database, cast):
    """A session whose planned start was five minutes ago."""
    return factories.in_state(database, cast, "active", starts_at=now() - timedelta(minutes=5))


def test_not_before_the_planned_start(ines, cast, database):
    made = factories.in_state(database, cast, "active")
    sentence = "This session cannot be ended before its planned start; cancel it instead."
    assert sentence in text(ines.get(f"/depositions/{made.id}"))
    refused = send(ines, made.id, "end", version=made.version)
    assert refused.status_code == 409
    assert f"<strong>{sentence}</strong> Nothing was changed." in text(refused)
    assert stored(database, made.id) == made
    with database.write() as db:
        ended = actions.end(db, made.id, by=cast.actor("ines"), now=made.starts_at)
    assert (ended.state, ended.ended_at) == ("ended", made.starts_at)


def test_works(ines, cast, database):
    made = running(database, cast)
    assert send(ines, made.id, "end", version=made.version).status_code == 303
    row = stored(database, made.id)
    assert row.state == "ended"
    assert row.ended_at is not None
    assert ines.get(f"/sessions/{made.slug}/join").status_code == 410


def test_who_may_not(client, cast, database):
    others_may_not(client, cast, database, factories.in_state(database, cast, "active"), "end")


def test_twice(ines, cast, database):
    made = running(database, cast)
    assert send(ines, made.id, "end", version=made.version).status_code == 303
    again = send(ines, made.id, "end", version=made.version + 1)
    assert again.status_code == 409
    assert "This session has already ended." in text(again)


@pytest.mark.parametrize("state", ["initial", "scheduled", "ready", "ended", "canceled"])
def test_wrong_state(ines, cast, database, state):
    made = factories.in_state(database, cast, state)
    assert send(ines, made.id, "end", version=made.version).status_code == 409
    assert stored(database, made.id) == made


def test_what_never_began_is_not_ended_after_its_hour(ines, cast, database):
    made = factories.in_state(database, cast, "scheduled", starts_at=now() - timedelta(hours=1))
    assert send(ines, made.id, "end", version=made.version).status_code == 409
    assert stored(database, made.id) == made


def test_stale(ines, cast, database):
    made = running(database, cast)
    stale = send(ines, made.id, "end", version=2)
    assert stale.status_code == 409
    assert "It has changed since you saw it, so nothing was done or sent." in text(stale)
    assert "You started the session" in text(stale)
    assert stored(database, made.id) == made


def test_lost_race(another_browser, cast, database):
    made = running(database, cast)
    presses = [sender(another_browser(), made.id, "end", version=made.version) for _ in range(3)]
    for page in one_wins(at_once(presses)):
        assert "This session has already ended." in page


def test_unknown(ines):
    assert send(ines, 987654, "end").status_code == 404


def test_the_api_says_the_same(ines, cast, database):
    made = running(database, cast)
    send(ines, made.id, "end", version=made.version)
    row = listed(ines, cast, made.id)
    assert row["session_state"] == "active"
    assert row["ended_at"]


def test_many_at_once_end_once(database, cast):
    made = running(database, cast)
    by = cast.actor("ines")
    got = race(database, [lambda db: actions.end(db, made.id, by=by, now=now())] * 6)
    assert len(won(got)) == 1
    assert len(lost(got)) == 5
    with database.read() as db:
        assert [event.kind for event in timeline(db, "deposition", made.id)].count("deposition.ended") == 1
