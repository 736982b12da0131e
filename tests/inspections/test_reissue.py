"""Reissue: a new link and code for the same recipient; the old ones are dead."""

import pytest
from sqlalchemy import update

from app.kernel.clock import now
from app.kernel.errors import Conflict
from app.kernel.outbox.outbox import OutboxRow
from app.messages.actions import send_again
from tests.inspections.conftest import SESSIONS, printed
from tests.inspections.pages import kinds, others_may_not, send, sender, state
from tests.pages import at_once, one_wins, text


@pytest.fixture
def invited(integrator):
    """A session with one invite: `invited["invite"]`, with its code."""
    session = integrator.create()
    return {**session, "invite": integrator.invite(session, **printed("mint"))}


def verb_of(invited):
    return f"invites/{invited['invite']['id']}/reissue"


def test_works(otto, invited, field, database, outbox):
    outbox.deliver_all()
    assert send(otto, invited, verb_of(invited)).status_code == 303
    assert kinds(database, invited)[0] == "inspection.invite_reissued"
    assert field.join(invited["invite"], invited["invite"]["otp_code"]).status_code == 404
    page = text(otto.get(f"/inspections/{invited['id']}"))
    link = page.partition("/join/")[2].partition('"')[0].partition("<")[0]
    assert link in "".join(email["text"] for email in outbox.emails()[-2:])


def test_who_may_not(app, cast, database, invited):
    others_may_not(app, cast, database, invited, verb_of(invited))


def test_twice(otto, invited, database):
    for _ in range(2):
        assert send(otto, invited, verb_of(invited)).status_code == 303
    assert kinds(database, invited)[:2] == ["inspection.invite_reissued"] * 2


@pytest.mark.parametrize("over", ["revoked", "ended"])
def test_wrong_state(otto, integrator, invited, database, over):
    if over == "revoked":
        send(otto, invited, f"invites/{invited['invite']['id']}/revoke")
    else:
        integrator.end(invited)
    before = state(database, invited)
    refused = send(otto, invited, verb_of(invited))
    assert refused.status_code == 409
    assert ("This invite was revoked." if over == "revoked" else "has ended") in text(refused)
    assert state(database, invited) == before


def test_stale(otto, mira, invited, database):
    send(mira, invited, verb_of(invited))
    before = state(database, invited)
    late = send(otto, invited, verb_of(invited), version="1")
    assert late.status_code == 409
    assert "Mira Haddad" in text(late)
    assert state(database, invited) == before


def test_lost_race(another_browser, invited, database):
    one_wins(at_once([sender(another_browser(), invited, verb_of(invited), version="1") for _ in range(3)]))
    assert kinds(database, invited).count("inspection.invite_reissued") == 1


def test_unknown(otto, integrator, invited):
    for session, strange in (
        (invited, "invites/b6a3f8a0-0000-4000-8000-000000000000/reissue"),
        (integrator.create(), verb_of(invited)),
    ):
        assert send(otto, session, strange).status_code == 404


def test_the_api_does_the_same(integrator, invited, database):
    path = f"{SESSIONS}/{invited['id']}/participants/{invited['invite']['id']}/reissue"
    assert integrator.post(path).status_code == 200
    assert kinds(database, invited)[0] == "inspection.invite_reissued"


def failed(outbox, database):
    """Lets the link fail for good: its mail server refuses the address."""
    (link,) = [row for row in outbox.rows("email") if row.dedupe.startswith("inspection-link:")]
    with database.writer.begin() as connection:
        connection.execute(update(OutboxRow).where(OutboxRow.id == link.id).values(state="dead", finished_at=now()))
    return link


@pytest.mark.parametrize("fails", [False, True])
def test_the_old_link_and_code_are_not_sent_any_more(otto, cast, invited, database, outbox, fails):
    old = {row.id for row in outbox.rows()}
    if fails:
        failed(outbox, database)
    assert send(otto, invited, verb_of(invited)).status_code == 303
    rows = outbox.deliver_all()
    assert {(row.state, row.last_error) for row in rows if row.id in old} == {
        ("dropped", "A newer link and code were made.")
    }
    assert {row.state for row in rows if row.id not in old} == {"sent"}
    for id in old:
        with pytest.raises(Conflict, match="A newer link"), database.write() as db:
            send_again(db, id, by=cast.actor("otto"), now=now())
