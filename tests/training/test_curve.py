"""The learning curve: parameters found again, bands that hold, no promise without ground."""

import json

import numpy as np
import pytest
from scipy.optimize import curve_fit

from training.curve import (
    CurveRun,
    _fitted,
    _fitted_quickly,
    fit_curve,
    learning_curves,
    structure_curves,
)
from training.progress import TrainingError

SIZES = (6, 12, 24, 48)


def _runs(
    seed: int, *, c: float = 0.85, a: float = 0.6, b: float = 0.6, noise: float = 1.0, runs: int = 3
) -> list[CurveRun]:
    """Simulate an experiment: cases differ in difficulty, runs in luck, and both in every single score."""
    rng = np.random.default_rng(seed)
    difficulty = rng.normal(0, 0.05 * noise, (12, 3))
    made = []
    for size in SIZES:
        for run in range(runs):
            luck = rng.normal(0, 0.015 * noise)
            scores = c - a * size**-b + difficulty + luck + rng.normal(0, 0.03 * noise, (12, 3))
            table = {(f"case{i}", f"organ{k}"): float(scores[i, k]) for i in range(12) for k in range(3)}
            made.append(CurveRun(size, run, table))
    return made


@pytest.mark.parametrize(
    ("c", "a", "b"), [(0.9, 0.6, 0.7), (0.75, 1.2, 1.5), (1.0, 0.8, 0.3), (0.6, 0.1, 2.5)]
)
def test_parameters_are_found_again(c: float, a: float, b: float) -> None:
    sizes = (4, 8, 16, 32, 64)
    found = fit_curve(sizes, [c - a * n**-b for n in sizes])
    assert found == pytest.approx((c, a, b), abs=2e-3)


def test_the_fit_is_the_least_squares_one() -> None:
    n = np.array([5.0, 10, 20, 40, 80])
    rng = np.random.default_rng(1)
    for _ in range(20):
        dice = 0.8 - 0.9 * n**-0.8 + rng.normal(0, 0.01, 5)

        def curve(x: np.ndarray, c: float, a: float, b: float) -> np.ndarray:
            return np.asarray(c - a * x**-b)

        oracle, _ = curve_fit(curve, n, dice, (0.8, 1.0, 1.0), bounds=([0, 0, 0.05], [1, np.inf, 4]))
        ours = fit_curve([int(x) for x in n], list(dice))
        assert ((curve(n, *ours) - dice) ** 2).sum() <= ((curve(n, *oracle) - dice) ** 2).sum() + 1e-8


def test_more_cases_never_lower_the_curve() -> None:
    c, a, b = fit_curve(SIZES, [0.8, 0.7, 0.6, 0.5])
    assert (c, a) == pytest.approx((0.65, 0.0))
    assert b > 0


def test_the_bound_of_one_holds() -> None:
    c, a, _ = fit_curve(SIZES, [0.1, 0.4, 0.7, 1.0])
    assert c == 1.0
    assert a > 0


def test_the_band_covers_the_truth_about_as_often_as_it_says() -> None:
    inside = {24: 0, 96: 0, 200: 0}
    rounds = 60
    for seed in range(rounds):
        curve = learning_curves(_runs(seed), draws=200).overall
        for n in inside:
            low, high = curve.band(n)
            inside[n] += low <= 0.85 - 0.6 * n**-0.6 <= high
    assert all(0.85 * rounds <= hits for hits in inside.values()), inside
    assert sum(inside.values()) < 3 * rounds, "a band that never misses is too wide"


def test_the_forecast_covers_the_cases_that_are_needed() -> None:
    """One run of each size, as a project has them: the interval is for other test cases."""
    needed, rounds = (0.6 / (0.85 - 0.8)) ** (1 / 0.6), 60
    hits = 0
    for seed in range(rounds):
        runs = _runs(seed, runs=1, noise=0.5)
        luck = np.mean([np.mean(list(run.scores.values())) - (0.85 - 0.6 * run.size**-0.6) for run in runs])
        steady = [
            CurveRun(r.size, 0, {key: float(v or 0) - float(_luck(r) - luck) for key, v in r.scores.items()})
            for r in runs
        ]
        told = learning_curves(steady, draws=200).overall.forecast(0.8)
        high = np.inf if told.high is None else told.now + told.high
        hits += told.low is not None and told.now + told.low <= needed + 1 and needed <= high + 1
    assert hits >= 0.85 * rounds, hits


def _luck(run: CurveRun) -> float:
    expected: float = 0.85 - 0.6 * run.size**-0.6
    return float(np.mean([v or 0.0 for v in run.scores.values()])) - expected


def test_the_gain_of_more_cases_is_the_difference_on_the_curve() -> None:
    curve = learning_curves(_runs(0), draws=200).overall
    gain, low, high = curve.gain(10, 48)
    assert gain == pytest.approx(curve(58) - curve(48))
    assert low < gain < high
    assert curve.gain(0, 48) == (0.0, 0.0, 0.0)


def test_quick_fits_of_draws_are_next_to_the_best_ones() -> None:
    n = np.array([5.0, 10, 20, 40, 80, 120])
    dice = 0.85 - 0.6 * n**-0.6 + np.random.default_rng(0).normal(0, 0.02, (300, 6))

    def error(found: np.ndarray) -> np.ndarray:
        c, a, b = found.T[:, :, None]
        return np.asarray((((c - a * n**-b) - dice) ** 2).sum(axis=1))

    assert (error(_fitted_quickly(n, dice)) - error(_fitted(n, dice)) < 1e-5).all()


