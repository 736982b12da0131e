"""What participants read on the page of a session and in its e-mails, in the session's language."""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple, Protocol

from babel import Locale
from babel.core import get_global
from babel.dates import format_date, format_datetime, get_timezone_name

from app.depositions.rules.timed import Timed
from app.kernel.text import datetimes, i18n, time_zones
from app.kernel.text.i18n import Translations, Translator

TRANSLATIONS = Translations("depositions", Path(__file__).parent)


def translator(details: Mapping[str, str], organization_locale: str) -> Translator:
    """The messages in a session's language: the one that was given in its `details`, else the organization's."""
    given = details.get("language")
    return TRANSLATIONS.translator(language_of(given) if given else organization_locale)


def manager_translator(languages: Iterable[str]) -> Translator:
    """The messages in a manager's language: the first on their row of the roster that is written, else English."""
    return TRANSLATIONS.translator(next(filter(None, map(_written_language, languages)), "en"))


def language_of(text: str) -> str:
    """The written language that a text names: as a BCP 47 tag (`es-MX`), or as English names it (`Mexican Spanish`).

    English for what names none, or another language. Of several the first counts: `French, English`.
    """
    return _written_language(text) or "en"


@lru_cache(maxsize=1024)
def _written_language(text: str) -> str:
    """The written language that a text names; empty when it is another, or none."""
    name, *_ = re.split(r"[,;/(]", text.casefold().strip())
    plain = " ".join(name.split())
    # Codes of three letters belong to no tag where one of two letters exists, but they are in use: `spa`.
    code = i18n.language_of(_codes().get(plain, plain))
    code = get_global("language_aliases").get(code, code)
    return code if code in TRANSLATIONS.languages else ""


@lru_cache(maxsize=1024)
def language_codes(text: str) -> frozenset[str]:
    """The languages that a text names, as codes: `es` of `Spanish (Mexico)`, `fr` and `de` of `fr-CA, German`. What
    names none is left out."""
    found = set()
    for part in re.split(r"[,;/&]|\band\b", re.sub(r"\(.*?\)", "", text.casefold())):
        plain = " ".join(part.split())
        code = i18n.language_of(_codes().get(plain, plain))
        code = get_global("language_aliases").get(code, code)
        if code in Locale("en").languages:
            found.add(code)
    return frozenset(found)


def language_name(text: str, t: Translator) -> str:
    """What the reader's language calls a language that English names: `alemán` for `German`; else the text as it is."""
    code = _codes().get(" ".join(text.casefold().split()), "")
    return Locale(t.lang).languages.get(code, text)


@cache
def _codes() -> Mapping[str, str]:
    """The code of every language by its English name, and of every written one by its own."""
    own = {name.casefold(): code for code, name in TRANSLATIONS.languages.items()}
    return {name.casefold(): code for code, name in Locale("en").languages.items()} | own


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
        name if words[0] != words[1] or name == words[0] else t("joined", first=words[0], rest=name),
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
    return format_date(datetimes.local(start, zone), "EEE d MMM yyyy", locale=t.lang), t(
        "joined", first=when.day, rest=when.clock
    )


def own_time(start: datetime, zone: str, reader_zone: str, t: Translator) -> str:
    """When a session begins on the reader's clock: `10:30 CET`, with the day where it is another; empty where both
    zones agree."""
    if t.lang == "en":
        return datetimes.viewer_time(start, zone, reader_zone)
    here, there = datetimes.local(start, reader_zone), datetimes.local(start, zone)
    if here.utcoffset() == there.utcoffset():
        return ""
    clock = f"{_clock(here, reader_zone, t)} {datetimes.zone_abbreviation(here)}"
    if here.date() == there.date():
        return clock
    return t("joined", first=format_date(here, "EEEE", locale=t.lang), rest=clock)


class WithZoneName(Timed, Protocol):
    """Anything that has a session's time, its zone, and the zone's name as it was sent."""

    @property
    def time_zone(self) -> str: ...


def time_and_zone(session: WithZoneName, t: Translator) -> tuple[str, str]:
    """When a session takes place, and the name of its zone, as e-mails and calendar files write them."""
    _, when = in_words(session.starts_at, session.ends_at, session.zone, t)
    if t.lang == "en":
        return when, time_zones.plain_name(session.time_zone)
    return when, hours(session.starts_at, session.ends_at, session.zone, t).zone


class Moved(Timed, Protocol):
    """Anything that has a session's time, and what participants were last told before it was moved."""

    @property
    def previous_starts_at(self) -> datetime | None: ...
    @property
    def previous_ends_at(self) -> datetime | None: ...
    @property
    def previous_zone(self) -> str | None: ...


def formerly(session: Moved, t: Translator) -> str:
    """When a session was planned before it was moved; empty where that is the same moment."""
    starts_at, ends_at, zone = session.previous_starts_at, session.previous_ends_at, session.previous_zone
    if not (starts_at and ends_at and zone) or (starts_at, ends_at) == (session.starts_at, session.ends_at):
        return ""
    _, when = in_words(starts_at, ends_at, zone, t)
    # English names the zone beside the hour.
    return when if t.lang == "en" or zone == session.zone else f"{when} ({hours(starts_at, ends_at, zone, t).zone})"
