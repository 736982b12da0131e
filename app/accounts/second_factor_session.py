"""Between two requests of one browser: a right password that waits for its second step, a challenge that waits for its
passkey.

Both stand in the session cookie: signed, for this browser, with an end. Neither opens anything by itself.
"""

from base64 import urlsafe_b64decode
from datetime import UTC, datetime
from typing import Any, NamedTuple

from flask import session

from app.accounts.models import Person
from app.accounts.passkeys import CHALLENGE_BYTES, SECONDS
from app.accounts.rules import SECOND_STEP_LIFE
from app.kernel import crypto
from app.kernel.db.engine import Db

HALF = "half"
CHALLENGE = "passkey"


class Challenge(NamedTuple):
    """What a passkey is to sign, and when it is too late for that."""

    value: bytes
    expires_at: datetime


def remember(person: Person, now: datetime) -> None:
    """Notes that this browser gave the right password, or the link from a letter, of who has a second factor."""
    until = int(now.timestamp()) + SECOND_STEP_LIFE
    session[HALF] = {"p": person.id, "e": person.session_epoch, "until": until}


def remembered(db: Db, now: datetime) -> Person | None:
    """Who waits for the second step in this browser; nobody when it took too long or the account changed meanwhile."""
    half: Any = session.get(HALF)
    if not isinstance(half, dict) or half["until"] <= now.timestamp():
        return None
    person = db.get(Person, half["p"])
    if person is None or person.disabled_at is not None or person.session_epoch != half["e"]:
        return None
    return person if person.second_factor else None


def challenge(purpose: str, now: datetime, person_id: int | None = None) -> bytes:
    """A new challenge for this browser, for one purpose and, where one is named, one person."""
    value = crypto.random_token(CHALLENGE_BYTES)
    raw = urlsafe_b64decode(value + "=")
    until = int(now.timestamp()) + SECONDS
    session[CHALLENGE] = {"c": value, "for": purpose, "p": person_id, "until": until}
    return raw


def taken(purpose: str, now: datetime, person_id: int | None = None) -> Challenge | None:
    """The challenge this browser was given for it, once; None when there is none, or it is too old."""
    kept: Any = session.pop(CHALLENGE, None)
    if not isinstance(kept, dict) or kept["for"] != purpose or kept["p"] != person_id:
        return None
    if kept["until"] <= now.timestamp():
        return None
    return Challenge(urlsafe_b64decode(kept["c"] + "="), datetime.fromtimestamp(kept["until"], UTC))
