"""The board without a database: days of 23 and 25 hours, zones of half hours, windows, lines, buffers, absences."""

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

import pytest

from app.depositions.rules import availability, board, day_ruler
from app.depositions.rules.availability import Away, Hours
from app.depositions.rules.transitions import Span
from app.kernel.text import datetimes

GAP = timedelta(minutes=15)


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def session(id, starts, hours=1.0, state="scheduled"):
    begins = at(starts)
    return SimpleNamespace(id=id, state=state, starts_at=begins, ends_at=begins + timedelta(hours=hours))


def shown(day, zone="UTC", sessions=(), wanted=0):
    return board.window(date.fromisoformat(day), zone, sessions, (), wanted)


@pytest.mark.parametrize(
    ("zone", "day", "hours", "quarters"),
    [
        ("Europe/Paris", "2027-03-28", 23, 92),
        ("Europe/Paris", "2026-10-25", 25, 100),
        ("Asia/Kolkata", "2026-12-08", 24, 96),
        ("Asia/Kathmandu", "2026-12-08", 24, 96),
        # The clocks change by half an hour: one hour has two quarters, or comes again with two.
        ("Australia/Lord_Howe", "2026-10-04", 24, 94),
        ("Australia/Lord_Howe", "2027-04-04", 25, 98),
        # Midnight itself is skipped, and the day begins at one.
        ("Africa/Cairo", "2027-04-30", 23, 92),
    ],
)
def test_a_day_has_the_hours_of_its_clock(zone, day, hours, quarters):
    found = day_ruler.hours(date.fromisoformat(day), zone)
    assert (len(found), sum(hour.quarters for hour in found)) == (hours, quarters)
    assert len({hour.label for hour in found}) == hours, "an hour that comes twice says which it is"
    span = board.day_span(date.fromisoformat(day), zone)
    assert span.ends_at - span.starts_at == quarters * day_ruler.QUARTER


def test_a_bar_stands_at_its_instant_on_the_day_the_clocks_go_back():
    # 2:30 comes twice in Paris; the second one is at 1:30 UTC.
    window = shown("2026-10-25", "Europe/Paris")
    assert window.place(Span(at("2026-10-25 01:30"), at("2026-10-25 02:30"))) == (14, 18)
    assert [hour.label for hour in window.hours[2:5]] == ["02:00 CEST", "02:00 CET", "03:00"]


def test_a_zone_of_half_hours_has_its_own_quarters():
    window = shown("2026-12-08", "Asia/Kolkata")
    assert window.begins == at("2026-12-07 18:30")
    assert window.place(Span(at("2026-12-07 19:00"), at("2026-12-07 19:50"))) == (2, 6)


def test_a_window_shows_most_sessions_and_says_what_lies_outside():
    sessions = [session(1, "2026-12-08 00:30"), session(2, "2026-12-08 14:00"), session(3, "2026-12-08 18:00")]
    window = shown("2026-12-08", sessions=sessions, wanted=None)
    assert [hour.label for hour in window.hours][:1] == ["08:00"]
    assert (window.earlier, window.later, window.earlier_from) == (1, 0, 0)
    early = shown("2026-12-08", sessions=sessions, wanted=0)
    assert (early.earlier, early.later, early.later_from) == (0, 2, 12)
    assert shown("2026-12-08", wanted=99).hours[-1].label == "23:00"
    across = [session(1, "2026-12-08 07:30", 1), session(2, "2026-12-08 19:30", 1)]
    part = shown("2026-12-08", sessions=across, wanted=8)
    assert (part.earlier, part.later) == (0, 0), "what is shown in part is neither"


def test_working_hours_choose_the_window_of_an_empty_day():
    work = [Span(at("2026-12-08 13:00"), at("2026-12-08 21:00"))]
    window = board.window(date(2026, 12, 8), "UTC", [], work, None)
    assert window.hours[0].at <= work[0].starts_at
    assert window.hours[-1].at >= work[0].ends_at - timedelta(hours=1)


def test_sessions_go_before_working_hours_where_no_window_has_both():
    work = [Span(at("2026-12-08 12:00"), at("2026-12-09 00:00"))]
    early = [session(1, "2026-12-08 01:00")]
    window = board.window(date(2026, 12, 8), "UTC", early, work, None)
    assert (window.hours[0].at, window.earlier) == (at("2026-12-08 01:00"), 0)


