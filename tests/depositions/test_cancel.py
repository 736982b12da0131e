"""Cancel: by the team, before it has begun; by the organization through the API, before it is booked."""

import base64

import pytest

from app.depositions import actions
from app.kernel.changes.events import timeline
from app.kernel.clock import now
from app.kernel.errors import Conflict, Invalid, NotFound
from tests.depositions import factories
from tests.depositions.races import lost, race, won


def cancel(database, cast, made, **facts):
    with database.write() as db:
        return actions.cancel(db, made.id, by=cast.actor("ines"), now=now(), **facts)


def withdraw(database, cast, made, organization="marston", notify=True):
    with database.write() as db:
        owner = cast.organizations[organization].id
        return actions.withdraw(db, made.id, organization_id=owner, by=cast.actor("ines"), now=now(), notify=notify)


@pytest.mark.parametrize("state", ["initial", "scheduled", "ready"])
def test_the_team_cancels_what_has_not_begun(database, cast, outbox, state):
    made = factories.in_state(database, cast, state)
    before = len(outbox.letters())
    canceled = cancel(database, cast, made)
    assert canceled.state == "canceled"
    assert canceled.canceled_at is not None
    letters = outbox.letters()[before:]
    assert {letter["to"] for letter in letters} == {"orsolya@example.com", "quartz@example.com", "obsidian@example.com"}
    for letter in letters:
        assert letter["subject"].startswith("Canceled: Deposition of Orsolya Brandt")
        assert len(letter["attachments"]) == (0 if state == "initial" else 1)


def test_without_email(database, cast, outbox):
    made = factories.request(database, cast)
    cancel(database, cast, made, notify=False)
    assert outbox.letters() == []
    with database.read() as db:
        assert timeline(db, "deposition", made.id)[0].data == {"told": False}


def test_the_calendar_takes_it_out_again(database, cast, outbox):
    made = factories.in_state(database, cast, "scheduled")
    cancel(database, cast, made)
    files = [
        base64.b64decode(letter["attachments"][0]["content"]).decode()
        for letter in outbox.letters("orsolya@example.com")
    ]
    asked, taken = sorted(files, key=lambda text: "METHOD:CANCEL" in text)
    assert "METHOD:REQUEST" in asked
    assert "SEQUENCE:1" in asked
    assert "METHOD:CANCEL" in taken
    assert "STATUS:CANCELLED" in taken
    assert "SEQUENCE:2" in taken
    uid = f"UID:{made.remote_session_id}@localhost"
    assert uid in asked
    assert uid in taken


@pytest.mark.parametrize("state", ["active", "ended", "canceled"])
def test_wrong_state(database, cast, state):
    made = factories.in_state(database, cast, state)
    with pytest.raises(Conflict):
        cancel(database, cast, made)


def test_stale_page(database, cast):
    made = factories.in_state(database, cast, "scheduled")
    with pytest.raises(Conflict, match="scheduled it while you had this page open"):
        cancel(database, cast, made, version=1)


def test_the_organization_withdraws_what_is_initial(database, cast, outbox):
    made = factories.request(database, cast)
    assert withdraw(database, cast, made).state == "canceled"
    assert len(outbox.letters()) == 3


@pytest.mark.parametrize("state", ["scheduled", "active", "ended", "canceled"])
def test_the_organization_withdraws_nothing_else(database, cast, state):
    made = factories.in_state(database, cast, state)
    with pytest.raises(Invalid):
        withdraw(database, cast, made)


def test_of_another_organization_there_is_nothing(database, cast):
    made = factories.request(database, cast)
    with pytest.raises(NotFound):
        withdraw(database, cast, made, organization="harbor")


def test_many_at_once_cancel_once(database, cast, outbox):
    ines = cast.actor("ines")
    made = factories.request(database, cast)
    calls = [
        lambda db: actions.withdraw(db, made.id, organization_id=made.organization_id, by=ines, now=now(), notify=True)
    ] * 8
    got = race(database, calls)
    assert len(won(got)) == 1
    assert {(refusal.status, refusal.code) for refusal in lost(got)} == {(422, "session_request.already_canceled")}
    assert len(outbox.letters()) == 3
