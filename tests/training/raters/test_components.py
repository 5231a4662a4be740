"""Variance shares: against statsmodels' mixed model, and against the truth."""

import warnings

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api

from tests.training.raters.simulate import Floats, Random, assert_covers, numbers, reads, table
from training.raters import Counts, Estimate, Reads, icc_agreement, variance_shares
from training.raters.table import mean_squares


def with_holes(random: Random, values: Floats, share: float) -> Floats:
    return np.where(random.random(values.shape) < share, np.nan, values)


@pytest.mark.parametrize("holes", [0.0, 0.3])
@pytest.mark.parametrize("sds", [(1, 0.5, 0.5), (2, 0.5, 1)])
def test_variances_are_those_of_the_mixed_model(holes: float, sds: tuple[float, float, float]) -> None:
    random = np.random.default_rng(11)
    values = with_holes(random, table(random, (20, 5), *sds), holes)
    cases, readers = np.nonzero(~np.isnan(values))
    frame = pd.DataFrame({"value": values[cases, readers], "case": cases, "reader": readers, "one": 1})
    model = statsmodels.formula.api.mixedlm(
        "value ~ 1", frame, groups="one", vc_formula={"case": "0 + C(case)", "reader": "0 + C(reader)"}
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the oracle fits one group, and warns
        theirs = model.fit(reml=True)
    assert theirs.converged
    found = variance_shares(reads(values)).variances
    assert found == pytest.approx((*theirs.vcomp, theirs.scale), rel=2e-3)


def test_complete_tables_give_the_analysis_of_variance() -> None:
    values = table(np.random.default_rng(2), (25, 4), 1, 0.6, 0.5)
    ms = mean_squares(values)
    expected = ((ms.cases - ms.error) / 4, (ms.readers - ms.error) / 25, ms.error)
    found = variance_shares(reads(values))
    assert found.variances == pytest.approx(expected, rel=1e-4)
    shares = found.case, found.reader, found.residual
    assert [one.estimate for one in shares] == pytest.approx(np.array(expected) / sum(expected), rel=1e-4)
    assert numbers(found.case) == pytest.approx(numbers(icc_agreement(values)), abs=0.02)
    assert found.case.counts == Counts(25, 4, 100, 0)


def test_a_variance_that_would_be_negative_is_none() -> None:
    random = np.random.default_rng(3)
    values = table(random, (20, 4), 1, 0, 0.5)
    values -= values.mean(axis=0)  # readers' means agree better than chance allows
    found = variance_shares(reads(values))
    low, value, high = numbers(found.reader)
    assert (low, value) == pytest.approx((0, 0), abs=1e-6)
    assert high < 0.3
    squares = mean_squares(values)
    pooled = (squares.error * 57 + squares.readers * 3) / 60
    assert found.variances is not None
    assert found.variances[2] == pytest.approx(pooled, rel=1e-4)


def shares(values: Floats, sds: tuple[float, float, float]) -> list[tuple[Estimate, float]]:
    found = variance_shares(reads(values))
    total = sum(sd**2 for sd in sds)
    each = found.case, found.reader, found.residual
    return [(one, sd**2 / total) for one, sd in zip(each, sds, strict=True)]


def test_intervals_cover() -> None:
    sds = (1, 0.5, 0.5)
    assert_covers(lambda random: shares(table(random, (30, 5), *sds), sds))


def test_intervals_of_double_reads_cover() -> None:
    sds = (1, 0.5, 0.5)

    def draw(random: Random) -> list[tuple[Estimate, float]]:
        values = table(random, (40, 6), *sds)
        values[np.argsort(random.random(values.shape), axis=1) >= 2] = np.nan
        return shares(values, sds)

    assert_covers(draw, seed=3)


def test_several_values_of_case_and_reader_are_used() -> None:
    random = np.random.default_rng(5)
    cases, readers = np.repeat(np.arange(10), 6), np.tile([0, 0, 1, 1, 2, 2], 10)
    values = random.normal(size=10)[cases] + 0.5 * random.normal(size=60)
    found = variance_shares(Reads(values, cases.tolist(), readers.tolist()))
    assert found.case.counts == Counts(10, 3, 60, 0)
    assert numbers(found.case)[1] == pytest.approx(0.8, abs=0.15)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        (np.zeros((0, 0)), "Two cases and two readers"),
        (np.ones((5, 1)), "Two cases and two readers"),
        (np.array([[1, np.nan], [np.nan, 2]]), "Too few cases"),
        (np.array([[1.0, 2.0], [2.0, 3.0], [5.0, 6.0]]), "no residual"),
        (np.full((4, 3), 0.7), "no residual"),
    ],
)
def test_too_little_gives_a_reason(values: Floats, reason: str) -> None:
    found = variance_shares(reads(values))
    assert found.variances is None
    assert found.case.estimate is found.reader.low is None
    assert reason in found.residual.reason


def test_pairs_of_readers_are_refused() -> None:
    with pytest.raises(ValueError, match="single readers"):
        variance_shares(Reads([1.0], ["a"], [("x", "y")]))


def test_readers_whose_means_are_the_same_have_no_share() -> None:
    values = np.array([[-1.0, 1.0], [1.0, -1.0], [3.0, 3.0], [-3.0, -3.0]])
    found = variance_shares(reads(values))
    assert found.reader.estimate == pytest.approx(0, abs=1e-6)
    assert found.reader.low == pytest.approx(0, abs=1e-6)
    assert found.case.estimate is not None
    assert found.case.estimate > 0.5
