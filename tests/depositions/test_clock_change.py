"""A session across a clock change: every channel prints both of its ends with the zone words that are true then."""

import base64
import re

import pytest
from icalendar import Calendar

from tests.depositions import factories
from tests.depositions.factories import at
from tests.depositions.pages import send
from tests.pages import csrf, text

HOURS = "1:30 AM PDT to 1:15 AM PST"
WHEN = f"Sun 7 Nov 2027, {HOURS}"
ZONE = "(GMT-08:00) Pacific Time (US & Canada)"


@pytest.fixture
def made(database, cast):
    """Three quarters of an hour from the first 1:30 AM of the night on which the clocks are put back."""
    return factories.request(
        database, cast, starts_at=at("2027-11-07 08:30"), zone=ZONE, estimated_duration=0.75, postback_url=None
    )


def typed(cast):
    return {"manager": str(cast.managers["ines"].id), "room_url": factories.ROOM, "provider": "chime"}


def words(html):
    return " ".join(re.sub(r"<[^>]+>", " ", html.replace("&amp;", "&")).split())


def test_pages(ines, made):
    page = text(ines.get(f"/depositions/{made.id}"))
    assert WHEN in page
    assert "The session begins at 1:30 AM PDT, outside office hours" in page
    assert "1:30 AM PDT is outside 7 AM to 8 PM" in page
    listed = text(ines.get("/depositions"))
    assert "Sun 7 Nov 2027, 1:30 AM PDT" in listed
    assert listed.count("1:30 AM") == listed.count("1:30 AM PDT")
    assert "Sun 7 Nov 2027, 1:30 AM PDT" in ines.get("/depositions/csv").text


def test_emails_with_their_calendar_files_and_the_session_page(ines, made, cast, outbox):
    shown = ines.post(
        f"/depositions/{made.id}/schedule",
        data={"csrf_token": csrf(ines, "/settings"), "version": 1, "step": "preview", **typed(cast)},
    )
    assert WHEN in shown.text
    assert send(ines, made.id, "schedule", **typed(cast)).status_code == 303
    mails = outbox.emails()
    assert len(mails) == 4
    for mail in mails:
        assert f"{WHEN} (Pacific Time (US & Canada))" in mail["text"]
        assert f"{WHEN} Pacific Time (US & Canada)" in words(mail["html"])
        assert mail["subject"].endswith(", Sun 7 Nov 2027")
        (file,) = mail["attachments"]
        (event,) = Calendar.from_ical(base64.b64decode(file["content"])).walk("VEVENT")
        assert (event.start, event.end) == (at("2027-11-07 08:30"), at("2027-11-07 09:15"))
        assert event["DESCRIPTION"].startswith(WHEN)
    page = text(ines.get(f"/sessions/{made.slug}"))
    assert "1:30 AM PDT – 1:15 AM PST" in words(page)
    assert "GMT-08:00" not in page


def test_what_a_manager_already_has(ines, made, cast, database):
    factories.schedule(database, cast, made.id)
    other = factories.request(database, cast, starts_at=at("2027-11-07 09:00"))
    assert f"overlaps {HOURS}" in text(ines.get(f"/depositions/{other.id}"))


def test_cancellation(ines, made, cast, database, outbox):
    booked = factories.schedule(database, cast, made.id)
    assert send(ines, made.id, "cancel", version=booked.version, notify="y").status_code == 303
    for mail in outbox.emails():
        assert WHEN in mail["text"]
