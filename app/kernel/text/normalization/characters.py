"""Classes of characters that the fields share: what cannot be seen, marks of direction, digits, dashes and spaces."""

import re
import unicodedata

_DIRECTIONS = "\u202a-\u202e\u2066-\u2069"
# Default_Ignorable_Code_Point of Unicode, and characters that are drawn as nothing without having that property.
_INVISIBLE = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0"
    f"\ufff0-\ufff8{_DIRECTIONS}\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
    "\u2800\ufff9-\ufffc\U0001d159\U00013441\U00013442"
)
_MARKS = re.compile(f"[{_INVISIBLE}]")
_OVERRIDES = re.compile(f"[{_DIRECTIONS}]")
_LEADING = re.compile(rf"\A[\s{_INVISIBLE}]+")
# Joiners, variation selectors and tags belong to the character before them: a letter's shape, an emoji.
_JOINING = "\u180b-\u180d\u180f\u200c\u200d\ufe00-\ufe0f\U000e0020-\U000e007f\U000e0100-\U000e01ef"
_TRAILING = re.compile(rf"(?<=[^\s{_INVISIBLE}])([{_JOINING}]*)[\s{_INVISIBLE}]*\Z")
_OTHER_DASHES = "\u02d7\u2043\u2212\u2500\u30fc\uff70"
"""Signs that are typed for a hyphen without being punctuation of that class."""
WIDE = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
"""Full-width signs as their ASCII forms, for `str.translate`."""


def is_blank(text: str) -> bool:
    """Whether nothing of a text can be seen: white space, invisible characters, or combining marks on nothing.

    What cannot be stored (NUL, half a character) is not blank: it is refused for what it is.
    """
    return not any(_is_seen(character) for character in without_marks(text))


def _is_seen(character: str) -> bool:
    category = unicodedata.category(character)
    return character == "\0" or not (category[0] in "ZM" or category in ("Cc", "Cf"))


def without_marks(text: str) -> str:
    """Text without invisible characters."""
    return text if text.isascii() else _MARKS.sub("", text)


def without_overrides(text: str) -> str:
    """Text without the characters that turn its direction around."""
    return text if text.isascii() else _OVERRIDES.sub("", text)


def without_controls(text: str, but: str = "") -> str:
    """Text with a blank for each control character and break of a line, except `but`, and without overrides.

    Joiners stay, and what a later Unicode has added: without them a name, or a picture, is another one.
    """
    if text.isprintable():
        return text
    refused = ("Cc", "Cs", "Zl", "Zp")
    return "".join(
        " " if each not in but and unicodedata.category(each) in refused else each for each in without_overrides(text)
    )


def isolated(name: str) -> str:
    """A name for a sentence that is read from left to right: in one that is read from right to left, the number or
    comma after it would be drawn before it."""
    if name.isascii() or not any(unicodedata.bidirectional(each) in ("R", "AL") for each in name):
        return name
    return f"\u2068{name}\u2069"


def trimmed(text: str) -> str:
    """Text without white space and invisible characters at its edges; what belongs to its last character stays."""
    if text.isascii():
        return text.strip()
    return _TRAILING.sub(r"\1", _LEADING.sub("", text))


def ascii_digits(text: str) -> str:
    """Text with the decimal digits of every script as ASCII digits."""
    if text.isascii():
        return text
    return "".join(str(digit) if (digit := unicodedata.decimal(each, None)) is not None else each for each in text)


def plain(text: str) -> str:
    """Text with ASCII digits, spaces, hyphens and full-width signs, and without invisible characters."""
    found = text if text.isascii() else ascii_digits(without_marks(text.translate(WIDE)))
    return "".join(
        " " if each.isspace() else "-" if is_dash(each) else each
        for each in found
        if each.isspace() or unicodedata.category(each) != "Cc"
    ).strip()


def is_dash(character: str) -> bool:
    """Whether a character is typed for a hyphen."""
    return unicodedata.category(character) == "Pd" or character in _OTHER_DASHES
