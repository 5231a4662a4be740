"""Drift charts: by hand, and how soon and how often they raise the alarm."""

import numpy as np
import pytest
from scipy import stats

from training.raters import Baseline, baseline, drift_chart, first_alarms

KNOWN = Baseline(mean=0.9, sd=0.02, reads=1000)


def test_the_average_and_its_limit_by_hand() -> None:
    chart = drift_chart([0.9, 0.88, np.nan, 0.84, 0.8, 0.9], KNOWN)
    limit = -2.6 * (0.2 / 1.8) ** 0.5
    assert [point.ewma for point in chart.points] == pytest.approx([0, -0.2, -0.76, -1.608, 0])
    assert [point.limit for point in chart.points] == pytest.approx([limit] * 5)
    assert [point.place for point in chart.points] == [0, 1, 3, 4, 5]
    assert chart.alarms == (4,)
    assert chart.missing == 1


@pytest.mark.parametrize("weight", [0.05, 0.2, 1.0])
@pytest.mark.parametrize("drop", [0.0, 1.5])
def test_the_average_is_the_weighted_sum_of_roberts(weight: float, drop: float) -> None:
    """λ Σ (1 − λ)^i z_(t−i) over the reads since the last alarm, by numpy; the limit from its variance.

    Roberts 1959; the limit λ / (2 − λ) as Lucas and Saccucci 1990 (Technometrics 32:1) have it.
    """
    random = np.random.default_rng(7)
    values = 0.9 + 0.02 * (random.normal(size=120) - drop)
    chart = drift_chart(values, KNOWN, weight=weight)
    z = (values - 0.9) / 0.02
    begun, expected, alarms = 0, [], []
    for place in range(z.size):
        since = z[begun : place + 1][::-1]
        expected.append(float(weight * (1 - weight) ** np.arange(since.size) @ since))
        if expected[-1] < -2.6 * np.sqrt(weight / (2 - weight)):
            alarms.append(place)
            begun = place + 1
    assert [point.ewma for point in chart.points] == pytest.approx(expected)
    assert chart.alarms == tuple(alarms)
    assert alarms or drop == 0


def test_widened_limits_are_those_of_a_mean_and_sd_from_few_reads() -> None:
    """t in place of normal quantiles, and the variance of the estimated mean added."""
    start = Baseline(mean=0.9, sd=0.02, reads=15)
    (point,) = drift_chart([0.9], start, widened=True).points
    quantile = stats.t.ppf(stats.norm.cdf(-2.6), 14)
    assert point.limit == pytest.approx(quantile * np.sqrt(0.2 / 1.8 + 1 / 15))


def test_an_alarm_starts_the_average_again() -> None:
    chart = drift_chart([0.8] * 4, KNOWN)
    assert chart.alarms == (0, 1, 2, 3)
    assert all(point.ewma == pytest.approx(-1) for point in chart.points)


def test_getting_better_is_no_alarm() -> None:
    assert drift_chart([1.0] * 50, KNOWN).alarms == ()


def test_false_alarms_and_delays_with_a_known_baseline() -> None:
    """One false alarm in about 370 reads; a fall of 0.5, 1, 1.5 SD is found after about 26, 8, 5."""
    random = np.random.default_rng(1)
    quiet = np.array(first_alarms(random.normal(size=(1500, 2500))))
    assert np.where(quiet < 0, 2500, quiet + 1).mean() == pytest.approx(370, rel=0.08)
    for drop, delay in ((0.5, 26), (1.0, 8.2), (1.5, 4.6)):
        found = np.array(first_alarms(random.normal(size=(2000, 300)) - drop)) + 1
        assert found.mean() == pytest.approx(delay, rel=0.08)


def test_many_sequences_at_once_are_the_same_as_one_by_one() -> None:
    values = np.random.default_rng(2).normal(size=(20, 80)) - 0.4
    ours = first_alarms(values)
    charts = [drift_chart(row, Baseline(0, 1, 1000)) for row in values]
    assert ours == [chart.alarms[0] if chart.alarms else -1 for chart in charts]


def test_widened_limits_allow_for_an_estimated_baseline() -> None:
    """60 reads after a baseline of 15: false alarms in more than 20 % of readers, and in less than 10 %."""
    random = np.random.default_rng(3)

    def false_alarms(widened: bool) -> float:
        charts = [
            drift_chart(random.normal(size=60), baseline(random.normal(size=15)), widened=widened)
            for _ in range(400)
        ]
        return float(np.mean([bool(chart.alarms) for chart in charts]))

    assert false_alarms(widened=False) > 0.2
    assert false_alarms(widened=True) < 0.1


@pytest.mark.parametrize("values", [[], [0.9, 0.8], [0.9, 0.8, np.nan], [0.9] * 5])
def test_too_little_calibration_gives_a_reason(values: list[float]) -> None:
    assert baseline(values) is None
    chart = drift_chart([0.9, 0.8], baseline(values))
    assert (chart.points, chart.alarms, chart.baseline) == ((), (), None)
    assert "3 calibration reads" in chart.reason


def test_baseline_is_mean_and_sd() -> None:
    found = baseline([0.8, np.nan, 0.9, 1.0])
    assert found is not None
    assert (found.mean, found.sd, found.reads) == pytest.approx((0.9, 0.1, 3))


def test_settings_that_make_no_chart_are_refused() -> None:
    for settings in ({"weight": 0.0}, {"weight": 1.1}, {"limit": 0.0}):
        with pytest.raises(ValueError, match="weight must be above 0"):
            drift_chart([1.0], KNOWN, **settings)  # type: ignore[arg-type]  # one of several keywords
