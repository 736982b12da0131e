"""Codes of an authenticator app (RFC 6238): six digits that change every 30 seconds. Pure: no database, no clock."""

from datetime import datetime

import pyotp

from app.kernel.crypto import same

STEP = 30
"""Seconds one code lives."""
DRIFT = 1
"""Steps that the phone's clock may be ahead or behind."""
ISSUER = "Session Desk"


def new_secret() -> str:
    """160 random bits, as base32."""
    return pyotp.random_base32(32)


def address(secret: str, email: str) -> str:
    """What the QR code says: an `otpauth://` address that every authenticator app reads."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=ISSUER)


def spaced(secret: str) -> str:
    """The secret in groups of four, for people who type it."""
    return " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))


def step_at(now: datetime) -> int:
    """The number of a moment's step."""
    return int(now.timestamp()) // STEP


def step_of(secret: str, code: str, now: datetime) -> int | None:
    """The newest step around now whose code this is; None when it is none's."""
    maker, this = pyotp.TOTP(secret), step_at(now)
    found = [step for step in range(this - DRIFT, this + DRIFT + 1) if same(maker.generate_otp(step), code)]
    return found[-1] if found else None
