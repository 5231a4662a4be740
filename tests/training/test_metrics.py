"""Dice and surface Dice: numbers derived by hand, DeepMind's package as oracle, the rules for absence."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import ndimage

from training.metrics import METRIC_VERSION, StructureScore, score, surface_areas

with warnings.catch_warnings():
    # The package imports scipy namespaces that are announced for removal; it is the oracle here, no more.
    warnings.simplefilter("ignore")
    import surface_distance

LabelMap = NDArray[np.uint8]


def box(shape: tuple[int, int, int], start: tuple[int, int, int], size: tuple[int, int, int]) -> LabelMap:
    labels = np.zeros(shape, np.uint8)
    labels[tuple(slice(a, a + n) for a, n in zip(start, size, strict=True))] = 1
    return labels


def one(reference: LabelMap, prediction: LabelMap, tolerance_mm: float = 1.0) -> StructureScore:
    return score(reference, prediction, (1.0, 1.0, 1.0), {1: tolerance_mm})[1]


def test_shifted_box_by_hand() -> None:
    # A 4x4x4 box against itself moved by 2: half of each overlaps.
    a, b = box((12, 12, 12), (4, 4, 4), (4, 4, 4)), box((12, 12, 12), (6, 4, 4), (4, 4, 4))
    result = one(a, b, tolerance_mm=2.0)
    assert result.dice == 0.5
    assert result.surface_dice == 1.0
    assert result.volume_ref_ml == result.volume_pred_ml == pytest.approx(0.064)
    below = one(a, b, tolerance_mm=1.99).surface_dice
    assert below is not None
    assert below < 1.0


def test_two_far_voxels_share_nothing() -> None:
    a, b = box((9, 9, 9), (1, 1, 1), (1, 1, 1)), box((9, 9, 9), (7, 1, 1), (1, 1, 1))
    assert one(a, b, tolerance_mm=4.9) == StructureScore(0.0, 0.0, 0.001, 0.001)
    assert one(a, b, tolerance_mm=6.0).surface_dice == 1.0


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


def test_a_structure_absent_from_both_is_not_applicable_and_from_one_is_zero() -> None:
    empty, full = np.zeros((5, 5, 5), np.uint8), box((5, 5, 5), (1, 1, 1), (2, 2, 2))
    assert one(empty, empty) == StructureScore(None, None, 0.0, 0.0)
    assert one(full, empty) == StructureScore(0.0, 0.0, 0.008, 0.0)
    assert one(empty, full) == StructureScore(0.0, 0.0, 0.0, 0.008)


def test_structures_at_the_border_of_the_scan_are_compared() -> None:
    full = np.ones((4, 4, 4), np.uint8)
    assert one(full, full, tolerance_mm=0.0) == StructureScore(1.0, 1.0, 0.064, 0.064)


def test_ignored_voxels_do_not_count() -> None:
    reference = box((16, 16, 16), (4, 4, 4), (8, 8, 8))
    prediction = reference.copy()
    prediction[:, :, :5] = 1  # nonsense, but only where nobody looked
    partly = reference.copy()
    partly[:, :, :6] = 255
    assert one(partly, prediction, tolerance_mm=0.0) == StructureScore(1.0, 1.0, 0.384, 0.384)
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


def test_memory_order_does_not_change_the_result() -> None:
    rng = np.random.default_rng(0)
    a, b = (rng.integers(0, 3, (7, 8, 9)).astype(np.uint8) for _ in range(2))
    expected = score(a, b, (1, 2, 3), {1: 1.0, 2: 1.0})
    assert score(np.asfortranarray(a), b, (1, 2, 3), {1: 1.0, 2: 1.0}) == expected
    assert score(np.asfortranarray(a), np.asfortranarray(b), (1, 2, 3), {1: 1.0, 2: 1.0}) == expected


def test_surface_areas_equal_the_oracle_for_every_neighbourhood() -> None:
    from_package = surface_distance.lookup_tables.create_table_neighbour_code_to_surface_area
    reversed_bits = [int(f"{code:08b}"[::-1], 2) for code in range(256)]  # it counts the corners backwards
    for spacing_mm in ((1.0, 1.0, 1.0), (0.7, 1.3, 2.9), (5.0, 0.5, 0.5)):
        np.testing.assert_allclose(
            surface_areas(spacing_mm), from_package(spacing_mm)[reversed_bits], rtol=1e-12
        )


@pytest.mark.filterwarnings("ignore:Please import:DeprecationWarning")  # inside the oracle
@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    spacing_mm=st.tuples(*[st.sampled_from([0.7, 1.0, 1.3, 2.5, 3.0])] * 3),
    tolerance_mm=st.sampled_from([0.0, 0.7, 1.0, 2.1, 2.5, 3.0, 6.0]),
)
def test_equal_to_the_oracle(seed: int, spacing_mm: tuple[float, float, float], tolerance_mm: float) -> None:
    rng = np.random.default_rng(seed)
    field = ndimage.gaussian_filter(rng.normal(size=(17, 15, 13)), 1.5)
    other = field + 0.3 * ndimage.gaussian_filter(rng.normal(size=field.shape), 1)
    reference, prediction = (np.digitize(f, [0.05, 0.12]).astype(np.uint8) for f in (field, other))
    found = score(reference, prediction, spacing_mm, {1: tolerance_mm, 2: tolerance_mm})
    for value, ours in found.items():
        a, b = reference == value, prediction == value
        if ours.surface_dice is None or not (a.any() and b.any()):
            continue
        distances = surface_distance.compute_surface_distances(a, b, spacing_mm)
        theirs = surface_distance.compute_surface_dice_at_tolerance(distances, tolerance_mm)
        assert ours.surface_dice == pytest.approx(theirs, abs=1e-9)
        assert ours.dice == pytest.approx(surface_distance.compute_dice_coefficient(a, b), abs=1e-12)


def test_the_definition_has_a_name() -> None:
    assert "version" in METRIC_VERSION


@pytest.mark.parametrize("seed", range(40))
def test_a_surface_dice_never_exceeds_one_by_rounding(seed: int) -> None:
    rng = np.random.default_rng(seed)
    truth = (ndimage.gaussian_filter(rng.normal(size=(40, 40, 30)), 3) > 0.02).astype(np.uint8)
    guess = (ndimage.gaussian_filter(rng.normal(size=(40, 40, 30)), 1) > 0.1).astype(np.uint8) | truth
    (result,) = score(truth, guess, (3.0, 3.0, 3.0), {1: 100.0}).values()
    assert result.surface_dice is not None
    assert 1 - 1e-12 <= result.surface_dice <= 1
