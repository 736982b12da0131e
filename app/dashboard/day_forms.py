"""Days in figures, as the reader writes them: `24/11/2026`, `11/24/2026`, `24.11.2026`, `2026-11-24`.

The country of the reader's time zone decides the order of day, month and year and what stands between them, as it
decides the form of hours (datetimes.py); without a country it is the form of ISO 8601. ISO 8601 is read everywhere, and
so are days with the name of the month, as our pages print them. An order that is not the reader's own is never guessed.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from importlib.resources import files

from babel import Locale, UnknownLocaleError

from app.kernel.text.datetimes import DAYS, MONTHS

EARLIEST, LATEST = 1900, 2199
_FIGURES = {"d": "dd", "M": "mm", "y": "yyyy"}
_BETWEEN = re.compile(r"[\s.,/-]*")
_TOKEN = re.compile(r"\d+|[^\W\d_]+")
_FILLING = frozenset(("de", "del", "of", "st", "nd", "rd", "th", "er"))
_LEGACY = {"US": "US", "Canada": "CA", "Australia": "AU"}
"""Countries of zones that the table of countries does not have: `US/Pacific`."""


@dataclass(frozen=True, slots=True)
class DayForm:
    """How people of one country write a day in figures. `order` is of the letters d, M and y."""

    order: str = "yMd"
    separator: str = "-"
    first_weekday: int = 0
    """Monday is 0."""
    months: tuple[tuple[str, int], ...] = ()
    """Names of months in the country's language, without accents and dots."""
    weekdays: tuple[tuple[str, int], ...] = ()

    @property
    def pattern(self) -> str:
        """`dd/mm/yyyy`."""
        return self.separator.join(_FIGURES[part] for part in self.order)

    def write(self, day: date) -> str:
        """A day in this form: `24/11/2026`."""
        figures = {"d": f"{day.day:02d}", "M": f"{day.month:02d}", "y": f"{day.year:04d}"}
        return self.separator.join(figures[part] for part in self.order)

    def read(self, text: str, today: date) -> date | None:
        """The day that a text means; None when it means none, or cannot be told. Without a year it is this year's."""
        text = unicodedata.normalize("NFKC", text).strip()
        if len(text) > 60:
            return None
        found: date | None
        try:
            found = date.fromisoformat(text)
        except ValueError:
            found = self._read(text, today)
        return found if found and EARLIEST <= found.year <= LATEST else None

    def _read(self, text: str, today: date) -> date | None:
        if not all(_BETWEEN.fullmatch(rest) for rest in _TOKEN.split(text)):
            return None
        numbers: list[str] = []
        months: list[int] = []
        weekdays: list[int] = []
        for token in _TOKEN.findall(text):
            word = _folded(token)
            if token.isdecimal():
                numbers.append(token)
            elif word in (known := dict(self.months)) or word in _ENGLISH_MONTHS:
                months.append(_ENGLISH_MONTHS.get(word) or known[word])
            elif word in (known := dict(self.weekdays)) or word in _ENGLISH_WEEKDAYS:
                weekdays.append(_ENGLISH_WEEKDAYS[word] if word in _ENGLISH_WEEKDAYS else known[word])
            elif word not in _FILLING:
                return None
        if len(months) > 1 or len(weekdays) > 1:
            return None
        day = self._named(numbers, months[0], today) if months else self._in_figures(numbers, today)
        return day if day is None or not weekdays or day.weekday() == weekdays[0] else None

    def _named(self, numbers: list[str], month: int, today: date) -> date | None:
        if not 1 <= len(numbers) <= 2:
            return None
        numbers = numbers[::-1] if len(numbers[0]) == 4 else numbers
        return _day(numbers[1] if len(numbers) == 2 else str(today.year), month, numbers[0])

    def _in_figures(self, numbers: list[str], today: date) -> date | None:
        order = self.order
        if len(numbers) == 3 and len(numbers[0]) == 4:
            order = "yMd"
        elif len(numbers) == 2:
            order = order.replace("y", "")
        elif len(numbers) != 3 or order == "yMd":
            return None
        parts = dict(zip(order, numbers, strict=True))
        return _day(parts.get("y", str(today.year)), int(parts["M"]), parts["d"])


def _day(year: str, month: int, day: str) -> date | None:
    if len(year) not in (2, 4) or len(day) > 2 or not 1 <= month <= 12:
        return None
    try:
        return date(int(year) + (2000 if len(year) == 2 else 0), month, int(day))
    except ValueError:
        return None


def _folded(word: str) -> str:
    """A word without case and accents."""
    plain = unicodedata.normalize("NFKD", word.casefold())
    return "".join(char for char in plain if not unicodedata.combining(char))


def _names(words: dict[int, str]) -> dict[str, int]:
    return {_folded(word.strip(".")): at for at, word in words.items() if " " not in word}


_ENGLISH = Locale("en")
_ENGLISH_MONTHS = {_folded(name): at for at, name in enumerate(MONTHS, 1)} | {"sept": 9}
_ENGLISH_MONTHS |= _names(_ENGLISH.months["format"]["wide"])
_ENGLISH_WEEKDAYS = {_folded(name): at for at, name in enumerate(DAYS)} | _names(_ENGLISH.days["format"]["wide"])


@cache
def _countries() -> dict[str, str]:
    """The country of each zone, from the tz database's own table."""
    table = files("tzdata").joinpath("zoneinfo/zone.tab").read_text("utf-8")
    rows = (line.split("\t") for line in table.splitlines() if line and not line.startswith("#"))
    return {row[2]: row[0] for row in rows}


def country_of(zone: str) -> str | None:
    """The country of a time zone; None for one without."""
    return _countries().get(zone) or _LEGACY.get(zone.partition("/")[0])


@cache
def day_form(zone: str) -> DayForm:
    """The form of days in a time zone's country."""
    country = country_of(zone)
    if country is None:
        return DayForm()
    try:
        locale = Locale.parse(f"und_{country}")
    except (UnknownLocaleError, ValueError):
        return DayForm()
    pattern = re.sub(r"'[^']*'|[^dMy./-]", "", locale.date_formats["short"].pattern)
    order = "".join(dict.fromkeys(re.sub(r"[^dMy]", "", pattern)))
    separator = next((mark for mark in pattern if mark in "./-"), "-")
    if order not in ("dMy", "Mdy", "yMd"):
        return DayForm(first_weekday=locale.first_week_day)
    kinds = ("wide", "abbreviated")
    months = {name: at for kind in kinds for name, at in _names(locale.months["format"][kind]).items()}
    weekdays = {name: at for kind in kinds for name, at in _names(locale.days["format"][kind]).items()}
    return DayForm(order, separator, locale.first_week_day, tuple(months.items()), tuple(weekdays.items()))


def week_of(day: date, first_weekday: int) -> tuple[date, date]:
    """The first and last day of the week of a day."""
    first = day - timedelta(days=(day.weekday() - first_weekday) % 7)
    return first, first + timedelta(days=6)


def month_of(day: date) -> tuple[date, date]:
    """The first and last day of the month of a day."""
    first = day.replace(day=1)
    return first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
