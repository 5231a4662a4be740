"""Resampling against SciPy's splines on the whole volume, and label maps against one indicator per value."""

from fractions import Fraction
from math import floor
from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import ndimage

from training.resampling import resample, resample_labels

Shape = tuple[int, int, int]
Order = Literal[0, 1, 3]

SIZES = st.tuples(*[st.integers(1, 14)] * 3)
ORDERS: tuple[Order, ...] = (0, 1, 3)
SPLINES = st.sampled_from(ORDERS[1:])


def by_scipy(array: NDArray[Any], shape: Shape, order: Order) -> NDArray[Any]:
    scale = np.asarray(array.shape) / np.asarray(shape)
    moved = ndimage.affine_transform(
        array, scale, offset=0.5 * scale - 0.5, output_shape=shape, order=order, mode="nearest"
    )
    return np.asarray(moved.clip(array.min(), array.max()))


def by_indicators(labels: NDArray[np.uint8], shape: Shape) -> NDArray[np.uint8]:
    best, result = np.zeros(shape), np.zeros(shape, np.uint8)
    for value in np.unique(labels):
        share = by_scipy((labels == value).astype(float), shape, 1)
        wins = share > best + 1e-4
        result[wins], best[wins] = value, share[wins]
    return result


@settings(max_examples=40)
@given(before=SIZES, after=SIZES, order=SPLINES, seed=st.integers(0, 99))
def test_splines_are_those_of_the_whole_volume(before: Shape, after: Shape, order: Order, seed: int) -> None:
    array = np.random.default_rng(seed).normal(size=before).astype(np.float32)
    found = resample(array, after, order=order)
    assert found.shape == after
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, by_scipy(array, after, order), atol=2e-5)


@given(size=st.integers(1, 40), wanted=st.integers(1, 40))
def test_the_nearest_voxel_is_the_one_in_which_the_new_centre_lies(size: int, wanted: int) -> None:
    found = resample(np.arange(size).reshape(size, 1, 1), (wanted, 1, 1), order=0).ravel()
    centres = [Fraction(2 * n + 1, 2 * wanted) * size for n in range(wanted)]
    assert [int(n) for n in found] == [floor(c) for c in centres]


@settings(max_examples=40)
@given(before=SIZES, after=SIZES, seed=st.integers(0, 99))
def test_the_value_with_the_largest_share_wins(before: Shape, after: Shape, seed: int) -> None:
    values = np.array([0, 0, 1, 7, 254, 255], np.uint8)
    labels = values[np.random.default_rng(seed).integers(0, len(values), before)]
    np.testing.assert_array_equal(resample_labels(labels, after), by_indicators(labels, after))


def test_an_empty_label_map_stays_empty_and_a_full_one_full() -> None:
    empty = np.zeros((3, 4, 5), np.uint8)
    assert not resample_labels(empty, (6, 2, 9)).any()
    assert (resample_labels(empty + 255, (6, 2, 9)) == 255).all()


def test_cubic_splines_do_not_leave_the_range_of_the_scan() -> None:
    step = np.zeros((8, 8, 8), np.int16)
    step[4:] = 1000
    found = resample(step, (21, 8, 8), order=3)
    assert found.dtype == np.int16
    assert (found.min(), found.max()) == (0, 1000)


def test_cubic_splines_follow_a_smooth_scan_more_closely_than_lines() -> None:
    def smooth(size: int) -> NDArray[np.float64]:
        place = (np.arange(size) + 0.5) / size
        return np.broadcast_to(np.sin(9 * place)[:, None, None], (size, 4, 4)).copy()

    error = {
        order: np.abs(resample(smooth(16), (64, 4, 4), order=order) - smooth(64))[20:-20].max()
        for order in ORDERS
    }
    assert error[3] < 0.1 * error[1] < 0.1 * error[0]


def test_without_a_change_nothing_is_copied() -> None:
    array = np.zeros((2, 3, 4), np.float32)
    assert resample(array, (2, 3, 4), order=3) is array


@pytest.mark.parametrize("axis", range(3))
def test_slices_between_which_the_nearest_is_taken_keep_their_values(axis: int) -> None:
    array = np.random.default_rng(1).normal(size=(5, 5, 5))
    shape = [5, 5, 5]
    shape[axis] = 8
    found = resample(array, (shape[0], shape[1], shape[2]), order=0)
    np.testing.assert_array_equal(np.unique(found), np.unique(array))
