"""The rules of the roster: working hours, absences, buffers, rooms. Without a database."""

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from uuid import UUID

import pytest

from app.depositions.rules import availability, rooms, roster
from app.depositions.rules.availability import Away, Hours
from app.depositions.rules.transitions import Span, overlap
from app.kernel.errors import Invalid

OFFICE = [Hours(day, 9 * 60, 17 * 60) for day in range(5)]


def span(start, hours=1.0):
    begins = datetime.fromisoformat(start).replace(tzinfo=UTC)
    return Span(begins, begins + timedelta(hours=hours))


@pytest.mark.parametrize(
    ("starts", "hours", "why"),
    [
        ("2026-12-04 08:00", 1, ""),
        ("2026-12-04 15:00", 1, ""),
        ("2026-12-04 15:30", 1, "works 09:00–17:00 CET that day"),
        ("2026-12-04 07:30", 1, "works 09:00–17:00 CET that day"),
        ("2026-12-05 10:00", 1, "does not work on Saturdays"),
        ("2026-12-04 15:00", 20, "works 09:00–17:00 CET that day"),
        # On the day the clocks go back, 9:00 in Paris is 8:00 UTC, not 7:00 as the week before.
        ("2026-10-26 07:00", 1, "works 09:00–17:00 CET that day"),
        ("2026-10-23 07:00", 1, ""),
    ],
)
def test_hours_are_those_of_the_managers_own_clock(starts, hours, why):
    assert availability.why_away("Europe/Paris", OFFICE, [], span(starts, hours)) == why


def test_hours_that_meet_are_one_and_without_any_every_hour_counts():
    two = [Hours(4, 9 * 60, 12 * 60), Hours(4, 12 * 60, 24 * 60)]
    assert availability.why_away("UTC", two, [], span("2026-12-04 11:30")) == ""
    assert availability.why_away("UTC", two, [], span("2026-12-04 23:00")) == ""
    assert availability.why_away("UTC", [], [], span("2026-12-05 03:00")) == ""


@pytest.mark.parametrize(
    ("starts", "away"),
    [("2026-12-23 10:00", False), ("2026-12-24 10:00", True), ("2026-12-23 14:30", True), ("2026-12-25 15:00", False)],
)
def test_absences_are_whole_days_of_the_managers_own_calendar(starts, away):
    """24 to 25 December in Tokyo begin on the 23rd at 15:00 UTC and end on the 25th at 15:00 UTC."""
    absence = Away(date(2026, 12, 24), date(2026, 12, 25), "Holidays")
    found = availability.why_away("Asia/Tokyo", [], [absence], span(starts))
    assert found == ("away until Fri 25 Dec: Holidays" if away else "")


def test_the_longer_buffer_counts_between_two_sessions():
    needed = availability.gap(10, 45)
    first, second = span("2026-12-04 09:00"), span("2026-12-04 10:40")
    assert overlap(first, second, needed)
    assert overlap(second, first, needed)
    assert not overlap(first, span("2026-12-04 10:45"), needed)
    assert not overlap(first, span("2026-12-04 10:00"), availability.gap(0, 0))


SESSION = SimpleNamespace(id=1187, case_name="Keller v. Northline & Söhne", remote_session_id=UUID(int=0xABCDEF))


def test_a_room_is_filled_in_for_its_session():
    templates = {"Zoom": "https://z.example/{id}/{case}/{code}", "chime": "https://c.example/me"}
    assert rooms.address(rooms.room_of(templates, " zoom "), SESSION) == (
        "https://z.example/1187/keller-v-northline-s-hne/000000abcdef"
    )
    assert rooms.room_of(templates, "").provider == "Zoom"
    assert rooms.room_of(templates, "teams") is None
    assert rooms.room_of({}, "") is None


@pytest.mark.parametrize("text", ["9-17", "09:00–17:00", "9 AM to 5 PM", "9:00AM-5:00pm", "٩-١٧"])
def test_hours_are_read_in_many_ways(text):
    assert roster.read_hours(text, 0) == [Hours(0, 540, 1020)]
    assert roster.read_hours(roster.written_hours([Hours(0, 540, 1020)], 0), 0) == [Hours(0, 540, 1020)]


def test_midnight_ends_a_day():
    assert roster.read_hours("18:00-24:00", 2) == roster.read_hours("6 PM-12 AM", 2) == [Hours(2, 1080, 1440)]
    with pytest.raises(Invalid):
        roster.read_hours("12 AM-12 AM, 1-2", 2)
