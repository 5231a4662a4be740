"""Scores of structures: numbers derived by hand, the rules for absence and for what was not looked at."""

from dataclasses import asdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import ndimage

from training.metrics import (
    METRIC_VERSION,
    StructureScore,
    overlaps_of,
    score,
    score_layers,
    score_masks,
    surface_areas,
)

LabelMap = NDArray[np.uint8]
DISTANCES = ("hd_mm", "hd95_mm", "asd_ref_to_pred_mm", "asd_pred_to_ref_mm", "assd_mm", "centre_distance_mm")


def box(shape: tuple[int, int, int], start: tuple[int, int, int], size: tuple[int, int, int]) -> LabelMap:
    labels = np.zeros(shape, np.uint8)
    labels[tuple(slice(a, a + n) for a, n in zip(start, size, strict=True))] = 1
    return labels


def one(reference: LabelMap, prediction: LabelMap, tolerance_mm: float = 1.0) -> StructureScore:
    return score(reference, prediction, (1.0, 1.0, 1.0), {1: tolerance_mm})[1]


def basics(result: StructureScore) -> tuple[float | None, float | None, float, float]:
    return result.dice, result.surface_dice, result.volume_ref_ml, result.volume_pred_ml


def test_shifted_box_by_hand() -> None:
    # A 4x4x4 box against itself moved by 2: half of each overlaps, in a scan of 12^3 voxels.
    a, b = box((12, 12, 12), (4, 4, 4), (4, 4, 4)), box((12, 12, 12), (6, 4, 4), (4, 4, 4))
    result = one(a, b, tolerance_mm=2.0)
    assert basics(result) == pytest.approx((0.5, 1.0, 0.064, 0.064))
    assert result.jaccard == pytest.approx(1 / 3)
    assert (result.precision, result.recall, result.volume_similarity) == (0.5, 0.5, 1.0)
    assert result.specificity == pytest.approx((12**3 - 96) / (12**3 - 64))
    assert (result.hd_mm, result.hd95_mm, result.centre_distance_mm) == (2.0, 2.0, 2.0)
    below = one(a, b, tolerance_mm=1.99).surface_dice
    assert below is not None
    assert below < 1.0


def test_overlaps_follow_from_dice_and_sizes() -> None:
    rng = np.random.default_rng(3)
    for share in (0.02, 0.3, 0.9, 0.0):
        a = (rng.random((9, 8, 7)) < share).astype(np.uint8)
        b = (rng.random((9, 8, 7)) < 0.4).astype(np.uint8)
        for pair in ((a, b), (b, a), (a, a)):
            right = one(*pair)
            found = overlaps_of(right.dice, right.volume_ref_ml, right.volume_pred_ml)
            for name, value in asdict(found).items():
                assert value == pytest.approx(getattr(right, name)), name


def test_specificity_counts_what_lies_beyond_the_maps() -> None:
    whole = box((12, 12, 12), (4, 4, 4), (4, 4, 4)), box((12, 12, 12), (6, 4, 4), (4, 4, 4))
    cut = [labels[3:11, 3:9, 3:9].copy() for labels in whole]
    found = score(cut[0], cut[1], (1.0, 1.0, 1.0), {1: 1.0}, beyond=whole[0].size - cut[0].size)[1]
    assert found == one(*whole, tolerance_mm=1.0)


def test_two_far_voxels_share_nothing() -> None:
    a, b = box((9, 9, 9), (1, 1, 1), (1, 1, 1)), box((9, 9, 9), (7, 1, 1), (1, 1, 1))
    apart = one(a, b, tolerance_mm=4.9)
    assert basics(apart) == (0.0, 0.0, 0.001, 0.001)
    # The near corners of the voxels are 5 mm apart, the far ones 6.
    assert (apart.hd_mm, apart.hd95_mm, apart.centre_distance_mm) == (6.0, 6.0, 6.0)
    assert apart.asd_ref_to_pred_mm == apart.asd_pred_to_ref_mm == apart.assd_mm == pytest.approx(5.5)
    assert one(a, b, tolerance_mm=6.0).surface_dice == 1.0


