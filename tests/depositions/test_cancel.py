"""Cancel: by the team, before the session has begun."""

import base64
import re
from datetime import timedelta

import pytest
from sqlalchemy import update

from app.depositions import actions
from app.kernel.changes.events import timeline
from app.kernel.clock import now
from app.kernel.outbox.outbox import OutboxRow
from app.kernel.text import datetimes
from tests.depositions import factories
from tests.depositions.pages import listed, others_may_not, send, sender, stored
from tests.pages import at_once, csrf, digest, one_wins, text


def cancel(database, cast, made, **facts):
    with database.write() as db:
        return actions.cancel(db, made.id, by=cast.actor("ines"), now=now(), **facts)


@pytest.mark.parametrize("notify", ["y", None])
def test_works(ines, cast, database, outbox, notify):
    made = factories.request(database, cast)
    answer = send(ines, made.id, "cancel", **({"notify": notify} if notify else {}))
    assert answer.status_code == 303
    assert len(outbox.rows("email")) == (3 if notify else 0)
    assert "This request was already canceled." in text(ines.get(f"/depositions/{made.id}"))
    row = stored(database, made.id)
    assert (row.state, row.version) == ("canceled", 2)
    assert row.canceled_at is not None
    with database.read() as db:
        assert timeline(db, "deposition", made.id)[0].data == {"told": bool(notify)}


def test_who_may_not(client, cast, database):
    others_may_not(client, cast, database, factories.request(database, cast), "cancel", notify="y")


def test_twice(ines, cast, database, outbox):
    made = factories.request(database, cast)
    assert send(ines, made.id, "cancel", notify="y").status_code == 303
    again = send(ines, made.id, "cancel", version=2, notify="y")
    assert again.status_code == 409
    assert "This request was already canceled." in text(again)
    assert len(outbox.rows("email")) == 3


@pytest.mark.parametrize("state", ["active", "ended", "canceled"])
def test_wrong_state(ines, cast, database, state):
    made = factories.in_state(database, cast, state, starts_at=now() - timedelta(minutes=5))
    assert send(ines, made.id, "cancel", version=made.version).status_code == 409
    assert stored(database, made.id) == made


def test_a_session_that_was_started_early_can_be_canceled(ines, cast, database, outbox):
    made = factories.in_state(database, cast, "active")
    assert send(ines, made.id, "cancel", version=made.version, notify="y").status_code == 303
    assert stored(database, made.id).state == "canceled"
    assert [each["subject"][:8] for each in outbox.emails()[-3:]] == ["Canceled"] * 3
    assert ines.get(f"/sessions/{made.slug}/join").status_code == 410


def test_the_page_claims_only_what_was_sent(ines, cast, database, outbox):
    request = factories.request(database, cast)
    page = text(ines.get(f"/depositions/{request.id}"))
    assert "No e-mail about it was sent." in page
    assert 'id="notify"' in page
    assert not re.search(r'<input checked[^>]*id="notify"', page)

    alone = factories.in_state(database, cast, "ready", deponent_email=None, invites=())
    page = text(ines.get(f"/depositions/{alone.id}"))
    assert "No e-mail about it was sent." in page
    assert 'id="notify"' not in page

    booked = factories.in_state(database, cast, "scheduled")
    page = text(ines.get(f"/depositions/{booked.id}"))
    assert "Calendars keep the session unless the participants are notified." in page
    assert re.search(r'<input checked[^>]*id="notify"', page)

    with database.write() as db:
        db.execute(update(OutboxRow).where(OutboxRow.subject_id == str(booked.id)).values(state="dead"))
    page = text(ines.get(f"/depositions/{booked.id}"))
    assert "No e-mail about it was sent." in page
    assert not re.search(r'<input checked[^>]*id="notify"', page)


def test_a_silent_cancel_says_who_goes_on_believing_and_asks_why(ines, cast, database, outbox):
    made = factories.in_state(database, cast, "scheduled")
    fields = {"csrf_token": csrf(ines, "/settings"), "version": made.version, "step": "preview"}
    url = f"/depositions/{made.id}/cancel"
    waiting = text(ines.post(url, data=fields))
    assert "4 e-mails and 1 webhook about it have not been sent yet, and will not be." in waiting
    assert "Their system does not hear of it" in waiting
    factories.delivered(database)
    preview = ines.post(url, data=fields)
    page = text(preview)
    assert "Review and cancel, notifying no participant" in page
    day = datetimes.day(datetimes.local(made.starts_at, made.zone).date())
    assert f"4 calendars and 1 webhook keep saying {day}" in page
    assert page.count("an e-mail and a calendar entry, ") == 4
    assert "it asks the API; no webhook is sent" in page
    assert "Sends no e-mail, calendar file or webhook." in page
    assert "Cancel the session, notify nobody" in page
    assert "in the tab “Not up to date” until they are notified" in page
    assert stored(database, made.id) == made
    fields |= {"step": "", "preview": digest(preview)}
    refused = ines.post(url, data=fields)
    assert (refused.status_code, "Say why nobody is notified." in text(refused)) == (422, True)
    assert stored(database, made.id) == made
    done = ines.post(url, data={**fields, "reason": "They asked us on the phone."}, follow_redirects=True)
    assert "Canceled. Nobody is notified of it by e-mail." in text(done)
    assert "nobody is notified by e-mail: They asked us on the phone." in text(done)


