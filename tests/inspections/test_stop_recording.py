"""Stop recording: the inspection goes on without a recording."""

import pytest

from tests.inspections.pages import OTTO, kinds, last_link, others_may_not, send, sender, state, stored
from tests.pages import at_once, one_wins, text

NOBODY = {"id": "b6a3f8a0-0000-4000-8000-000000000000"}


@pytest.fixture
def recording(otto, agreed):
    """A session that is recording."""
    assert send(otto, agreed, "start_recording").status_code == 303
    return agreed


def test_works(otto, recording, database):
    assert send(otto, recording, "stop_recording").status_code == 303
    assert stored(database, recording).status == "open"
    assert last_link(database, recording) == ("recording.stopped", {"by": OTTO})
    assert kinds(database, recording)[0] == "inspection.recording_stopped"


def test_who_may_not(app, cast, database, recording):
    others_may_not(app, cast, database, recording, "stop_recording")


def test_twice(otto, recording, database):
    send(otto, recording, "stop_recording")
    before = state(database, recording)
    again = send(otto, recording, "stop_recording")
    assert again.status_code == 409
    assert "This inspection is not recording." in text(again)
    assert state(database, recording) == before


@pytest.mark.parametrize(("over", "sentence"), [(False, "This inspection is not recording."), (True, "has ended")])
def test_wrong_state(otto, integrator, database, over, sentence):
    session = integrator.create()
    if over:
        integrator.end(session)
    before = state(database, session)
    refused = send(otto, session, "stop_recording")
    assert refused.status_code == 409
    assert sentence in text(refused)
    assert state(database, session) == before


def test_stale(otto, mira, recording, database):
    seen = stored(database, recording).version
    send(mira, recording, "stop_recording")
    late = send(otto, recording, "stop_recording", version=seen)
    assert late.status_code == 409
    assert "Recording stopped by Mira Haddad" in text(late)


def test_lost_race(another_browser, recording, database):
    for page in one_wins(at_once([sender(another_browser(), recording, "stop_recording") for _ in range(3)])):
        assert "This inspection is not recording." in page
    assert kinds(database, recording).count("inspection.recording_stopped") == 1


def test_unknown(otto):
    assert send(otto, NOBODY, "stop_recording").status_code == 404


def test_the_api_says_the_same(otto, integrator, recording):
    send(otto, recording, "stop_recording")
    assert integrator.session(recording)["status"] == "open"