def test_the_symmetric_mean_weighs_both_surfaces_by_area() -> None:
    shape = (30, 30, 30)
    small, large = box(shape, (14, 14, 14), (2, 2, 2)), box(shape, (5, 5, 5), (20, 20, 20))
    result = one(small, large)
    ways = result.asd_ref_to_pred_mm, result.asd_pred_to_ref_mm
    assert None not in (*ways, result.assd_mm)
    to_large, to_small = float(ways[0] or 0), float(ways[1] or 0)
    assert float(result.assd_mm or 0) > 0.95 * to_small > to_large
    swapped = one(large, small)
    assert (swapped.asd_pred_to_ref_mm, swapped.asd_ref_to_pred_mm) == ways
    assert swapped.assd_mm == pytest.approx(result.assd_mm)


def test_identical_maps_are_perfect_and_swapped_organs_worthless() -> None:
    labels = box((20, 20, 20), (2, 3, 4), (5, 6, 7)) + 2 * box((20, 20, 20), (11, 3, 4), (5, 6, 7))
    for result in score(labels, labels, (0.7, 0.9, 2.5), {1: 0.0, 2: 0.0}).values():
        shares = result.dice, result.jaccard, result.precision, result.recall, result.specificity
        assert (*shares, result.surface_dice, result.volume_similarity) == (1.0,) * 7
        assert [asdict(result)[name] for name in DISTANCES] == [0.0] * 6
    swapped = np.array([0, 2, 1], np.uint8)[labels]
    for result in score(labels, swapped, (0.7, 0.9, 2.5), {1: 1.0, 2: 1.0}).values():
        assert (result.dice, result.jaccard, result.precision, result.recall) == (0.0,) * 4
        assert result.surface_dice == 0.0
        assert result.volume_similarity == 1.0


def test_area_of_one_voxel_by_hand() -> None:
    # Each of a voxel's eight corners is cut by a triangle whose area vector is (yz, xz, xy) / 8.
    areas = surface_areas((1.0, 2.0, 3.0))
    corner = np.sqrt(6**2 + 3**2 + 2**2) / 8
    assert [areas[1 << bit] for bit in range(8)] == pytest.approx([corner] * 8)
    assert areas[0] == areas[255] == 0.0
    # A flat piece across i has the full face j x k.
    assert areas[0b11110000] == pytest.approx(6.0)


def test_areas_are_alike_inside_out_and_positive() -> None:
    areas = surface_areas((0.8, 0.9, 2.0))
    np.testing.assert_array_equal(areas, areas[::-1])
    assert (areas[1:255] > 0).all()


def test_absent_from_both_is_not_applicable() -> None:
    empty = np.zeros((5, 5, 5), np.uint8)
    assert one(empty, empty) == StructureScore(None, None, 0.0, 0.0)


def test_absent_from_one_is_zero_and_distances_are_undefined() -> None:
    empty, full = np.zeros((5, 5, 5), np.uint8), box((5, 5, 5), (1, 1, 1), (2, 2, 2))
    missed, invented = one(full, empty), one(empty, full)
    assert basics(missed) == (0.0, 0.0, 0.008, 0.0)
    assert basics(invented) == (0.0, 0.0, 0.0, 0.008)
    for result in (missed, invented):
        assert (result.jaccard, result.volume_similarity) == (0.0, 0.0)
        assert [asdict(result)[name] for name in DISTANCES] == [None] * 6
    # What would divide by nothing is undefined, too.
    assert (missed.precision, missed.recall, missed.specificity) == (None, 0.0, 1.0)
    assert (invented.precision, invented.recall) == (0.0, None)
    assert invented.specificity == 117 / 125


