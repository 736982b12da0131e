"""One-time codes, recovery codes, and everything else that is copied from one screen to another."""

import unicodedata

from app.kernel.text.normalization.characters import ascii_digits, without_marks


def code(typed: str) -> str:
    """The code without spaces, punctuation and marks, with ASCII digits; empty when nothing else was typed."""
    found = ascii_digits(unicodedata.normalize("NFKC", without_marks(typed)))
    return "".join(each for each in found if not _is_nothing(each))


def _is_nothing(character: str) -> bool:
    category = unicodedata.category(character)
    return category[0] in "ZMPS" or category in ("Cc", "Cf")
