"""What field users read and are sent, in the inspection's language. Pure.

All 14 languages of the contract are written (docs/inspections.md lists which of them no native reader has checked).
Messages whose keys begin with `phone_` are for the operator to read out on the phone.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from babel.dates import format_datetime
from babel.lists import format_list

from app.kernel.text.datetimes import zone_abbreviation
from app.kernel.text.i18n import Translations, Translator

TRANSLATIONS = Translations("inspections", Path(__file__).parent)


def consent_wording(subject: str, t: Translator, own: str = "") -> str:
    """The very words in which a field user is asked about a subject: heading, sentence above, question, answers. `own`
    is what the organization says beneath the subject's name, in place of the product's reason."""
    name = t(f"consent_name_{subject}")
    question = f"{name}\n{own}" if own else f"{name}, {t(f'consent_reason_{subject}')}"
    return "\n".join((t("consent_title"), t("consent_text"), question, f"{t('yes')} / {t('no')}"))


def listed(subjects: Iterable[str], t: Translator) -> str:
    """Subjects of consent in one line, as this language lists things."""
    return format_list([t(f"consent_short_{subject}") for subject in subjects], locale=t.lang)


def date_time(instant: datetime, zone: str, t: Translator, pattern: str = "") -> str:
    """Day, hour and zone as people of this language write them, or by another pattern of CLDR."""
    local = instant.astimezone(ZoneInfo(zone))
    written = format_datetime(local, pattern or t("date_time_pattern"), tzinfo=ZoneInfo(zone), locale=t.lang)
    return f"{written} {zone_abbreviation(local)}"


def time_left(length: timedelta, t: Translator) -> str:
    """How long something still works, in whole minutes."""
    minutes = int(length.total_seconds() // 60)
    return t("minutes", n=minutes) if minutes else t("under_a_minute")