def test_a_structure_that_fills_the_scan_has_a_surface_at_its_border() -> None:
    full = np.ones((4, 4, 4), np.uint8)
    result = one(full, full, tolerance_mm=0.0)
    assert basics(result) == (1.0, 1.0, 0.064, 0.064)
    assert result.specificity is None  # no voxel is outside
    less = one(full, box((4, 4, 4), (0, 0, 0), (4, 4, 3)), tolerance_mm=0.5)
    assert (less.hd_mm, less.dice) == pytest.approx((1.0, 2 * 48 / 112))


def test_ignored_voxels_do_not_count() -> None:
    reference = box((16, 16, 16), (4, 4, 4), (8, 8, 8))
    prediction = reference.copy()
    prediction[:, :, :5] = 1  # nonsense, but only where nobody looked
    partly = reference.copy()
    partly[:, :, :6] = 255
    result = one(partly, prediction, tolerance_mm=0.0)
    assert basics(result) == (1.0, 1.0, 0.384, 0.384)
    assert (result.specificity, result.hd_mm, result.centre_distance_mm) == (1.0, 0.0, 0.0)
    # Without the ignored region the same nonsense costs.
    assert (one(reference, prediction).dice or 0) < 0.7
    everything = np.full_like(reference, 255)
    assert one(everything, prediction) == StructureScore(None, None, 0.0, 0.0)


def test_an_ignored_voxel_beside_the_structure_hides_its_surface_there() -> None:
    reference = box((10, 10, 10), (3, 3, 3), (4, 4, 4))
    prediction = box((10, 10, 10), (3, 3, 3), (4, 4, 3))  # the last slice is missing
    assert (one(reference, prediction, tolerance_mm=0.0).surface_dice or 0) < 1
    reference[:, :, 6:] = 255
    prediction[:, :, 6:] = 1
    assert one(reference, prediction, tolerance_mm=0.0).surface_dice == 1.0


def test_without_any_surface_left_only_overlap_is_scored() -> None:
    reference = np.full((5, 5, 5), 255, np.uint8)
    reference[2, 2, 2] = 1  # all of its surface touches what nobody looked at
    result = one(reference, np.ones_like(reference))
    assert (result.dice, result.surface_dice, result.hd_mm, result.assd_mm) == (1.0, None, None, None)


def test_only_asked_values_are_scored_and_others_do_not_matter() -> None:
    reference, prediction = np.zeros((6, 6, 6), np.uint8), np.zeros((6, 6, 6), np.uint8)
    reference[:2], prediction[:2] = 7, 7
    reference[3:], prediction[3:] = 9, 8
    found = score(reference, prediction, (1, 1, 1), {7: 1.0})
    assert list(found) == [7]
    assert (found[7].dice, found[7].surface_dice) == (1.0, 1.0)


def test_maps_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="do not fit"):
        one(np.zeros((3, 3, 3), np.uint8), np.zeros((3, 3, 4), np.uint8))
    with pytest.raises(ValueError, match="uint8"):
        score(np.zeros((3, 3, 3), np.int16), np.zeros((3, 3, 3), np.uint8), (1, 1, 1), {})
    for shape, spacing_mm in (((3, 3, 0), (1.0, 1.0, 1.0)), ((3, 3, 3), (1.0, 0.0, 1.0))):
        empty = np.zeros(shape, np.uint8)
        with pytest.raises(ValueError, match="Nothing can be compared"):
            score(empty, empty, spacing_mm, {1: 1.0})
    with pytest.raises(ValueError, match="layers do not fit"):
        score_layers(np.zeros((3, 3, 3), np.uint8), np.zeros((3, 3, 3), np.uint8), (1, 1, 1), {})


def test_memory_order_does_not_change_the_result() -> None:
    rng = np.random.default_rng(0)
    a, b = (rng.integers(0, 3, (7, 8, 9)).astype(np.uint8) for _ in range(2))
    expected = score(a, b, (1, 2, 3), {1: 1.0, 2: 1.0})
    f, g = np.asfortranarray(a), np.asfortranarray(b)
    wide = np.zeros((14, 8, 9), np.uint8)
    wide[::2] = a
    for first, second in ((f, b), (a, g), (f, g), (wide[::2], b), (wide[::2], g)):
        assert score(first, second, (1, 2, 3), {1: 1.0, 2: 1.0}) == expected


