"""Volumes on another grid over the same field of view: images by splines, label maps by shares."""

import functools
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

_TIE = 1e-4  # shares closer than this are alike: rounding must not choose between two labels
_ROWS = 64  # of an interpolation matrix computed at once


def resampled_shape(
    shape: tuple[int, int, int], from_mm: tuple[float, ...], to_mm: tuple[float, ...]
) -> tuple[int, int, int]:
    """Return how many voxels of `to_mm` cover what `shape` voxels of `from_mm` cover (at least 1 each)."""
    sizes = [max(1, round(n * a / b)) for n, a, b in zip(shape, from_mm, to_mm, strict=True)]
    return sizes[0], sizes[1], sizes[2]


def resample(
    array: NDArray[Any], shape: tuple[int, int, int], *, order: Literal[0, 1, 3] = 1
) -> NDArray[Any]:
    """Resample (i, j, k) to `shape` over the same field of view by splines of `order`; the dtype is kept.

    The outer faces of the grids coincide (not the centres of the corner voxels), so nothing shifts; beyond
    them the border voxels go on. Cubic splines are kept within the range of the array, as in nnU-Net. As
    splines of a grid are separable, each axis is one product with a banded matrix, the most shrunk first.
    """
    if array.shape == shape:
        return array
    if order == 0:
        for axis, size in enumerate(shape):
            array = array.take(_nearest(array.shape[axis], size), axis=axis)
        return array
    moved = array.astype(np.float64 if array.dtype == np.float64 else np.float32)
    for axis in sorted(range(3), key=lambda a: shape[a] / array.shape[a]):
        if shape[axis] != moved.shape[axis]:
            moved = _along(moved, axis, _spline(moved.shape[axis], shape[axis], order))
    if order == 3:
        moved = moved.clip(array.min(), array.max())
    return np.rint(moved).astype(array.dtype) if array.dtype.kind in "iu" else moved.astype(array.dtype)


def resample_labels(labels: NDArray[np.uint8], shape: tuple[int, int, int]) -> NDArray[np.uint8]:
    """Resample a label map by linear interpolation of each value's indicator; the strongest value wins.

    Of values as strong as each other the lowest wins. Only the box around each value is computed; what the
    values leave over is the share of 0.
    """
    if labels.shape == shape:
        return labels
    best, total = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
    result = np.zeros(shape, np.uint8)
    matrices = [_spline(n, m, 1) for n, m in zip(labels.shape, shape, strict=True)]
    for value, box in enumerate(ndimage.find_objects(labels), start=1):
        if not box:  # None: no voxel has this value
            continue
        share = (labels[box] == value).astype(np.float32)
        reached = []
        for axis, (matrix, along) in enumerate(zip(matrices, box, strict=True)):
            rows = np.flatnonzero(matrix[:, along].any(axis=1))
            reached.append(slice(rows[0], rows[-1] + 1) if len(rows) else slice(0, 0))
            share = _along(share, axis, matrix[reached[-1], along])
        there = reached[0], reached[1], reached[2]
        total[there] += share
        wins = share > best[there] + _TIE
        result[there][wins] = value
        best[there][wins] = share[wins]
    result[best <= 1 - total + _TIE] = 0
    return result


def _nearest(size: int, wanted: int) -> NDArray[np.intp]:
    """Return for each of the wanted voxels the voxel that lies nearest, of two the upper one."""
    return (2 * np.arange(wanted) + 1) * size // (2 * wanted)


@functools.lru_cache(maxsize=16)
def _spline(size: int, wanted: int, order: Literal[1, 3]) -> NDArray[np.float32]:
    """Return the matrix (wanted, size) that interpolates along an axis: what becomes of unit vectors."""
    scale = size / wanted
    matrix = ndimage.affine_transform(
        np.eye(size), (scale, 1.0), (0.5 * scale - 0.5, 0.0), (wanted, size), order=order, mode="nearest"
    )
    matrix[np.abs(matrix) < 1e-7] = 0  # a cubic spline's weights die out within a dozen voxels
    weights: NDArray[np.float32] = (matrix / matrix.sum(axis=1, keepdims=True)).astype(np.float32)
    weights.flags.writeable = False
    return weights


def _along(array: NDArray[Any], axis: int, matrix: NDArray[np.float32]) -> NDArray[Any]:
    """Multiply one axis by a banded matrix, a block of rows at a time, so that only its band is computed."""
    size = list(array.shape)
    size[axis] = len(matrix)
    result = np.zeros(size, array.dtype)
    for first in range(0, len(matrix), _ROWS):
        rows = slice(first, first + _ROWS)
        band = np.flatnonzero(matrix[rows].any(axis=0))
        if not len(band):
            continue
        used = slice(band[0], band[-1] + 1)
        weights = matrix[rows, used].astype(array.dtype, copy=False)
        if axis == 0:
            flat = array[used].reshape(weights.shape[1], -1)
            result[rows] = (weights @ flat).reshape(-1, *size[1:])
        elif axis == 1:
            np.matmul(weights, array[:, used], out=result[:, rows])
        else:
            np.matmul(array[..., used], weights.T, out=result[..., rows])
    return result
