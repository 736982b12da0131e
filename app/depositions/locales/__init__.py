"""What participants read on the page of a session, in the organization's language."""

from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from babel.dates import format_date, format_datetime, get_timezone_name

from app.kernel.text import datetimes
from app.kernel.text.i18n import Translations, Translator

TRANSLATIONS = Translations("depositions", Path(__file__).parent)


class Hours(NamedTuple):
    """When a session takes place: `Tuesday 8 December 2026`, `7:50 – 9:05 AM`, `PST, Pacific Standard Time`."""

    day: str
    clock: str
    zone: str


def hours(start: datetime, end: datetime, zone: str, t: Translator) -> Hours:
    """The day on which the session begins, both ends, and their zone; each end has its own zone word where they differ.

    The start alone when the end is not known, that is, not later.
    """
    first, last = datetimes.local(start, zone), datetimes.local(max(start, end), zone)
    words = (datetimes.zone_abbreviation(first), datetimes.zone_abbreviation(last))
    begins, ends = _clock(first, zone, t), _clock(last, zone, t)
    if words[0] != words[1]:
        begins, ends = f"{begins} {words[0]}", f"{ends} {words[1]}"
    if first.date() != last.date():
        ends = f"{ends} {t('into', day=format_date(last, 'EEEE', locale=t.lang))}"
    elif end > start and begins[-3:] == ends[-3:] and begins[-1] == "M":
        begins = begins[:-3]
    name = get_timezone_name(first if words[0] == words[1] else first.tzinfo, locale=t.lang)
    return Hours(
        format_date(first, t("day_pattern"), locale=t.lang),
        f"{begins} – {ends}" if end > start else begins,
        name if words[0] != words[1] or name == words[0] else f"{words[0]}, {name}",
    )


def _clock(local: datetime, zone: str, t: Translator) -> str:
    """The hour as people write it: in English those of the zone's country, elsewhere those of the language."""
    if t.lang == "en":
        return datetimes.bare_hour(local, zone)
    return format_datetime(local, t("time_pattern"), tzinfo=local.tzinfo, locale=t.lang)


def in_words(start: datetime, end: datetime, zone: str, t: Translator) -> tuple[str, str]:
    """The day of a session, and when it takes place, in one line each: `mar. 8 déc. 2026`."""
    if t.lang == "en":
        return datetimes.day(datetimes.local(start, zone)), datetimes.span(start, end, zone)
    when = hours(start, end, zone, t)
    return format_date(datetimes.local(start, zone), "EEE d MMM yyyy", locale=t.lang), f"{when.day}, {when.clock}"
