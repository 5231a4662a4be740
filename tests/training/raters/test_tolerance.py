"""τ: distances are those of the metrics; the percentile by hand; its interval against the truth."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage, stats

from tests.training.raters.simulate import Random, assert_covers, pairs
from training.metrics import score_masks
from training.raters import Counts, Estimate, SurfacePair, project_tolerance, surface_pieces

SPACING = (0.8, 1.1, 2.5)


def blob(seed: int) -> NDArray[np.bool_]:
    random = np.random.default_rng(seed)
    noise = ndimage.gaussian_filter(random.normal(size=(30, 28, 20)), 1.2) * 5
    ijk = np.stack(np.meshgrid(*[np.arange(n) for n in noise.shape], indexing="ij"))
    distance = np.sqrt(((ijk - np.array([15, 14, 10])[:, None, None, None]) ** 2).sum(axis=0))
    return np.asarray(distance + noise < 7)


@pytest.mark.parametrize("seed", range(3))
def test_pieces_are_those_of_the_metrics(seed: int) -> None:
    one, other = blob(seed), blob(seed + 10)
    pieces = surface_pieces(one, other, SPACING)
    assert pieces is not None
    distances, areas = pieces
    for tau in (0.5, 1.0, 2.0):
        within = areas[distances <= tau].sum() / areas.sum()
        assert score_masks(one, other, SPACING, tau).surface_dice == pytest.approx(within, abs=1e-12)
    theirs = score_masks(one, other, SPACING, 1.0)
    assert (distances * areas).sum() / areas.sum() == pytest.approx(theirs.assd_mm)
    assert distances.max() == pytest.approx(theirs.hd_mm)


def test_at_tau_surface_dice_is_95_per_cent() -> None:
    one, other = blob(1), blob(11)
    pieces = surface_pieces(one, other, SPACING)
    assert pieces is not None
    found = project_tolerance([SurfacePair("a", ("x", "y"), *pieces)])
    assert found.estimate is not None
    assert found.low is None
    assert found.reason == "An interval needs three cases."
    at, below = (
        score_masks(one, other, SPACING, tau).surface_dice
        for tau in (found.estimate + 1e-4, found.estimate - 1e-4)
    )
    assert at is not None
    assert below is not None
    assert below < 0.95 <= at


def test_empty_masks_have_no_pieces() -> None:
    empty = np.zeros((5, 5, 5), np.bool_)
    full = ~empty
    assert surface_pieces(empty, full, SPACING) is None
    assert surface_pieces(empty, empty, SPACING) is None


def test_pairs_count_the_same_whatever_their_size() -> None:
    steps = np.arange(1, 101) / 10
    small = SurfacePair("a", ("x", "y"), steps, np.full(100, 0.01))
    large = SurfacePair("b", ("x", "y"), np.zeros(3), np.full(3, 1000.0))
    nothing = SurfacePair("c", ("x", "y"), np.zeros(0), np.zeros(0))
    found = project_tolerance([small, large, nothing])
    assert found.estimate == pytest.approx(9.0, abs=1e-5)
    assert found.counts == Counts(2, 2, 2, 1)


@pytest.mark.parametrize(("n", "k"), [(15, 4), (20, 5)])
def test_interval_covers(n: int, k: int) -> None:
    """Distances of a pair are exponential; their mean varies with the case and both readers."""
    quantiles = stats.expon.ppf((np.arange(40) + 0.5) / 40)
    areas = np.ones(40)

    def scales(random: Random, cases: int, readers: int) -> NDArray[np.float64]:
        own = random.normal(size=readers) * 0.1
        first, second = np.array(pairs(readers)).T
        logs = random.normal(size=(cases, 1)) * 0.25 + own[first] + own[second]
        return np.asarray(np.exp(logs + 0.15 * random.normal(size=logs.shape)))

    many = np.concatenate([scales(np.random.default_rng(seed), 60, 30).ravel() for seed in range(10)])
    grid = np.linspace(2.8, 3.8, 101)
    within = [np.mean(np.searchsorted(quantiles, tau / many, side="right")) / 40 for tau in grid]
    truth = float(np.interp(0.95, within, grid))

    def draw(random: Random) -> list[tuple[Estimate, float]]:
        drawn = scales(random, n, k)
        sets = [
            SurfacePair(case, pair, drawn[case, place] * quantiles, areas)
            for case in range(n)
            for place, pair in enumerate(pairs(k))
        ]
        return [(project_tolerance(sets), truth)]

    assert_covers(draw)


def test_nothing_to_compare_gives_a_reason() -> None:
    found = project_tolerance([])
    assert found.estimate is None
    assert found.reason == "No pair of readers has a surface to compare."


def test_what_is_no_distance_is_refused() -> None:
    for distances in ([-1.0], [np.nan], [1.0, 2.0]):
        with pytest.raises(ValueError, match="not negative"):
            project_tolerance([SurfacePair("a", ("x", "y"), np.array(distances), np.ones(1))])
