"""Names, e-mail addresses, and text of any length."""

import re
import unicodedata

from app.kernel.text.normalization import characters

_BREAK = re.compile(r"\r\n?")


def name(typed: str) -> str:
    """A name without white space at its edges and overrides of direction; empty when nothing of it can be seen.

    Joiners inside words and emoji stay: they are part of how the name is written.
    """
    if typed.isascii() and typed.isprintable():
        return typed.strip()  # as most are, with nothing in them to look for
    found = characters.trimmed(characters.without_overrides(typed))
    return "" if characters.is_blank(found) else found


def shown(*texts: str | None) -> str:
    """The first of these names of which something can be seen; names that were stored before may be of nothing."""
    return next((found for each in texts if each and (found := name(each))), "")


def text(typed: str) -> str:
    """Text without white space at its edges, with line breaks of one character; empty when nothing can be seen."""
    found = _BREAK.sub("\n", typed).strip()
    return "" if characters.is_blank(found) else found


_JOINERS = "\u200c\u200d"


def query(typed: str, longest: int) -> str:
    """What is looked for, at most `longest` characters of it: on one line, without what no database takes."""
    kept = (" " if each.isspace() else each for each in typed[:longest] if each.isspace() or _can_be_kept(each))
    return characters.trimmed("".join(kept))


def _can_be_kept(character: str) -> bool:
    return unicodedata.category(character) not in ("Cc", "Cs")


def email(typed: str) -> str:
    """An e-mail address without white space at its edges and invisible characters. It is not checked.

    Joiners between two characters stay, because internationalized domain names have them.
    """
    found = typed.strip()
    if found.isascii():
        return found
    kept = "".join(c for c in found.translate(characters.WIDE) if c in _JOINERS or characters.without_marks(c))
    return kept.strip(_JOINERS).strip()


def email_key(address: str) -> str:
    """The comparison key of an e-mail address: spellings of one address have one key."""
    return email(address).lower()
