"""Bias and limits of agreement: by hand, against pingouin and statsmodels, and against the truth."""

import warnings

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray
from scipy import integrate, stats
from statsmodels.stats.weightstats import DescrStatsW

from tests.training.raters.simulate import Random, assert_covers
from training.raters import (
    Counts,
    Estimate,
    LimitsOfAgreement,
    Scale,
    limits_constant,
    limits_of_agreement,
    limits_varying,
)

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import pingouin

Values = NDArray[np.float64]
Z = float(stats.norm.ppf(0.975))
# Peak expiratory flow by two meters, first readings of 17 people (Bland and Altman, Lancet 1986, i:307).
WRIGHT = [494, 395, 516, 434, 476, 557, 413, 442, 650, 433, 417, 656, 267, 478, 178, 423, 427]
MINI = [512, 430, 520, 428, 500, 600, 364, 380, 658, 445, 432, 626, 260, 477, 259, 350, 451]


def test_the_peak_flow_meters_of_bland_and_altman() -> None:
    found = limits_of_agreement(WRIGHT, MINI)
    # The paper: mean −2.1, SD 38.8, interval of the bias −22.0 to 17.8 (limits there at 2 SD).
    assert found.bias.estimate == pytest.approx(-2.1, abs=0.05)
    assert found.sd == pytest.approx(38.8, abs=0.05)
    assert (found.bias.low, found.bias.high) == pytest.approx((-22.0, 17.8), abs=0.1)
    assert found.lower.estimate == pytest.approx(-2.118 - Z * 38.765, abs=0.01)
    assert found.upper.counts == Counts(17, 2, 34, 0)


def drawn_by_pingouin(one: Values, other: Values) -> tuple[list[float], list[tuple[float, float]]]:
    """Bias, upper and lower limit as pingouin draws them, and the interval of each."""
    axes = pingouin.plot_blandaltman(one, other, agreement=Z, ax=Figure().subplots())
    lines = [float(np.asarray(line.get_ydata())[0]) for line in axes.lines]
    boxes = [one.get_bbox() for one in axes.patches if isinstance(one, Rectangle)]
    spans = [(float(box.y0), float(box.y1)) for box in boxes]
    assert (lines[0], len(lines), len(spans)) == (0.0, 4, 3)
    return lines[1:], spans


@pytest.mark.parametrize("n", [4, 17, 300, 4000])
def test_bias_and_limits_are_pingouins_and_statsmodels(n: int) -> None:
    random = np.random.default_rng(n)
    truth = random.uniform(20, 90, n)
    one, other = truth + random.normal(0.8, 2, n), truth + random.normal(0, 3, n)
    ours = limits_of_agreement(one, other)
    found = [ours.bias, ours.upper, ours.lower]
    lines, spans = drawn_by_pingouin(one, other)
    assert [each.estimate for each in found] == pytest.approx(lines)
    described = DescrStatsW(one - other)
    assert (ours.bias.estimate, ours.sd) == pytest.approx((described.mean, described.std_ddof(1)))
    bounds = (ours.bias.low, ours.bias.high)
    assert bounds == pytest.approx(spans[0])
    assert bounds == pytest.approx(described.tconfint_mean(0.05))
    for each, (low, high) in zip(found[1:], spans[1:], strict=True):
        assert each.low is not None
        assert each.high is not None
        # pingouin's √(3/n) SD of 1986 rounds √(1/n + 1.96²/(2(n − 1))) SD up; ours is exact.
        if n >= 300:
            assert (each.high - each.low) / (high - low) == pytest.approx(1.7086 / 3**0.5, rel=0.02)


def test_exact_bounds_are_those_of_the_noncentral_t() -> None:
    differences = np.random.default_rng(1).normal(size=10)
    found = limits_of_agreement(differences, np.zeros(10))
    n, error = 10, differences.std(ddof=1) / 10**0.5

    def probability(bound: float) -> float:
        """P(√n (limit − bias) / SD < bound), by integration over the SD."""

        def at(sd: float) -> float:
            density = 2 * sd * (n - 1) * stats.chi2.pdf(sd**2 * (n - 1), n - 1)
            return float(density * stats.norm.cdf(bound * sd - Z * n**0.5))

        return float(integrate.quad(at, 0, 6)[0])

    assert found.upper.low is not None
    assert found.upper.high is not None
    assert probability((found.upper.low - differences.mean()) / error) == pytest.approx(0.025, abs=1e-7)
    assert probability((found.upper.high - differences.mean()) / error) == pytest.approx(0.975, abs=1e-7)


def test_many_cases_go_over_smoothly() -> None:
    differences = stats.norm.ppf((np.arange(3001) + 0.5) / 3001)
    exact = limits_of_agreement(differences[1:], np.zeros(3000)).upper
    large = limits_of_agreement(differences, np.zeros(3001)).upper
    assert (large.low, large.high) == pytest.approx((exact.low, exact.high), abs=2e-3)


def three(found: LimitsOfAgreement, bias: float, sd: float) -> list[tuple[Estimate, float]]:
    return [(found.bias, bias), (found.lower, bias - Z * sd), (found.upper, bias + Z * sd)]


