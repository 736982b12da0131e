"""Tell: those who do not know yet how a session stands hear it, and nobody else."""

import base64

import pytest

from app.depositions import actions
from app.kernel.changes.events import timeline
from app.kernel.clock import now
from tests.depositions import factories
from tests.depositions.pages import listed, others_may_not, send, sender, stored
from tests.pages import at_once, csrf, one_wins, text

TAB = "/depositions?view=not-up-to-date"


@pytest.fixture
def silent(database, cast, outbox):
    """Makes a session whose people heard of the booking, and not of its cancellation."""

    def make(**facts):
        made = factories.in_state(database, cast, "scheduled", **facts)
        factories.delivered(database)
        with database.write() as db:
            actions.cancel(db, made.id, by=cast.actor("ines"), now=now(), notify=False, reason="On the phone.")
        return stored(database, made.id)

    return make


def test_works(ines, client, cast, database, outbox, silent):
    made = silent()
    page = text(ines.get(TAB))
    assert f'href="/depositions/{made.id}' in page
    assert f'formaction="/depositions/{made.id}/tell?view=not-up-to-date"' in page
    before = len(outbox.emails())
    assert send(ines, made.id, "tell", version=made.version).status_code == 303
    mails = outbox.emails()[before:]
    manager = cast.people["ines"].email
    assert {mail["to"] for mail in mails} == {
        "orsolya@example.com",
        "quartz@example.com",
        "obsidian@example.com",
        manager,
    }
    for mail in mails:
        assert mail["subject"].startswith("Canceled")
        (file,) = mail["attachments"]
        content = base64.b64decode(file["content"]).decode()
        assert "METHOD:CANCEL" in content
        assert "SEQUENCE:2" in content
    assert outbox.rows("webhook", "queued") == []
    with database.read() as db:
        event = timeline(db, "deposition", made.id)[0]
    assert (event.kind, len(event.data["people"]), event.data["webhook"]) == ("deposition.told", 4, False)
    page = text(ines.get(f"/depositions/{made.id}"))
    assert "How it stands sent by" in page
    assert "4 people" in page
    assert listed(client, cast, made.id)["session_state"] == "canceled"
    factories.delivered(database)
    assert not stored(database, made.id).not_up_to_date
    assert f'href="/depositions/{made.id}' not in text(ines.get(TAB))


def test_the_preview_shows_exactly_who_is_written_to(ines, cast, database, silent):
    made = silent(invites=())
    fields = {"csrf_token": csrf(ines, "/settings"), "version": made.version, "step": "preview"}
    page = text(ines.post(f"/depositions/{made.id}/tell", data=fields))
    assert "Tell those who do not know yet" in page
    assert "2 e-mails with a calendar file" in page
    assert "removes it from calendars" in page
    assert "Tell them that it is canceled" in page
    assert stored(database, made.id) == made


def test_only_those_who_do_not_know(ines, cast, database, outbox):
    made = factories.in_state(database, cast, "scheduled")
    outbox.deliver_all()  # the e-mails arrive, the webhook's host has no address yet
    waiting = send(ines, made.id, "tell", version=made.version)
    assert (waiting.status_code, "There is nothing more to tell" in text(waiting)) == (409, True)
    factories.delivered(database, "dead")
    with database.write() as db:
        db.execute(outbox_due())
    factories.delivered(database, "dead")
    assert stored(database, made.id).not_up_to_date
    assert send(ines, made.id, "tell", version=made.version).status_code == 303
    (row,) = outbox.rows("webhook", "queued")
    assert row.payload["claims"]["requests"][0]["session_state"] == "scheduled"
    assert len(outbox.rows("email")) == 4


def outbox_due():
    from sqlalchemy import update

    from app.kernel.outbox.outbox import OutboxRow

    return update(OutboxRow).where(OutboxRow.state == "queued").values({OutboxRow.due_at: now()})


def test_who_may_not(client, cast, database, silent):
    others_may_not(client, cast, database, silent(), "tell")


def test_twice(ines, cast, database, outbox, silent):
    made = silent()
    assert send(ines, made.id, "tell", version=made.version).status_code == 303
    sent = len(outbox.rows())
    again = send(ines, made.id, "tell", version=made.version + 1)
    assert again.status_code == 409
    assert "There is nobody to write to." in text(again)
    assert len(outbox.rows()) == sent


def test_a_system_that_only_reads_is_not_written_to(ines, client, cast, database, outbox):
    made = factories.in_state(database, cast, "canceled")
    refused = send(ines, made.id, "tell", version=made.version)
    assert (refused.status_code, "when it next asks the API" in text(refused)) == (409, True)
    assert stored(database, made.id) == made
    listed(client, cast, made.id)
    refused = send(ines, made.id, "tell", version=made.version)
    assert (refused.status_code, "There is nothing more to tell" in text(refused)) == (409, True)


def test_the_webhook_of_a_cancellation_where_it_is_switched_on(ines, cast, database, outbox, silent):
    made = silent()
    with database.write() as db:
        by = cast.actor("ines")
        organization_id = cast.organizations["marston"].id
        actions.change_settings(db, organization_id, {"postback_cancellations": True}, by=by, now=now())
    assert send(ines, made.id, "tell", version=made.version).status_code == 303
    (row,) = outbox.rows("webhook", "queued")
    assert row.payload["claims"]["requests"][0]["session_state"] == "canceled"


@pytest.mark.parametrize("state", ["initial", "ended"])
def test_wrong_state(ines, cast, database, state):
    made = factories.request(database, cast) if state == "initial" else factories.in_state(database, cast, state)
    assert send(ines, made.id, "tell", version=made.version).status_code == 409
    assert stored(database, made.id) == made


def test_what_is_over_is_told_to_nobody(ines, cast, database, silent):
    made = silent(starts_at=factories.at("2025-01-28 09:30"))
    refused = send(ines, made.id, "tell", version=made.version)
    assert (refused.status_code, "The hour of this session is over." in text(refused)) == (409, True)
    assert f'href="/depositions/{made.id}' not in text(ines.get(TAB))


def test_stale(ines, cast, database, outbox, silent):
    made = silent()
    sent = len(outbox.rows())
    stale = send(ines, made.id, "tell", version=1)
    assert (stale.status_code, len(outbox.rows())) == (409, sent)
    assert stored(database, made.id) == made


def test_lost_race(another_browser, cast, database, outbox, silent):
    made = silent()
    before = len(outbox.rows("email"))
    presses = [sender(another_browser(), made.id, "tell", version=made.version) for _ in range(3)]
    for page in one_wins(at_once(presses)):
        assert "There is nobody to write to." in page
    assert len(outbox.rows("email")) == before + 4


def test_unknown(ines):
    assert send(ines, 987654, "tell").status_code == 404
