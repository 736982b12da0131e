"""Start recording: the inspection is marked as recording, and an operator attends."""

import uuid

import pytest

from app.inspections import queries
from tests.inspections.pages import OTTO, consent, kinds, last_link, others_may_not, send, sender, state, stored
from tests.pages import at_once, one_wins, text

NOBODY = {"id": "b6a3f8a0-0000-4000-8000-000000000000"}


def test_works(otto, agreed, integrator, database):
    assert send(otto, agreed, "start_recording").status_code == 303
    row = stored(database, agreed)
    assert row.status == "recording"
    assert row.attended_at is not None, "whoever records is with them"
    assert last_link(database, agreed) == ("recording.started", {"by": OTTO})
    assert kinds(database, agreed)[0] == "inspection.recording_started"


def test_who_may_not(app, cast, database, agreed):
    others_may_not(app, cast, database, agreed, "start_recording")


def test_twice(otto, agreed, database):
    send(otto, agreed, "start_recording")
    before = state(database, agreed)
    again = send(otto, agreed, "start_recording")
    assert again.status_code == 409
    assert "This inspection is already recording." in text(again)
    assert state(database, agreed) == before


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


@pytest.mark.parametrize(
    ("answers", "sentence"),
    [
        (None, "not everybody has answered yet"),
        ({"recording": "denied"}, "a field user does not agree to it"),
        ({"camera": "denied", "gps": "denied"}, ""),
    ],
    ids=["unasked", "denied", "only the recording counts"],
)
def test_only_with_consent(otto, joined, database, answers, sentence):
    if answers is not None:
        consent(database, joined, **answers)
    before = state(database, joined)
    answer = send(otto, joined, "start_recording")
    assert answer.status_code == (409 if sentence else 303)
    if sentence:
        assert sentence in text(answer)
        assert sentence in text(otto.get(f"/inspections/{joined['id']}")), "the page gives the same reason"
        assert state(database, joined) == before


def test_the_consent_of_one_never_counts_for_another(otto, agreed, integrator, field, database):
    elsewhere = field.join(integrator.invite(integrator.create()), address="198.51.100.8")
    assert elsewhere.status_code == 200, "who has not answered there is waited for there alone"
    second = integrator.invite(agreed)
    field.join(second, address="198.51.100.7")
    refused = send(otto, agreed, "start_recording")
    assert (refused.status_code, "not everybody has answered yet" in text(refused)) == (409, True)
    consent(database, agreed)
    assert send(otto, agreed, "start_recording").status_code == 303


def test_who_joins_while_it_records_is_asked_first(otto, agreed, integrator, field, database):
    send(otto, agreed, "start_recording")
    field.join(integrator.invite(agreed), address="198.51.100.7")
    assert stored(database, agreed).status == "open"
    assert last_link(database, agreed)[0] == "recording.stopped"
    assert last_link(database, agreed)[1]["because"] == "joined"
    assert send(otto, agreed, "start_recording").status_code == 409


def test_a_withdrawal_ends_the_recording(otto, agreed, integrator, database):
    send(otto, agreed, "start_recording")
    consent(database, agreed, recording="denied")
    assert stored(database, agreed).status == "open"
    assert last_link(database, agreed)[1]["because"] == "withdrawn"
    assert "inspection.consent_withdrawn" in kinds(database, agreed)
    assert integrator.session(agreed)["consent_state"]["recording"] == "denied"
    assert "no longer allows it" in text(otto.get(f"/inspections/{agreed['id']}"))


@pytest.mark.parametrize("ends", ["revoke", "reissue"])
def test_who_is_out_neither_denies_nor_allows(otto, joined, integrator, field, database, ends):
    consent(database, joined, recording="denied")
    second = integrator.invite(joined)
    field.join(second, address="198.51.100.7")
    with database.read() as db:
        first = next(i for i in queries.invites(db, uuid.UUID(joined["id"])) if str(i.id) != second["id"])
    assert integrator.session(joined)["consent_state"]["recording"] == "denied"
    integrator.post(f"/api/v1/public/sessions/{joined['id']}/participants/{first.id}/{ends}")
    assert integrator.session(joined)["consent_state"] == {}
    assert send(otto, joined, "start_recording").status_code == 409


def test_stale(otto, mira, agreed, database):
    seen = stored(database, agreed).version
    send(mira, agreed, "start_recording")
    late = send(otto, agreed, "start_recording", version=seen)
    assert late.status_code == 409
    assert "Recording started by Mira Haddad" in text(late)


def test_lost_race(another_browser, agreed, database):
    for page in one_wins(at_once([sender(another_browser(), agreed, "start_recording") for _ in range(3)])):
        assert "This inspection is already recording." in page
    assert kinds(database, agreed).count("inspection.recording_started") == 1


def test_unknown(otto):
    assert send(otto, NOBODY, "start_recording").status_code == 404


def test_the_api_says_the_same(otto, integrator, agreed):
    send(otto, agreed, "start_recording")
    assert integrator.session(agreed)["status"] == "recording"
