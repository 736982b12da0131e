"""New code: a fresh code for the same link, until somebody has joined."""

import pytest

from tests.inspections.conftest import SESSIONS, printed, wrong
from tests.inspections.pages import kinds, others_may_not, send, sender, state
from tests.pages import at_once, one_wins, text


@pytest.fixture
def invited(integrator):
    """A session with one invite: `invited["invite"]`, with its code."""
    session = integrator.create()
    return {**session, "invite": integrator.invite(session, **printed("mint"))}


def verb_of(invited):
    return f"invites/{invited['invite']['id']}/new_code"


def test_works(otto, invited, field, database, outbox):
    outbox.deliver_all()
    assert send(otto, invited, verb_of(invited)).status_code == 303
    assert kinds(database, invited)[0] == "inspection.code_renewed"
    assert field.join(invited["invite"], invited["invite"]["otp_code"]).status_code == 401
    page = text(otto.get(f"/inspections/{invited['id']}"))
    code = page.partition('class="code-digits"')[2].partition(">")[2].partition("<")[0].replace(" ", "")
    assert code in outbox.emails()[-1]["text"].replace(" ", "")
    assert field.join(invited["invite"], code).status_code == 200


def test_who_may_not(app, cast, database, invited):
    others_may_not(app, cast, database, invited, verb_of(invited))


def test_twice(otto, invited, database):
    for _ in range(2):
        assert send(otto, invited, verb_of(invited)).status_code == 303
    assert kinds(database, invited)[:2] == ["inspection.code_renewed"] * 2


def test_wrong_state(otto, integrator, field, invited, database):
    for wanted in ("joined", "revoked", "ended"):
        if wanted == "joined":
            assert field.join(invited["invite"], invited["invite"]["otp_code"]).status_code == 200
        elif wanted == "revoked":
            send(otto, invited, f"invites/{invited['invite']['id']}/revoke")
        else:
            integrator.end(invited)
        before = state(database, invited)
        assert (wanted, send(otto, invited, verb_of(invited)).status_code) == (wanted, 409)
        assert state(database, invited) == before


def test_a_locked_invite_gets_no_new_code(otto, invited, field):
    for step in range(1, 7):
        field.join(invited["invite"], wrong(invited["invite"], step))
    refused = send(otto, invited, verb_of(invited))
    assert refused.status_code == 409
    assert "Issue a new link and code instead." in text(refused)


def test_stale(otto, mira, invited, database):
    send(mira, invited, verb_of(invited))
    before = state(database, invited)
    late = send(otto, invited, verb_of(invited), version="1")
    assert late.status_code == 409
    assert "It has changed since you saw it, so nothing was done or sent." in text(late)
    assert "New code for Alex Garcia, by Mira Haddad" in text(late)
    assert state(database, invited) == before


def test_lost_race(another_browser, invited, database):
    one_wins(at_once([sender(another_browser(), invited, verb_of(invited), version="1") for _ in range(3)]))
    assert kinds(database, invited).count("inspection.code_renewed") == 1


def test_unknown(otto, invited):
    for strange in ("invites/b6a3f8a0-0000-4000-8000-000000000000/new_code", "invites/x/new_code"):
        assert send(otto, invited, strange).status_code == 404


def test_an_invite_of_another_session_is_unknown(otto, integrator, invited):
    assert send(otto, integrator.create(), verb_of(invited)).status_code == 404


def test_the_api_does_the_same(integrator, invited, database):
    path = f"{SESSIONS}/{invited['id']}/participants/{invited['invite']['id']}/new_code"
    assert integrator.post(path).status_code == 200
    assert kinds(database, invited)[0] == "inspection.code_renewed"


def test_the_old_code_is_not_sent_any_more(otto, invited, database, outbox):
    assert send(otto, invited, verb_of(invited)).status_code == 303
    states = {row.dedupe.split(":")[0]: [] for row in outbox.rows()}
    for row in outbox.deliver_all():
        states[row.dedupe.split(":")[0]].append(row.state)
    assert set(states["inspection-link"]) == {"sent"}, "the link is the same"
    assert sorted(set(states["inspection-code"])) == ["dropped", "sent"]
