"""The number of a session's report: twelve digits and letters that people can read out and type. Pure.

It is made from the first 60 random bits of the session's id, so nothing is stored, and every session has one.
Crockford's 32 signs are used: no I, L, O or U, and one of the first three is understood where it is typed.
"""

from __future__ import annotations

import re
import uuid

SIGNS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 12
_MEANT = str.maketrans({"O": "0", "I": "1", "L": "1"})
_VERSION = 12
"""Where the version stands among the hexadecimal digits of an id; it is not random."""


def number_of(id: uuid.UUID) -> str:
    """`7K3M-Q2XD-9FTB`."""
    digits = id.hex[:_VERSION] + id.hex[_VERSION + 1 : _VERSION + 4]
    bits = int(digits, 16)
    signs = "".join(SIGNS[bits >> shift & 31] for shift in range(5 * (LENGTH - 1), -1, -5))
    return "-".join(signs[at : at + 4] for at in range(0, LENGTH, 4))


def read(text: str) -> str | None:
    """The number that somebody typed, as `number_of` writes it; None when it is none."""
    signs = re.sub(r"[\s\-\u2010-\u2015]", "", text).upper().translate(_MEANT)
    if len(signs) != LENGTH or not set(signs) <= set(SIGNS):
        return None
    return "-".join(signs[at : at + 4] for at in range(0, LENGTH, 4))


def ids(number: str) -> tuple[uuid.UUID, uuid.UUID]:
    """The least and the greatest id that may have this number; those between them that have it are found by reading."""
    bits = 0
    for sign in number.replace("-", ""):
        bits = bits << 5 | SIGNS.index(sign)
    first = f"{bits:015x}"[:_VERSION]
    return uuid.UUID(first + "0" * 20), uuid.UUID(first + "f" * 20)
