"""Reads printed times back to their instants, and finds the changes of the clocks of a zone."""

import re
from datetime import UTC, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
END = re.compile(r"(?:(\w{3} \d+ \w{3} \d{4}), )?(\d+):(\d\d)(?: ([AP]M))?(?: (\S+))?")


@cache
def changes(zone: str, year: int) -> tuple[datetime, ...]:
    """The instants of a year at which the clocks of a zone are changed."""
    there, first = ZoneInfo(zone), datetime(year, 1, 1, tzinfo=UTC)  # a change is in force for longer than a week
    days = [first + n * 7 * DAY for n in range(53)]
    offsets = [day.astimezone(there).utcoffset() for day in days]
    found = []
    for low, high, offset, after in zip(days, days[1:], offsets, offsets[1:], strict=False):
        if offset == after:
            continue
        while high - low > MINUTE:
            middle = low + (high - low) // 2
            low, high = (middle, high) if middle.astimezone(there).utcoffset() == offset else (low, middle)
        found.append(high.replace(second=0, microsecond=0))
    return tuple(found)


def offset_of(word: str) -> timedelta | None:
    """The offset that `GMT+5:45` says; None for an abbreviation."""
    found = re.fullmatch(r"GMT([+-])(\d+)(?::(\d\d))?(?::(\d\d))?", word)
    if not found:
        return None
    sign, hours, minutes, seconds = found.groups(default="0")
    size = timedelta(hours=int(hours), minutes=int(minutes), seconds=int(seconds))
    return -size if sign == "-" else size


def instant(day: str, hour: str, minute: str, half: str | None, word: str, zone: str) -> datetime:
    """The only instant at which the clocks of the zone show this. The test fails when there are two, or none."""
    number = int(hour) if half is None else int(hour) % 12 + (12 if half == "PM" else 0)
    wall = datetime.combine(datetime.strptime(f"{day} +0000", "%a %d %b %Y %z").date(), time(number, int(minute)))
    assert wall.strftime("%a") == day[:3]
    found = set()
    for fold in (0, 1):
        here = wall.replace(tzinfo=ZoneInfo(zone), fold=fold)
        there = here.astimezone(UTC)
        exists = there.astimezone(ZoneInfo(zone)).replace(tzinfo=None) == wall
        if exists and (here.tzname() == word or here.utcoffset() == offset_of(word)):
            found.add(there)
    assert len(found) == 1, (day, hour, minute, half, word, zone)
    return found.pop()


def read(text: str, zone: str) -> list[datetime]:
    """The one or two instants of a printed text."""
    ends = [END.fullmatch(part) for part in re.split("–| to ", text)]
    groups = [end.groups() for end in ends if end]
    assert len(groups) == len(ends), text
    *_, half, word = groups[-1]
    day, found = "", []
    for its_day, hour, minute, its_half, its_word in groups:
        day = its_day or day
        found.append(instant(day, hour, minute, its_half or half, its_word or word or "", zone))
    return found
