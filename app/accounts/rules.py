"""Rules of people, organizations and keys. Pure: no database, no Flask, no clock."""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import cache
from zoneinfo import available_timezones

from babel import Locale
from email_validator import EmailNotValidError, validate_email

from app.accounts.models import Billing, NewAnswers, Plan
from app.accounts.roles import ACCESS, DESKS, Role
from app.kernel.clock import CLOCKS_DIFFER
from app.kernel.errors import Conflict, Denied, FieldError, Invalid
from app.kernel.text import colours, i18n, normalization

LOCALES = i18n.LANGUAGES
"""The languages of the inspections document, which an organization may prefer."""

NO_COUNTRIES = frozenset(("EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"))
"""Codes of CLDR that are no countries."""
SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,58}[a-z0-9])?")
IDLE = timedelta(minutes=60)
"""A sign-in without activity for this long has ended."""
ABSOLUTE = timedelta(hours=12)
"""A sign-in of this age has ended."""
PROOF_LIFE = timedelta(minutes=15)
"""How long after signing in, or proving their identity again, a person may change how they sign in."""
SECOND_STEP_LIFE = 5 * 60
"""Seconds between the correct password and the second factor."""
INVITATION_LIFE = 7 * 24 * 3600
"""Seconds an invitation link works."""
RESET_LIFE = 3600
"""Seconds a password reset link works."""
ADDRESS_LIFE = 3600
"""Seconds the link works that proves a new address."""
PASSWORD_LENGTH = (10, 200)

UNDO_SECONDS = (0, 120)
"""Bounds of the undo window: seconds before a decision is final."""
UNDO_SECONDS_RANGE = f"Type a whole number of seconds, from {UNDO_SECONDS[0]} to {UNDO_SECONDS[1]}."

KEEP_DAYS = (30, 3650)
"""Bounds of how long an organization keeps what is personal, in days."""

NAME_LENGTH = 200
LABEL_LENGTH = 100
HOURS_LENGTH = 200


def check_open(name: str, closed_at: datetime | None) -> None:
    """Raises Conflict for a closed organization, in which nothing begins anew."""
    if closed_at is not None:
        raise Conflict(
            f"{name} is closed. Nothing was done. A staff administrator can reopen it.", code="organization.closed"
        )


def invalid(field: str, code: str, detail: str) -> Invalid:
    """A refusal of one field, whose detail is also the detail of the whole answer."""
    return Invalid(detail, errors=(FieldError(field, code, detail),))


def plain_text(field: str, value: str, longest: int) -> str:
    """A trimmed line of text. Raises Invalid when it is empty, too long or has control characters."""
    text = normalization.name(value)
    if not text:
        raise invalid(field, "missing", "This must not be empty. Nothing was saved.")
    if len(text) > longest:
        raise invalid(field, "too_long", f"This may have {longest} characters at most. Nothing was saved.")
    if any(ord(character) < 32 or 0xD800 <= ord(character) <= 0xDFFF for character in text):
        raise invalid(field, "bad_text", "This holds characters that cannot be shown. Nothing was saved.")
    return text


def email_address(value: str, field: str = "email") -> str:
    """An e-mail address as it is stored: checked and in lower case. Raises Invalid."""
    try:
        return validate_email(normalization.email(value), check_deliverability=False).normalized.lower()
    except EmailNotValidError:
        raise invalid(field, "bad_email", "This is not an e-mail address. Nothing was saved.") from None


def new_address(value: str, present: str) -> str:
    """The address that an account is to have in place of its present one. Raises Invalid."""
    address = email_address(value)
    if address == present:
        raise invalid("email", "same", "This is the address of the account already. Nothing was changed.")
    return address


def sign_in_address(typed: str) -> str:
    """What somebody types who has an account, as the address is stored: some browsers write its domain in ASCII
    (`xn--mnchen-3ya.example`), and a letter may be two characters. What is no address stays as it is."""
    try:
        return email_address(typed)
    except Invalid:
        return normalization.email_key(typed)


def slug(value: str) -> str:
    """A company id: small letters, digits and hyphens, 60 at most. Raises Invalid."""
    if not SLUG.fullmatch(value):
        raise invalid(
            "slug",
            "bad_slug",
            "A slug has small letters, digits and hyphens, 60 at most, and no hyphen at its ends. Nothing was saved.",
        )
    return value


def one_of(field: str, value: str, choices: Iterable[str]) -> str:
    """One of a few values. Raises Invalid, which lists them."""
    allowed = [str(choice) for choice in choices]
    if value not in allowed:
        raise invalid(field, "unknown", f"This must be one of {', '.join(allowed)}. Nothing was saved.")
    return value


def plan(value: str) -> str:
    return one_of("plan", value, (plan.value for plan in Plan))


def billing(value: str) -> str:
    return one_of("billing", value, (billing.value for billing in Billing))


def locale(value: str) -> str:
    return one_of("locale", value, LOCALES)


def time_zone(value: str) -> str:
    """An IANA zone name. Raises Invalid."""
    if value not in available_timezones():
        raise invalid("time_zone", "unknown", "This time zone is not known. Use a name such as Europe/Paris.")
    return value


