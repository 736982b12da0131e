"""Days as people write them in English mails: ISO 8601, figures, names of months, words counted from the mail's day.

Every pattern is of bounded length, so that any text is read in linear time.
"""

import re
from collections.abc import Iterator
from datetime import date, timedelta

from app.depositions.rules.mail.candidates import Candidate
from app.depositions.rules.new_request import EARLIEST, LATEST
from app.kernel.text.datetimes import DAYS, MONTHS

_MONTH = "(jan|feb|mar|apr|may|jun|jul|aug|sept?|oct|nov|dec)"
_MONTH += "(?:uary|ruary|ch|il|e|y|ust|ember|tember|ober)?"
_WEEKDAY = "(mon|tue|tues|wed|weds|thu|thur|thurs|fri|sat|sun)(?:day|sday|nesday|rsday|urday)?"
_NAMED = rf"(?:\b{_WEEKDAY}\b\.?,?\s{{1,3}})?"
_NTH = r"([0-9]{1,2})(?:st|nd|rd|th)?"
_YEAR = r"(?:,?\s{1,3}([12][0-9]{3})\b)?"

_ISO = re.compile(r"\b([12][0-9]{3})-([0-9]{1,2})-([0-9]{1,2})(?![0-9-])")
_FIGURES = re.compile(r"(?<![\w./-])([0-9]{1,2})([/.-])([0-9]{1,2})\2([0-9]{4}|[0-9]{2})(?![\w/-]|\.[0-9])")
_MONTH_FIRST = re.compile(rf"{_NAMED}\b{_MONTH}\b\.?\s{{1,3}}(?:the\s{{1,3}})?{_NTH}\b(?![:/-]){_YEAR}", re.I)
_DAY_FIRST = re.compile(rf"{_NAMED}(?<![:/.\w-]){_NTH}\s{{1,3}}(?:of\s{{1,3}})?\b{_MONTH}\b\.?{_YEAR}", re.I)
_WORDS = re.compile(
    r"\b(?:(the\s{1,3}day\s{1,3}after\s{1,3}tomorrow|tomorrow|today|tonight)"
    r"|(?:(this|next|coming|following)\s{1,3})?(monday|tuesday|wednesday|thursday|friday|saturday|sunday)"
    r"|in\s{1,3}([0-9]{1,3}|two|three|four)\s{1,3}(days|weeks))\b",
    re.I,
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_NUMBERS = {"two": 2, "three": 3, "four": 4}


def written(day: date) -> str:
    """`Thu 28 January 2027`, for a reader."""
    return f"{DAYS[day.weekday()]} {day.day} {MONTHS[day.month - 1]} {day.year}"


def days(text: str, today: date) -> Iterator[Candidate]:
    """The days that a text names, those of one passage one after the other with the likelier first. `today` is the day
    of the mail."""
    taken: list[tuple[int, int]] = []
    for pattern, read in (
        (_ISO, _iso),
        (_FIGURES, _figures),
        (_MONTH_FIRST, _month_first),
        (_DAY_FIRST, _day_first),
        (_WORDS, _words),
    ):
        fresh = []
        place = 0
        taken.sort()
        for found in pattern.finditer(text):
            start, end = found.span()
            while place < len(taken) and taken[place][1] <= start:
                place += 1
            if place < len(taken) and taken[place][0] < end:
                continue
            readings = [(day, why) for day, why in read(found, today) if EARLIEST <= day.year <= LATEST]
            if readings:
                fresh.append((start, end))
            for day, why in readings:
                yield Candidate("start_date", day.isoformat(), start, end, why)
        taken += fresh


Reading = Iterator[tuple[date, str]]


def _iso(found: re.Match[str], _today: date) -> Reading:
    if day := _day(int(found[1]), int(found[2]), int(found[3])):
        yield day, ""


def _figures(found: re.Match[str], _today: date) -> Reading:
    first, between, second = int(found[1]), found[2], int(found[3])
    year = int(found[4]) + (2000 if len(found[4]) == 2 else 0)
    american, european = _day(year, first, second), _day(year, second, first)
    likely, other = (european, american) if between == "." else (american, european)
    doubtful = american and european and american != european
    for day in dict.fromkeys(filter(None, (likely, other))):
        yield day, "the month may stand first or second" if doubtful else ""


def _month_first(found: re.Match[str], today: date) -> Reading:
    return _in_words(found[1], found[2], found[3], found[4], today)


def _day_first(found: re.Match[str], today: date) -> Reading:
    return _in_words(found[1], found[3], found[2], found[4], today)


def _in_words(weekday: str | None, month: str, nth: str, year: str | None, today: date) -> Reading:
    number = _MONTHS.index(month[:3].lower()) + 1
    if year:
        day, whys = _day(int(year), number, int(nth)), []
    else:
        day, whys = _next(number, int(nth), today), ["the year is not written"]
    if day is None:
        return
    if weekday and _WEEKDAYS[day.weekday()] != weekday[:3].lower():
        whys.append(f"that is a {DAYS_LONG[day.weekday()]}, not a {DAYS_LONG[_WEEKDAYS.index(weekday[:3].lower())]}")
    yield day, ", and ".join(whys)


DAYS_LONG = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def _words(found: re.Match[str], today: date) -> Reading:
    counted = f"counted from {written(today)}"
    if found[1]:
        words = found[1].lower()
        ahead = 0 if words.startswith(("today", "tonight")) else 2 if words.startswith("the") else 1
        yield today + timedelta(days=ahead), counted
    elif found[3]:
        ahead = (DAYS_LONG.index(found[3].capitalize()) - today.weekday()) % 7 or 7
        yield today + timedelta(days=ahead), counted
        if found[2] and found[2].lower() in ("next", "following"):
            yield today + timedelta(days=ahead + 7), counted
    else:
        number = _NUMBERS.get(found[4].lower()) or int(found[4])
        yield today + timedelta(days=number * (7 if found[5].lower() == "weeks" else 1)), counted


def _next(month: int, nth: int, today: date) -> date | None:
    """The next such day from `today` on."""
    for year in range(today.year, today.year + 9):
        day = _day(year, month, nth)
        if day is not None and day >= today:
            return day
    return None


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
