"""What a plan promises is what the statistics give, on average; hours and pairs by hand."""

import numpy as np
import pytest

from tests.training.raters.simulate import numbers, reads, table
from training.raters import (
    Expected,
    ReliabilityPlan,
    Spread,
    expected,
    icc_consistency,
    icc_half_width,
    mean,
    mean_half_width,
    within_reader_sd,
    within_sd_half_width,
)


def half(bounds: tuple[float, float, float]) -> float:
    return (bounds[2] - bounds[0]) / 2


@pytest.mark.parametrize("shape", [(15, 5), (30, 3), (40, 1)])
def test_width_of_a_mean(shape: tuple[int, int]) -> None:
    random = np.random.default_rng(1)
    widths = [half(numbers(mean(reads(table(random, shape, 0.03, 0.01, 0.02))))) for _ in range(400)]
    assert mean_half_width(*shape, Spread(0.03, 0.01, 0.02)) == pytest.approx(np.mean(widths), rel=0.1)


@pytest.mark.parametrize("repeats", [5, 20])
def test_width_of_the_sd_within_readers(repeats: int) -> None:
    random = np.random.default_rng(2)
    names = [(case, "Ada") for case in range(repeats) for _ in range(2)]
    widths = [half(numbers(within_reader_sd(random.normal(size=2 * repeats), names))) for _ in range(600)]
    assert within_sd_half_width(repeats) == pytest.approx(np.mean(widths), rel=0.05)


@pytest.mark.parametrize(("shape", "icc"), [((15, 5), 0.85), ((60, 2), 0.85), ((60, 2), 0.95)])
def test_width_of_an_icc(shape: tuple[int, int], icc: float) -> None:
    random = np.random.default_rng(3)
    residual = (1 / icc - 1) ** 0.5
    widths = [half(numbers(icc_consistency(table(random, shape, 1, 0, residual)))) for _ in range(400)]
    assert icc_half_width(icc, *shape) == pytest.approx(np.mean(widths), rel=0.12)


def test_bonetts_formula() -> None:
    assert icc_half_width(0.85, 15, 5) == pytest.approx(0.109, abs=1e-3)
    assert icc_half_width(0.85, 60, 2) == pytest.approx(0.071, abs=1e-3)


def test_reads_pairs_and_hours() -> None:
    plan = ReliabilityPlan(cases=600, readers=5, minutes=10, minutes_scratch=30)
    found = expected(plan, Spread(0.03, 0.01, 0.02), 0.85)
    assert (found.calibration_reads, found.scratch_reads) == (75, 40)
    assert (found.double_reads, found.repeat_reads, found.gold_reads) == (60, 30, 30)
    assert found.hours == pytest.approx((40 * 30 + (35 + 60 + 30 + 30) * 10) / 60)
    assert found.pairs == 15 * 10 + 60
    assert found.icc == pytest.approx((0.109**-2 + 0.071**-2) ** -0.5, abs=1e-3)
    assert found.within_reader == within_sd_half_width(30)
    assert found.within_each == within_sd_half_width(6)


def test_what_a_plan_does_not_measure_is_none() -> None:
    plan = ReliabilityPlan(cases=100, readers=1, calibration=0, double=0.2, repeat=0, gold=0)
    assert expected(plan, Spread(0.03, 0.01, 0.02), 0.8) == Expected(
        0, 0, 0, 0, 0, 0, 0, None, None, None, None
    )
    assert mean_half_width(15, 5, Spread(0, 0, 0)) is None


@pytest.mark.parametrize(
    "wrong", [{"cases": -1}, {"readers": 0}, {"double": 1.5}, {"repeat": -0.1}, {"minutes": -1.0}]
)
def test_what_cannot_be_planned_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"plan needs|between 0 and 1|negative"):
        ReliabilityPlan(**({"cases": 10, "readers": 2} | wrong))  # type: ignore[arg-type]  # what is refused


def test_an_icc_of_one_cannot_be_planned_for() -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        icc_half_width(1.0, 10, 2)
