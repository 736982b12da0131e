"""Badges of a row: what is unusual about it, the gravest first. A row shows two of them, and how many more it has."""

from functools import lru_cache
from typing import NamedTuple


class Badge(NamedTuple):
    """A badge as templates print it. `ground` gives it a coloured ground of its own: something is unusual."""

    text: str
    icon: str
    tone: str = ""
    ground: bool = False


class RankedBadges(NamedTuple):
    """The badges of a row in their order: the first is shown as a badge, the second in grey under it, of the others how
    many there are. Screen readers read all of them.
    """

    first: Badge | None = None
    second: str = ""
    others: tuple[str, ...] = ()


GRAVITY = ("danger", "warn", "info", "", "good")
"""The tones of flags, the gravest first."""


@lru_cache(maxsize=8192)
def rank(flags: tuple[Badge, ...], state: Badge | None = None, tags: tuple[str, ...] = ()) -> RankedBadges:
    """The badges of a row: its gravest flag, its state where rows of several states are listed, its other flags by
    their gravity, and its tags. Flags of the same gravity keep the order that their desk's rules give them.
    """
    found = sorted(flags, key=lambda flag: (GRAVITY.index(flag.tone), not flag.ground))
    if state:
        found.insert(1, state)
    found += [Badge(tag, "tag") for tag in tags]
    if not found:
        return RankedBadges()
    texts = [badge.text for badge in found[1:]]
    return RankedBadges(found[0], texts[0] if texts else "", tuple(texts[1:]))
