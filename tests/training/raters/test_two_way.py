"""Means over cases and readers: by hand, against the analysis of variance, and against the truth."""

import numpy as np
import pytest
from scipy import stats

from tests.training.raters.simulate import (
    Floats,
    Random,
    assert_covers,
    numbers,
    pair_reads,
    pair_table,
    pairs,
    reads,
    table,
)
from training.raters import Counts, Estimate, Reads, difference, mean


def test_complete_table_gives_the_variance_of_the_analysis_of_variance() -> None:
    values = table(np.random.default_rng(3), (12, 4), 1, 1, 0.5)
    n, k = values.shape
    found = mean(reads(values))
    by_case, by_reader = values.mean(1, keepdims=True), values.mean(0, keepdims=True)
    squares = (
        k * by_case.var(ddof=1),
        n * by_reader.var(ddof=1),
        ((values - by_case - by_reader + values.mean()) ** 2).sum() / ((n - 1) * (k - 1)),
    )
    total = squares[0] + squares[1] - squares[2]
    free = total**2 / sum(s**2 / f for s, f in zip(squares, (n - 1, k - 1, (n - 1) * (k - 1)), strict=True))
    half = stats.t.ppf(0.975, free) * (total / (n * k)) ** 0.5
    assert found.estimate == pytest.approx(values.mean())
    assert (found.low, found.high) == pytest.approx((values.mean() - half, values.mean() + half))
    assert found.counts == Counts(12, 4, 48, 0)


def test_one_reader_gives_the_t_interval_over_cases() -> None:
    values = np.random.default_rng(4).normal(size=9)
    found = mean(Reads(values, list("abcdefghi"), ["Ada"] * 9))
    theirs = stats.t.interval(0.95, 8, values.mean(), stats.sem(values))
    assert (found.low, found.high) == pytest.approx(theirs)
    assert "these readers alone" in found.method


def test_paired_cases_give_the_paired_t_interval() -> None:
    random = np.random.default_rng(5)
    a, b = random.normal(size=(2, 10))
    names = list(range(10))
    found = difference(Reads(a, names, ["Ada"] * 10), Reads(b, names, ["Ada"] * 10))
    theirs = stats.t.interval(0.95, 9, (a - b).mean(), stats.sem(a - b))
    assert (found.low, found.high) == pytest.approx(theirs)


def test_different_cases_give_welchs_variance() -> None:
    random = np.random.default_rng(6)
    a, b = random.normal(size=10), 3 * random.normal(size=7)
    found = difference(Reads(a, range(10), ["Ada"] * 10), Reads(b, range(20, 27), ["Ada"] * 7))
    assert found.low is not None
    assert found.high is not None
    assert found.estimate is not None
    factor = (found.high - found.low) / 2 / (a.var(ddof=1) / 10 + b.var(ddof=1) / 7) ** 0.5
    assert stats.t.ppf(0.975, 16) <= factor <= stats.t.ppf(0.975, 6)


DESIGNS = [
    ((15, 5), (1, 0.3, 0.5)),
    ((15, 3), (0.3, 1, 0.5)),
    ((60, 5), (1, 0.5, 0.5)),
    ((8, 8), (1, 0.3, 0.5)),
]


@pytest.mark.parametrize(("shape", "sds"), DESIGNS)
def test_mean_covers(shape: tuple[int, int], sds: tuple[float, float, float]) -> None:
    assert_covers(lambda random: [(mean(reads(table(random, shape, *sds))), 0)])


@pytest.mark.parametrize("shape", [(15, 5), (60, 4)])
def test_mean_of_scores_near_their_limit_covers(shape: tuple[int, int]) -> None:
    """1 − value is log-normal, as Dice near 1 is skew."""
    sds = (0.35, 0.1, 0.2)
    truth = 1 - np.exp(-2.8 + sum(sd**2 for sd in sds) / 2)

    def draw(random: Random) -> list[tuple[Estimate, float]]:
        values = 1 - np.exp(table(random, shape, *sds) - 2.8)
        return [(mean(reads(values), within=(0, 1)), truth)]

    assert_covers(draw)


def test_limits_make_no_difference_far_from_them() -> None:
    values = table(np.random.default_rng(9), (12, 3), 0.01, 0.01, 0.01) + 0.5
    free, bounded = mean(reads(values)), mean(reads(values), within=(0, 1))
    assert numbers(bounded) == pytest.approx(numbers(free), abs=1e-4)


def pigeonhole(values: Floats, random: Random) -> bool:
    """Whether the percentile interval of Owen's pigeonhole bootstrap covers 0 (Ann Appl Stat 2007, 1:386)."""
    n, k = values.shape
    cases, readers = (random.multinomial(size, np.full(size, 1 / size), 400) for size in (n, k))
    means = np.einsum("bi,ij,bj->b", cases, values, readers) / (n * k)
    low, high = np.quantile(means, [0.025, 0.975])
    return bool(low <= 0 <= high)