def country(value: str | None) -> str | None:
    """A country by its two letters (ISO 3166), in capitals; None for none. Raises Invalid."""
    found = (value or "").strip().upper()
    if found and found not in countries():
        raise invalid("country", "unknown", "This country is not known. Use its two letters, such as FR.")
    return found or None


@cache
def countries() -> dict[str, str]:
    """Every country by its two letters, with its English name, in the order of the names."""
    names = Locale("en").territories
    known = {code: str(name) for code, name in names.items() if len(code) == 2 and code not in NO_COUNTRIES}
    return dict(sorted(known.items(), key=lambda each: normalization.fold(each[1])))


def keep_days(days: int | None, field: str = "prescreen_days") -> int | None:
    """How many days something is kept; None for ever. Raises Invalid."""
    least, most = KEEP_DAYS
    if days is not None and not least <= days <= most:
        sentence = (
            f"Type a number of days from {least} to {most:,}, or nothing to keep them for ever. Nothing was saved."
        )
        raise invalid(field, "bad_days", sentence)
    return days


def colour(value: str) -> str:
    """A colour that can be read as words on every ground of the light theme, `#1f5f3a`; empty for none. Raises Invalid.

    The tone of the dark theme is made from it, and can always be read (kernel/text/colours.py).
    """
    if not value.strip():
        return ""
    found = colours.parse(value)
    if found is None:
        raise invalid("colour", "bad_colour", "This is not a colour. Type it as six digits, such as #1f5f3a.")
    ratio = colours.lowest_contrast(found)
    if ratio < colours.READABLE:
        raise invalid(
            "colour",
            "too_pale",
            f"{found} is too pale for the light theme: its contrast there is {int(ratio * 10) / 10}:1, and words need "
            f"{colours.READABLE}:1. The nearest colour that passes is {colours.nearest_readable(found)}. Nothing was "
            "saved.",
        )
    return found


def telephone(field: str, value: str) -> str:
    """A telephone number as people may read it, or empty text. Raises Invalid."""
    found = normalization.telephone(value)
    if found is None:
        raise invalid(field, "bad_phone", "This is not a telephone number. Nothing was saved.")
    return found


def undo_seconds(value: int) -> int:
    """A person's undo window in seconds. Raises Invalid."""
    shortest, longest = UNDO_SECONDS
    if not shortest <= value <= longest:
        raise invalid("undo_seconds", "out_of_range", UNDO_SECONDS_RANGE)
    return value


def split_desks(values: Iterable[str]) -> str:
    """Desks with the split view, as they are stored. Raises Invalid."""
    chosen = set(values)
    if not chosen <= set(DESKS):
        raise invalid("split_desks", "unknown", "Choose among the desks that are offered. Nothing was saved.")
    return " ".join(desk for desk in DESKS if desk in chosen)


def new_answers(value: str) -> str:
    """When a person is written to about new answers. Raises Invalid."""
    return one_of("new_answers", value, NewAnswers)


def password(value: str, *, email: str, name: str) -> str:
    """A new password: long enough, not the person's name or address. Raises Invalid, which never repeats it."""
    shortest, longest = PASSWORD_LENGTH
    if len(value) < shortest:
        raise invalid("password", "too_short", f"A password needs at least {shortest} characters. Nothing was saved.")
    if len(value) > longest:
        raise invalid("password", "too_long", f"A password may have {longest} characters at most. Nothing was saved.")
    if len(set(value)) < 4 or value.lower() in {email.lower(), name.lower(), email.lower().partition("@")[0]}:
        raise invalid("password", "too_easy", "This password is too easy to guess. Nothing was saved.")
    return value


def scopes(product: str, wanted: Iterable[str]) -> list[str]:
    """The scopes of a new key, in the order of the document; none requested means all. Raises Invalid."""
    known = ACCESS[product].key_scopes
    requested = list(dict.fromkeys(wanted))
    if not requested:
        return list(known)
    for scope in requested:
        if scope not in known:
            hint = f"Known are {', '.join(known)}." if known else f"Keys for {product} have no scopes."
            raise invalid("scopes", "unknown", f"There is no such scope. {hint} Nothing was saved.")
    return [scope for scope in known if scope in requested]


def sign_in_over(*, created_at: datetime, last_seen_at: datetime, now: datetime) -> bool:
    """Whether a sign-in has ended: an hour without activity, or twelve hours in all."""
    return now - last_seen_at >= IDLE or now - created_at >= ABSOLUTE


def proof_counts(proved_at: datetime, now: datetime) -> bool:
    """Whether a proof of identity is recent enough. One of a clock that was ahead is not: how old it is, is unknown."""
    return -CLOCKS_DIFFER <= now - proved_at < PROOF_LIFE


def check_grant(role: str, *, everywhere: bool) -> None:
    """Raises Denied when an organization's administrator gives a role that only staff administrators may give."""
    if role == Role.SCHEDULER and not everywhere:
        raise Denied("Schedulers are staff. Only a staff administrator may give this role.")


def check_account(memberships_in: Iterable[int | None], *, everywhere: bool, organization_ids: frozenset[int]) -> None:
    """Raises Denied unless the administrator manages every organization of the account."""
    if not everywhere and not set(memberships_in) <= organization_ids:
        raise Denied(
            "This account also works elsewhere, so only a staff administrator may do this. You can remove its roles "
            "here instead. Nothing was changed."
        )
