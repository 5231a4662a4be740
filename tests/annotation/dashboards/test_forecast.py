"""Forecasts against simulated futures: the interval holds what it promises."""

import numpy as np
import pytest

from annotation.dashboards.forecast import FEWEST, hours_left, weeks_left


def test_steady_weeks_leave_no_doubt() -> None:
    ahead = weeks_left(30, [5, 5, 5, 5])
    assert ahead.estimate == 6
    assert ahead.low == pytest.approx(6)
    assert ahead.high == pytest.approx(6)


def test_only_the_newest_weeks_count() -> None:
    assert weeks_left(80, [0] * 20 + [10] * 8).estimate == 8


def test_nothing_left() -> None:
    assert weeks_left(0, []).estimate == 0
    assert hours_left(0, []).high == 0


@pytest.mark.parametrize("weeks", [[], [4], [4, 6]])
def test_too_early_to_tell(weeks: list[int]) -> None:
    ahead = weeks_left(10, weeks)
    assert ahead.estimate is None
    assert str(FEWEST) in ahead.reason


def test_weeks_without_anything() -> None:
    assert "Nothing was accepted" in weeks_left(10, [0, 0, 0]).reason


def test_where_the_pace_is_not_known_there_is_no_upper_bound() -> None:
    ahead = weeks_left(50, [0, 12, 1])
    assert ahead.estimate is not None
    assert ahead.low is not None
    assert ahead.low < ahead.estimate
    assert ahead.high is None


def test_the_interval_holds_the_week_in_which_the_goal_is_reached() -> None:
    rng = np.random.default_rng(7)
    goal, hits, studies = 120, 0, 400
    for _ in range(studies):
        weeks = rng.negative_binomial(10, 0.5, 8 + 200)  # mean 10, variance 20
        ahead = weeks_left(goal, weeks[:8].tolist())
        reached = int(np.argmax(np.cumsum(weeks[8:]) >= goal)) + 1
        # The goal is met somewhere within its week.
        low, high = ahead.low or 0.0, ahead.high or np.inf
        hits += reached > low and reached - 1 < high
    assert 0.93 <= hits / studies <= 0.995


def test_the_interval_holds_the_hours_that_remain() -> None:
    rng = np.random.default_rng(8)
    hits, studies = 0, 600
    for _ in range(studies):
        ahead = hours_left(60, rng.gamma(4, 0.1, 20).tolist())
        left = rng.gamma(4, 0.1, 60).sum()
        assert ahead.low is not None
        assert ahead.high is not None
        hits += ahead.low <= left <= ahead.high
    assert 0.92 <= hits / studies <= 0.98
