"""What participants read on the page of a session, in the organization's language."""

from datetime import datetime
from pathlib import Path

from babel.dates import format_date, format_datetime

from app.kernel.text import datetimes
from app.kernel.text.i18n import Translations, Translator

TRANSLATIONS = Translations("depositions", Path(__file__).parent)


def span(start: datetime, end: datetime, zone: str, t: Translator) -> str:
    """When a session takes place: `mar. 8 déc. 2026, 07:50–09:05 PST`; each end in full where day or zone differ."""
    if t.lang == "en":
        return datetimes.span(start, end, zone)
    first, last = datetimes.local(start, zone), datetimes.local(end, zone)
    full = t("date_time_pattern")
    zones = (datetimes.zone_abbreviation(first), datetimes.zone_abbreviation(last))
    alike = first.date() == last.date() and zones[0] == zones[1]
    ends = format_datetime(last, t("time_pattern") if alike else full, tzinfo=last.tzinfo, locale=t.lang)
    begins = format_datetime(first, full, tzinfo=first.tzinfo, locale=t.lang)
    return f"{begins}–{ends} {zones[1]}" if alike else f"{begins} {zones[0]} – {ends} {zones[1]}"


def day(start: datetime, zone: str, t: Translator) -> str:
    """The day of a session in its own zone: `mar. 8 déc. 2026`."""
    local = datetimes.local(start, zone)
    return datetimes.day(local) if t.lang == "en" else format_date(local, "EEE d MMM yyyy", locale=t.lang)
