"""Recovery codes: ten, each valid once, for a person who lost their phone. Pure: no database, no clock."""

import secrets

from app.kernel.crypto import sha256
from app.kernel.text.normalization import code

COUNT = 10
ALPHABET = "abcdefghjkmnpqrstvwxyz23456789"
"""Letters and digits, without those that look alike."""
LENGTH = 16
"""Characters of a code: 78 random bits, enough to be stored as a plain digest."""


def new_codes() -> list[str]:
    """Ten codes as people see them: `abcd-efgh-jkmn-pqrs`."""
    return [_new_code() for _ in range(COUNT)]


def plain(typed: str) -> str:
    """A typed code as it is compared: in lower case, without hyphens, spaces and marks."""
    return "".join(character for character in code(typed).lower() if character in ALPHABET)


def digest(person_id: int, typed: str) -> str:
    """The stored digest of a code, salted with the person, so that equal codes have different digests."""
    return sha256(f"{person_id}:{plain(typed)}")


def _new_code() -> str:
    characters = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    return "-".join(characters[at : at + 4] for at in range(0, LENGTH, 4))
