"""Take the start back: the room closes again, as long as nobody has entered."""

from datetime import timedelta

import pytest

from app.depositions import actions
from app.kernel.changes.events import timeline
from app.kernel.clock import now
from tests.depositions import factories
from tests.depositions.pages import listed, others_may_not, send, sender, stored
from tests.depositions.races import lost, race, won
from tests.pages import at_once, one_wins, text

VERB = "take_back_start"


def test_works(ines, cast, database, outbox):
    made = factories.in_state(database, cast, "scheduled")
    with database.write() as db:
        asked = actions.request_cancellation(
            db, made.id, organization_id=made.organization_id, by=cast.actor("ines"), now=now()
        )
        actions.start(db, made.id, by=cast.actor("ines"), now=now(), reason="On purpose.")
    sent = len(outbox.rows())
    assert "Take the start back" in text(ines.get(f"/depositions/{made.id}"))
    assert send(ines, made.id, VERB, version=4).status_code == 303
    row = stored(database, made.id)
    changed = {"version": 5, "updated_at": row.updated_at}
    assert row._asdict() == {**asked._asdict(), **changed}
    assert row.cancellation_open
    assert len(outbox.rows()) == sent
    assert ines.get(f"/sessions/{made.slug}/join").status_code == 200
    assert "Start taken back by Ines Okafor" in text(ines.get(f"/depositions/{made.id}"))
    with database.read() as db:
        assert timeline(db, "deposition", made.id)[0].kind == "deposition.start_taken_back"


def test_a_self_service_session_is_ready_again(ines, cast, database):
    made = factories.in_state(database, cast, "ready")
    with database.write() as db:
        by = cast.actor("ines")
        actions.change_room(db, made.id, factories.ROOM, by=by, now=now())
        actions.start(db, made.id, by=by, now=now(), reason="On purpose.")
    assert send(ines, made.id, VERB, version=3).status_code == 303
    assert stored(database, made.id).state == "ready"
    assert listed(ines, cast, made.id, "quill")["session_state"] == "ready"


def test_the_session_can_be_started_again(ines, cast, database):
    made = factories.in_state(database, cast, "active")
    assert send(ines, made.id, VERB, version=made.version).status_code == 303
    assert send(ines, made.id, "start", version=made.version + 1, reason="Now.").status_code == 303
    assert stored(database, made.id).state == "active"


def test_until_somebody_has_entered(client, cast, database):
    made = factories.in_state(database, cast, "active")
    browser = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}
    assert client.get(f"/sessions/{made.slug}/join", headers=browser).status_code == 303
    cast.sign_in(client, "ines")
    sentence = "Somebody was led into the room already"
    assert sentence in text(client.get(f"/depositions/{made.id}"))
    refused = send(client, made.id, VERB, version=made.version)
    assert (refused.status_code, sentence in text(refused)) == (409, True)
    assert stored(database, made.id) == made


def test_for_ten_minutes(ines, cast, database, clock):
    made = factories.in_state(database, cast, "active")
    clock.set(made.started_at + timedelta(minutes=10, seconds=1))
    refused = send(ines, made.id, VERB, version=made.version)
    assert (refused.status_code, "for ten minutes, and these are over" in text(refused)) == (409, True)
    clock.set(made.started_at + timedelta(minutes=9, seconds=50))
    assert send(ines, made.id, VERB, version=made.version).status_code == 303


def test_who_may_not(client, cast, database):
    others_may_not(client, cast, database, factories.in_state(database, cast, "active"), VERB)


@pytest.mark.parametrize("state", ["initial", "scheduled", "ready", "ended", "canceled"])
def test_wrong_state(ines, cast, database, state):
    made = factories.in_state(database, cast, state)
    refused = send(ines, made.id, VERB, version=made.version)
    assert (refused.status_code, "Only a session that was just started" in text(refused)) == (409, True)
    assert stored(database, made.id) == made


def test_stale(ines, cast, database):
    made = factories.in_state(database, cast, "active")
    assert send(ines, made.id, VERB, version=2).status_code == 409
    assert stored(database, made.id) == made


def test_lost_race(another_browser, cast, database):
    made = factories.in_state(database, cast, "active")
    one_wins(at_once([sender(another_browser(), made.id, VERB, version=3) for _ in range(3)]))


def test_unknown(ines):
    assert send(ines, 987654, VERB).status_code == 404


def test_against_cancel_has_one_winner(database, cast):
    made, by = factories.in_state(database, cast, "active"), cast.actor("ines")
    callers = [
        lambda db: actions.take_back_start(db, made.id, by=by, now=now(), version=made.version),
        lambda db: actions.cancel(db, made.id, by=by, now=now(), notify=False, version=made.version),
    ]
    got = race(database, callers * 3)
    assert len(won(got)) == 1
    assert {refusal.status for refusal in lost(got)} == {409}
