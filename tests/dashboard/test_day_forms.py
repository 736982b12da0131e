"""Days as people write them: every form that a page prints is read back as the same day, and no order is guessed."""

from datetime import date, timedelta

import pytest
from babel.dates import format_date
from hypothesis import given
from hypothesis import strategies as st

from app.dashboard.day_forms import day_form, month_of, week_of
from app.kernel.text import datetimes

TODAY = date(2026, 11, 28)
READERS = {
    "America/New_York": ("11/24/2026", "en_US"),
    "US/Pacific": ("11/24/2026", "en_US"),
    "Europe/London": ("24/11/2026", "en_GB"),
    "Europe/Berlin": ("24.11.2026", "de"),
    "Europe/Madrid": ("24/11/2026", "es"),
    "Europe/Paris": ("24/11/2026", "fr"),
    "Asia/Tokyo": ("2026/11/24", "en"),
    "America/Toronto": ("2026-11-24", "en"),
    "UTC": ("2026-11-24", "en"),
}
zones = st.sampled_from(sorted(READERS))
days = st.dates(date(1900, 1, 1), date(2199, 12, 31))


@pytest.mark.parametrize("zone", READERS)
def test_the_country_of_the_zone_decides_the_form(zone: str) -> None:
    assert day_form(zone).write(date(2026, 11, 24)) == READERS[zone][0]


@given(zones, days)
def test_every_form_is_read_back_as_the_day_it_was_written_of(zone: str, day: date) -> None:
    form, locale = day_form(zone), READERS[zone][1]
    printed = [
        form.write(day),
        day.isoformat(),
        datetimes.day(day),
        datetimes.day(day).partition(" ")[2],
        format_date(day, "long", locale=locale),
        format_date(day, "full", locale=locale),
        form.write(day).replace(form.separator, " "),
    ]
    assert {text: form.read(text, TODAY) for text in printed} == dict.fromkeys(printed, day)


@given(zones, st.dates(date(2026, 1, 1), date(2026, 12, 31)))
def test_without_a_year_it_is_this_years(zone: str, day: date) -> None:
    assert day_form(zone).read(datetimes.day(day, TODAY), TODAY) == day


@given(zones, st.text(max_size=80))
def test_any_text_is_a_day_within_reach_or_none(zone: str, text: str) -> None:
    found = day_form(zone).read(text, TODAY)
    assert found is None or 1900 <= found.year <= 2199


@pytest.mark.parametrize(
    "text",
    [
        "2026-13-01",
        "1/99999999999/2026",
        "99999999999/1/2026",
        "2026/99999999999/1",
        "0001-01-01",
        "2200-01-01",
        "soon",
        "-1",
        "24",
        "1 2 3 4",
        "Mon 24 Nov 2026",
        "1;2;2026",
        "30 Feb",
    ],
)
@pytest.mark.parametrize("zone", READERS)
def test_no_day(zone: str, text: str) -> None:
    assert day_form(zone).read(text, TODAY) is None


def test_the_order_of_another_country_is_not_guessed() -> None:
    assert day_form("Europe/Berlin").read("03/04/2026", TODAY) == date(2026, 4, 3)
    assert day_form("America/New_York").read("03/04/2026", TODAY) == date(2026, 3, 4)
    assert day_form("America/New_York").read("24/11/2026", TODAY) is None
    assert day_form("UTC").read("03/04/2026", TODAY) is None


@given(days, st.integers(0, 6))
def test_weeks_and_months_hold_the_day(day: date, weekday: int) -> None:
    first, last = week_of(day, weekday)
    assert first <= day <= last
    assert (first.weekday(), (last - first).days) == (weekday, 6)
    first, last = month_of(day)
    assert (first.day, first.month, last.month) == (1, day.month, day.month)
    assert first <= day <= last
    assert (last + timedelta(days=1)).day == 1
