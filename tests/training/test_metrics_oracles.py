"""Other people's packages on the same masks: DeepMind's for surfaces, SimpleITK and MONAI for overlaps."""

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import SimpleITK
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from monai.metrics.meandice import compute_dice
from numpy.typing import NDArray
from scipy import ndimage

from training.metrics import StructureScore, score, score_masks, surface_areas

with warnings.catch_warnings():
    # The package imports scipy namespaces that are announced for removal; it is the oracle here, no more.
    warnings.simplefilter("ignore")
    import surface_distance

Mask = NDArray[np.bool_]
Spacing = tuple[float, float, float]
pytestmark = pytest.mark.filterwarnings("ignore:Please import:DeprecationWarning")  # inside the oracle

SPACINGS = st.tuples(*[st.sampled_from([0.3, 0.7, 1.0, 1.3, 2.5, 3.0, 10.0])] * 3)


def agrees(ours: StructureScore, a: Mask, b: Mask, spacing_mm: Spacing, tolerance_mm: float) -> None:
    distances = surface_distance.compute_surface_distances(a, b, spacing_mm)
    asd = surface_distance.compute_average_surface_distance(distances)
    theirs = {
        "dice": surface_distance.compute_dice_coefficient(a, b),
        "surface_dice": surface_distance.compute_surface_dice_at_tolerance(distances, tolerance_mm),
        "hd95_mm": surface_distance.compute_robust_hausdorff(distances, 95),
        "hd_mm": surface_distance.compute_robust_hausdorff(distances, 100),
        "asd_ref_to_pred_mm": asd[0],
        "asd_pred_to_ref_mm": asd[1],
    }
    for name, figure in theirs.items():
        assert getattr(ours, name) == pytest.approx(figure, abs=1e-9), name


@settings(max_examples=40)
@given(
    seed=st.integers(0, 10**6),
    spacing_mm=SPACINGS,
    tolerance_mm=st.sampled_from([0.0, 0.7, 1.0, 2.1, 2.5, 3.0, 6.0]),
)
def test_surfaces_of_neighbours_equal_the_oracle(seed: int, spacing_mm: Spacing, tolerance_mm: float) -> None:
    rng = np.random.default_rng(seed)
    field = ndimage.gaussian_filter(rng.normal(size=(17, 15, 13)), 1.5)
    other = field + 0.3 * ndimage.gaussian_filter(rng.normal(size=field.shape), 1)
    reference, prediction = (np.digitize(f, [0.05, 0.12]).astype(np.uint8) for f in (field, other))
    for value, ours in score(reference, prediction, spacing_mm, {1: tolerance_mm, 2: tolerance_mm}).items():
        a, b = reference == value, prediction == value
        if a.any() and b.any():
            agrees(ours, a, b, spacing_mm, tolerance_mm)


@settings(max_examples=30)
@example(places=[((0, 0, 0), (0, 0, 0), (0, 0, 0), (0, 0, 0))], spacing_mm=(1.0, 1.0, 1.0))
@given(
    places=st.lists(st.tuples(*[st.tuples(*[st.integers(0, 23)] * 3)] * 4), min_size=1, max_size=3),
    spacing_mm=SPACINGS,
)
def test_scattered_boxes_equal_the_oracle(
    places: list[tuple[tuple[int, int, int], ...]], spacing_mm: Spacing
) -> None:
    # Far apart, single voxels, at the border: whatever the nearest piece is, it is found.
    masks = np.zeros((2, 24, 24, 24), bool)
    for corners in places:
        for mask, one, other in zip(masks, corners[:2], corners[2:], strict=True):
            low, high = np.minimum(one, other), np.maximum(one, other) + 1
            mask[tuple(slice(a, b) for a, b in zip(low, high, strict=True))] = True
    agrees(score_masks(masks[0], masks[1], spacing_mm, 3.0), masks[0], masks[1], spacing_mm, 3.0)


