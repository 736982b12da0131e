"""Time as people read it."""

from datetime import UTC, datetime, timedelta

import pytest

from app.kernel.text import datetimes

PST, CET = "America/Los_Angeles", "Europe/Paris"
EARLY = datetime(2025, 1, 28, 9, 30, tzinfo=UTC)
NOW = datetime(2026, 11, 24, 15, 20, tzinfo=UTC)


def test_the_convention() -> None:
    line = datetimes.when_line(EARLY, PST, CET)
    assert line == '<time datetime="2025-01-28T09:30:00Z">Tue 28 Jan 2025, 1:30 AM PST</time> · your time 10:30 CET'


def test_two_lines_for_a_row_leave_out_what_is_known() -> None:
    cell = datetimes.when(EARLY, PST, CET, datetime(2025, 1, 5, tzinfo=UTC), "1 h 15 min")
    assert cell == (
        '<time datetime="2025-01-28T09:30:00Z">Tue 28 Jan, 1:30 AM PST</time> <small>10:30 for you · 1 h 15 min</small>'
    )
    assert "for you" not in datetimes.when(EARLY, CET, "Europe/Berlin")


def test_the_readers_other_day_is_named() -> None:
    late = datetime(2025, 1, 29, 1, 0, tzinfo=UTC)
    assert datetimes.viewer_time(late, PST, CET) == "Wed 02:00 CET"


@pytest.mark.parametrize(
    ("instant", "zone", "words"),
    [
        (datetime(2025, 7, 1, 12, tzinfo=UTC), PST, "Tue 1 Jul 2025, 5:00 AM PDT"),
        (datetime(2025, 7, 1, 7, tzinfo=UTC), PST, "Tue 1 Jul 2025, 12:00 AM PDT"),
        (datetime(2025, 7, 1, 12, tzinfo=UTC), "Asia/Kolkata", "Tue 1 Jul 2025, 5:30 PM IST"),
        (datetime(2025, 7, 1, 12, tzinfo=UTC), "Asia/Kathmandu", "Tue 1 Jul 2025, 17:45 GMT+5:45"),
        (datetime(2025, 7, 1, 12, tzinfo=UTC), "America/Sao_Paulo", "Tue 1 Jul 2025, 09:00 GMT-3"),
        (datetime(2025, 7, 1, 12, tzinfo=UTC), "UTC", "Tue 1 Jul 2025, 12:00 UTC"),
        (datetime(2026, 11, 1, 8, 30, tzinfo=UTC), PST, "Sun 1 Nov 2026, 1:30 AM PDT"),
        (datetime(2026, 11, 1, 9, 30, tzinfo=UTC), PST, "Sun 1 Nov 2026, 1:30 AM PST"),
    ],
)
def test_hours_and_abbreviations_belong_to_zone_and_date(instant: datetime, zone: str, words: str) -> None:
    assert datetimes.moment(instant, zone) == words


def test_spans() -> None:
    start = datetime(2026, 11, 25, 9, 30, tzinfo=UTC)
    assert datetimes.span(start, start + timedelta(minutes=75), PST) == "Wed 25 Nov 2026, 1:30–2:45 AM PST"
    assert datetimes.span(start, start + timedelta(hours=11), PST) == "Wed 25 Nov 2026, 1:30 AM–12:30 PM PST"
    assert datetimes.span(start, start + timedelta(minutes=75), CET) == "Wed 25 Nov 2026, 10:30–11:45 CET"
    assert (
        datetimes.span(start, start + timedelta(hours=24), CET)
        == "Wed 25 Nov 2026, 10:30 to Thu 26 Nov 2026, 10:30 CET"
    )


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (0, "0 min"),
        (75, "1 h 15 min"),
        (60, "1 h"),
        (45, "45 min"),
        (timedelta(seconds=20), "20 s"),
        (timedelta(days=3, hours=6, minutes=10), "3 d 6 h"),
        (timedelta(days=3, minutes=10), "3 d"),
    ],
)
def test_durations(length: float | timedelta, words: str) -> None:
    assert datetimes.duration(length) == words


@pytest.mark.parametrize(
    ("gap", "words"),
    [
        (timedelta(hours=2, minutes=40), "in 2 h 40 min"),
        (timedelta(hours=18, minutes=10), "in 18 h 10 min"),
        (timedelta(days=3, hours=6), "in 3 d"),
        (timedelta(hours=-19, minutes=-3), "19 h ago"),
        (timedelta(minutes=-25), "25 min ago"),
        (timedelta(seconds=-20), "just now"),
        (timedelta(seconds=20), "in less than a minute"),
        (timedelta(days=-665), "22 months ago"),
        (timedelta(days=-800), "2 years ago"),
    ],
)
def test_how_far_away(gap: timedelta, words: str) -> None:
    assert datetimes.relative(NOW + gap, NOW) == words
    assert words in datetimes.countdown(NOW + gap, NOW)


def test_stamps_in_a_timeline() -> None:
    assert ">16:20 CET<" in datetimes.stamp(NOW, CET, NOW)
    assert ">Fri 30 Oct, 11:45 CET<" in datetimes.stamp(datetime(2026, 10, 30, 10, 45, tzinfo=UTC), CET, NOW)
    assert ">Tue 28 Jan 2025, 10:30 CET<" in datetimes.stamp(EARLY, CET, NOW)
