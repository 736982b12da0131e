"""Recovery codes: ten for the day the phone is gone, each good once. Pure: no database, no clock."""

import secrets

from app.kernel.crypto import sha256

HOW_MANY = 10
LETTERS = "abcdefghjkmnpqrstvwxyz23456789"
"""Without those that are taken for one another."""
LENGTH = 16
"""Of thirty letters each: 78 random bits, enough to be kept as a plain digest."""


def new_codes() -> list[str]:
    """Ten codes as people see them: `abcd-efgh-jkmn-pqrs`."""
    return [_one() for _ in range(HOW_MANY)]


def plain(typed: str) -> str:
    """A code as it is compared: small letters, without the hyphens and spaces people type."""
    return "".join(letter for letter in typed.lower() if letter in LETTERS)


def digest(person_id: int, code: str) -> str:
    """What is kept of a code: it is one person's, so that equal codes would look different."""
    return sha256(f"{person_id}:{plain(code)}")


def _one() -> str:
    letters = "".join(secrets.choice(LETTERS) for _ in range(LENGTH))
    return "-".join(letters[at : at + 4] for at in range(0, LENGTH, 4))
