"""How often somebody may try a password: per person and per address, the same for people we do not know."""

from app.kernel.api.rate_limits import Decision, Limiter
from app.kernel.crypto import sha256

TRIES = (10, 600)
"""Wrong passwords for one e-mail address within so many seconds. A right one empties the count."""
ARRIVALS = (300, 300)
"""Tries from one network address within so many seconds, whoever they are for."""


def arrive(limiter: Limiter, address: str) -> Decision:
    """Counts a try that names nobody: a passkey says itself whose it is."""
    return limiter.hit(f"sign-in:address:{address}", *ARRIVALS)


def hit(limiter: Limiter, email: str, address: str) -> Decision:
    """Counts a try before the password is looked at, so that parallel guesses count too."""
    arrival = arrive(limiter, address)
    return limiter.hit(_bucket(email), *TRIES) if arrival.allowed else arrival


def forgive(limiter: Limiter, email: str) -> None:
    """Empties a person's count, after the right password."""
    limiter.forget(_bucket(email), *TRIES)


def _bucket(email: str) -> str:
    return f"sign-in:person:{sha256(email.strip().lower())}"
