"""Time zones by the names that people and integrators use, and conversion of wall times to UTC.

Three spellings are accepted: the Rails names (`Pacific Time (US & Canada)`), IANA names (`America/Los_Angeles`) and
the form that Rails applications display (`(GMT-08:00) Pacific Time (US & Canada)`), where the name alone decides: the
printed offset is the winter one, whatever the date. Zone rules come from the `tzdata` package, never from the system's
files, which may be years old and which Python prefers by default.
"""

import json
import re
import zoneinfo
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from functools import cache, lru_cache
from importlib import import_module
from pathlib import Path
from zoneinfo import ZoneInfo

zoneinfo.reset_tzpath(to=[])

VERSION: str = import_module("tzdata").IANA_VERSION
"""The version of the zone rules: `2026f`."""

RAILS: dict[str, str] = json.loads((Path(__file__).parent / "rails_time_zones.json").read_text("utf-8"))
"""Rails name → IANA name, all 154."""

IANA: frozenset[str] = frozenset(zoneinfo.available_timezones() - {"Factory", "localtime"})
"""Every zone name of the tz database."""

_DISPLAYED = re.compile(r"\((?:GMT|UTC)[+-](?:0\d|1[0-4]):[0-5]\d\) (.+)", re.ASCII)
_MINUTE = timedelta(minutes=1)


class UnknownZone(ValueError):
    """No zone has this name."""


class NonexistentTime(ValueError):
    """The clocks skip this wall time. `before` and `after` are the nearest minutes that exist (naive)."""

    def __init__(self, wall: datetime, before: datetime, after: datetime) -> None:
        super().__init__(f"{wall} does not exist")
        self.wall, self.before, self.after = wall, before, after


@dataclass(frozen=True, slots=True)
class ResolvedTime:
    """A wall time as an instant in UTC. `ambiguous`: it occurs twice that day, and this is the first."""

    instant: datetime
    ambiguous: bool


@lru_cache(maxsize=2048)
def iana_name(name: str) -> str:
    """The IANA name behind a zone's name in any of the three spellings. Raises UnknownZone."""
    plain = plain_name(name)
    if plain in RAILS:
        return RAILS[plain]
    if plain in IANA:
        return plain
    raise UnknownZone(plain)


def plain_name(name: str) -> str:
    """A zone's name without the offset in front, which is wrong in summer: `Pacific Time (US & Canada)`."""
    displayed = _DISPLAYED.fullmatch(name)
    return displayed.group(1) if displayed else name


COLLOQUIAL: dict[str, str] = {
    **dict.fromkeys(("pacific", "pt", "pst", "pdt", "california"), "Pacific Time (US & Canada)"),
    **dict.fromkeys(("mountain", "mt", "mst", "mdt"), "Mountain Time (US & Canada)"),
    **dict.fromkeys(("central", "ct", "cst", "cdt"), "Central Time (US & Canada)"),
    **dict.fromkeys(("eastern", "et", "est", "edt", "new york"), "Eastern Time (US & Canada)"),
    **dict.fromkeys(("atlantic", "ast", "adt"), "Atlantic Time (Canada)"),
    **dict.fromkeys(("alaska", "akst", "akdt"), "Alaska"),
    **dict.fromkeys(("hawaii", "hst"), "Hawaii"),
    **dict.fromkeys(("uk", "bst"), "London"),
    **dict.fromkeys(("cet", "cest", "central european"), "Paris"),
    **dict.fromkeys(("gmt", "utc", "zulu"), "UTC"),
    "jst": "Tokyo",
    "aest": "Sydney",
}
"""What people in the United States call a zone → the name to choose. A standard abbreviation is said in summer too."""

_NOUN = re.compile(r"(?: standard| daylight)?(?: time)?(?: zone)?\Z")


def colloquial(text: str) -> str | None:
    """The zone's name that these words stand for, of those that people say: `Pacific time`, `EST`."""
    return COLLOQUIAL.get(_NOUN.sub("", text.strip().casefold()))


def suggestion(name: str) -> str | None:
    """A name that somebody may have meant who wrote one that is unknown; None when nothing is near."""
    folded = plain_name(name.strip()).casefold().replace("_", " ")
    if found := colloquial(folded):
        return found
    known = _folded_names()
    near = get_close_matches(folded, known, n=1, cutoff=0.75)
    return known[near[0]] if near else None


def written_alike(name: str) -> str | None:
    """The name that is written so but for capitals, underscores and the continent: `denver` is America/Denver."""
    return _folded_names().get(name.casefold().replace("_", " "))


@cache
def _folded_names() -> dict[str, str]:
    """Every name by its spelling in small letters with spaces; a city also without its continent. Rails names win."""
    cities = {name.rpartition("/")[2]: name for name in sorted(IANA, reverse=True) if "/" in name}
    every = {**cities, **{name: name for name in sorted(IANA)}, **{name: name for name in RAILS}}
    return {name.casefold().replace("_", " "): meant for name, meant in every.items()}


def get_zone(name: str) -> ZoneInfo:
    """The zone of a name in any of the three spellings. Raises UnknownZone."""
    return ZoneInfo(iana_name(name))


def resolve(wall: datetime, zone: ZoneInfo) -> ResolvedTime:
    """The instant of a naive wall time in a zone: the first, where there are two.

    Raises NonexistentTime where there is none, and OverflowError at the ends of the calendar.
    """
    first, second = wall.replace(tzinfo=zone, fold=0), wall.replace(tzinfo=zone, fold=1)
    instant = first.astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None) != wall:
        raise NonexistentTime(wall, *_around_gap(wall, zone))
    return ResolvedTime(instant, first.utcoffset() != second.utcoffset())


def _around_gap(wall: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The last minute before and the first after the gap around `wall`."""
    # In a gap, fold=0 counts with the offset before the jump and lands after it, fold=1 the other way round.
    low, high = (wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (1, 0))
    offset = low.astimezone(zone).utcoffset()
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) // 2
        middle = middle.replace(microsecond=0)
        if middle <= low:
            break
        low, high = (middle, high) if middle.astimezone(zone).utcoffset() == offset else (low, middle)
    after = high.astimezone(zone).replace(tzinfo=None)
    before = (high - _MINUTE).astimezone(zone).replace(tzinfo=None)
    return before, after


def clock12(wall: datetime) -> str:
    """`01:30 AM`, whatever the locale of the process."""
    return f"{(wall.hour + 11) % 12 + 1:02d}:{wall.minute:02d} {'AM' if wall.hour < 12 else 'PM'}"
