"""Business days of a country: neither its weekend nor one of its public holidays (the `holidays` package)."""

import sys
from collections.abc import Collection
from datetime import date, datetime, time, timedelta
from functools import cache, lru_cache
from importlib.util import find_spec, module_from_spec
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from holidays import HolidayBase

HOUR = time(10)
"""When those concerned are asked, on the session's own clock."""
LONGEST_BREAK = 14
"""Most days in a row that are looked through for a business day."""
MONDAY_TO_FRIDAY = range(5)


def is_business_day(day: date, country: str | None) -> bool:
    """Whether people work on this day; for a country without a calendar, Monday to Friday."""
    calendar = _calendar(country, day.year)
    if calendar is None:
        return day.weekday() in MONDAY_TO_FRIDAY
    return calendar.is_working_day(day)


def business_day_before(day: date, country: str | None) -> date:
    """The last business day before this day."""
    for days in range(1, LONGEST_BREAK + 1):
        before = day - timedelta(days=days)
        if is_business_day(before, country):
            return before
    return day - timedelta(days=1)


def reconfirm_at(starts_at: datetime, zone: str, country: str | None) -> datetime:
    """When it is asked whether a session takes place: 10:00 on its own clock, on the business day before."""
    there = ZoneInfo(zone)
    day = business_day_before(starts_at.astimezone(there).date(), country)
    return datetime.combine(day, HOUR, there).astimezone(starts_at.tzinfo)


def holiday_of(day: date, country: str | None) -> str | None:
    """The public holiday of a country on this day in English, where the library knows it; observed days included."""
    calendar = _calendar(country, day.year)
    name = calendar.get(day) if calendar is not None else None
    return name.replace("'", "’").replace(" (observed)", ", observed") if name else None


def weekend_of(country: str | None) -> Collection[int]:
    """The days of the week on which a country does not work, Monday is 0."""
    calendar = _calendar(country, 2026)
    return calendar.weekend if calendar is not None else (5, 6)


@lru_cache(maxsize=256)
def _calendar(country: str | None, year: int) -> "HolidayBase | None":
    """The calendar of a country. Holidays of a neighbouring year that are observed in this one are in it."""
    from holidays import country_holidays

    return country_holidays(country, years=year, language="en_US") if country in _countries() else None


@cache
def _countries() -> frozenset[str]:
    """The countries that have a calendar.

    Imported at first use, which most commands never come to. The package of countries is put in place without what it
    does when it is imported: load them all, 14 MiB in each process for the one or two that somebody works in.
    """
    from holidays.registry import EntityLoader

    if "holidays.countries" not in sys.modules and (found := find_spec("holidays.countries")):
        sys.modules[found.name] = module_from_spec(found)
    return frozenset(EntityLoader.get_country_codes())
