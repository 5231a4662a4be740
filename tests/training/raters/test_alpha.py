"""α against the package krippendorff, and its intervals against the truth."""

from typing import Any

import krippendorff
import numpy as np
import pytest
from numpy.typing import NDArray

from tests.training.raters.simulate import Floats, Random, assert_covers, numbers, ratings, table
from training.raters import Counts, Estimate, Level, krippendorff_alpha


def with_holes(random: Random, values: NDArray[np.floating[Any]], share: float) -> Floats:
    return np.where(random.random(values.shape) < share, np.nan, values)


@pytest.mark.parametrize("level", Level)
@pytest.mark.parametrize("holes", [0, 0.3])
@pytest.mark.parametrize("seed", range(3))
def test_alpha_is_the_packages(level: Level, holes: float, seed: int) -> None:
    random = np.random.default_rng(seed)
    values = ratings(random, (30, 5), (0.3, 0.3, 0.2, 0.2), 0.8).astype(float) + 1
    if level in (Level.INTERVAL, Level.RATIO):
        values += random.random(values.shape)
    values = with_holes(random, values, holes)
    theirs = krippendorff.alpha(reliability_data=values.T, level_of_measurement=level.value)
    assert krippendorff_alpha(values, level).estimate == pytest.approx(theirs, abs=1e-12)


def test_the_example_of_krippendorff() -> None:
    # Content Analysis, 3rd edition, section 12.3: four observers, 12 units; α .743, .815, .849, .797.
    rows = (
        "1 2 3 3 2 1 4 1 2 . . .",
        "1 2 3 3 2 2 4 1 2 5 . 3",
        ". 3 3 3 2 3 4 2 2 5 1 .",
        "1 2 3 3 2 4 4 1 2 5 1 .",
    )
    values = [[float(cell.replace(".", "nan")) for cell in row.split()] for row in rows]
    table_ = np.array(values).T
    found = [krippendorff_alpha(table_, level) for level in Level]
    assert [one.estimate for one in found] == pytest.approx([0.743, 0.815, 0.849, 0.797], abs=5e-4)
    assert found[0].counts == Counts(11, 4, 40, 1)


@pytest.mark.parametrize("level", Level)
def test_many_cases_give_the_error_of_the_jackknife(level: Level) -> None:
    """Among many cases the pair by chance is of no account: α anew without each case gives the interval."""
    random = np.random.default_rng(4)
    values = with_holes(random, ratings(random, (600, 4), (0.4, 0.3, 0.3), 0.8) + 1.0, 0.2)
    values = values[(~np.isnan(values)).sum(axis=1) >= 2]
    n = len(values)
    left_out = np.array(
        [
            krippendorff.alpha(
                reliability_data=np.delete(values, case, axis=0).T, level_of_measurement=level.value
            )
            for case in range(n)
        ]
    )
    low, value, high = numbers(krippendorff_alpha(values, level))
    error = np.log((1 - low) / (1 - high)) / 2 / 1.964 * (1 - value)
    assert error == pytest.approx(((n - 1) * left_out.var()) ** 0.5, rel=0.02)


@pytest.mark.parametrize(
    ("shape", "shares", "sure", "holes"),
    [
        ((40, 4), (0.5, 0.3, 0.2), 0.8, 0.3),
        ((60, 3), (0.5, 0.3, 0.2), 0.9, 0.0),
        ((100, 2), (0.5, 0.3, 0.2), 0.95, 0.0),
        ((30, 5), (0.3, 0.3, 0.2, 0.1, 0.1), 0.9, 0.2),
    ],
)
def test_intervals_cover(
    shape: tuple[int, int], shares: tuple[float, ...], sure: float, holes: float
) -> None:
    def draw(random: Random) -> list[tuple[Estimate, float]]:
        values = with_holes(random, ratings(random, shape, shares, sure) + 1.0, holes)
        return [(krippendorff_alpha(values, level), sure**2) for level in Level]

    assert_covers(draw, seed=5)


def test_intervals_on_measurements_cover() -> None:
    def draw(random: Random) -> list[tuple[Estimate, float]]:
        values = with_holes(random, table(random, (30, 4), 1, 0, 0.5), 0.2)
        return [(krippendorff_alpha(values, Level.INTERVAL), 0.8)]

    assert_covers(draw)


def test_perfect_agreement_leaves_room_below() -> None:
    low, value, high = numbers(krippendorff_alpha([[1, 1], [2, 2], [1, 1], [2, 2]], Level.NOMINAL))
    assert (value, high) == (1, 1)
    assert -1 <= low < 0.5


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ([[1.0, np.nan], [2.0, 2.0]], "Two cases"),
        (np.zeros((0, 2)), "Two cases"),
        ([[1.0, 1.0], [1.0, 1.0]], "equal"),
    ],
)
def test_too_little_gives_a_reason(values: object, reason: str) -> None:
    found = krippendorff_alpha(np.asarray(values), Level.NOMINAL)
    assert found.estimate is found.low is None
    assert reason in found.reason


def test_negative_values_have_no_ratio() -> None:
    with pytest.raises(ValueError, match="negative"):
        krippendorff_alpha([[-1.0, 1.0], [2.0, 2.0]], Level.RATIO)
