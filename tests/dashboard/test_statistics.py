"""Intervals and quantiles, against published values."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.dashboard.statistics import (
    deviation,
    enough_for,
    fleiss,
    interval,
    poisson_quantile,
    t_quantile,
    two_sided_quantile,
)

BERKELEY = {
    "A": ((512, 825), (89, 108)),
    "B": ((353, 560), (17, 25)),
    "C": ((120, 325), (202, 593)),
    "D": ((138, 417), (131, 375)),
    "E": ((53, 191), (94, 393)),
    "F": ((22, 373), (24, 341)),
}
"""Admissions of men and of women, of applications, by department: P. J. Bickel, E. A. Hammel, J. W. O'Connell, Sex Bias
in Graduate Admissions, Science 187 (1975); R's UCBAdmissions."""


@pytest.mark.parametrize(
    ("share", "mean", "quantile"),
    [
        # From the cumulative Poisson tables of E. C. Molina, Poisson's Exponential Binomial Limit (1942): at mean 2
        # P(N <= 0..4) = .135 .406 .677 .857 .947, at mean 5 P(N <= 2) = .125, P(N <= 8) = .932; at mean 10
        # P(N <= 5) = .067, P(N <= 6) = .130, P(N <= 13) = .864, P(N <= 14) = .917.
        (0.1, 2, 0),
        (0.5, 2, 2),
        (0.9, 2, 4),
        (0.1, 5, 2),
        (0.9, 5, 8),
        (0.1, 10, 6),
        (0.9, 10, 14),
        (0.5, 0, 0),
    ],
)
def test_a_quantile_is_that_of_the_tables(share: float, mean: float, quantile: int) -> None:
    assert poisson_quantile(mean, share) == quantile


@given(st.floats(0.01, 0.99), st.floats(0.01, 5000))
def test_a_quantile_lies_near_its_mean_and_grows_with_the_share(share: float, mean: float) -> None:
    found = poisson_quantile(mean, share)
    assert abs(found - mean) <= 3 + 4 * mean**0.5
    assert poisson_quantile(mean, min(0.995, share + 0.1)) >= found


def test_like_is_compared_with_like_as_mantel_and_haenszel_do() -> None:
    strata = [(*men, men[0] + women[0], men[1] + women[1]) for men, women in BERKELEY.values()]
    compared = deviation(strata)
    assert compared is not None
    # R: mantelhaen.test(UCBAdmissions, correct = FALSE) has X-squared = 1.5246, p-value = 0.2169.
    assert compared**2 == pytest.approx(1.5246, abs=5e-5)
    assert two_sided_quantile(0.2169) == pytest.approx(abs(compared), abs=5e-4)
    # Without the departments men seem to be preferred: prop.test of 1198 of 2691 and 557 of 1835 has X-squared = 92.2.
    men, women = (tuple(map(sum, zip(*each, strict=True))) for each in zip(*BERKELEY.values(), strict=True))
    alone = deviation([(*men, men[0] + women[0], men[1] + women[1])])
    assert alone is not None
    assert alone**2 == pytest.approx(92.2, abs=0.1)


def test_nothing_deviates_where_nothing_could() -> None:
    assert deviation([]) is None
    assert deviation([(1, 1, 1, 1), (3, 3, 7, 7), (0, 2, 0, 9), (4, 5, 4, 5)]) is None


def test_quantiles_are_those_of_the_normal_table() -> None:
    assert [round(two_sided_quantile(chance), 3) for chance in (0.05, 0.01, 0.05 / 10)] == [1.96, 2.576, 2.807]


def test_enough_is_when_no_range_reaches_further() -> None:
    least = enough_for(0.1)
    assert least == 93

    def half(n: int) -> float:
        return max((high - low) / 2 for low, high in (interval(part, n) for part in range(n + 1)))

    assert half(least) <= 0.1 < half(least - 1) + 1e-3


def test_kappa_is_that_of_fleiss() -> None:
    # Fourteen raters, ten cases, five categories: the worked example of Wikipedia, "Fleiss' kappa", 0.210.
    rows = ["0 0 0 0 14", "0 2 6 4 2", "0 0 3 5 6", "0 3 9 2 0", "2 2 8 1 1", "7 7 0 0 0", "3 2 6 3 0", "2 5 3 2 2"]
    found = fleiss([[int(n) for n in row.split()] for row in (*rows, "6 5 2 1 0", "0 2 2 3 7")])
    assert found is not None
    assert found.kappa == pytest.approx(0.210, abs=5e-4)


def test_kappa_and_its_interval_where_not_everybody_answered() -> None:
    # K. L. Gwet, Handbook of Inter-Rater Reliability, and irrCAC, cac.raw4raters: Fleiss' kappa 0.76117, error 0.15302,
    # interval 0.424 to 1. Twelve cases, four raters, some of whom left some out.
    raters = ["123321412...", "1233224125.3", ".3332342251.", "12332441251."]
    cases = [[sum(rater[case] == str(k) for rater in raters) for k in range(1, 6)] for case in range(12)]
    found = fleiss(cases)
    assert found is not None
    assert found.kappa == pytest.approx(0.76117, abs=5e-6)
    assert found.low == pytest.approx(0.424, abs=5e-4)
    assert found.high == 1


def test_there_is_no_kappa_without_two_answers_or_two_kinds_of_them() -> None:
    assert fleiss([]) is None
    assert fleiss([[0, 0], [1, 0], [0, 1]]) is None
    assert fleiss([[3, 0], [4, 0]]) is None
    assert fleiss([[3, 0], [0, 4]]) == (1, 1, 1)


@pytest.mark.parametrize(("freedom", "quantile"), [(9, 2.262), (11, 2.201), (29, 2.045), (120, 1.980)])
def test_students_quantile_is_that_of_the_tables(freedom: int, quantile: float) -> None:
    assert t_quantile(freedom) == pytest.approx(quantile, abs=6e-4)
