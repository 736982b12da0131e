"""Where a week begins and which days are its weekend, by the country of a time zone."""

from dataclasses import dataclass
from functools import lru_cache

from babel import Locale, UnknownLocaleError

from app.kernel.text.normalization.telephones import region_of


@dataclass(frozen=True, slots=True)
class Week:
    """The week of a country; days are numbered from Monday, 0."""

    first: int = 0
    weekend: frozenset[int] = frozenset((5, 6))


@lru_cache(maxsize=256)
def week_of(zone: str) -> Week:
    """The week of the country of a zone (CLDR); Monday to Sunday for a zone without a country."""
    region = region_of(zone)
    if region is None:
        return Week()
    try:
        # The most spoken language of a country brings the country's own week.
        locale = Locale.parse(f"und_{region}")
    except (UnknownLocaleError, ValueError):
        return Week()
    length = (locale.weekend_end - locale.weekend_start) % 7 + 1
    return Week(locale.first_week_day, frozenset((locale.weekend_start + n) % 7 for n in range(length)))
