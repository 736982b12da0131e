"""Revoke: link, code and field session of an invite are dead at once."""

import pytest

from tests.inspections.conftest import SESSIONS, printed
from tests.inspections.pages import kinds, others_may_not, send, sender, state
from tests.pages import at_once, one_wins, text


@pytest.fixture
def invited(integrator):
    """A session with one invite: `invited["invite"]`, with its code."""
    session = integrator.create()
    return {**session, "invite": integrator.invite(session, **printed("mint"))}


def verb_of(invited):
    return f"invites/{invited['invite']['id']}/revoke"


@pytest.mark.parametrize("joined_first", [False, True])
def test_works(otto, invited, field, database, joined_first):
    if joined_first:
        assert field.join(invited["invite"], invited["invite"]["otp_code"]).status_code == 200
    assert send(otto, invited, verb_of(invited)).status_code == 303
    assert kinds(database, invited)[0] == "inspection.invite_revoked"
    answer = field.join(invited["invite"], invited["invite"]["otp_code"])
    assert (answer.status_code, answer.json["detail"]) == (410, "join_revoked")
    shown = text(otto.get(f"/inspections/{invited['id']}"))
    assert "Revoked" in shown
    assert "Not answered yet" not in shown


def test_who_may_not(app, cast, database, invited):
    others_may_not(app, cast, database, invited, verb_of(invited))


def test_twice(otto, invited, database):
    send(otto, invited, verb_of(invited))
    before = state(database, invited)
    again = send(otto, invited, verb_of(invited))
    assert again.status_code == 409
    assert "This invite is already revoked." in text(again)
    assert state(database, invited) == before


def test_after_the_end_it_may_still_be_revoked(otto, integrator, invited, database):
    integrator.end(invited)
    assert send(otto, invited, verb_of(invited)).status_code == 303
    assert kinds(database, invited)[0] == "inspection.invite_revoked"


def test_stale(otto, mira, invited, field):
    """What counts is the invite and not its newest link: revoking ends whichever was issued meanwhile."""
    send(mira, invited, f"invites/{invited['invite']['id']}/reissue")
    assert send(otto, invited, verb_of(invited), version="1").status_code == 303


def test_lost_race(another_browser, invited, database):
    for page in one_wins(at_once([sender(another_browser(), invited, verb_of(invited)) for _ in range(3)])):
        assert "This invite is already revoked." in page
    assert kinds(database, invited).count("inspection.invite_revoked") == 1


def test_unknown(otto, integrator, invited):
    for session, strange in (
        (invited, "invites/b6a3f8a0-0000-4000-8000-000000000000/revoke"),
        (integrator.create(), verb_of(invited)),
    ):
        assert send(otto, session, strange).status_code == 404


def test_the_api_does_the_same(integrator, invited, database):
    path = f"{SESSIONS}/{invited['id']}/participants/{invited['invite']['id']}/revoke"
    assert integrator.post(path).status_code == 200
    assert kinds(database, invited)[0] == "inspection.invite_revoked"


def test_what_was_not_sent_yet_is_not_sent_any_more(otto, invited, outbox):
    assert send(otto, invited, verb_of(invited)).status_code == 303
    assert {(row.state, row.last_error) for row in outbox.deliver_all()} == {("dropped", "The invite was revoked.")}
