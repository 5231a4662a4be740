"""SD and variation within readers: by hand, against statsmodels' analysis of variance, against the truth."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api
import statsmodels.formula.api
from scipy import stats

from tests.training.raters.simulate import Random, assert_covers
from training.raters import Counts, Estimate, repeatability_coefficient, within_reader_cv, within_reader_sd


def test_sd_is_the_residual_of_the_one_way_analysis_of_variance() -> None:
    random = np.random.default_rng(1)
    cases = np.repeat(np.arange(9), np.resize([2, 3], 9))
    values = random.normal(size=9)[cases] * 5 + random.normal(size=cases.size)
    found = within_reader_sd(values, [(case, "Ada") for case in cases.tolist()])
    fit = statsmodels.formula.api.ols("v ~ C(c)", pd.DataFrame({"v": values, "c": cases})).fit()
    assert found.estimate == pytest.approx(fit.mse_resid**0.5)
    assert found.counts == Counts(9, 1, cases.size, 0)
    coefficient = repeatability_coefficient(values, [(case, "Ada") for case in cases.tolist()])
    assert found.estimate is not None
    assert found.low is not None
    assert coefficient.estimate == pytest.approx(2.7718 * found.estimate, rel=1e-4)
    assert coefficient.low == pytest.approx(2.7718 * found.low, rel=1e-4)


def test_variation_is_that_of_the_analysis_of_variance_of_logarithms() -> None:
    """Bland and Altman 1996 (BMJ 313:106), the analysis by statsmodels."""
    random = np.random.default_rng(2)
    cases = np.repeat(np.arange(12), np.resize([2, 3, 4], 12))
    values = np.exp(random.normal(3, 1, 12)[cases] + random.normal(0, 0.15, cases.size))
    found = within_reader_cv(values, [(case, "Ada") for case in cases.tolist()])
    fit = statsmodels.formula.api.ols("v ~ C(c)", pd.DataFrame({"v": np.log(values), "c": cases})).fit()
    assert found.estimate == pytest.approx(np.expm1(fit.mse_resid) ** 0.5)
    variances = fit.ssr / stats.chi2.ppf([0.975, 0.025], fit.df_resid)
    assert (found.low, found.high) == pytest.approx(np.expm1(variances) ** 0.5)
    assert found.counts == Counts(12, 1, cases.size, 0)


def test_variation_of_close_repeats_is_scipys() -> None:
    """The root mean square of SD / mean over cases, which goes over into it as errors get small."""
    random = np.random.default_rng(4)
    values = random.uniform(5, 500, 400)[:, None] * (1 + random.normal(0, 0.01, (400, 2)))
    found = within_reader_cv(values.ravel(), [(case, "Ada") for case in range(400) for _ in range(2)])
    theirs = stats.variation(values, axis=1, ddof=1)
    assert found.estimate == pytest.approx(float(np.sqrt((theirs**2).mean())), rel=1e-3)


@pytest.mark.parametrize("repeats", [3, 20])
def test_intervals_cover(repeats: int) -> None:
    names = [(case, case % 3) for case in range(repeats) for _ in range(2)]
    spread = 0.1
    variation = float(np.sqrt(np.expm1(spread**2)))

    def draw(random: Random) -> list[tuple[Estimate, float]]:
        cases = np.repeat(5 + random.normal(size=repeats), 2)
        values = cases + spread * random.normal(size=2 * repeats)
        factor = 2**0.5 * 1.959964
        return [
            (within_reader_sd(values, names), spread),
            (repeatability_coefficient(values, names), factor * spread),
            (within_reader_cv(np.exp(values), names), variation),
        ]

    assert_covers(draw)


def test_reads_of_different_readers_are_no_repeats() -> None:
    found = within_reader_sd([1.0, 2.0, 3.0], [("a", "x"), ("a", "y"), ("b", "x")])
    assert found.estimate is None
    assert found.reason == "No case was read twice by one reader."
    assert found.counts.dropped == 3


def test_what_says_nothing_is_dropped_and_counted() -> None:
    names = [("a", "x"), ("a", "x"), ("a", "y"), ("b", "x"), ("b", "x"), ("c", "x"), ("c", "x")]
    found = within_reader_sd([1.0, 3.0, 9.0, 5.0, np.nan, 2.0, 2.0], names)
    assert found.estimate == pytest.approx(1.0)
    assert found.counts == Counts(2, 1, 4, 3)
    ratio = within_reader_cv([1.0, 3.0, 9.0, 5.0, 4.0, 2.0, 0.0], names)
    assert ratio.counts == Counts(2, 1, 4, 3)


def test_equal_repeats_have_no_spread() -> None:
    found = within_reader_sd([2.0, 2.0], [("a", "x")] * 2)
    assert (found.estimate, found.low, found.high) == (0, 0, 0)


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="its case and reader"):
        within_reader_sd([1.0], [])