def test_a_structure_that_joined_later_leaves_the_others_their_curves() -> None:
    runs = [
        CurveRun(r.size, r.seed, {k: v if r.size > 6 else None for k, v in r.scores.items()})
        for r in _runs(0)
    ]
    runs += [CurveRun(n, 0, {("case0", "organ9"): 0.5}) for n in (6, 96, 192)]
    found = structure_curves(runs, draws=20)
    assert found.overall is None
    assert set(found.refused) == {"organ0", "organ1", "organ2", "organ9"}


def test_more_runs_narrow_the_band() -> None:
    def width(runs: int) -> float:
        low, high = learning_curves(_runs(0, runs=runs), draws=300).overall.band(48)
        return high - low

    assert width(1) > 0  # the cases alone
    assert width(40) < width(4)


def test_curves_per_structure_and_overall() -> None:
    curves = learning_curves(_runs(0, noise=0.01), draws=50)
    assert set(curves.structures) == {"organ0", "organ1", "organ2"}
    assert curves.overall.sizes == SIZES
    assert curves.overall(48) == pytest.approx(0.85 - 0.6 * 48**-0.6, abs=0.005)
    assert not curves.refused


def test_not_applicable_scores_are_left_out() -> None:
    runs = _runs(0, noise=0.01)
    with_gaps = [
        CurveRun(r.size, r.seed, {k: None if k[0] == "case3" else v for k, v in r.scores.items()})
        for r in runs
    ]
    gone = learning_curves(with_gaps, draws=20).overall
    without = [CurveRun(r.size, r.seed, {k: v for k, v in r.scores.items() if k[0] != "case3"}) for r in runs]
    assert gone.means == learning_curves(without, draws=20).overall.means


def test_a_structure_without_scores_gets_a_sentence_instead_of_a_curve() -> None:
    runs = [
        CurveRun(
            r.size, r.seed, {k: None if k[1] == "organ1" and r.size < 24 else v for k, v in r.scores.items()}
        )
        for r in _runs(0)
    ]
    curves = learning_curves(runs, draws=20)
    assert set(curves.structures) == {"organ0", "organ2"}
    assert "fewer than 4 sizes" in curves.refused["organ1"]


def test_a_size_without_any_score_is_no_size_for_the_curve() -> None:
    runs = [*_runs(0), CurveRun(96, 0, {("case0", "organ0"): None})]
    with pytest.raises(TrainingError, match="No structure was scored at every size"):
        learning_curves(runs, draws=10)


def test_the_forecast_is_right_and_brackets_the_truth() -> None:
    curve = learning_curves(_runs(0, noise=0.1), draws=300).overall
    needed = (0.6 / (0.85 - 0.80)) ** (1 / 0.6) - 48
    forecast = curve.forecast(0.80)
    assert forecast.more is not None
    assert forecast.low is not None
    assert forecast.high is not None
    assert forecast.low <= needed <= forecast.high
    assert forecast.more == pytest.approx(needed, rel=0.5)
    assert f"About {forecast.more} more cases reach Dice 0.800" in str(forecast)
    assert curve.forecast(0.80, now=6).more == forecast.more + 42


def test_a_target_above_the_limit_is_not_reachable() -> None:
    forecast = learning_curves(_runs(0, noise=0.01), draws=100).overall.forecast(0.95)
    assert forecast.more is None
    assert forecast.likelihood == 0
    assert "not reachable" in str(forecast)


def test_a_target_that_is_reached_needs_no_more() -> None:
    forecast = learning_curves(_runs(0, noise=0.01), draws=100).overall.forecast(0.5)
    assert forecast.more == 0
    assert "is reached" in str(forecast)


def test_an_uncertain_forecast_has_no_upper_bound() -> None:
    forecast = learning_curves(_runs(3, noise=2.0, runs=2), draws=300).overall.forecast(0.84)
    assert forecast.high is None
    assert 0 < forecast.likelihood < 1
    assert "no" in str(forecast)


@pytest.mark.parametrize("target", [0.0, 1.0, 80.0, -1.0, float("nan")])
def test_an_impossible_target_is_refused(target: float) -> None:
    with pytest.raises(TrainingError, match="between 0 and 1"):
        learning_curves(_runs(0), draws=10).overall.forecast(target)


def test_fewer_than_four_sizes_are_refused() -> None:
    with pytest.raises(TrainingError, match="at least 4 different sizes"):
        learning_curves([run for run in _runs(0) if run.size != 24], draws=10)
    with pytest.raises(TrainingError, match="at least 4"):
        fit_curve([6, 6, 12, 24], [0.1, 0.2, 0.3, 0.4])


def test_the_same_seed_draws_the_same_band_and_it_is_json() -> None:
    first, second = (learning_curves(_runs(0), draws=50, seed=4).overall.to_dict([0.7]) for _ in range(2))
    assert json.loads(json.dumps(first)) == first == second
    assert [row["n"] for row in first["band"]] == [6, 12, 24, 48, 96, 192, 384]
    assert first["forecasts"][0]["target"] == 0.7
