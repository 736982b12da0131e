"""Start: the room opens, and the session's links lead into it."""

from datetime import timedelta

import pytest

from app.depositions import actions
from app.kernel.clock import now
from tests.depositions import factories
from tests.depositions.pages import listed, others_may_not, send, sender, stored
from tests.depositions.races import lost, race, won
from tests.pages import at_once, csrf, digest, one_wins, text


def test_works(ines, cast, database):
    made = factories.in_state(database, cast, "scheduled")
    assert send(ines, made.id, "start", version=made.version, reason="On purpose.").status_code == 303
    row = stored(database, made.id)
    assert row.state == "active"
    assert row.started_at is not None
    into = ines.get(f"/sessions/{made.slug}/join")
    assert (into.status_code, into.headers["Location"]) == (303, factories.ROOM)


@pytest.mark.parametrize(("minutes", "early"), [(35, True), (29, False), (-60, False)])
def test_half_an_hour_before_the_planned_start_it_is_confirmed(ines, cast, database, outbox, minutes, early):
    made = factories.in_state(database, cast, "scheduled", starts_at=now() + timedelta(minutes=minutes))
    fields = {"csrf_token": csrf(ines, "/settings"), "version": made.version}
    sent = len(outbox.rows())
    for step, status in (({"step": "preview"}, 200), ({}, 409)):
        shown = ines.post(f"/depositions/{made.id}/start", data={**fields, **step})
        if not early:
            assert shown.status_code == 303
            assert stored(database, made.id).state == "active"
            return
        assert shown.status_code == status
        assert " min early, 3 people can enter now" in text(shown)
        assert "It cannot be ended before the planned start, only canceled." in text(shown)
        assert stored(database, made.id) == made
    fields["preview"] = digest(shown)
    refused = ines.post(f"/depositions/{made.id}/start", data=fields)
    assert (refused.status_code, "Say why it is started early." in text(refused)) == (422, True)
    assert stored(database, made.id) == made
    done = ines.post(f"/depositions/{made.id}/start", data={**fields, "reason": "Counsel is here."})
    assert done.status_code == 303
    assert " early: Counsel is here." in text(ines.get(f"/depositions/{made.id}"))
    assert stored(database, made.id).state == "active"
    assert len(outbox.rows()) == sent


def test_without_a_room(ines, cast, database):
    made = factories.in_state(database, cast, "ready")
    sentence = "This session has no room yet. Say where people meet first."
    assert sentence in text(ines.get(f"/depositions/{made.id}"))
    refused = send(ines, made.id, "start", reason="On purpose.")
    assert refused.status_code == 409
    assert "This session has no room yet." in text(refused)
    assert stored(database, made.id) == made


def test_who_may_not(client, cast, database):
    others_may_not(client, cast, database, factories.in_state(database, cast, "scheduled"), "start", reason="x")


def test_twice(ines, cast, database):
    made = factories.in_state(database, cast, "scheduled")
    assert send(ines, made.id, "start", version=2, reason="On purpose.").status_code == 303
    again = send(ines, made.id, "start", version=3, reason="On purpose.")
    assert again.status_code == 409
    assert "This session has already begun." in text(again)


@pytest.mark.parametrize("state", ["initial", "active", "ended", "canceled"])
def test_wrong_state(ines, cast, database, state):
    made = factories.in_state(database, cast, state)
    assert send(ines, made.id, "start", version=made.version, reason="On purpose.").status_code == 409
    assert stored(database, made.id) == made


def test_stale(ines, cast, database):
    made = factories.in_state(database, cast, "scheduled", starts_at=now() + timedelta(minutes=20))
    stale = send(ines, made.id, "start", version=1, reason="On purpose.")
    assert stale.status_code == 409
    assert "You scheduled it while you had this page open" in text(stale)
    assert stored(database, made.id) == made


def test_lost_race(another_browser, cast, database):
    made = factories.in_state(database, cast, "scheduled")
    presses = [sender(another_browser(), made.id, "start", version=2, reason="On purpose.") for _ in range(3)]
    for page in one_wins(at_once(presses)):
        assert "This session has already begun." in page


def test_unknown(ines):
    assert send(ines, 987654, "start", reason="On purpose.").status_code == 404


def test_the_api_says_the_same(ines, cast, database):
    made = factories.in_state(database, cast, "scheduled")
    send(ines, made.id, "start", version=2, reason="On purpose.")
    assert listed(ines, cast, made.id)["session_state"] == "active"
    assert "ended_at" not in listed(ines, cast, made.id)


def test_start_against_cancel_has_one_winner(database, cast):
    for _ in range(4):
        made = factories.in_state(database, cast, "scheduled", starts_at=now() - timedelta(minutes=5))
        got = race(database, _both(cast, made.id) * 3)
        assert len(won(got)) == 1
        assert {refusal.status for refusal in lost(got)} == {409}


def _both(cast, id):
    by = cast.actor("ines")
    return [
        lambda db: actions.start(db, id, by=by, now=now(), reason="On purpose."),
        lambda db: actions.cancel(db, id, by=by, now=now(), notify=False),
    ]