def test_overlapping_sessions_and_those_too_close_stand_below_each_other():
    first, second, third = (
        session(1, "2026-12-08 09:00"),
        session(2, "2026-12-08 09:30"),
        session(3, "2026-12-08 10:15"),
    )
    lines = board.lines(shown("2026-12-08"), [first, second, third], GAP)
    assert [[cell.session.id for cell in line if cell.session] for line in lines] == [[1, 3], [2]]
    assert board.overlapping([first, second, third], GAP) == {1: [2], 2: [1, 3], 3: [2]}
    assert board.overlapping([first, third], GAP) == {}
    close = session(4, "2026-12-08 10:00")
    assert len(board.lines(shown("2026-12-08"), [first, close], GAP)) == 2
    assert len(board.lines(shown("2026-12-08"), [first, close], timedelta())) == 1
    quarter = [session(5, "2026-12-08 11:00", 1 / 12), session(6, "2026-12-08 11:05", 1 / 12)]
    assert len(board.lines(shown("2026-12-08"), quarter, timedelta())) == 2, "no two bars in one column"


def test_every_line_is_as_wide_as_the_window_and_a_buffer_follows_each_session():
    sessions = [session(1, "2026-12-07 23:00", 2), session(2, "2026-12-08 09:05", 0.2), session(3, "2026-12-08 11:30")]
    window = shown("2026-12-08")
    for line in board.lines(window, sessions, timedelta(minutes=20), off={0, 1, 2}, away={40}):
        assert sum(cell.width for cell in line) == window.quarters
        assert max(cell.width for cell in line if not cell.session) == 4, "a line stands at each hour"
    (line,) = board.lines(window, sessions, timedelta(minutes=20))
    assert [(cell.width, cell.kind) for cell in line if cell.session or cell.kind][:4] == [
        (4, ""),
        (2, "buffer"),
        (2, ""),
        (2, "buffer"),
    ]
    grounds = {"off": set(range(36, 40)), "away": {37, 38, 39}}
    (line,) = board.lines(window, sessions[1:2], timedelta(minutes=20), **grounds)
    assert [(cell.width, cell.kind, bool(cell.session)) for cell in line if cell.session or cell.kind] == [
        (2, "off", True),
        (2, "buffer", False),
    ], "what is kept free is seen within an absence too"
    (line,) = board.lines(window, sessions, timedelta(minutes=20))
    assert (line[-1].session.id, line[-1].width) == (3, 2), "what goes on after the window is cut off"


def test_what_is_over_overlaps_nothing_and_an_unknown_length_is_an_hour():
    ended = session(1, "2026-12-08 09:00", state="ended")
    unknown = session(2, "2026-12-08 09:00", 0)
    assert board.overlapping([ended, unknown], GAP) == {}
    assert board.booked_time([unknown], board.day_span(date(2026, 12, 8), "UTC")) == timedelta(hours=1)


def test_working_hours_and_absences_are_those_of_the_managers_clock():
    office = [Hours(day, 9 * 60, 17 * 60) for day in range(5)]
    day = board.day_span(date(2026, 12, 8), "Asia/Kolkata")
    work = availability.at_work("America/New_York", office, day)
    # 9 to 17 in New York is 19:30 to 3:30 in Kolkata: the end of Monday's and the beginning of Tuesday's.
    assert [
        [f"{datetimes.local(each, 'Asia/Kolkata'):%H:%M}" for each in (span.starts_at, span.ends_at)] for span in work
    ] == [["00:00", "03:30"], ["19:30", "00:00"]]
    assert availability.at_work("America/New_York", [], day) is None
    away = availability.away_during(
        "America/New_York",
        [Away(date(2026, 12, 8), date(2026, 12, 8), ""), Away(date(2026, 12, 1), date(2026, 12, 2), "")],
        day,
    )
    assert [f"{datetimes.local(span.starts_at, 'Asia/Kolkata'):%H:%M}" for _, span in away] == ["10:30"]
    assert board.free_parts(work, [span for _, span in away]) == timedelta(hours=3.5)


def test_hours_of_a_session_can_be_read_back():
    begins = at("2026-12-08 20:30")
    assert datetimes.hours_on(begins, begins + timedelta(hours=1), "America/New_York", date(2026, 12, 8)) == (
        "3:30–4:30 PM EST"
    )
    assert datetimes.hours_on(begins, begins, "Asia/Tokyo", date(2026, 12, 8)) == "Wed 05:30 JST"
    over = datetimes.hours_on(begins, begins + timedelta(hours=4), "Europe/Paris", date(2026, 12, 8))
    assert over == "21:30 to Wed 9 Dec, 01:30 CET"