def test_the_bootstrap_covers_too_little_with_few_readers() -> None:
    # Why the interval is not the bootstrap's.
    random = np.random.default_rng(7)
    hits = [pigeonhole(table(random, (15, 5), 0.3, 1, 0.5), random) for _ in range(300)]
    assert np.mean(hits) < 0.91


def double_reads(random: Random, shape: tuple[int, int], *sds: float) -> Floats:
    values = table(random, shape, *sds)
    places = np.argsort(random.random(shape), axis=1)
    return np.where(places < 2, values, np.nan)


def test_mean_of_double_reads_covers() -> None:
    def draw(random: Random) -> list[tuple[Estimate, float]]:
        return [(mean(reads(double_reads(random, (60, 6), 1, 0.4, 0.5))), 0)]

    assert_covers(draw)


@pytest.mark.parametrize(
    ("shape", "sds"),
    [((15, 5), (1, 0.3, 0.3, 0.3)), ((15, 3), (0.3, 0.7, 0.3, 0.3)), ((40, 4), (0.5, 0.5, 0.3, 0.5))],
)
def test_mean_of_pairs_covers(shape: tuple[int, int], sds: tuple[float, float, float, float]) -> None:
    def draw(random: Random) -> list[tuple[Estimate, float]]:
        values = pair_table(random, shape, sds, random.normal(size=shape[1]))
        return [(mean(pair_reads(values, range(shape[0]), shape[1])), 0)]

    assert_covers(draw)


@pytest.mark.parametrize("shared", [True, False])
def test_anchoring_gauge_covers(shared: bool) -> None:
    """Agreement from a prediction minus from scratch, by the same readers, on the same or on other cases."""
    n, k, sds = 15, 5, (1, 0.5, 0.3, 0.4)

    def draw(random: Random) -> list[tuple[Estimate, float]]:
        readers = random.normal(size=k)
        one = pair_table(random, (n, k), sds, readers + 0.4 * random.normal(size=k)) + 0.2
        other = pair_table(random, (n, k), sds, readers)
        cases = range(n) if shared else range(n, 2 * n)
        return [(difference(pair_reads(one, range(n), k), pair_reads(other, cases, k)), 0.2)]

    assert_covers(draw)


def test_missing_values_are_dropped_and_limits_kept() -> None:
    values, cases = [1.0, 0.9, np.nan, 0.2, 0.7, 0.7], list("aabbcc")
    found = mean(Reads(values, cases, ["x", "y"] * 3), within=(0, 1))
    assert found.estimate == pytest.approx(0.7)
    low, value, high = numbers(found)
    assert 0 < low < value < high < 1
    assert found.counts == Counts(3, 2, 5, 1)


def test_two_readers_as_a_pair_stand_for_themselves() -> None:
    found = mean(Reads([0.8, 0.9, 0.85], "abc", [("x", "y"), ("y", "x"), ("x", "y")]))
    theirs = stats.t.interval(0.95, 2, 0.85, stats.sem([0.8, 0.9, 0.85]))
    assert (found.low, found.high) == pytest.approx(theirs)
    assert "these readers alone" in found.method


def test_equal_values_have_no_spread() -> None:
    found = mean(reads(np.full((4, 3), 0.5)))
    assert (found.estimate, found.low, found.high) == (0.5, None, None)
    assert found.reason == "All values are equal, so nothing is known of their spread."


def test_too_little_gives_a_reason() -> None:
    nothing = mean(Reads([np.nan], ["a"], ["x"]))
    assert nothing.estimate is None
    assert nothing.reason == "There are no values."
    one = mean(Reads([0.5, 0.7], ["a", "a"], ["x", "y"]))
    assert one.estimate == pytest.approx(0.6)
    assert one.low is one.high is None
    two = Reads([0.5, 0.7], ["a", "b"], ["x", "x"])
    gauge = difference(two, Reads([0.5], ["a"], ["x"]))
    assert gauge.estimate == pytest.approx(0.1)
    assert "both sides" in gauge.reason
    assert difference(two, Reads([], [], [])).estimate is None


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="a case and a reader"):
        mean(Reads([1.0, 2.0], ["a"], ["x", "y"]))
    with pytest.raises(ValueError, match="two different"):
        mean(Reads([1.0], ["a"], [("x", "x")]))
    with pytest.raises(ValueError, match="mixed"):
        mean(Reads([1.0, 2.0], ["a", "b"], ["x", ("x", "y")]))


def test_order_of_a_pair_is_of_no_importance() -> None:
    values = np.random.default_rng(8).normal(size=(6, 3))
    turned = [(b, a) for a, b in pairs(3)] * 6
    cases = [case for case in range(6) for _ in range(3)]
    assert mean(Reads(values.ravel(), cases, turned)) == mean(pair_reads(values, range(6), 3))
