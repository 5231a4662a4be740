"""Arrays of labels put onto an image's grid without resampling: turned, flipped, shifted by whole voxels."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from annotation.errors import Refused
from annotation.imaging.segmentations.layers import Corner
from training.volume import Geometry

Matrix = NDArray[np.float64]

SLICE_TOLERANCE = 0.01  # of the spacing between slices
PLANE_TOLERANCE = 0.1  # of a voxel: what rounding does to an origin and, over a row, to a spacing


@dataclass(frozen=True)
class Placement:
    """How an array lies on a grid: `axes` are the array's in the grid's order, then flips, then a shift."""

    axes: tuple[int, int, int]
    flipped: tuple[bool, bool, bool]
    first: Corner
    shape: tuple[int, int, int]

    def onto(self, array: NDArray[Any], name: str) -> tuple[NDArray[Any], Corner]:
        """Return the array along the grid's axes, cut to the grid, and where its first voxel lies there.

        Raises Refused when something other than 0 lies outside of the grid.
        """
        turned = np.transpose(array, self.axes)
        turned = np.flip(turned, tuple(axis for axis in range(3) if self.flipped[axis]))
        inside, corner = [], []
        for at, n, size in zip(self.first, turned.shape, self.shape, strict=True):
            start, stop = max(0, -at), min(n, size - at)
            inside.append(slice(start, max(start, stop)))
            corner.append(min(max(at, 0), size))
        part = turned[tuple(inside)]
        if part.size != turned.size and np.count_nonzero(part) != np.count_nonzero(turned):
            raise Refused(f"{name} reaches out of its scan; it belongs to another one.")
        return part, (corner[0], corner[1], corner[2])


def place(
    grid: Geometry,
    affine_lps: Matrix,
    shape: tuple[int, int, int],
    name: str,
    *,
    slice_axis: int | None = None,
) -> Placement:
    """Return how an array of `shape` with that affine lies on a grid.

    Along the array's `slice_axis` positions have to agree within 1 % of the grid's spacing, elsewhere within
    a tenth of a voxel. Raises Refused when the grids do not share their voxels.
    """
    relative = np.linalg.inv(grid.affine_lps()) @ affine_lps
    turn, shift = relative[:3, :3], relative[:3, 3]
    whole = np.rint(turn)
    is_turn = np.array_equal(np.abs(whole).sum(axis=0), np.ones(3)) and np.array_equal(
        np.abs(whole).sum(axis=1), np.ones(3)
    )
    if not np.isfinite(relative).all() or not is_turn:
        raise _elsewhere(name)
    allowed = np.full(3, PLANE_TOLERANCE)
    if slice_axis is not None:
        allowed[int(np.abs(whole[:, slice_axis]).argmax())] = SLICE_TOLERANCE
    last = np.array(
        [[a, b, c] for a in (0, shape[0] - 1) for b in (0, shape[1] - 1) for c in (0, shape[2] - 1)]
    )
    ends = last @ turn.T + shift
    if (np.abs(ends - (last @ whole.T + np.rint(shift))) > allowed).any():
        raise _elsewhere(name)
    axes = [int(np.abs(whole[axis]).argmax()) for axis in range(3)]
    signs = [whole[axis, axes[axis]] for axis in range(3)]
    start = [int(x) for x in np.rint(ends).min(axis=0)]
    return Placement(
        (axes[0], axes[1], axes[2]),
        (bool(signs[0] < 0), bool(signs[1] < 0), bool(signs[2] < 0)),
        (start[0], start[1], start[2]),
        grid.shape,
    )


def _elsewhere(name: str) -> Refused:
    return Refused(
        f"{name} does not lie on the voxels of its scan; resample it onto the scan, or import it beside the "
        "scan that it was drawn on."
    )
