"""Pending second-factor state, kept in the signed session cookie.

Two things wait there between two requests of one browser: a correct password for its second factor, and a challenge for
its passkey. Each is bound to the browser and expires; neither signs anyone in by itself.
"""

from base64 import urlsafe_b64decode
from datetime import UTC, datetime
from typing import NamedTuple

from flask import session

from app.accounts.models import Person
from app.accounts.passkeys import CHALLENGE_BYTES, SECONDS
from app.accounts.rules import SECOND_STEP_LIFE
from app.kernel import crypto
from app.kernel.db.engine import Db

PENDING_KEY = "half"
CHALLENGE_KEY = "passkey"


class Challenge(NamedTuple):
    """The bytes that a passkey signs, and when they expire."""

    value: bytes
    expires_at: datetime


def start(person: Person, now: datetime) -> None:
    """Keeps that this browser gave the correct password, or the link of an e-mail, of a person with a second factor."""
    until = int(now.timestamp()) + SECOND_STEP_LIFE
    session[PENDING_KEY] = {"p": person.id, "e": person.session_epoch, "until": until}


def pending_person(db: Db, now: datetime) -> Person | None:
    """The person whose second factor this browser waits for; None when it took too long or the account changed."""
    pending = session.get(PENDING_KEY)
    if not isinstance(pending, dict) or pending["until"] <= now.timestamp():
        return None
    person = db.get(Person, pending["p"])
    if person is None or person.disabled_at is not None or person.session_epoch != pending["e"]:
        return None
    return person if person.second_factor else None


def new_challenge(purpose: str, now: datetime, person_id: int | None = None) -> bytes:
    """Keeps and returns a new challenge for this browser, for one purpose and, where given, one person."""
    value = crypto.random_token(CHALLENGE_BYTES)
    until = int(now.timestamp()) + SECONDS
    session[CHALLENGE_KEY] = {"c": value, "for": purpose, "p": person_id, "until": until}
    return urlsafe_b64decode(value + "=")


def take_challenge(purpose: str, now: datetime, person_id: int | None = None) -> Challenge | None:
    """Removes and returns this browser's challenge; None when there is none for the purpose, or it has expired."""
    kept = session.pop(CHALLENGE_KEY, None)
    if not isinstance(kept, dict) or kept["for"] != purpose or kept["p"] != person_id:
        return None
    if kept["until"] <= now.timestamp():
        return None
    return Challenge(urlsafe_b64decode(kept["c"] + "="), datetime.fromtimestamp(kept["until"], UTC))
