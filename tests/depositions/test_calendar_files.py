"""Calendar files: what a calendar program reads from them."""

from datetime import timedelta
from types import SimpleNamespace
from uuid import UUID

import pytest
from icalendar import Calendar

from app.config import Config
from app.depositions import calendar
from tests.depositions.factories import at

CONFIG = Config.for_tests(public_base_url="https://desk.example.com", mail_from="Scheduling <desk@example.com>")
NOW = at("2026-11-24 15:00")


def session(**facts):
    default = {
        "remote_session_id": UUID("83b21fa4-c039-45ab-9d4a-3578bd921165"),
        "sequence": 1,
        "zone": "America/Los_Angeles",
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
    assert event["DTSTART"].params["TZID"] == "America/Los_Angeles"
    assert event["DTSTART"].dt.isoformat() == "2026-11-25T01:30:00-08:00"
    assert event["DTEND"].dt - event["DTSTART"].dt == timedelta(minutes=75)
    assert event["ORGANIZER"].lower() == "mailto:desk@example.com"
    assert event["ATTENDEE"].lower() == "mailto:quartz@example.com"
    assert [zone["TZID"] for zone in found.walk("VTIMEZONE")] == ["America/Los_Angeles"]
    assert b"\r\n" in file.content


def test_a_cancellation_is_about_the_same_event():
    file = calendar.cancellation(session(sequence=2), CONFIG, to="quartz@example.com", name="", now=NOW)
    assert file.type == "text/calendar; method=CANCEL; charset=UTF-8"
    found, event = read(file)
    assert (found["METHOD"], event["STATUS"], event["SEQUENCE"]) == ("CANCEL", "CANCELLED", 2)
    assert event["UID"] == read(invite())[1]["UID"]


def test_without_a_duration_an_hour_is_kept_free():
    _, event = read(invite(ends_at=at("2026-11-25 09:30")))
    assert event["DTEND"].dt - event["DTSTART"].dt == timedelta(hours=1)


@pytest.mark.parametrize("zone", ["UTC", "Etc/UTC", "Asia/Kolkata", "Etc/GMT+12"])
def test_other_zones(zone):
    _, event = read(invite(zone=zone))
    assert event["DTSTART"].dt.astimezone(NOW.tzinfo) == at("2026-11-25 09:30")


def test_hostile_names_stay_inside_their_line():
    nasty = "Eve\r\nATTENDEE:mailto:evil@example.com\r\n\x00;,\\"
    _, event = read(invite(deponent_name=nasty))
    assert event["ATTENDEE"].lower() == "mailto:quartz@example.com"
    file = calendar.invitation(
        session(), CONFIG, to="q@example.com", name=nasty + '"', url="https://x.example", now=NOW
    )
    _, event = read(file)
    assert event["ATTENDEE"].lower() == "mailto:q@example.com"