def _far_apart() -> Iterator[tuple[Mask, Mask]]:
    shape = (90, 60, 40)
    grid = np.ogrid[: shape[0], : shape[1], : shape[2]]

    def ball(centre: tuple[int, int, int], radius: float) -> Mask:
        return np.asarray(sum((a - c) ** 2 for a, c in zip(grid, centre, strict=True)) < radius**2)

    yield ball((12, 12, 12), 8), ball((75, 45, 25), 9)  # a few far pieces in a large box: the tree
    yield ball((45, 30, 20), 19), ball((45, 30, 20), 4)  # many far pieces in a small box: the transform
    yield ball((30, 30, 20), 12) | ball((80, 50, 30), 2), ball((31, 30, 20), 12)  # an island far away
    wide = np.zeros((2, 120, 130, 12), bool)  # so wide that more rows are looked at
    wide[0, :, :, 3:5] = wide[1, 10:100:30, 15:110:30, 4:10] = wide[1, 60:110, 70:120, 3:9] = True
    yield wide[0], wide[1]
    rng = np.random.default_rng(4)
    yield rng.random(shape) < 0.001, rng.random(shape) < 0.001


@pytest.mark.parametrize("pair", list(_far_apart()))
@pytest.mark.parametrize("spacing_mm", [(1.0, 1.0, 1.0), (0.8, 0.8, 3.0), (3.0, 0.5, 0.5)])
def test_far_apart_equals_the_oracle(pair: tuple[Mask, Mask], spacing_mm: Spacing) -> None:
    agrees(score_masks(*pair, spacing_mm, 2.0), *pair, spacing_mm, 2.0)


def test_a_percentile_that_falls_between_two_pieces_is_the_oracles() -> None:
    # Five voxels far apart have 40 pieces of one area; two pieces of 40 are exactly the 5 % beyond.
    a, b = np.zeros((2, 40, 12, 12), bool)
    for at in range(5):
        a[8 * at + 2, 5, 5] = b[8 * at + 2, 5, 5] = True
    b[34, 5, 5], b[35, 5, 6] = False, True
    agrees(score_masks(a, b, (1.0, 1.0, 1.0), 1.0), a, b, (1.0, 1.0, 1.0), 1.0)


def test_surface_areas_equal_the_oracle_for_every_neighbourhood() -> None:
    from_package = surface_distance.lookup_tables.create_table_neighbour_code_to_surface_area
    reversed_bits = [int(f"{code:08b}"[::-1], 2) for code in range(256)]  # it counts the corners backwards
    for spacing_mm in ((1.0, 1.0, 1.0), (0.7, 1.3, 2.9), (5.0, 0.5, 0.5)):
        np.testing.assert_allclose(
            surface_areas(spacing_mm), from_package(spacing_mm)[reversed_bits], rtol=1e-12
        )


@pytest.mark.parametrize("seed", range(3))
def test_overlaps_equal_simpleitk_and_monai(seed: int) -> None:
    rng = np.random.default_rng(seed)
    reference, prediction = (rng.integers(0, 4, (9, 10, 11)).astype(np.uint8) for _ in range(2))
    package: Any = SimpleITK
    measures = package.LabelOverlapMeasuresImageFilter()
    measures.Execute(SimpleITK.GetImageFromArray(prediction), SimpleITK.GetImageFromArray(reference))
    for value, ours in score(reference, prediction, (1, 1, 1), {1: 1.0, 2: 1.0, 3: 1.0}).items():
        guess, truth = (torch.from_numpy(labels == value)[None, None] for labels in (prediction, reference))
        assert ours.dice == pytest.approx(float(compute_dice(guess, truth)), abs=1e-6)
        assert ours.dice == pytest.approx(measures.GetDiceCoefficient(value))
        assert ours.jaccard == pytest.approx(measures.GetJaccardCoefficient(value))
        # Its filter takes the first image for the source: false negatives are what the second alone holds.
        assert ours.recall == pytest.approx(1 - measures.GetFalseNegativeError(value))
        assert ours.volume_similarity == pytest.approx(1 - abs(measures.GetVolumeSimilarity(value)) / 2)
