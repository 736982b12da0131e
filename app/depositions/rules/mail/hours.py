"""Times of day, lengths and time zones as people write them in English mails."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime

from app.depositions.rules.mail.candidates import Candidate
from app.kernel.text import time_zones
from app.kernel.text.normalization import plain
from app.kernel.text.time_zones import clock12

_HALF = r"([ap])\.?\s?m\b\.?"
_CLOCK = r"([0-9]{1,2})(?:[:.]([0-5][0-9]))?"
_RANGE = re.compile(
    rf"(?<![\w:./-]){_CLOCK}\s{{0,2}}(?:{_HALF})?\s{{0,3}}(?:-|–|—|to|until|till)\s{{0,3}}{_CLOCK}\s{{0,2}}{_HALF}",
    re.I,
)
_TWELVE = re.compile(rf"(?<![\w:./-]){_CLOCK}\s{{0,2}}{_HALF}", re.I)
_TWENTY_FOUR = re.compile(
    r"(?<![\w:./-])([01]?[0-9]|2[0-3])(?::|h)([0-5][0-9])(?![\w:]|\.[0-9]|-[a-z]|\s?[ap]\.?m)", re.I
)
_NAMED = re.compile(r"\b(noon|midday|midnight)\b", re.I)

_NUMBER = r"([0-9]{1,2}(?:[.,][0-9]{1,2})?|one|two|three|four|five|six|seven|eight|half\s{1,3}an|an|a)"
_LENGTH = re.compile(
    rf"\b{_NUMBER}(\s{{1,3}}and\s{{1,3}}a\s{{1,3}}half|½)?[\s-]{{0,3}}"
    r"(hours?|hrs?|h|minutes?|mins?)\b(?:\s{0,2}(?:and\s{1,2})?([0-9]{1,2})\s{0,2}(?:minutes?|mins?|m)\b)?",
    re.I,
)
_ABOUT_LENGTH = re.compile(
    r"\b(?:for|lasts?|lasting|length|duration|estimated?|expect(?:ed)?|approx(?:imately|\.)?|about|around|takes?|need|long)"
    r"\b[^.;]{0,30}\Z",
    re.I,
)
_NOT_LENGTH = re.compile(r"\b(?:within|notice|before|after|at\s{1,2}least|in|ahead)\s{0,3}\Z", re.I)
_NUMBERS = dict(zip(("one", "two", "three", "four", "five", "six", "seven", "eight"), range(1, 9), strict=True))

_ZONE_WORD = re.compile(
    r"\b(?:(pacific|mountain|central|eastern|atlantic|alaska|hawaii)\s{1,3}(?:standard\s{1,3}|daylight\s{1,3})?time\b"
    r"(?:\s{1,3}\((?:US\s{1,3}&\s{1,3}Canada|Canada)\))?"
    r"|(?<=[0-9m.])\s{1,3}\(?(pacific|mountain|central|eastern|atlantic)\b)",
    re.I,
)
_ZONE_ABBREVIATION = re.compile(r"\b(P[SD]?T|M[SD]T|C[SD]?T|E[SD]?T|AK[SD]T|HST|GMT|UTC|BST|CES?T|JST|AEST)\b(?![+-])")
_ZONE_IANA = re.compile(r"\b[A-Z][A-Za-z]{1,14}/[A-Z][A-Za-z_]{1,30}(?:/[A-Z][A-Za-z_]{1,30})?\b")
_ZONE_CITY = re.compile(r"\b([A-Z][a-z]{2,14}(?: [A-Z][a-z]{2,14})?) time\b")
_UNCLEAR = {"CST": "Beijing", "IST": "Mumbai"}
"""Abbreviations that stand for another zone too."""

EARLIEST_LIKELY, LATEST_LIKELY = 7, 18


def hours(text: str) -> Iterator[Candidate]:
    """The times of day that a text names; of a range the start, and its length."""
    taken: set[int] = set()
    for found in _RANGE.finditer(text):
        yield from _range(found)
        taken.update(range(*found.span()))
    for found in _TWELVE.finditer(text):
        if found.start() not in taken and (clock := _twelve(found[1], found[2], found[3])) is not None:
            taken.update(range(*found.span()))
            yield _time(found.start(), found.end(), *clock)
    for found in _NAMED.finditer(text):
        yield _time(*found.span(), 0 if found[1].lower() == "midnight" else 12, 0)
    for found in _TWENTY_FOUR.finditer(text):
        if found.start() not in taken:
            yield from _of_day(found)


def _range(found: re.Match[str]) -> Iterator[Candidate]:
    ends = _twelve(found[4], found[5], found[6])
    if ends is None:
        return
    halves = [found[3]] if found[3] else [found[6], "a" if found[6].lower() == "p" else "p"]
    for half in halves:
        starts = _twelve(found[1], found[2], half)
        if starts is None:
            return
        minutes = (ends[0] - starts[0]) * 60 + ends[1] - starts[1]
        if minutes > 0:
            yield _time(*found.span(), *starts)
            yield Candidate("estimated_duration", _hours(minutes), *found.span())
            return


def _of_day(found: re.Match[str]) -> Iterator[Candidate]:
    """Readings of `14:30`, and of `2:30`, which leaves open which half of the day is meant."""
    hour, minute = int(found[1]), int(found[2])
    if hour > 12 or hour == 0 or found[1].startswith("0"):
        yield _time(*found.span(), hour, minute)
        return
    why = "AM or PM is not written"
    other = (hour + 12) % 24 if hour < 12 else 0
    likely = [hour, other] if EARLIEST_LIKELY <= hour <= 12 else [other, hour]
    for each in likely:
        yield _time(*found.span(), each, minute, why)


def _twelve(hour: str, minute: str | None, half: str) -> tuple[int, int] | None:
    number = int(hour)
    if not 1 <= number <= 12:
        return None
    return number % 12 + (12 if half.lower() == "p" else 0), int(minute or 0)


def _time(start: int, end: int, hour: int, minute: int, why: str = "") -> Candidate:
    return Candidate("start_time", clock12(datetime(2000, 1, 1, hour, minute, tzinfo=UTC)), start, end, why)


def clock_written(text: str) -> str | None:
    """A time as somebody typed it, as the API takes it: `2:30pm` and `14:30` are `02:30 PM`. None when it cannot be
    read, or leaves open which half of the day is meant."""
    if len(text) > 40 or len(text := plain(text)) > 20:
        return None
    if (found := _TWELVE.fullmatch(text)) and (clock := _twelve(found[1], found[2], found[3])) is not None:
        return _time(0, 0, *clock).value
    if found := _NAMED.fullmatch(text):
        return _time(0, 0, 0 if found[1].lower() == "midnight" else 12, 0).value
    if found := _TWENTY_FOUR.fullmatch(text):
        readings = list(_of_day(found))
        return readings[0].value if len(readings) == 1 else None
    return None


def lengths(text: str) -> Iterator[Candidate]:
    """Lengths that the words before them speak of: `for two hours`, `Duration: 90 minutes`."""
    for found in _LENGTH.finditer(text):
        before = text[max(0, found.start() - 50) : found.start()]
        if not _ABOUT_LENGTH.search(before) or _NOT_LENGTH.search(before):
            continue
        minutes = _minutes(found)
        if 0 < minutes <= 24 * 60:
            yield Candidate("estimated_duration", _hours(minutes), *found.span())


def _minutes(found: re.Match[str]) -> int:
    word = found[1].lower()
    if word.startswith("half"):
        number = 0.5
    else:
        number = float(_NUMBERS.get(word) or (1 if word in ("a", "an") else word.replace(",", ".")))
    number += 0.5 if found[2] else 0
    unit = 1 if found[3].lower().startswith("m") else 60
    return round(number * unit) + int(found[4] or 0)


def _hours(minutes: int) -> str:
    """Hours as the form takes them: `1.25`."""
    return f"{minutes / 60:.2f}".rstrip("0").rstrip(".")


def zones(text: str) -> Iterator[Candidate]:
    """The time zones that a text names."""
    for found in _ZONE_WORD.finditer(text):
        group = 1 if found[1] else 2
        start = found.start(group)
        if name := time_zones.colloquial(found[group]):
            yield Candidate("time_zone", name, start, found.end())
    for found in _ZONE_ABBREVIATION.finditer(text):
        if name := time_zones.colloquial(found[1]):
            other = _UNCLEAR.get(found[1])
            why = f"{found[1]} stands for other zones too" if other else ""
            yield Candidate("time_zone", name, *found.span(), why)
            if other:
                yield Candidate("time_zone", other, *found.span(), why)
    for found in _ZONE_IANA.finditer(text):
        if found[0] in time_zones.IANA:
            yield Candidate("time_zone", found[0], *found.span())
    for found in _ZONE_CITY.finditer(text):
        for city in (found[1], found[1].rpartition(" ")[2]):
            if name := time_zones.written_alike(city):
                yield Candidate("time_zone", name, found.end(1) - len(city), found.end(1))
                break
