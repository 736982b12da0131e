"""Times and ranges as they are printed can be read back to their instants, in every zone, around every clock change."""

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.depositions.rules import day_ruler
from app.kernel.text import datetimes, time_zones
from tests.depositions.factories import at
from tests.printed_times import DAY, END, MINUTE, changes, read

LOS_ANGELES, NEW_YORK = "America/Los_Angeles", "America/New_York"


def words(text: str) -> set[str]:
    return {end.group(5) for part in re.split("–| to ", text) if (end := END.fullmatch(part)) and end.group(5)}


def check(starts_at: datetime, length: timedelta, zone: str) -> None:
    ends_at = starts_at + length
    text = datetimes.span(starts_at, ends_at, zone)
    assert read(text, zone) == [starts_at, ends_at], text
    assert read(datetimes.moment(starts_at, zone), zone) == [starts_at]
    first, last = (each.astimezone(ZoneInfo(zone)).utcoffset() for each in (starts_at, ends_at))
    assert (first == last) or len(words(text)) == 2, text


@pytest.mark.parametrize(
    ("starts_at", "hours", "zone", "text"),
    [
        ("2027-11-07 08:30", 0.75, LOS_ANGELES, "Sun 7 Nov 2027, 1:30 AM PDT to 1:15 AM PST"),
        ("2027-11-07 05:30", 2, NEW_YORK, "Sun 7 Nov 2027, 1:30 AM EDT to 2:30 AM EST"),
        ("2027-03-14 06:00", 2, NEW_YORK, "Sun 14 Mar 2027, 1:00 AM EST to 4:00 AM EDT"),
        ("2027-11-07 06:30", 0.75, NEW_YORK, "Sun 7 Nov 2027, 1:30–2:15 AM EST"),
        ("2027-11-07 03:30", 3, NEW_YORK, "Sat 6 Nov 2027, 11:30 PM EDT to Sun 7 Nov 2027, 1:30 AM EST"),
        ("2027-10-31 00:30", 1, "Europe/Paris", "Sun 31 Oct 2027, 02:30 CEST to 02:30 CET"),
        ("2027-10-31 00:30", 1, "Europe/Dublin", "Sun 31 Oct 2027, 01:30 IST to 01:30 GMT"),
        ("2027-04-03 14:45", 0.5, "Australia/Lord_Howe", "Sun 4 Apr 2027, 1:45 AM GMT+11 to 1:45 AM GMT+10:30"),
        ("2014-10-25 21:30", 1, "Europe/Moscow", "Sun 26 Oct 2014, 01:30 GMT+4 to 01:30 GMT+3"),
        ("2011-03-26 22:30", 1, "Europe/Moscow", "Sun 27 Mar 2011, 01:30 GMT+3 to 03:30 GMT+4"),
        ("2026-12-31 22:30", 1, "Europe/Paris", "Thu 31 Dec 2026, 23:30 to Fri 1 Jan 2027, 00:30 CET"),
        ("2027-01-05 22:30", 0, "Europe/Paris", "Tue 5 Jan 2027, 23:30 CET"),
    ],
)
def test_each_end_has_the_zone_word_of_its_own_moment(starts_at: str, hours: float, zone: str, text: str) -> None:
    assert datetimes.span(at(starts_at), at(starts_at) + timedelta(hours=hours), zone) == text


def test_every_zone_of_the_list_around_every_change() -> None:
    """One of those that have the same changes, words and way to write an hour stands for all of them."""
    alike = {}
    for zone in sorted(time_zones.IANA):
        ends = [datetimes.local(each + n * DAY, zone) for each in changes(zone, 2027) for n in (-1, 1)]
        shown = tuple((end.isoformat(), end.tzname()) for end in ends)
        alike[shown, datetimes.twelve_hour(zone)] = zone
    assert len(alike) > 30
    for zone in alike.values():
        for change in changes(zone, 2027):
            for before in (-90, -60, -30, -15, 0, 15, 30):
                for minutes in (15, 45, 60, 120, 1440):
                    check(change + before * MINUTE, minutes * MINUTE, zone)


@given(
    st.sampled_from(sorted(time_zones.IANA)),
    st.integers(1973, 2199),
    st.integers(-180, 180),
    st.integers(1, 1440),
    st.data(),
)
def test_any_year(zone: str, year: int, offset: int, minutes: int, data: st.DataObject) -> None:
    around = data.draw(st.sampled_from(changes(zone, year) or (datetime(year, 6, 30, 23, tzinfo=UTC),)))
    check(around + offset * MINUTE, minutes * MINUTE, zone)


@pytest.mark.parametrize(
    ("instant_", "zone", "text"),
    [
        ("2027-11-07 08:30", LOS_ANGELES, "1:30 AM PDT"),
        ("2027-11-07 09:30", LOS_ANGELES, "1:30 AM PST"),
        ("2027-11-07 10:30", LOS_ANGELES, "2:30 AM"),
        ("2027-03-14 10:30", LOS_ANGELES, "3:30 AM"),
        ("2027-10-31 00:30", "Europe/Paris", "02:30 CEST"),
    ],
)
def test_an_hour_alone_names_its_zone_where_it_comes_twice(instant_: str, zone: str, text: str) -> None:
    assert datetimes.hour(datetimes.local(at(instant_), zone), zone) == text


