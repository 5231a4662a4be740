"""Intervals of means that have limits: never beyond them, and they cover what they should."""

from math import inf

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from tests.training.raters.simulate import Draw, Floats, Random, assert_covers, coverage, numbers
from training.raters import Estimate, Group, Limits, Reads, difference, interval_within, mean, mean_of_groups

OVERLAP: Limits = (0.0, 1.0)
DISTANCE: Limits = (0.0, inf)


def skew_overlaps(random: Random, n: int) -> Floats:
    """Dice whose 1 − value is log-normal, around 0.94."""
    return np.asarray(1 - np.minimum(np.exp(random.normal(-2.8, 0.35, n)), 1))


SKEW_MEAN = 1 - float(np.exp(-2.8 + 0.35**2 / 2))


def of(values: Floats, within: Limits | None) -> Estimate:
    return mean_of_groups([Group.of_sums(len(values), values.sum(), (values**2).sum())], within)


@given(
    st.lists(st.floats(0, 1), min_size=3, max_size=12),
    st.sampled_from([OVERLAP, DISTANCE]),
)
def test_no_interval_leaves_the_limits(values: list[float], within: Limits) -> None:
    for found in (
        of(np.array(values), within),
        mean(Reads(values, range(len(values)), ["a"] * len(values)), within=within),
    ):
        if found.low is not None and found.high is not None and found.estimate is not None:
            assert within[0] <= found.low <= found.estimate <= found.high <= within[1]
        else:
            assert found.reason


@given(st.floats(-1, 1), st.floats(0, 5))
def test_the_ends_are_those_of_the_logit_and_the_logarithm(value: float, half: float) -> None:
    share, low, high = (value + 1) / 2, *interval_within((value + 1) / 2, half, OVERLAP)
    if 1e-6 < share < 1 - 1e-6 and half / (share * (1 - share)) < 12:
        ends = [np.log(end / (1 - end)) if 0 < end < 1 else np.nan for end in (low, high)]
        centre = np.log(share / (1 - share))
        reach = half / (share * (1 - share))
        for end, side in zip(ends, (-1, 1), strict=True):
            assert np.isnan(end) or end == pytest.approx(centre + side * reach, abs=1e-4)
    assert interval_within(3.0, 1.2, DISTANCE) == pytest.approx((3 / np.exp(0.4), 3 * np.exp(0.4)))


@pytest.mark.parametrize("n", [3, 4, 6, 15])
def test_few_skew_overlaps_are_covered(n: int) -> None:
    assert_covers(lambda random: [(of(skew_overlaps(random, n), OVERLAP), SKEW_MEAN)], draws=2000)


@pytest.mark.parametrize("n", [3, 4, 6, 15])
def test_few_overlaps_far_from_one_are_covered(n: int) -> None:
    assert_covers(lambda random: [(of(random.beta(5.8, 3.87, n), OVERLAP), 5.8 / 9.67)], draws=2000)


@pytest.mark.parametrize("n", [3, 5, 15])
def test_few_distances_are_covered(n: int) -> None:
    assert_covers(lambda random: [(of(random.gamma(2, 1.5, n), DISTANCE), 3.0)], draws=2000)


def unlimited(n: int) -> Draw:
    return lambda random: [(of(skew_overlaps(random, n), None), SKEW_MEAN)]


def test_why_not_the_usual_t_interval() -> None:
    random = np.random.default_rng(3)
    ends = [numbers(of(skew_overlaps(random, 3), None))[2] for _ in range(500)]
    assert np.mean(np.array(ends) > 1) > 0.15


def bootstrap(values: Floats, random: Random) -> tuple[float, float]:
    draws = random.choice(values, (400, len(values))).mean(axis=1)
    low, high = np.quantile(draws, [0.025, 0.975])
    return float(low), float(high)


def test_why_not_the_bootstrap() -> None:
    """Of few cases it draws the same few again."""
    random = np.random.default_rng(4)
    hits = []
    for _ in range(300):
        low, high = bootstrap(skew_overlaps(random, 4), random)
        hits.append(low <= SKEW_MEAN <= high)
    assert np.mean(hits) < 0.85


def test_the_difference_of_overlaps_stays_between_minus_one_and_one_and_is_covered() -> None:
    def draw(random: Random) -> list[tuple[Estimate, float]]:
        sides = [Reads(skew_overlaps(random, 4) - less, range(4), ["a"] * 4) for less in (0.0, 0.3)]
        return [(difference(*sides, within=(-1, 1)), 0.3)]

    assert all(0.93 <= share <= 0.985 for share in coverage(draw))
    wide = difference(
        Reads([1.0, 0.9, 0.1], range(3), ["a"] * 3),
        Reads([0.0, 0.1, 0.9], range(3), ["a"] * 3),
        within=(-1, 1),
    )
    low, _, high = numbers(wide)
    assert -1 < low < high < 1


def test_one_group_is_the_t_interval_and_several_pool_their_variance() -> None:
    values = np.random.default_rng(5).normal(size=9)
    theirs = stats.t.interval(0.95, 8, values.mean(), stats.sem(values))
    found = of(values, None)
    assert (found.low, found.high) == pytest.approx(theirs)
    other = np.array([3.0, 4.0, 5.0])
    both = mean_of_groups(
        [Group(9, values.mean(), values.var(ddof=1)), Group(3, 4.0, other.var(ddof=1)), Group(1, 2.0, 0.0)],
        None,
    )
    pooled = (8 * values.var(ddof=1) + 2 * other.var(ddof=1)) / 10
    low, estimate, high = numbers(both)
    assert estimate == pytest.approx((values.sum() + 12 + 2) / 13)
    assert (high - low) / 2 == pytest.approx(stats.t.ppf(0.975, 10) * (pooled / 13) ** 0.5)


def test_too_few_values_have_a_mean_and_a_reason() -> None:
    two = of(np.array([0.9, 0.8]), OVERLAP)
    assert two.estimate == pytest.approx(0.85)
    assert (two.low, two.high) == (None, None)
    assert two.reason == "An interval needs three cases."
    same = of(np.array([1.0, 1.0, 1.0, 1.0]), OVERLAP)
    assert (same.estimate, same.low) == (1.0, None)
    assert "equal" in same.reason
    alone = mean_of_groups([Group(1, 1.0, 0.0), Group(1, 2.0, 0.0), Group(2, 3.0, 1.0)], None)
    assert (alone.low, alone.reason) == (None, "Too few readers have read more than once for an interval.")
    assert mean_of_groups([], None).estimate is None
