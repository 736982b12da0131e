"""The manager is told: the session as chair, the room, their own link, a changed room, the cancellation."""

import base64

from icalendar import Calendar

from app.depositions import actions, emails
from app.kernel.clock import now
from tests.depositions import factories
from tests.depositions.pages import send
from tests.pages import text

ELSEWHERE = "https://rooms.example.com/r/43"


def event_of(message):
    (file,) = message["attachments"]
    calendar = Calendar.from_ical(base64.b64decode(file["content"]))
    (event,) = calendar.walk("VEVENT")
    return str(calendar["METHOD"]), event


def test_the_manager_is_invited_as_chair_with_the_room_and_a_link_of_their_own(client, database, cast, outbox):
    made = factories.in_state(database, cast, "scheduled")
    (message,) = outbox.emails("ines@example.com")
    assert message["subject"].startswith("You manage: Deposition of Orsolya Brandt, ")
    assert factories.ROOM in message["text"]
    assert f"/depositions/{made.id}" in message["text"]
    method, event = event_of(message)
    assert (method, event["ATTENDEE"].params["ROLE"]) == ("REQUEST", "CHAIR")
    assert str(event["LOCATION"]) == factories.ROOM
    (theirs,) = [line for line in message["text"].splitlines() if f"/sessions/{made.slug}?k=" in line]
    assert "Ines Okafor" in text(client.get(theirs.partition("/sessions/")[1] + theirs.partition("/sessions/")[2]))
    (participant,) = outbox.emails("quartz@example.com")
    assert event_of(participant)[1]["ATTENDEE"].params["ROLE"] == "REQ-PARTICIPANT"
    assert factories.ROOM not in participant["text"]


def test_another_room_is_told_to_the_manager_alone(ines, database, cast, outbox):
    made = factories.in_state(database, cast, "scheduled")
    before = len(outbox.emails())
    assert send(ines, made.id, "change_room", version=made.version, room_url=ELSEWHERE).status_code == 303
    (message,) = outbox.emails()[before:]
    assert (message["to"], message["subject"][:8]) == ("ines@example.com", "Changed:")
    assert "has another room" in message["text"]
    assert str(event_of(message)[1]["LOCATION"]) == ELSEWHERE


def test_a_cancellation_reaches_the_manager_unless_nobody_is_told(database, cast, outbox):
    noticed, silent = (factories.in_state(database, cast, "scheduled") for _ in range(2))
    with database.write() as db:
        actions.cancel(db, noticed.id, by=cast.actor("ines"), now=now())
        actions.cancel(db, silent.id, by=cast.actor("ines"), now=now(), notify=False, reason="By phone.")
    _, _, message = outbox.emails("ines@example.com")
    assert message["subject"].startswith("Canceled: ")
    method, event = event_of(message)
    assert (method, event["ATTENDEE"].params["ROLE"], int(event["SEQUENCE"])) == ("CANCEL", "CHAIR", 2)


def test_the_former_manager_hears_who_manages_it_now(database, cast):
    made = factories.schedule(
        database,
        cast,
        factories.request(database, cast).id,
        manager_name="Quartz Verbena",
        manager_email="quartz@partner.example.com",
    )
    with database.read() as db:
        (message,) = emails.manager_canceled(db, made, "Marston", now(), former=cast.managers["ines"])
    assert message.payload["to"] == "ines@example.com"
    assert "Quartz Verbena manages this session instead of you" in message.payload["text"]


def test_a_moved_session_says_from_when(database, cast):
    made = factories.in_state(database, cast, "scheduled")
    with database.read() as db:
        (message,) = emails.manager_changed(db, made, "Marston", now(), before="Fri 18 Dec 2026, 1:30 PM PST")
    assert message.payload["subject"].startswith("Moved: ")
    assert "Moved from: Fri 18 Dec 2026, 1:30 PM PST" in message.payload["text"]