def test_structures_of_several_layers_may_overlap() -> None:
    canal, cord = box((12, 12, 12), (2, 2, 2), (8, 8, 8)), box((12, 12, 12), (4, 4, 2), (3, 3, 8))
    reference = np.stack([canal, cord])
    prediction = np.stack([canal, np.roll(cord, 1, axis=0)])
    found = score_layers(reference, prediction, (1, 1, 2), {(1, 1): 1.0, (0, 1): 1.0})
    assert list(found) == [(1, 1), (0, 1)]
    assert found[0, 1].dice == 1.0
    assert found[1, 1].dice == pytest.approx(2 / 3)
    assert found[1, 1] == score(cord, np.roll(cord, 1, axis=0), (1, 1, 2), {1: 1.0})[1]


def test_masks_are_compared_like_label_maps() -> None:
    a, b = box((12, 12, 12), (2, 2, 2), (5, 6, 7)), box((12, 12, 12), (3, 2, 1), (6, 6, 6))
    spacing_mm = (1.0, 1.5, 2.0)
    assert score_masks(a > 0, b > 0, spacing_mm, 1.0) == score(a, b, spacing_mm, {1: 1.0})[1]
    looked_at = np.ones(a.shape, bool)
    looked_at[5:] = False
    a[5:] = 255
    masked = score_masks(a == 1, b > 0, spacing_mm, 1.0, looked_at)
    assert masked == score(a, b, spacing_mm, {1: 1.0})[1]
    assert masked.volume_ref_ml == pytest.approx(3 * 6 * 7 * 0.003)


@settings(max_examples=25)
@given(seed=st.integers(0, 10**6), shape=st.tuples(*[st.integers(1, 9)] * 3), ignored=st.booleans())
def test_overlaps_equal_plain_counting(seed: int, shape: tuple[int, int, int], ignored: bool) -> None:
    rng = np.random.default_rng(seed)
    reference, prediction = (rng.integers(0, 4, shape).astype(np.uint8) for _ in range(2))
    if ignored:
        reference[rng.random(shape) < 0.2] = 255
    known = reference != 255
    for value, result in score(reference, prediction, (1, 1, 1), {1: 1.0, 2: 1.0, 3: 1.0}).items():
        a, b = (reference == value) & known, (prediction == value) & known
        assert result.volume_ref_ml == pytest.approx(a.sum() / 1000)
        assert result.volume_pred_ml == pytest.approx(b.sum() / 1000)
        if not (a.any() and b.any()):
            continue
        assert result.jaccard == pytest.approx((a & b).sum() / (a | b).sum())
        assert result.precision == pytest.approx((a & b).sum() / b.sum())
        assert result.recall == pytest.approx((a & b).sum() / a.sum())
        if result.specificity is not None:
            assert result.specificity == pytest.approx((~a & ~b & known).sum() / (~a & known).sum())
        apart = np.subtract(ndimage.center_of_mass(a), ndimage.center_of_mass(b))
        assert result.centre_distance_mm == pytest.approx(np.linalg.norm(apart))


def test_the_definition_has_a_name_that_fits_where_it_is_stored() -> None:
    assert "version" in METRIC_VERSION
    assert len(METRIC_VERSION) <= 60


@pytest.mark.parametrize("seed", range(10))
def test_a_surface_dice_never_exceeds_one_by_rounding(seed: int) -> None:
    rng = np.random.default_rng(seed)
    truth = (ndimage.gaussian_filter(rng.normal(size=(40, 40, 30)), 3) > 0.02).astype(np.uint8)
    guess = (ndimage.gaussian_filter(rng.normal(size=(40, 40, 30)), 1) > 0.1).astype(np.uint8) | truth
    (result,) = score(truth, guess, (3.0, 3.0, 3.0), {1: 100.0}).values()
    assert result.surface_dice == 1.0
