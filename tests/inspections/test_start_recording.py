"""Start recording: the inspection is marked as recording, and an operator attends."""

import pytest

from tests.inspections.pages import kinds, last_link, others_may_not, send, sender, state, stored
from tests.pages import at_once, one_wins, text

NOBODY = {"id": "b6a3f8a0-0000-4000-8000-000000000000"}


def test_works(otto, joined, integrator, database):
    assert send(otto, joined, "start_recording").status_code == 303
    row = stored(database, joined)
    assert row.status == "recording"
    assert row.attended_at is not None, "whoever records is with them"
    assert last_link(database, joined) == ("recording.started", {"by": "Otto Kim"})
    assert kinds(database, joined)[0] == "inspection.recording_started"


def test_who_may_not(app, cast, database, joined):
    others_may_not(app, cast, database, joined, "start_recording")


def test_twice(otto, joined, database):
    send(otto, joined, "start_recording")
    before = state(database, joined)
    again = send(otto, joined, "start_recording")
    assert again.status_code == 409
    assert "This inspection is already recording." in text(again)
    assert state(database, joined) == before


@pytest.mark.parametrize(("over", "sentence"), [(False, "Nobody has joined yet."), (True, "has ended")])
def test_wrong_state(otto, integrator, database, over, sentence):
    session = integrator.create()
    if over:
        integrator.end(session)
    before = state(database, session)
    refused = send(otto, session, "start_recording")
    assert refused.status_code == 409
    assert sentence in text(refused)
    assert state(database, session) == before


def test_stale(otto, mira, joined, database):
    seen = stored(database, joined).version
    send(mira, joined, "start_recording")
    late = send(otto, joined, "start_recording", version=seen)
    assert late.status_code == 409
    assert "Recording started by Mira Haddad" in text(late)


def test_lost_race(another_browser, joined, database):
    for page in one_wins(at_once([sender(another_browser(), joined, "start_recording") for _ in range(3)])):
        assert "This inspection is already recording." in page
    assert kinds(database, joined).count("inspection.recording_started") == 1


def test_unknown(otto):
    assert send(otto, NOBODY, "start_recording").status_code == 404


def test_the_api_says_the_same(otto, integrator, joined):
    send(otto, joined, "start_recording")
    assert integrator.session(joined)["status"] == "recording"
