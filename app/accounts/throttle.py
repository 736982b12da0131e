"""Limits of attempts at passwords and codes, per person and per network; the same for unknown people.

Nobody can lock a person out from elsewhere: after ten failures, networks in which the person has signed in go on, and
the others together are judged once a minute. Passkeys cannot be guessed, so only their network is counted.
"""

from collections.abc import Callable

from app.accounts.rules import sign_in_address
from app.kernel.api.rate_limits import Decision, Limiter, by_network
from app.kernel.crypto import sha256

NETWORK_LIMIT = (300, 300)
"""Attempts from one network for any person, and the seconds in which they count."""
PERSON_LIMIT = (10, 600)
"""Failures for one e-mail address, and the seconds in which they count. A complete sign-in resets the count."""
PACE = 60
"""Seconds between two attempts that are judged after that, from all networks unknown for the person together."""
KNOWN_LIMIT = (60, 3600)
"""Further failures of a person in one network in which they have signed in before."""
RESETS_OF_A_NETWORK = (60, 3600)
"""Requests for a new password from one network: each leaves a row for the worker."""

_ALL = PERSON_LIMIT[0] + PERSON_LIMIT[1] // PACE
"""More than ever fit into a window: hits that only count."""


def count_network(limiter: Limiter, address: str) -> Decision:
    """Counts an attempt that names no person: a passkey identifies its person itself."""
    return limiter.hit(by_network("sign-in:address", address), *NETWORK_LIMIT, guarded=True)


def count_attempt(limiter: Limiter, email: str, address: str, is_known: Callable[[], bool]) -> Decision:
    """Counts an attempt before it is judged, so that parallel guesses count too.

    `is_known` says whether the person has signed in from this network before; it is asked after ten failures only.
    """
    by_address = count_network(limiter, address)
    if not by_address.allowed:
        return by_address
    person = _bucket(email)
    attempt = limiter.hit(person, *PERSON_LIMIT, guarded=True)
    if attempt.allowed:
        limiter.hit(_pace(person), _ALL, PACE, guarded=True)
        return attempt
    if is_known():
        return limiter.hit(by_network(f"{person}:known", address), *KNOWN_LIMIT, guarded=True)
    attempt = limiter.hit(_pace(person), 1, PACE, guarded=True)
    if attempt.allowed:
        # It counts among the failures too: who goes on once a minute does not get ten at once in between.
        limiter.hit(person, _ALL, PERSON_LIMIT[1], guarded=True)
    return attempt


def reset_attempts(limiter: Limiter, email: str, address: str) -> None:
    """Resets the count of a person, after a complete sign-in."""
    person = _bucket(email)
    limiter.forget(person, PERSON_LIMIT[1])
    limiter.forget(_pace(person), PACE)
    limiter.forget(by_network(f"{person}:known", address), KNOWN_LIMIT[1])


def count_proof(limiter: Limiter, person_id: int, address: str) -> Decision:
    """Counts an attempt of a signed-in person to prove who they are. Others cannot use it up."""
    by_address = count_network(limiter, address)
    return limiter.hit(f"proof:{person_id}", *PERSON_LIMIT, guarded=True) if by_address.allowed else by_address


def reset_proof(limiter: Limiter, person_id: int) -> None:
    """Resets the count of a signed-in person, after a correct password or code."""
    limiter.forget(f"proof:{person_id}", PERSON_LIMIT[1])


def count_reset(limiter: Limiter, email: str, address: str) -> Decision:
    """Counts a request for a new password."""
    by_address = limiter.hit(by_network("reset:address", address), *RESETS_OF_A_NETWORK, guarded=True)
    return limiter.hit(f"reset:{_bucket(email)}", *PERSON_LIMIT, guarded=True) if by_address.allowed else by_address


def _bucket(email: str) -> str:
    return f"sign-in:person:{sha256(sign_in_address(email))}"


def _pace(person: str) -> str:
    return f"{person}:pace"
