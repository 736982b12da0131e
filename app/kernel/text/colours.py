"""Colours that an organization may choose: contrast as WCAG 2 defines it, and the two tones of the two themes.

The colour itself is that of the light theme. Mixed with white until it can be read there, it is that of the dark one;
mixed with black, a colour that is too pale becomes the nearest one that can be read.
"""

import re
from collections.abc import Iterable
from functools import lru_cache

READABLE = 4.5
"""The contrast that words need (WCAG 2, 1.4.3)."""
LIGHT_GROUNDS = ("#f4f3ef", "#fdfdfc", "#ffffff")
DARK_GROUNDS = ("#0d1113", "#161b1d", "#1f2628")
"""Paper, sheet and raised of css/tokens.css in each theme; a test compares them."""

_HEX = re.compile(r"#?([0-9a-f]{3}|[0-9a-f]{6})")
WHITE, BLACK = "#ffffff", "#000000"


def parse(typed: str) -> str | None:
    """A colour as it is stored, `#1f5f3a`, from `1F5F3A` or `#abc`; None when it is none."""
    found = _HEX.fullmatch(typed.strip().lower())
    if found is None:
        return None
    digits = found[1]
    return "#" + (digits if len(digits) == 6 else "".join(digit * 2 for digit in digits))


def contrast(one: str, other: str) -> float:
    """The contrast of two colours, from 1 to 21."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def lowest_contrast(colour: str, grounds: Iterable[str] = LIGHT_GROUNDS) -> float:
    """The contrast with the ground on which it is read worst."""
    return min(contrast(colour, ground) for ground in grounds)


def nearest_readable(colour: str) -> str:
    """The colour itself when it can be read on light grounds, else the least darkened one that can."""
    return _towards(BLACK, colour, LIGHT_GROUNDS)


def dark_tone(colour: str) -> str:
    """The tone of the dark theme: the colour itself when it can be read there, else the least lightened one."""
    return _towards(WHITE, colour, DARK_GROUNDS)


@lru_cache(maxsize=1024)
def _towards(end: str, colour: str, grounds: tuple[str, ...]) -> str:
    for share in range(101):
        mixed = _mixed(colour, end, share / 100)
        if lowest_contrast(mixed, grounds) >= READABLE:
            return mixed
    raise AssertionError("Black and white can be read on these grounds.")


def _mixed(one: str, other: str, share: float) -> str:
    pairs = zip(_channels(one), _channels(other), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(channel / 255) for channel in _channels(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else float(((channel + 0.055) / 1.055) ** 2.4)