@pytest.mark.parametrize("n", [3, 10, 60])
def test_single_differences_cover(n: int) -> None:
    def draw(random: Random) -> list[tuple[Estimate, float]]:
        found = limits_of_agreement(0.3 + random.normal(size=n), np.zeros(n))
        return three(found, 0.3, 1)

    assert_covers(draw)


@pytest.mark.parametrize(("n", "between"), [(12, 1.0), (25, 0.4)])
def test_repeated_differences_cover(n: int, between: float) -> None:
    """Pairs within a case: differences vary between cases and within; cases have 2 to 4 pairs."""
    cases = np.repeat(np.arange(n), np.resize([2, 3, 4], n))

    def draw(random: Random) -> list[tuple[Estimate, float]]:
        truth = 10 * random.normal(size=cases.size)
        differences = 0.3 + between * random.normal(size=n)[cases] + 0.7 * random.normal(size=cases.size)
        found = limits_varying(truth + differences, truth, cases.tolist())
        return three(found, 0.3, (between**2 + 0.49) ** 0.5)

    assert_covers(draw)


@pytest.mark.parametrize("repeats", [(2, 2), (3, 2)])
def test_repeated_reads_of_constant_values_cover(repeats: tuple[int, int]) -> None:
    n = 15
    cases = [np.repeat(np.arange(n), m).tolist() for m in repeats]

    def draw(random: Random) -> list[tuple[Estimate, float]]:
        true, shift = 10 * random.normal(size=n), 0.6 * random.normal(size=n)
        one = true[cases[0]] + shift[cases[0]] + 0.3 + 0.8 * random.normal(size=len(cases[0]))
        other = true[cases[1]] + 0.5 * random.normal(size=len(cases[1]))
        found = limits_constant((one, cases[0]), (other, cases[1]))
        return three(found, 0.3, (0.36 + 0.64 + 0.25) ** 0.5)

    assert_covers(draw)


def test_repeated_limits_by_the_formulas_of_the_paper() -> None:
    """Bland and Altman, J Biopharm Stat 2007, 17:571: equal numbers of pairs per case."""
    random = np.random.default_rng(2)
    values = random.normal(size=(8, 1)) + random.normal(size=(8, 3))
    cases = np.repeat(np.arange(8), 3).tolist()
    found = limits_varying(values.ravel(), np.zeros(24), cases)
    within = values.var(axis=1, ddof=1).mean()
    between = (3 * values.mean(axis=1).var(ddof=1) - within) / 3
    assert found.sd == pytest.approx((between + within) ** 0.5)
    constant = limits_constant((values.ravel(), cases), (2 * values.ravel(), cases))
    expected = values.mean(axis=1).var(ddof=1) + (1 - 1 / 3) * (within + 4 * within)
    assert constant.sd == pytest.approx(expected**0.5)


def test_ratios_are_differences_of_logarithms() -> None:
    one, other = [10.0, 12.0, 30.0, -1.0, 5.0], [11.0, 10.0, 33.0, 4.0, np.nan]
    found = limits_of_agreement(one, other, Scale.RATIO)
    logs = limits_of_agreement(np.log(one[:3]), np.log(other[:3]))
    for ours, theirs in ((found.bias, logs.bias), (found.lower, logs.lower), (found.upper, logs.upper)):
        assert theirs.low is not None
        assert theirs.high is not None
        assert theirs.estimate is not None
        assert ours.estimate == pytest.approx(np.exp(theirs.estimate))
        assert (ours.low, ours.high) == pytest.approx((np.exp(theirs.low), np.exp(theirs.high)))
    assert found.bias.counts == Counts(3, 2, 6, 4)


def test_single_pairs_are_no_repeats() -> None:
    found = limits_varying(WRIGHT, MINI, range(17))
    assert found == limits_of_agreement(WRIGHT, MINI)


def test_too_little_gives_a_reason() -> None:
    for found in (
        limits_of_agreement([1.0], [2.0]),
        limits_of_agreement([1.0, np.nan], [2.0, 3.0]),
        limits_varying([1.0, 2.0], [2.0, 2.0], ["a", "a"]),
        limits_constant(([1.0, 2.0], ["a", "a"]), ([1.0, 2.0], ["a", "b"])),
    ):
        assert found.bias.estimate is found.lower.low is found.sd is None
        assert found.upper.reason == "Two cases with both values are needed."
    found = limits_constant(([1.0, 2.0], ["a", "b"]), ([1.0, 2.0, 3.0], ["a", "b", "b"]))
    assert found.bias.reason == "Each side needs a case that was read twice."


def test_cases_that_a_side_lacks_are_dropped_and_counted() -> None:
    one = ([1.0, 2.0, 3.0, 4.0, 9.0], ["a", "a", "b", "b", "c"])
    other = ([1.0, 2.5, 3.0, 4.0, np.nan], ["a", "a", "b", "b", "b"])
    found = limits_constant(one, other)
    assert found.bias.counts == Counts(2, 2, 8, 2)
    assert found.bias.estimate == pytest.approx(-0.125)


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="every pair"):
        limits_of_agreement([1.0, 2.0], [1.0])
    with pytest.raises(ValueError, match="needs a case"):
        limits_varying([1.0, 2.0], [1.0, 2.0], ["a"])
