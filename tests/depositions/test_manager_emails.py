"""The manager is told: the session as chair, the room, their own link, a changed room, the cancellation."""

import base64

import pytest
from icalendar import Calendar
from sqlalchemy import update

from app.depositions import actions, emails
from app.depositions.actions.roster import feed_hash
from app.depositions.locales import manager_translator
from app.depositions.models import Manager
from app.depositions.queries import people
from app.depositions.rules.new_request import parse_start
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
    factories.delivered(database)
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


def test_a_manager_with_another_address_by_now_is_released_where_they_were_invited(database, cast, outbox):
    made = factories.in_state(database, cast, "scheduled")
    factories.delivered(database)
    with database.write() as db:
        db.execute(update(Manager).where(Manager.id == made.manager_id).values(email="ines@new.example.com"))
    with database.write() as db:
        actions.change_manager(db, made.id, None, by=cast.actor("ines"), now=now())
    assert outbox.emails("ines@example.com")[-1]["subject"].startswith("No longer yours: ")
    factories.delivered(database)
    with database.read() as db:
        assert people.outdated(db, made.id) == []


def test_a_moved_session_says_from_when(database, cast, outbox):
    made = factories.in_state(database, cast, "scheduled", starts_at=factories.at("2031-03-10 18:30"))
    outbox.deliver_all()
    to = actions.Move(parse_start("2031-03-12", "02:30 PM", "Eastern Time (US & Canada)"), 2)
    with database.write() as db:
        actions.move(db, made.id, to, by=cast.actor("ines"), now=now())
    message = outbox.emails("ines@example.com")[-1]
    assert message["subject"] == "Moved: Deposition of Orsolya Brandt, Wed 12 Mar 2031"
    assert "The session that you manage was moved. It is in the case Keller" in message["text"]
    assert "Moved from Mon 10 Mar 2031, 11:30 AM–12:45 PM PDT" in message["text"]


@pytest.mark.parametrize(
    ("languages", "lang", "scheduled", "moved", "canceled"),
    [
        (["Spanish", "English"], "es", "Usted dirige: Declaración de", "tiene otra hora", "Cancelada"),
        (["German", "French"], "fr", "Vous dirigez\u00a0: Déposition de", "a un autre horaire", "Annulée"),
        (["Arabic"], "ar", "تدير أنت: ", "تغيّر موعد الجلسة التي تديرها", "أُلغيت"),
        (["German", "Klingon"], "en", "You manage: Deposition of", "was moved", "Canceled"),
        ([], "en", "You manage: Deposition of", "was moved", "Canceled"),
    ],
)
def test_they_are_written_in_the_first_language_of_the_manager_that_is_written(
    client, database, cast, outbox, languages, lang, scheduled, moved, canceled
):
    """Not in that of the session."""
    with database.write() as db:
        row = {"languages": languages, "zone": "Europe/Madrid", "feed_hash": feed_hash("secret")}
        db.execute(update(Manager).where(Manager.id == cast.managers["ines"].id).values(row))
    starts_at = factories.at("2031-03-10 23:30")
    made = factories.in_state(database, cast, "scheduled", starts_at=starts_at, details={"language": "French"})
    outbox.deliver_all()
    with database.write() as db:
        to = actions.Move(parse_start("2031-03-12", "02:30 PM", "Eastern Time (US & Canada)"), 2)
        actions.move(db, made.id, to, by=cast.actor("ines"), now=now())
    outbox.deliver_all()
    with database.write() as db:
        actions.cancel(db, made.id, by=cast.actor("ines"), now=now())
    mails = outbox.emails("ines@example.com")
    assert [each["locale"] for each in mails] == [lang] * 3
    assert mails[0]["subject"].startswith(scheduled)
    assert moved in mails[1]["text"]
    assert mails[2]["subject"].startswith(canceled)
    assert str(event_of(mails[0])[1]["SUMMARY"]) in mails[0]["subject"]
    day, clock = {"es": ("martes, ", "00:30"), "fr": ("mardi, ", "00:30"), "ar": ("الثلاثاء، ", "00:30")}.get(
        lang, ("Tue ", "00:30")
    )
    assert f"{day}{clock} CET" in mails[0]["text"], "on their own clock"
    with database.read() as db:
        t = manager_translator(languages)
        name = t("feed_name", name=cast.managers["ines"].name)
    assert f"X-WR-CALNAME:{name}" in client.get("/managers/feed/secret.ics").text


def test_a_change_of_neither_moment_nor_room_is_a_whole_sentence(database, cast):
    made = factories.in_state(database, cast, "scheduled")
    with database.read() as db:
        (message,) = emails.manager_changed(db, made, "Marston", now(), moved=True)
    assert "The session that you manage was changed. It is in the case" in message.payload["text"]
