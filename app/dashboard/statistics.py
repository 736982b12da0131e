"""What counts allow to be said: intervals of shares, how groups differ and raters agree, and how many events
may come at a pace."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from math import ceil, exp, lgamma, log, sqrt
from statistics import NormalDist
from typing import NamedTuple

Z = 1.959964
"""The normal quantile of an interval of 95 per cent."""


def interval(part: int, total: int) -> tuple[float, float]:
    """Where the true share of `part` in `total` lies, with 95 per cent confidence: the score interval of E. B. Wilson,
    Probable Inference, the Law of Succession, and Statistical Inference, JASA 22 (1927). Holds for few and for none."""
    if total <= 0:
        return 0.0, 1.0
    p, z2 = part / total, Z * Z
    middle = (p + z2 / (2 * total)) / (1 + z2 / total)
    half = Z * sqrt(p * (1 - p) / total + z2 / (4 * total * total)) / (1 + z2 / total)
    return max(0.0, middle - half), min(1.0, middle + half)


def poisson_distribution(mean: float) -> list[float]:
    """The probabilities that a Poisson variable is at most 0, 1, 2 … as far as they differ from 1."""
    if mean <= 0:
        return [1.0]
    found, total = [], 0.0
    for n in range(ceil(mean + 12 * sqrt(mean) + 12)):
        total += exp(n * log(mean) - mean - lgamma(n + 1))
        found.append(total)
    return found


def poisson_quantile(mean: float, share: float) -> int:
    """The least number that a Poisson variable with this mean does not pass with probability `share`."""
    return bisect_left(poisson_distribution(mean), share)


def enough_for(half: float) -> int:
    """How many it takes until the interval of any share reaches no further than `half` to either side."""
    return ceil(Z * Z * (1 / (4 * half * half) - 1))


def two_sided_quantile(chance: float) -> float:
    """The normal quantile that a deviation passes with probability `chance`, to either side together."""
    return NormalDist().inv_cdf(1 - chance / 2)


def deviation(strata: Iterable[tuple[int, int, int, int]]) -> float | None:
    """How far a group differs from all together, in standard deviations, when like is compared with like.

    A stratum is (part, n) of the group and (part, n) of all, the group among them. The square is the statistic of N.
    Mantel and W. Haenszel, Statistical Aspects of the Analysis of Data from Retrospective Studies, JNCI 22 (1959),
    without a correction for continuity. None where no stratum could differ.
    """
    difference = variance = 0.0
    for part, n, whole, total in strata:
        if total > 1:
            difference += part - n * whole / total
            variance += n * (total - n) * whole * (total - whole) / (total * total * (total - 1))
    return difference / sqrt(variance) if variance else None


class Agreement(NamedTuple):
    """How far raters agree beyond chance: 1 always, 0 as chance would; with the range of the true value."""

    kappa: float
    low: float
    high: float


def fleiss(ratings: Sequence[Sequence[int]]) -> Agreement | None:
    """Kappa of J. L. Fleiss, Measuring Nominal Scale Agreement among Many Raters, Psychological Bulletin 76 (1971).

    `ratings[case][category]` is how many chose that; cases may have any number of raters, those of one say what is
    usual. The interval (95 per cent) is K. L. Gwet's, Computing Inter-rater Reliability and its Variance in the
    Presence of High Agreement, Brit. J. Math. Stat. Psych. 61 (2008): it takes the cases as a sample. None without two
    cases of two raters, and where all ratings are the same.
    """
    rated = [row for row in ratings if sum(row)]
    several = sum(sum(row) > 1 for row in rated)
    usual = [sum(row[k] / sum(row) for row in rated) / len(rated) for k in range(len(rated[0]))] if rated else []
    chance = sum(share * share for share in usual)
    if several < 2 or chance >= 1:
        return None
    pairs = [sum(n * (n - 1) for n in row) / max(1, sum(row) * (sum(row) - 1)) for row in rated]
    kappa = (sum(pairs) / several - chance) / (1 - chance)
    cases, squares = len(rated), 0.0
    for row, agreed in zip(rated, pairs, strict=True):
        own = cases / several * (agreed - chance * (sum(row) > 1)) / (1 - chance)
        expected = sum(share * n / sum(row) for share, n in zip(usual, row, strict=True))
        squares += (own - 2 * (1 - kappa) * (expected - chance) / (1 - chance) - kappa) ** 2
    half = t_quantile(cases - 1) * sqrt(squares / (cases * (cases - 1)))
    return Agreement(kappa, max(-1.0, kappa - half), min(1.0, kappa + half))


def t_quantile(freedom: int) -> float:
    """Student's quantile of an interval of 95 per cent, by M. Abramowitz, I. A. Stegun, Handbook of Mathematical
    Functions (1964), 26.7.5."""
    terms = (
        (Z**3 + Z) / 4,
        (5 * Z**5 + 16 * Z**3 + 3 * Z) / 96,
        (3 * Z**7 + 19 * Z**5 + 17 * Z**3 - 15 * Z) / 384,
    )
    return Z + sum(term / freedom**power for power, term in enumerate(terms, 1))