def test_when_people_are_notified_their_system_still_believes(ines, cast, database, outbox):
    made = factories.in_state(database, cast, "scheduled")
    factories.delivered(database)
    fields = {"csrf_token": csrf(ines, "/settings"), "version": made.version, "step": "preview", "notify": "y"}
    page = text(ines.post(f"/depositions/{made.id}/cancel", data=fields))
    assert "1 webhook keeps saying " in page
    assert "4 e-mails with a calendar file to orsolya@example.com" in re.sub("<[^>]+>", "", page)
    assert 'name="reason"' not in page


def test_a_system_is_told_where_the_organization_has_switched_that_on(ines, cast, database, outbox):
    switched = factories.in_state(database, cast, "scheduled")
    factories.delivered(database)
    with database.write() as db:
        organization_id, by = cast.organizations["marston"].id, cast.actor("ines")
        actions.change_settings(db, organization_id, {"postback_cancellations": True}, by=by, now=now())
    assert send(ines, switched.id, "cancel", version=switched.version, notify="y").status_code == 303
    (row,) = outbox.rows("webhook", "queued")
    (request,) = row.payload["claims"]["requests"]
    assert (request["id"], request["session_state"]) == (switched.id, "canceled")
    assert request["session_url"].endswith("/join")
    assert not stored(database, switched.id).not_up_to_date


def test_what_waits_is_not_sent_after_a_cancellation(ines, cast, database, outbox):
    made = factories.in_state(database, cast, "scheduled")
    assert send(ines, made.id, "cancel", version=made.version).status_code == 303
    assert {row.state for row in outbox.rows()} == {"dropped"}


def test_notifying_nobody_is_not_claimed(ines, cast, database):
    made = factories.in_state(database, cast, "ready", deponent_email=None, invites=())
    assert send(ines, made.id, "cancel", version=made.version, notify="y").status_code == 303
    page = text(ines.get(f"/depositions/{made.id}"))
    assert "Canceled. Nobody is notified of it by e-mail." in page
    assert "all participants" not in page


def test_stale(ines, cast, database):
    made = factories.in_state(database, cast, "scheduled")
    stale = send(ines, made.id, "cancel", version=1)
    assert stale.status_code == 409
    assert "You scheduled it" in text(stale)
    assert stored(database, made.id) == made


def test_lost_race(another_browser, cast, database, outbox):
    made = factories.request(database, cast)
    presses = [sender(another_browser(), made.id, "cancel", notify="y") for _ in range(3)]
    for page in one_wins(at_once(presses)):
        assert "This request was already canceled." in page
    assert len(outbox.rows("email")) == 3


def test_unknown(ines):
    assert send(ines, 987654, "cancel").status_code == 404


def test_the_api_says_the_same(ines, cast, database):
    made = factories.in_state(database, cast, "scheduled")
    send(ines, made.id, "cancel", version=made.version)
    row = listed(ines, cast, made.id)
    assert row["session_state"] == "canceled"
    assert row["session_url"].endswith(f"/sessions/{made.slug}/join")
    assert ines.get(f"/sessions/{made.slug}").status_code == 410


def test_forms_need_their_token_and_version(ines, cast, database):
    made = factories.request(database, cast)
    assert ines.post(f"/depositions/{made.id}/cancel", data={"version": 1}).status_code == 403
    for bad in ("", "x", "-1", "9" * 30):
        assert send(ines, made.id, "cancel", version=bad).status_code == 422


@pytest.mark.parametrize("state", ["initial", "scheduled", "ready"])
def test_every_participant_gets_an_email(database, cast, outbox, state):
    made = factories.in_state(database, cast, state)
    before = len(outbox.emails())
    cancel(database, cast, made)
    messages = outbox.emails()[before:]
    participants = {"orsolya@example.com", "quartz@example.com", "obsidian@example.com"}
    manager = {"ines@example.com"} if state == "scheduled" else set()
    assert {each["to"] for each in messages} == participants | manager
    for message in messages:
        assert message["subject"].startswith("Canceled: Deposition of Orsolya Brandt")
        assert len(message["attachments"]) == (0 if state == "initial" else 1)


def test_the_calendar_removes_the_session(database, cast, outbox):
    made = factories.in_state(database, cast, "scheduled")
    cancel(database, cast, made)
    files = [
        base64.b64decode(message["attachments"][0]["content"]).decode()
        for message in outbox.emails("orsolya@example.com")
    ]
    invitation, cancellation = sorted(files, key=lambda text: "METHOD:CANCEL" in text)
    assert "METHOD:REQUEST" in invitation
    assert "SEQUENCE:1" in invitation
    assert "METHOD:CANCEL" in cancellation
    assert "STATUS:CANCELLED" in cancellation
    assert "SEQUENCE:2" in cancellation
    uid = f"UID:{made.remote_session_id}@localhost"
    assert uid in invitation
    assert uid in cancellation


@pytest.mark.parametrize("notify", [True, False])
def test_an_invitation_that_was_not_sent_yet_is_not_sent_any_more(cast, database, outbox, notify):
    """It would come after the cancellation, or instead of it."""
    made = factories.in_state(database, cast, "scheduled")
    invitations = {row.id for row in outbox.rows("email")}
    cancel(database, cast, made, notify=notify)
    rows = [row for row in outbox.deliver_all() if row.channel == "email"]
    assert {(row.state, row.last_error) for row in rows if row.id in invitations} == {
        ("dropped", "The session was canceled.")
    }
    assert {row.state for row in rows if row.id not in invitations} == ({"sent"} if notify else set())


def test_it_is_known_when_it_changed(cast, database, clock):
    made = factories.in_state(database, cast, "scheduled")
    clock.move(minutes=5)
    cancel(database, cast, made, notify=False)
    assert timedelta(minutes=5) <= stored(database, made.id).updated_at - made.updated_at < timedelta(minutes=6)
