"""Zone names in three spellings, and wall times that come once, twice or never."""

import zoneinfo
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kernel.text import time_zones

PACIFIC = "Pacific Time (US & Canada)"


def test_all_154_rails_names_lead_to_a_zone_that_loads():
    assert len(time_zones.RAILS) == 154
    for name, target in time_zones.RAILS.items():
        assert time_zones.get_zone(name).key == target


def test_every_iana_name_loads():
    assert len(time_zones.IANA) > 550
    for name in time_zones.IANA:
        assert time_zones.get_zone(name).utcoffset(datetime(2026, 1, 1)) is not None


@pytest.mark.parametrize("prefix", ["(GMT-08:00) ", "(UTC-08:00) ", "(GMT+00:00) "])
def test_display_form_is_the_name_behind_it(prefix):
    assert time_zones.iana_name(prefix + PACIFIC) == "America/Los_Angeles"
    assert time_zones.iana_name(prefix + "Europe/Paris") == "Europe/Paris"


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        "PST8",
        "Pacific time (us & canada)",
        "(GMT-8) " + PACIFIC,
        "(GMT-08:00)" + PACIFIC,
        "../../etc/passwd",
        "/etc/localtime",
        "Factory",
        "Europe",
        "America/",
        "Europe/Paris\x00",
        "(GMT-08:00) (GMT-08:00) " + PACIFIC,
        PACIFIC + " ",
        "Mars/Olympus",
        "\ud800",
    ],
)
def test_unknown_names_are_refused(name):
    with pytest.raises(time_zones.UnknownZone):
        time_zones.get_zone(name)


def test_rules_come_from_the_package_not_the_system():
    assert zoneinfo.TZPATH == ()
    # British Columbia stays on summer time from 2026 on; a system's copy from 2025 says UTC-8.
    assert time_zones.get_zone("Pacific Time (Canada)").utcoffset(datetime(2026, 12, 1)) == timedelta(hours=-7)


def test_an_ordinary_time():
    found = time_zones.resolve(datetime(2025, 1, 28, 1, 30), time_zones.get_zone(PACIFIC))
    assert found == time_zones.ResolvedTime(datetime(2025, 1, 28, 9, 30, tzinfo=UTC), False)


def test_a_time_that_comes_twice_is_the_first():
    found = time_zones.resolve(datetime(2025, 11, 2, 1, 30), time_zones.get_zone(PACIFIC))
    assert found == time_zones.ResolvedTime(datetime(2025, 11, 2, 8, 30, tzinfo=UTC), True)


@pytest.mark.parametrize(
    ("name", "wall", "before", "after"),
    [
        (PACIFIC, (2025, 3, 9, 2, 30), (2025, 3, 9, 1, 59), (2025, 3, 9, 3, 0)),
        (PACIFIC, (2025, 3, 9, 2, 0), (2025, 3, 9, 1, 59), (2025, 3, 9, 3, 0)),
        (PACIFIC, (2025, 3, 9, 2, 59), (2025, 3, 9, 1, 59), (2025, 3, 9, 3, 0)),
        ("Australia/Lord_Howe", (2025, 10, 5, 2, 15), (2025, 10, 5, 1, 59), (2025, 10, 5, 2, 30)),
        ("Pacific/Apia", (2011, 12, 30, 12, 0), (2011, 12, 29, 23, 59), (2011, 12, 31, 0, 0)),
        ("Africa/Cairo", (2025, 4, 25, 0, 10), (2025, 4, 24, 23, 59), (2025, 4, 25, 1, 0)),
    ],
)
def test_a_time_that_never_comes_names_both_neighbours(name, wall, before, after):
    with pytest.raises(time_zones.NonexistentTime) as refused:
        time_zones.resolve(datetime(*wall), time_zones.get_zone(name))
    assert (refused.value.before, refused.value.after) == (datetime(*before), datetime(*after))


walls = st.datetimes(datetime(1950, 1, 1), datetime(2100, 1, 1)).map(lambda w: w.replace(second=0, microsecond=0))


@given(walls, st.sampled_from(sorted(time_zones.IANA)))
def test_every_wall_time_comes_back_or_never_was(wall, name):
    zone = ZoneInfo(name)
    try:
        found = time_zones.resolve(wall, zone)
    except time_zones.NonexistentTime as refused:
        gap = refused
    else:
        gap = None
    if gap is not None:
        assert gap.before <= wall <= gap.after
        for neighbour in (gap.before, gap.after):
            instant = neighbour.replace(tzinfo=zone).astimezone(UTC)
            assert instant.astimezone(zone).replace(tzinfo=None) == neighbour
        return
    assert found.instant.astimezone(zone).replace(tzinfo=None) == wall
    later = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    assert found.ambiguous == (later != found.instant)
    assert found.instant <= later


@given(st.datetimes(datetime(1900, 1, 1), datetime(2199, 12, 31)))
def test_twelve_hour_clock_reads_back(wall):
    hour, minute, half = time_zones.clock12(wall).replace(":", " ").split()
    assert (int(hour) % 12 + (12 if half == "PM" else 0), int(minute)) == (wall.hour, wall.minute)
