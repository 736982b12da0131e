"""Telephone numbers: what is kept of the typed text, and the key by which two spellings are one number.

The form of a number decides nothing: documents, demonstrations and new number ranges have numbers that no plan knows.
"""

import re
from functools import lru_cache

import phonenumbers
from babel.core import get_global
from phonenumbers import PhoneNumberFormat

from app.kernel.text.normalization.characters import plain

DIGITS = range(6, 16)
"""How many digits a number may have."""
LONGEST = 40
"""Characters of a number as it is kept."""
_FORM = re.compile(r"(?=[+0-9(])[+0-9 ()./-]+")
_EXTENSION = re.compile(
    r"[ ,;]*(?:ext(?:ension|ensión|n)?|x|poste|anexo|interno|int|تحويلة|داخلي|#)[ .:=]*[0-9]{1,7}\Z", re.IGNORECASE
)
_DOTS = str.maketrans("·•∙", "...")


def telephone(typed: str) -> str | None:
    """The number as it was typed, in ASCII digits, with plain spaces and hyphens; None when it is no number.

    Empty text stays empty.
    """
    found = " ".join(plain(typed).translate(_DOTS).split())
    found = found[4:].lstrip() if found[:4].lower() == "tel:" else found
    if not found:
        return ""
    if len(found) > LONGEST:
        return None
    dialled = without_extension(found)
    readable = _FORM.fullmatch(dialled) and dialled.rfind("+") <= 1
    return found if readable and len(_digits(dialled)) in DIGITS else None


def without_extension(number: str) -> str:
    """The number as it is dialled. What follows at a switchboard (`ext. 12`) is kept, and tells no two apart."""
    return _EXTENSION.sub("", number)


def telephone_key(number: str, region: str | None) -> str:
    """The number in E.164, when its own prefix or the region says how to dial it; else its digits alone.

    `region` is the country of the organization. Every kept number has a key, valid or not.
    """
    found = without_extension(plain(number))
    digits = _digits(found)
    if digits.startswith("00") and len(digits) > DIGITS[0] + 2 and "+" not in found:
        found, digits = f"+{digits[2:]}", digits[2:]
    try:
        parsed = phonenumbers.parse(found, region)
    except phonenumbers.NumberParseException:
        parsed = None
    if parsed is not None and phonenumbers.is_possible_number(parsed):
        return str(phonenumbers.format_number(parsed, PhoneNumberFormat.E164))
    return f"+{digits}" if "+" in found else digits


def telephone_spellings(key: str) -> tuple[str, ...]:
    """The texts by which a number is searched for: its key, and the number as it is dialled in its own country."""
    if not key.startswith("+"):
        return (key,)
    try:
        parsed = phonenumbers.parse(key, None)
    except phonenumbers.NumberParseException:
        return (key,)
    return key, _digits(phonenumbers.format_number(parsed, PhoneNumberFormat.NATIONAL))


@lru_cache(maxsize=1024)
def region_of(time_zone: str) -> str | None:
    """The country (ISO 3166) of a time zone; None for one without a country, such as UTC."""
    zones = get_global("zone_territories")
    found = zones.get(time_zone) or zones.get(get_global("zone_aliases").get(time_zone, ""))
    return str(found) if found and len(found) == 2 and found != "ZZ" else None


def _digits(number: str) -> str:
    return "".join(character for character in number if "0" <= character <= "9")
