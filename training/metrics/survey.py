"""Counts, boxes and centres of all structures of two label maps in one pass over the voxels.

Label maps are made of runs: pieces of rows along the last axis in which neither map changes. There are a
hundred times fewer runs than voxels, and all that is asked here follows from their places and lengths.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

LabelMap = NDArray[np.uint8]
Integers = NDArray[np.int64]
Bounds = tuple[tuple[int, int], tuple[int, int], tuple[int, int]]
Triple = tuple[float, float, float]

_SLAB = 1 << 20
"""Voxels that are looked at together: both maps and the notes on them fit into a core's cache."""

_NOWHERE = np.iinfo(np.int64).max


@dataclass(frozen=True)
class Extent:
    """Where one structure lies in one map, in voxels: first and last index + 1 per axis, and its centre."""

    bounds: Bounds
    centre: Triple


@dataclass(frozen=True)
class Survey:
    """What both maps hold. `joint[a, b]` = voxels with reference a and prediction b, ignored ones apart."""

    joint: Integers
    reference: dict[int, Extent]
    prediction: dict[int, Extent]
    ignored: int


@dataclass(frozen=True)
class _Runs:
    """Runs with something in one of the maps; `row` counts along the flattened (i, j)."""

    reference: LabelMap
    prediction: LabelMap
    row: Integers
    first: Integers
    length: Integers


class _Tally:
    """Gathers the extents of the structures of one map, slab by slab."""

    def __init__(self) -> None:
        self.voxels = np.zeros(256, np.int64)
        self.sums = np.zeros((3, 256))
        self.low = np.full((3, 256), _NOWHERE)
        self.high = np.zeros((3, 256), np.int64)

    def add(self, values: LabelMap, runs: _Runs, nj: int) -> None:
        """Add runs, `values` being what the map holds in each."""
        order = np.argsort(values, kind="stable")
        order = order[np.searchsorted(values[order], 1) :]
        if order.size == 0:
            return
        ordered = values[order]
        begins = np.flatnonzero(np.diff(ordered, prepend=0))
        present = ordered[begins]
        (i, j), first, length = np.divmod(runs.row[order], nj), runs.first[order], runs.length[order]
        last = first + length - 1
        self.voxels[present] += np.add.reduceat(length, begins)
        sums = i * length, j * length, (first + last) * length / 2
        for axis, (total, low, high) in enumerate(zip(sums, (i, j, first), (i, j, last), strict=True)):
            self.sums[axis, present] += np.add.reduceat(total, begins)
            lowest, highest = np.minimum.reduceat(low, begins), np.maximum.reduceat(high, begins)
            self.low[axis, present] = np.minimum(self.low[axis, present], lowest)
            self.high[axis, present] = np.maximum(self.high[axis, present], highest + 1)

    def extents(self) -> dict[int, Extent]:
        """Return what was found, by value."""
        result = {}
        for value in np.flatnonzero(self.voxels):
            a, b, c = ((int(x), int(y)) for x, y in zip(self.low[:, value], self.high[:, value], strict=True))
            i, j, k = (float(x) for x in self.sums[:, value] / self.voxels[value])
            result[int(value)] = Extent((a, b, c), (i, j, k))
        return result


def survey(reference: LabelMap, prediction: LabelMap, ignore: int) -> Survey:
    """Survey two label maps (i, j, k); voxels that hold `ignore` in either are left out."""
    if reference.flags.c_contiguous or not (reference.flags.f_contiguous and prediction.flags.f_contiguous):
        return _survey(np.ascontiguousarray(reference), np.ascontiguousarray(prediction), ignore)
    turned = _survey(reference.T, prediction.T, ignore)
    return replace(turned, reference=_turned(turned.reference), prediction=_turned(turned.prediction))


def _turned(extents: dict[int, Extent]) -> dict[int, Extent]:
    """Return extents with their axes in reverse."""
    return {value: Extent(e.bounds[::-1], e.centre[::-1]) for value, e in extents.items()}


def _survey(reference: LabelMap, prediction: LabelMap, ignore: int) -> Survey:
    nj, nk = reference.shape[1:]
    slab = max(1, _SLAB // nk) * nk
    flat = reference.reshape(-1), prediction.reshape(-1)
    tallies = _Tally(), _Tally()
    joint = np.zeros(65536, np.int64)
    ignored = 0
    for at in range(0, reference.size, slab):
        runs = _runs(flat[0][at : at + slab], flat[1][at : at + slab], at // nk, nk)
        looked_at = (runs.reference != ignore) & (runs.prediction != ignore)
        if not looked_at.all():
            ignored += int(runs.length[~looked_at].sum())
            arrays = runs.reference, runs.prediction, runs.row, runs.first, runs.length
            runs = _Runs(*(array[looked_at] for array in arrays))
        pairs = runs.reference.astype(np.int64) << 8 | runs.prediction
        joint += np.bincount(pairs, weights=runs.length, minlength=65536).astype(np.int64)
        tallies[0].add(runs.reference, runs, nj)
        tallies[1].add(runs.prediction, runs, nj)
    joint[0] = reference.size - ignored - joint.sum()
    return Survey(joint.reshape(256, 256), tallies[0].extents(), tallies[1].extents(), ignored)


def _runs(reference: LabelMap, prediction: LabelMap, first_row: int, nk: int) -> _Runs:
    """Return the runs in whole rows of `nk` voxels of both maps."""
    changed = np.empty(reference.size, np.bool_)
    changed[0] = True
    np.not_equal(reference[1:], reference[:-1], out=changed[1:])
    changed[1:] |= prediction[1:] != prediction[:-1]
    changed[::nk] |= (reference[::nk] | prediction[::nk]) != 0  # only background may run on into the next row
    starts = np.flatnonzero(changed)
    lengths = np.diff(starts, append=reference.size)
    values = reference[starts], prediction[starts]
    something = np.flatnonzero(values[0] | values[1])
    row, first = np.divmod(starts[something], nk)
    return _Runs(values[0][something], values[1][something], row + first_row, first, lengths[something])
