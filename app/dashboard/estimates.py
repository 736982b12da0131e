"""What hourly statistics and small counts allow to be said: percentiles, bands and shares. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil

from app.dashboard.statistics import interval as interval  # charts and captions take it from here
from app.kernel.db.hourly_stats import WAITS

FEW = 10
"""From so many on, shares are given in per cent and a tenth means somebody."""


@dataclass(frozen=True, slots=True)
class Spread:
    """The durations of one week: how many, the median, and the tenth and ninetieth percentile where n allows them."""

    n: int
    half: float
    low: float | None = None
    high: float | None = None


def percentile(waits: Mapping[int, int], share: float) -> float | None:
    """The wait, in seconds, that `share` of all stayed under; read from buckets, as if each were evenly filled.

    None without any wait. Beyond the last edge nothing is known: then the last edge is the answer.
    """
    total = sum(n for n in waits.values() if n > 0)
    if not total:
        return None
    wanted, before = share * total, 0
    for bucket in sorted(waits):
        n = max(0, waits[bucket])
        if before + n >= wanted and n:
            low = WAITS[bucket - 2] if bucket > 1 else 0
            high = WAITS[min(bucket, len(WAITS)) - 1]
            return low + (high - low) * (wanted - before) / n
        before += n
    return float(WAITS[-1])


def spread_of(waits: Mapping[int, int]) -> Spread | None:
    """The spread of these waits; None without any."""
    n, half = sum(waits.values()), percentile(waits, 0.5)
    if half is None:
        return None
    if n < FEW:
        return Spread(n, half)
    return Spread(n, half, percentile(waits, 0.1), percentile(waits, 0.9))


def longer_than(waits: Mapping[int, int], seconds: int) -> int:
    """How many waited at least so long; `seconds` is an edge of WAITS."""
    edge = WAITS.index(seconds) + 1
    return sum(n for bucket, n in waits.items() if bucket > edge)


def bands(waits: Mapping[int, int], edges: Sequence[int]) -> list[int]:
    """How many waits lie under the first edge, between each two, and above the last; all edges are in WAITS."""
    over = [sum(waits.values()), *(longer_than(waits, edge) for edge in edges), 0]
    return [high - low for high, low in pairwise(over)]


def buckets(low: int, high: int | None) -> list[int]:
    """The buckets of the waits from `low` to under `high`, both edges of WAITS or 0; None is without an end."""
    first = WAITS.index(low) + 2 if low else 1
    last = WAITS.index(high) + 1 if high is not None else len(WAITS) + 1
    return list(range(first, last + 1))


def share(part: int, total: int) -> str:
    """`78%`; empty when there are too few to say it so. Never 100% or 0% unless it is all or none."""
    if total < FEW:
        return ""
    exact = part / total * 100
    return f"{round(exact) if part in (0, total) else min(99, max(1, ceil(exact - 0.5)))}%"
