"""What expires undecided when the pace of the last days goes on: decisions come as a Poisson process, and each takes
the one that expires first."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from random import Random

from app.dashboard.statistics import poisson_distribution

DAYS = 7
"""The pace is that of so many days."""
LEVEL = 0.8
"""The share of cases in which the number lies within the band."""
PATHS = 1000
"""How often the coming days are played through, always with the same dice: the same facts give the same forecast."""


@dataclass(frozen=True, slots=True)
class Lapse:
    """How many of those that wait expire undecided: in the middle, and at the edges of the band."""

    waiting: int
    low: int
    likely: int
    high: int


@dataclass(frozen=True, slots=True)
class Forecast:
    """What becomes of those that wait now: by slot, in the order in which they expire, and in all."""

    decided: int
    """How many were decided in the last DAYS days."""
    total: Lapse
    slots: tuple[Lapse, ...]

    @property
    def first(self) -> int | None:
        """The first slot in which some expire undecided in most cases."""
        return next((n for n, each in enumerate(self.slots) if each.likely), None)


def forecast(due: Sequence[int], until: Sequence[float], decided: int, days: float = DAYS) -> Forecast:
    """The forecast for `due[n]` prescreens that expire in `until[n]` days, when `decided` were decided in `days` days.

    If N(t) are decided within t days, at least j - N(t) of the j that expire first do so undecided, whatever happens
    later: the sum up to a slot is the largest such number up to there. Answers that come in meanwhile are not in it:
    they expire later.
    """
    dice, pace = Random(1), decided / days
    steps = [poisson_distribution(pace * (end - begin)) for begin, end in pairwise((0.0, *until))]
    paths = [_play(due, steps, dice) for _ in range(PATHS)]
    slots = tuple(_lapse(n, [path[slot] for path in paths]) for slot, n in enumerate(due))
    return Forecast(decided, _lapse(sum(due), [sum(path) for path in paths]), slots)


def _play(due: Sequence[int], steps: Sequence[Sequence[float]], dice: Random) -> list[int]:
    """How many expire undecided in each slot, once."""
    found, lapsed, still = [], 0, 0
    for n, step in zip(due, steps, strict=True):
        still += n - bisect_left(step, dice.random())
        found.append(max(0, still - lapsed))
        lapsed = max(lapsed, still)
    return found


def _lapse(waiting: int, numbers: list[int]) -> Lapse:
    numbers.sort()
    edges = (round((1 - LEVEL) / 2 * PATHS), PATHS // 2, round((1 + LEVEL) / 2 * PATHS) - 1)
    return Lapse(waiting, *(numbers[edge] for edge in edges))
