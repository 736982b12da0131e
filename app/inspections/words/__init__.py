"""What field users read and are sent, in the session's language: one JSON file a language. Pure.

English, French and Arabic are written; the other eleven languages of the contract fall back to English, and the page
then says `lang="en"`. Sentences that begin with `say_` are for the operator to read out on the phone.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_datetime

from app.kernel.text.datetimes import zone_abbreviation

WRITTEN = {"en": "English", "fr": "Français", "ar": "العربية"}
PATTERNS = {"en": "EEE d MMM yyyy, HH:mm", "fr": "EEE d MMM yyyy, HH:mm", "ar": "EEE d MMM yyyy، HH:mm"}
Say = Callable[..., str]


@cache
def sentences(language: str) -> dict[str, str]:
    """Every sentence of one written language."""
    found: dict[str, str] = json.loads(files(__name__).joinpath(f"{language}.json").read_text("utf-8"))
    return found


def language(locale: str) -> str:
    """The language we can write for a locale."""
    return locale if locale in WRITTEN else "en"


def direction(locale: str) -> str:
    """`rtl` or `ltr`, of the language we write for a locale."""
    return "rtl" if language(locale) == "ar" else "ltr"


def speaker(locale: str) -> Say:
    """`say("code_wrong", n=2)` in the language of `locale`."""
    known = sentences(language(locale))

    def say(key: str, **values: Any) -> str:
        return known[key].format(**values)

    return say


def moment(instant: datetime, zone: str, locale: str) -> str:
    """Day, hour and zone as people of this language write them."""
    tongue, local = language(locale), instant.astimezone(ZoneInfo(zone))
    return (
        f"{format_datetime(local, PATTERNS[tongue], tzinfo=ZoneInfo(zone), locale=tongue)} {zone_abbreviation(local)}"
    )


def left(length: timedelta, say: Say) -> str:
    """How long something still works, in whole minutes."""
    minutes = int(length.total_seconds() // 60)
    return say("minutes", n=minutes) if minutes else say("under_a_minute")


def phrase(key: str, locale: str) -> str:
    """What the operator can say on the phone, in the callee's language."""
    return sentences(language(locale))[f"say_{key}"]
