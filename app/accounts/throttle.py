"""Limits of password attempts, per person and per network address; the same for unknown people."""

from app.kernel.api.rate_limits import Decision, Limiter, by_network
from app.kernel.crypto import sha256

PERSON_LIMIT = (10, 600)
"""Wrong passwords for one e-mail address, and the seconds in which they count. A correct one resets the count."""
ADDRESS_LIMIT = (300, 300)
"""Attempts from one network address for any person, and the seconds in which they count."""


def count_address(limiter: Limiter, address: str) -> Decision:
    """Counts an attempt that names no person: a passkey identifies its person itself."""
    return limiter.hit(by_network("sign-in:address", address), *ADDRESS_LIMIT, guarded=True)


def count_attempt(limiter: Limiter, email: str, address: str) -> Decision:
    """Counts an attempt before the password is checked, so that parallel guesses count too."""
    by_address = count_address(limiter, address)
    return limiter.hit(_bucket(email), *PERSON_LIMIT, guarded=True) if by_address.allowed else by_address


def reset_attempts(limiter: Limiter, email: str) -> None:
    """Resets the count of a person, after a correct password."""
    limiter.forget(_bucket(email), PERSON_LIMIT[1])


def _bucket(email: str) -> str:
    return f"sign-in:person:{sha256(email.strip().lower())}"
