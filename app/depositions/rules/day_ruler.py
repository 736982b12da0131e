"""The ruler of a day: where office hours and a session lie between midnight and midnight, in percent of that day.

A day has 23 or 25 hours where the clocks change, and zones differ by half and quarter hours: every place on the ruler
is that of an instant, and every label is read off the clock at that instant.
"""

from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple

from app.kernel.text import datetimes
from app.kernel.text.datetimes import local, zone_abbreviation, zone_info

EVERY_HOURS = 3
QUARTER = timedelta(minutes=15)


class Bar(NamedTuple):
    """A part of the day: where it begins and how long it is, in percent."""

    x: float
    width: float


class Tick(NamedTuple):
    """A labelled hour: what the clock of the session's zone says then, and what the viewer's says."""

    x: float
    label: str
    viewer_label: str


class DayRuler(NamedTuple):
    """The labelled ruler. `viewer_zone` is empty where both clocks agree all day."""

    office: Bar
    session: Bar
    ticks: tuple[Tick, ...]
    zone: str
    viewer_zone: str


def bars(starts_at: datetime, ends_at: datetime, zone: str, office: tuple[time, time]) -> tuple[Bar, Bar]:
    """Office hours and the session, in the day on which the session begins; what comes after midnight is left out."""
    day = local(starts_at, zone).date()
    opens, closes = (_at(day, hour, zone) for hour in office)
    return _bar(opens, closes, day, zone), _bar(starts_at, ends_at, day, zone)


def day_ruler(
    starts_at: datetime, ends_at: datetime, zone: str, viewer_zone: str, office: tuple[time, time]
) -> DayRuler:
    """The same with the hours of both clocks under it."""
    day = local(starts_at, zone).date()
    moments = [_at(day, time(hour), zone) for hour in range(0, 24, EVERY_HOURS)]
    theirs, mine = ([local(moment, each) for moment in moments] for each in (zone, viewer_zone))
    ticks = tuple(
        Tick(_bar(moment, moment, day, zone).x, _twelve_hour(there), here.strftime("%H:%M").removesuffix(":00"))
        for moment, there, here in zip(moments, theirs, mine, strict=True)
    )
    alike = [there.utcoffset() for there in theirs] == [here.utcoffset() for here in mine]
    return DayRuler(*bars(starts_at, ends_at, zone, office), ticks, _zones(theirs), "" if alike else _zones(mine))


class Hour(NamedTuple):
    """An hour of a day as its clock counts it: when it begins, how many quarters of an hour it has, and its label."""

    at: datetime
    quarters: int
    label: str


def midnight(day: date, zone: str) -> datetime:
    """The instant at which a day begins."""
    return _at(day, time(), zone)


def hours(day: date, zone: str) -> list[Hour]:
    """The hours of a day, 23 or 25 of them where the clocks change; one is shorter where that is by half an hour."""
    moment, ends, found = midnight(day, zone), midnight(day + timedelta(days=1), zone), list[Hour]()
    known: tuple[object, ...] = ()
    while moment < ends:
        here = local(moment, zone)
        if (here.hour, here.utcoffset()) == known:
            found[-1] = found[-1]._replace(quarters=found[-1].quarters + 1)
        else:
            found.append(Hour(moment, 1, datetimes.hour(here, zone)))
        known = here.hour, here.utcoffset()
        moment += QUARTER
    return found


def _at(day: date, hour: time, zone: str) -> datetime:
    """The instant of an hour of the day; where the clocks skip it, the instant of the change."""
    return datetime.combine(day, hour, zone_info(zone)).astimezone(UTC)


def _bar(begins: datetime, ends: datetime, day: date, zone: str) -> Bar:
    midnight, next_midnight = _at(day, time(), zone), _at(day + timedelta(days=1), time(), zone)
    first, last = ((min(each, next_midnight) - midnight) / (next_midnight - midnight) * 100 for each in (begins, ends))
    return Bar(round(first, 2), round(last - first, 2))


def _twelve_hour(there: datetime) -> str:
    """`12 AM`, `3`, `12 PM`."""
    hour = f"{there.hour % 12 or 12}" + (f":{there.minute:02d}" if there.minute else "")
    return hour if there.hour % 12 else f"{hour} {'AM' if there.hour < 12 else 'PM'}"


def _zones(moments: list[datetime]) -> str:
    """`PST`, or `PDT/PST` on the day on which the clocks change."""
    return "/".join(dict.fromkeys(zone_abbreviation(moment) for moment in moments))
