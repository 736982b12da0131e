"""Decline a cancellation: the session stays, and the organization reads why in the API."""

import pytest

from app.depositions import actions
from app.kernel.changes.events import timeline
from app.kernel.clock import now
from tests.depositions import factories
from tests.depositions.pages import listed, others_may_not, send, sender, stored
from tests.pages import at_once, csrf, digest, one_wins, text

WHY = "The witness has already traveled; please call us."


def asked(database, cast):
    made = factories.in_state(database, cast, "scheduled")
    ask(database, cast, made)
    return stored(database, made.id)


def ask(database, cast, made):
    with database.write() as db:
        owner = cast.organizations["marston"]
        return actions.request_cancellation(
            db, made.id, organization_id=owner.id, by=cast.actor("ines"), now=now().replace(microsecond=0)
        )


def test_works(ines, client, cast, database, outbox):
    made, sent = asked(database, cast), len(outbox.rows())
    assert f"/depositions/{made.id}" in text(ines.get("/depositions?view=cancellation"))
    assert send(ines, made.id, "decline_cancellation", version=made.version, notice=WHY).status_code == 303
    row = stored(database, made.id)
    assert (row.state, row.cancellation_open, row.notice) == ("scheduled", False, WHY)
    assert row.cancellation_requested_at == made.cancellation_requested_at
    assert len(outbox.rows()) == sent
    with database.read() as db:
        event = timeline(db, "deposition", made.id)[0]
    assert (event.kind, event.data) == ("deposition.cancellation_declined", {"notice": WHY})
    assert f'href="/depositions/{made.id}' not in text(ines.get("/depositions?view=cancellation"))
    wire = listed(client, cast, made.id)
    assert (wire["session_state"], wire["notice"]) == ("scheduled", WHY)
    assert wire["cancelation_requested"] is not None


def test_the_preview_says_how_the_organization_learns_of_it(ines, cast, database):
    made = asked(database, cast)
    fields = {"csrf_token": csrf(ines, "/settings"), "version": made.version, "step": "preview", "notice": WHY}
    page = text(ines.post(f"/depositions/{made.id}/decline_cancellation", data=fields))
    assert WHY in page
    assert "reads the notice when it next asks the API" in page
    assert "Sends no e-mail, calendar file or webhook." in page
    assert stored(database, made.id) == made


@pytest.mark.parametrize("notice", ["", "   ", "x" * 2001])
def test_a_sentence_is_required(ines, cast, database, notice):
    made = asked(database, cast)
    assert send(ines, made.id, "decline_cancellation", version=made.version, notice=notice).status_code == 422
    assert stored(database, made.id) == made


def test_asking_once_more_is_a_new_request(ines, client, cast, database):
    made = asked(database, cast)
    assert send(ines, made.id, "decline_cancellation", version=made.version, notice=WHY).status_code == 303
    again = ask(database, cast, made)
    assert again.cancellation_open
    assert again.version == made.version + 2
    assert f'href="/depositions/{made.id}' in text(ines.get("/depositions?view=cancellation"))
    with database.read() as db:
        kinds = [event.kind for event in timeline(db, "deposition", made.id)]
    assert kinds.count("deposition.cancellation_requested") == 2


def test_who_may_not(client, cast, database):
    others_may_not(client, cast, database, asked(database, cast), "decline_cancellation", notice=WHY)


def test_twice(ines, cast, database):
    made = asked(database, cast)
    assert send(ines, made.id, "decline_cancellation", version=made.version, notice=WHY).status_code == 303
    again = send(ines, made.id, "decline_cancellation", version=made.version + 1, notice="Once more.")
    assert again.status_code == 409
    assert "does not wait for an answer" in text(again)
    assert stored(database, made.id).notice == WHY


@pytest.mark.parametrize("state", ["initial", "scheduled", "active", "ended", "canceled"])
def test_wrong_state(ines, cast, database, state):
    made = factories.request(database, cast) if state == "initial" else factories.in_state(database, cast, state)
    refused = send(ines, made.id, "decline_cancellation", version=made.version, notice=WHY)
    assert refused.status_code == 409
    assert stored(database, made.id) == made


def test_another_notice_than_was_shown_is_shown_first(ines, cast, database):
    made = asked(database, cast)
    typed = {"csrf_token": csrf(ines), "version": made.version, "notice": WHY}
    shown = ines.post(f"/depositions/{made.id}/decline_cancellation", data={**typed, "step": "preview"})
    other = {**typed, "notice": "For another reason.", "preview": digest(shown)}
    assert ines.post(f"/depositions/{made.id}/decline_cancellation", data=other).status_code == 409
    assert stored(database, made.id) == made


def test_stale(ines, cast, database):
    made = asked(database, cast)
    stale = send(ines, made.id, "decline_cancellation", version=1, notice=WHY)
    assert (stale.status_code, WHY in text(stale)) == (409, True)
    assert stored(database, made.id) == made


def test_lost_race(another_browser, cast, database):
    made = asked(database, cast)
    presses = [
        sender(another_browser(), made.id, "decline_cancellation", version=made.version, notice=WHY) for _ in range(3)
    ]
    one_wins(at_once(presses))
    assert stored(database, made.id).version == made.version + 1


def test_unknown(ines):
    assert send(ines, 987654, "decline_cancellation", notice=WHY).status_code == 404
