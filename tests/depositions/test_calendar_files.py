"""Calendar files: what a calendar program reads from them."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from uuid import UUID

import ics
import pytest
import vobject
from dateutil.rrule import rrulestr
from icalendar import Calendar

from app.config import Config
from app.depositions import calendar
from app.depositions.locales import TRANSLATIONS
from tests.depositions.factories import at

CONFIG = Config.for_tests(public_base_url="https://desk.example.com", mail_from="Scheduling <desk@example.com>")
NOW = at("2026-11-24 15:00")
T = TRANSLATIONS.translator("en")


def session(**facts):
    default = {
        "remote_session_id": UUID("83b21fa4-c039-45ab-9d4a-3578bd921165"),
        "sequence": 1,
        "zone": "America/Los_Angeles",
        "time_zone": "(GMT-08:00) Pacific Time (US & Canada)",
        "starts_at": at("2026-11-25 09:30"),
        "ends_at": at("2026-11-25 10:45"),
        "deponent_name": "Malachite Yarrow",
        "title": "Example",
    }
    return SimpleNamespace(**{**default, **facts})


def read(attachment):
    found = Calendar.from_ical(attachment.content)
    (event,) = found.walk("VEVENT")
    return found, event


def invite(**facts):
    return calendar.invitation(
        session(**facts),
        CONFIG,
        to="quartz@example.com",
        name="",
        url="https://desk.example.com/sessions/x?k=y",
        now=NOW,
        t=T,
    )


def test_an_invitation():
    file = invite()
    assert (file.name, file.type) == ("invite.ics", "text/calendar; method=REQUEST; charset=UTF-8")
    found, event = read(file)
    assert found["METHOD"] == "REQUEST"
    assert event["UID"] == "83b21fa4-c039-45ab-9d4a-3578bd921165@desk.example.com"
    assert event["SEQUENCE"] == 1
    assert event["STATUS"] == "CONFIRMED"
    assert event["SUMMARY"] == "Deposition of Malachite Yarrow"
    assert event["DTSTART"].to_ical() == b"20261125T093000Z"
    assert event["DESCRIPTION"].startswith("Wed 25 Nov 2026, 1:30–2:45 AM PST (Pacific Time (US & Canada))\n")
    assert event["DTEND"].dt - event["DTSTART"].dt == timedelta(minutes=75)
    assert event["ORGANIZER"].lower() == "mailto:desk@example.com"
    assert event["ATTENDEE"].lower() == "mailto:quartz@example.com"
    assert b"\r\n" in file.content


def test_a_cancellation_is_about_the_same_event():
    file = calendar.cancellation(session(sequence=2), CONFIG, to="quartz@example.com", name="", now=NOW, t=T)
    assert file.type == "text/calendar; method=CANCEL; charset=UTF-8"
    found, event = read(file)
    assert (found["METHOD"], event["STATUS"], event["SEQUENCE"]) == ("CANCEL", "CANCELLED", 2)
    assert event["UID"] == read(invite())[1]["UID"]


def test_without_a_duration_an_hour_is_kept_free():
    _, event = read(invite(ends_at=at("2026-11-25 09:30")))
    assert event["DTEND"].dt - event["DTSTART"].dt == timedelta(hours=1)


DAYS = (
    "1901-02-03 12:00",
    "2027-10-31 00:30",
    "2027-11-07 08:30",
    "2028-03-26 01:15",
    "2040-07-16 13:30",
    "2199-07-01 12:00",
)
ZONES = (
    "UTC",
    "America/New_York",
    "US/Eastern",
    "America/Los_Angeles",
    "Etc/GMT+5",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Europe/Dublin",
    "Africa/Casablanca",
    "America/Vancouver",
    "Pacific/Apia",
    "America/Caracas",
)


def plain(content):
    """The properties of the event as RFC 5545 writes them, read without any library; unfolded."""
    lines = content.decode().replace("\r\n ", "").split("\r\n")
    within = lines[lines.index("BEGIN:VEVENT") + 1 : lines.index("END:VEVENT")]
    return dict(line.split(":", 1) for line in within)


def utc(text):
    return datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)


@pytest.mark.parametrize("zone", ZONES)
def test_every_reader_places_both_ends_rightly(zone):
    """In any year, and where an hour comes twice: by the library, by its own text, and by its rules of recurrence."""
    for start in DAYS:
        starts_at, ends_at = at(start), at(start) + timedelta(minutes=45)
        for file in (
            invite(zone=zone, starts_at=starts_at, ends_at=ends_at),
            calendar.cancellation(
                session(zone=zone, starts_at=starts_at, ends_at=ends_at),
                CONFIG,
                to="q@example.com",
                name="",
                now=NOW,
                t=T,
            ),
        ):
            _, event = read(file)
            assert (event.start, event.end, event.duration) == (starts_at, ends_at, timedelta(minutes=45))
            lines = plain(file.content)
            assert (utc(lines["DTSTART"]), utc(lines["DTEND"])) == (starts_at, ends_at)
            (once,) = rrulestr(f"DTSTART:{lines['DTSTART']}\nRRULE:FREQ=DAILY;COUNT=1")
            assert once == starts_at


@pytest.mark.parametrize("name", ["علی\u200cرضا محمدی", "👩\u200d👩\u200d👧 Yarrow" * 3])
def test_joiners_stay_in_the_summary(name):
    """Also where a line is folded."""
    _, event = read(invite(deponent_name=name))
    assert event["SUMMARY"] == f"Deposition of {name}"


def test_hostile_names_stay_inside_their_line():
    nasty = "Eve\r\nATTENDEE:mailto:evil@example.com\r\n\x00;,\\"
    _, event = read(invite(deponent_name=nasty))
    assert event["ATTENDEE"].lower() == "mailto:quartz@example.com"
    file = calendar.invitation(
        session(), CONFIG, to="q@example.com", name=nasty + '"', url="https://x.example", now=NOW, t=T
    )
    _, event = read(file)
    assert event["ATTENDEE"].lower() == "mailto:q@example.com"


def canceled(to="quartz@example.com", **facts):
    return calendar.cancellation(session(**facts), CONFIG, to=to, now=NOW, t=T)


def published(**facts):
    return calendar.published(session(**facts), CONFIG, url="https://desk.example.com/sessions/x", now=NOW, t=T)


def by_icalendar(content):
    found, event = read(SimpleNamespace(content=content))
    return {
        "method": str(found["METHOD"]),
        "uid": str(event["UID"]),
        "sequence": int(event.get("SEQUENCE")),
        "status": str(event["STATUS"]),
        "starts": event.start,
        "ends": event.end,
        "summary": str(event["SUMMARY"]),
        "organizer": str(event["ORGANIZER"]).removeprefix("mailto:"),
        "attendees": [str(each).removeprefix("mailto:") for each in event.get("ATTENDEE", []) and [event["ATTENDEE"]]],
    }


def by_vobject(content):
    found = vobject.readOne(content.decode())
    event = found.vevent
    return {
        "method": found.method.value,
        "uid": event.uid.value,
        "sequence": int(event.sequence.value),
        "status": event.status.value,
        "starts": event.dtstart.value.astimezone(UTC),
        "ends": event.dtend.value.astimezone(UTC),
        "summary": event.summary.value,
        "organizer": event.organizer.value.removeprefix("mailto:"),
        "attendees": [each.value.removeprefix("mailto:") for each in event.contents.get("attendee", [])],
    }


def by_ics(content):
    found = ics.Calendar(content.decode())
    (event,) = found.events
    (sequence,) = [line.value for line in event.extra if line.name == "SEQUENCE"]
    return {
        "method": found.method,
        "uid": event.uid,
        "sequence": int(sequence),
        "status": event.status,
        "starts": event.begin.datetime.astimezone(UTC),
        "ends": event.end.datetime.astimezone(UTC),
        "summary": event.name,
        "organizer": event.organizer.email.removeprefix("mailto:"),
        "attendees": [each.email.removeprefix("mailto:") for each in event.attendees],
    }


@pytest.mark.parametrize(
    ("file", "method", "status", "sequence", "attendees"),
    [
        (invite(), "REQUEST", "CONFIRMED", 1, ["quartz@example.com"]),
        (invite(sequence=2, ends_at=at("2026-11-25 12:00")), "REQUEST", "CONFIRMED", 2, ["quartz@example.com"]),
        (canceled(sequence=3), "CANCEL", "CANCELLED", 3, ["quartz@example.com"]),
        (canceled(to="", sequence=3), "CANCEL", "CANCELLED", 3, []),
        (published(), "PUBLISH", "CONFIRMED", 1, []),
        (invite(deponent_name="Зоя, «Ö»; \\ سلمى 🎷 " + "x" * 90), "REQUEST", "CONFIRMED", 1, ["quartz@example.com"]),
    ],
)  # fmt: skip
def test_three_libraries_read_a_file_alike(file, method, status, sequence, attendees):
    """An invitation, its update, a cancellation to a person and one from the page, a published one, any script."""
    first, *others = (reader(file.content) for reader in (by_icalendar, by_vobject, by_ics))
    assert others == [first, first]
    assert (first["method"], first["status"], first["sequence"]) == (method, status, sequence)
    assert (first["organizer"], first["attendees"]) == ("desk@example.com", attendees)
    assert first["uid"] == "83b21fa4-c039-45ab-9d4a-3578bd921165@desk.example.com"


def test_a_file_speaks_the_language_of_the_session():
    file = calendar.invitation(
        session(),
        CONFIG,
        to="q@example.com",
        name="",
        url="https://x.example",
        now=NOW,
        t=TRANSLATIONS.translator("fr"),
    )
    _, event = read(file)
    assert event["SUMMARY"] == "Déposition de Malachite Yarrow"
    assert event["DESCRIPTION"].startswith("mercredi 25 novembre 2026, 01:30 – 02:45 (")
    assert "Entrer quand elle commence: https://x.example" in event["DESCRIPTION"]
