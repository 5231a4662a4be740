"""Resampling of slices onto a straight, even grid: a tilted gantry undone, gaps bridged. Linear, in HU."""

from math import ceil, floor

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from annotation.imaging import checks
from annotation.imaging.dicom.decode import AIR_HU
from annotation.imaging.grid import Floats, Grid

Voxels = NDArray[np.int16]


def size_of(shape: tuple[int, int], grid: Grid) -> tuple[int, int, int]:
    """Return how many columns, rows and slices the straight, even grid has."""
    low, high = _reach(grid)
    return shape[0] + high[0] - low[0], shape[1] + high[1] - low[1], grid.depth


def straightened(voxels: Voxels, grid: Grid, name: str) -> tuple[Voxels, Floats]:
    """Return int16 HU (column, row, slice) on the straight, even grid, and its affine (4×4, LPS mm).

    The grid is widened by what a tilt shifts, so that nothing is cut off; what no slice covers is air.
    Raises TooLarge.
    """
    columns, rows, depth = size_of((voxels.shape[0], voxels.shape[1]), grid)
    checks.check_size((columns, rows, max(depth, voxels.shape[2])), 2, name)
    affine, shifts = grid.affine_lps.copy(), grid.shifts_px
    # Gaps first, along the axis that a tilt shears, so that no slice is mixed with what lies beside another.
    if grid.planes is not None:
        voxels = _evened(voxels, grid.planes, depth)
        shifts = None if shifts is None else _between(shifts, grid.planes, depth)
    if shifts is not None:
        low = np.array(_reach(grid)[0], float)
        affine[:3, 3] += affine[:3, :2] @ low
        voxels = _shifted(voxels, shifts - low, (columns, rows))
    return voxels, affine


def _reach(grid: Grid) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return by how many whole columns and rows the grid begins before and ends behind the first slice."""
    if grid.shifts_px is None:
        return (0, 0), (0, 0)
    low, high = grid.shifts_px.min(axis=0), grid.shifts_px.max(axis=0)
    return (floor(low[0]), floor(low[1])), (ceil(high[0]), ceil(high[1]))


def _shifted(voxels: Voxels, offsets: Floats, size: tuple[int, int]) -> Voxels:
    """Place each slice at its (column, row) offset in a larger one."""
    result = np.full((*size, voxels.shape[2]), AIR_HU, np.int16, order="F")
    for k, offset in enumerate(offsets):
        moved = ndimage.affine_transform(
            voxels[:, :, k].astype(np.float32),
            (1.0, 1.0),
            -offset,
            size,
            order=1,
            mode="constant",
            cval=float(AIR_HU),
        )
        result[:, :, k] = np.rint(moved)
    return result


def _between(shifts: Floats, planes: Floats, depth: int) -> Floats:
    """Return the shifts of the slices of the even grid."""
    at = np.arange(depth)
    return np.stack([np.interp(at, planes, along) for along in shifts.T], axis=1)


def _evened(voxels: Voxels, planes: Floats, depth: int) -> Voxels:
    """Interpolate between the slices at `planes` to slices at 0, 1, …, depth − 1."""
    result = np.empty((*voxels.shape[:2], depth), np.int16, order="F")
    for k in range(depth):
        at = min(max(k, float(planes[0])), float(planes[-1]))
        lower = int(np.clip(np.searchsorted(planes, at, side="right") - 1, 0, len(planes) - 2))
        share = (at - planes[lower]) / (planes[lower + 1] - planes[lower])
        below, above = voxels[:, :, lower].astype(np.float64), voxels[:, :, lower + 1].astype(np.float64)
        result[:, :, k] = np.rint(below * (1 - share) + above * share)
    return result
