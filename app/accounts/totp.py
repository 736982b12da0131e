"""Codes of an authenticator app (RFC 6238): six digits that change every 30 seconds. Pure: no database, no clock."""

from datetime import datetime

import pyotp

from app.kernel.crypto import same

STEP = 30
"""Seconds for which a code is valid."""
DRIFT = 1
"""Steps by which the phone's clock may differ."""
ISSUER = "Session Desk"


def new_secret() -> str:
    """160 random bits, as base32."""
    return pyotp.random_base32(32)


def provisioning_uri(secret: str, email: str) -> str:
    """The `otpauth://` address in the QR code, which every authenticator app reads."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=ISSUER)


def spaced(secret: str) -> str:
    """The secret in groups of four, for people who type it."""
    return " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))


def step_at(now: datetime) -> int:
    """The number of the step at a time."""
    return int(now.timestamp()) // STEP


def step_of(secret: str, code: str, now: datetime) -> int | None:
    """The newest step around now with this code; None when no step has it."""
    totp, current = pyotp.TOTP(secret), step_at(now)
    found = [step for step in range(current - DRIFT, current + DRIFT + 1) if same(totp.generate_otp(step), code)]
    return found[-1] if found else None