OFFICE = (time(7), time(20))


def ruler(day: str, zone: str, viewer_zone: str) -> day_ruler.DayRuler:
    starts_at = datetime.combine(date.fromisoformat(day), time(5), ZoneInfo(zone)).astimezone(UTC)
    return day_ruler.day_ruler(starts_at, starts_at + timedelta(hours=2), zone, viewer_zone, OFFICE)


def test_the_ruler_says_half_hours() -> None:
    found = ruler("2027-07-01", LOS_ANGELES, "Asia/Kolkata")
    assert [tick.label for tick in found.ticks] == ["12 AM", "3", "6", "9", "12 PM", "3", "6", "9"]
    assert [tick.viewer_label for tick in found.ticks[:4]] == ["12:30", "15:30", "18:30", "21:30"]
    assert (found.zone, found.viewer_zone) == ("PDT", "IST")
    assert ruler("2027-07-01", LOS_ANGELES, "Asia/Kathmandu").ticks[0].viewer_label == "12:45"
    assert ruler("2027-07-01", "Asia/Kolkata", "Europe/Paris").ticks[0].viewer_label == "20:30"


def test_the_ruler_of_a_day_of_25_and_of_23_hours() -> None:
    long, short = ruler("2027-11-07", LOS_ANGELES, "UTC"), ruler("2027-03-14", LOS_ANGELES, "UTC")
    assert [tick.x for tick in long.ticks[:3]] == [0, 16, 28]
    assert [tick.viewer_label for tick in long.ticks[:3]] == ["07", "11", "14"]
    assert (long.zone, long.session, long.office) == ("PDT/PST", (24, 8), (32, 52))
    assert [tick.viewer_label for tick in short.ticks[:3]] == ["08", "10", "13"]
    assert short.session == (round(400 / 23, 2), round(200 / 23, 2))


def test_the_ruler_where_only_the_viewers_clocks_change() -> None:
    found = ruler("2027-11-07", "UTC", NEW_YORK)
    assert [tick.viewer_label for tick in found.ticks[:4]] == ["20", "23", "01", "04"]
    assert found.viewer_zone == "EDT/EST"
    assert ruler("2027-11-07", "UTC", "Etc/UTC").viewer_zone == ""


@given(st.sampled_from(sorted(time_zones.IANA)), st.sampled_from(sorted(time_zones.IANA)), st.integers(2024, 2040))
def test_every_label_is_what_the_clocks_show_there(zone: str, viewer_zone: str, year: int) -> None:
    for change in changes(zone, year)[:2] or (datetime(year, 7, 1, tzinfo=UTC),):
        found = day_ruler.day_ruler(change, change + 45 * MINUTE, zone, viewer_zone, OFFICE)
        there = ZoneInfo(zone)
        day = change.astimezone(there).date()
        edges = [datetime.combine(each, time(), there).astimezone(UTC) for each in (day, day + DAY)]
        for tick in found.ticks:
            moment = edges[0] + (edges[1] - edges[0]) * tick.x / 100
            # Places are rounded to a hundredth of a percent: nine seconds of a day.
            moment = (moment + timedelta(seconds=30)).replace(second=0, microsecond=0)
            here, local = moment.astimezone(ZoneInfo(viewer_zone)), moment.astimezone(there)
            assert tick.viewer_label in (f"{here:%H}", f"{here:%H:%M}")
            assert (":" in tick.viewer_label) == (here.minute != 0)
            assert int(re.match(r"\d+", tick.label)[0]) % 12 == local.hour % 12  # type: ignore[index]  # it always matches
        assert all(bar.x >= 0 and bar.x + bar.width <= 100.01 for bar in (found.office, found.session))


@pytest.mark.parametrize(
    ("zone", "changes"),
    [
        ("America/New_York", "2026-11-01T06:00"),
        ("America/New_York", "2026-03-08T07:00"),
        ("Europe/Moscow", "2014-10-25T22:00"),
        ("Australia/Lord_Howe", "2026-04-04T15:00"),
        ("Pacific/Apia", "2011-12-30T10:00"),
        ("Pacific/Kwajalein", "1969-09-30T13:00"),
        ("Africa/Monrovia", "1972-01-07T00:44:30"),
        ("UTC", "0001-01-01T00:00"),
        ("Asia/Tokyo", "9999-12-31T23:59"),
    ],
)
def test_what_is_kept_of_a_day_is_what_the_zone_says(zone, changes):
    """Around each change, across the days for which offset and word of a zone are kept."""
    at = datetime.fromisoformat(changes).replace(tzinfo=UTC)
    for minutes in range(-80 * 60, 80 * 60, 29):
        try:
            instant = at + timedelta(minutes=minutes)
            here = datetimes.local(instant, zone)
        except OverflowError:
            continue
        expected = f"{datetimes.day(here)}, {datetimes.zoned_hour(here, zone)}"
        assert datetimes.moment(instant, zone) == expected
