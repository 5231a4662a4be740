"""What a network says of a scan, in cells of about a centimetre: the maps that strategies rank by.

A scan has a whole number of cells along each axis, of CELL_MM as nearly as that allows, so memory is a matter
of the scan's size in millimetres, never of its voxels. Patches are boxes of whole cells; their means are
exact means over voxels, by sums over boxes (Crow 1984, doi:10.1145/800031.808600).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.progress import TrainingError

Floats = NDArray[np.float64]
Cells = tuple[int, int, int]
Box = tuple[slice, slice, slice]
Triple = tuple[float, float, float]

CELL_MM = 10.0
PATCH_MM = 40.0
TOP = 5
"""So many patches that do not overlap speak for a whole scan."""
ALL = "all"
"""The key under which a measure stands that is not a single structure's."""
WEIGHTED, ENTROPY, BALD, DRAWN, BORDER = "weighted", "entropy", "bald", "drawn_ml", "border_cells"


@dataclass(frozen=True)
class ScoreMaps:
    """Means over the voxels of each cell, (i, j, k) in cells; information in nats.

    `weighted` float32 (structure, i, j, k) is p̄_c · H(p̄), p̄ the mean over members of softmax; `entropy` is
    H(p̄) and `mutual` is H(p̄) less the mean over members of H(p_m), both summed over layers. `drawn`
    (structure, i, j, k) is the share of voxels at which p̄ is highest for the structure. `voxels` counts the
    voxels in each cell, which may be those of a coarser grid than the scan's.
    `shape` and `spacing_mm` are the scan's own. `body` (i, j, k) is the share of voxels that belong to the
    patient's body (`body_cells`); None = not looked at.
    """

    structures: tuple[str, ...]
    weighted: NDArray[np.float32]
    entropy: NDArray[np.float32]
    mutual: NDArray[np.float32]
    drawn: NDArray[np.float32]
    voxels: Floats
    shape: Cells
    spacing_mm: Triple
    body: NDArray[np.float32] | None = None

    @staticmethod
    def blank(structures: Sequence[str], shape: Sequence[int], spacing_mm: Triple) -> "ScoreMaps":
        """Return the maps of a scan of which nobody said anything: all 0."""
        i, j, k = shape
        cells = cells_of(shape, spacing_mm)
        nothing = np.zeros(cells, np.float32)
        each = np.zeros((len(structures), *cells), np.float32)
        at = [np.bincount(cell_at(n, c), minlength=c) for n, c in zip(shape, cells, strict=True)]
        voxels = (at[0][:, None, None] * at[1][None, :, None] * at[2]).astype(np.float64)
        return ScoreMaps(tuple(structures), each, nothing, nothing, each, voxels, (i, j, k), spacing_mm)

    @property
    def cells(self) -> Cells:
        """Return the number of cells along each axis."""
        i, j, k = self.voxels.shape
        return i, j, k

    @property
    def cell_mm(self) -> Triple:
        """Return the size of a cell."""
        i, j, k = (n * mm / c for n, mm, c in zip(self.shape, self.spacing_mm, self.cells, strict=True))
        return i, j, k

    def voxels_of(self, origin: Sequence[int], size: Sequence[int]) -> Box:
        """Return the scan's voxels, (i, j, k), of a box of cells that begins at `origin`."""
        return voxels_of(origin, size, self.shape, self.cells)


def voxels_of(origin: Sequence[int], size: Sequence[int], shape: Cells, cells: Cells) -> Box:
    """Return the voxels, (i, j, k), of a box of cells in a scan of so many voxels and cells."""
    i, j, k = (
        slice(first_voxel(first, n, c), first_voxel(first + many, n, c))
        for first, many, n, c in zip(origin, size, shape, cells, strict=True)
    )
    return i, j, k


def first_voxel(cell: Any, voxels: int, cells: int) -> Any:
    """Return the first of `voxels` whose middle lies in a cell (or cells) of `cells` along an axis."""
    return -((cells - 2 * cell * voxels) // (2 * cells))


def cell_at(voxels: int, cells: int) -> NDArray[np.int64]:
    """Return the cell in which the middle of each of `voxels` lies, int64 (voxels,)."""
    found: NDArray[np.int64] = (2 * np.arange(voxels) + 1) * cells // (2 * voxels)
    return found


def cells_of(shape: Sequence[int], spacing_mm: Sequence[float], cell_mm: float = CELL_MM) -> Cells:
    """Return how many cells a scan has along each axis: never none, never more than voxels."""
    i, j, k = (min(n, max(1, round(n * mm / cell_mm))) for n, mm in zip(shape, spacing_mm, strict=True))
    return i, j, k


def patch_cells(maps: ScoreMaps, size_mm: Sequence[float | None]) -> Cells:
    """Return a patch's size in cells; None = the whole axis. Raises TrainingError for a size of 0 or less."""
    if any(mm is not None and mm <= 0 for mm in size_mm):
        raise TrainingError(f"A patch is larger than 0 mm along every axis, not {tuple(size_mm)}.")
    i, j, k = (
        n if mm is None else min(n, max(1, round(mm / own)))
        for mm, own, n in zip(size_mm, maps.cell_mm, maps.cells, strict=True)
    )
    return i, j, k


def patch_means(values: NDArray[np.float32], voxels: Floats, size: Cells) -> Floats:
    """Return the mean over voxels of every patch: float64 (…, i, j, k), the last three being where it begins.

    `values` (…, i, j, k) are means over cells, `voxels` (i, j, k) says of how many voxels. A patch without
    any voxel has the mean 0.
    """
    counts = _box_sums(voxels.astype(np.float64), size)
    sums = _box_sums(values.astype(np.float64) * voxels, size)
    return np.divide(sums, counts, out=np.zeros_like(sums), where=counts > 0)


def _box_sums(values: Floats, size: Cells) -> Floats:
    for axis, width in zip((-3, -2, -1), size, strict=True):
        padded = np.insert(values.cumsum(axis=axis), 0, 0.0, axis=axis)
        last = values.shape[axis] + 1
        high = np.take(padded, np.arange(width, last), axis=axis)
        values = high - np.take(padded, np.arange(last - width), axis=axis)
    return values.clip(min=0)


def clashing(shape: Sequence[int], origin: Sequence[int], size: Cells) -> Box:
    """Return the beginnings of all patches of this size that overlap the one at `origin`."""
    i, j, k = (
        slice(max(0, at - width + 1), min(n, at + width))
        for at, width, n in zip(origin, size, shape, strict=True)
    )
    return i, j, k


def best_apart(means: Floats, size: Cells, count: int) -> list[tuple[float, Cells]]:
    """Return the highest patches, at most `count`, that do not overlap: (mean, where it begins)."""
    left = means.copy()
    found: list[tuple[float, Cells]] = []
    while len(found) < count and np.isfinite(left.max()):
        i, j, k = (int(at) for at in np.unravel_index(int(left.argmax()), left.shape))
        found.append((float(left[i, j, k]), (i, j, k)))
        left[clashing(left.shape, (i, j, k), size)] = -np.inf
    return found


def volume_scores(maps: ScoreMaps, patch_mm: float = PATCH_MM, top: int = TOP) -> dict[str, dict[str, float]]:
    """Return what stands for a whole scan: measure → structure key, or ALL → value.

    "weighted", "entropy" and "bald" are means of the `top` highest patches that do not overlap; "drawn_ml" is
    the volume that the model drew, "border_cells" the number of cells that a structure fills in part.
    """
    size = patch_cells(maps, (patch_mm,) * 3)
    cell_ml = float(np.prod(maps.spacing_mm) * np.prod(maps.shape)) / 1000 / float(max(maps.voxels.sum(), 1))
    partly = (maps.drawn > 0) & (maps.drawn < 1)
    drawn = (maps.drawn.astype(np.float64) * maps.voxels).sum(axis=(1, 2, 3)) * cell_ml

    def of(values: NDArray[np.float32]) -> float:
        best = best_apart(patch_means(values, maps.voxels, size), size, top)
        return float(np.mean([value for value, _ in best]))

    return {
        WEIGHTED: {key: of(values) for key, values in zip(maps.structures, maps.weighted, strict=True)},
        ENTROPY: {ALL: of(maps.entropy)},
        BALD: {ALL: of(maps.mutual)},
        DRAWN: dict(zip(maps.structures, drawn.tolist(), strict=True)),
        BORDER: dict(zip(maps.structures, map(float, partly.sum(axis=(1, 2, 3))), strict=True)),
    }


def structures_in(scores: Iterable[Mapping[str, Mapping[str, float]]]) -> tuple[str, ...]:
    """Return the structures that any of these scores speaks of, in order of their keys."""
    measures = (WEIGHTED, DRAWN, BORDER)
    return tuple(sorted({key for one in scores for measure in measures for key in one.get(measure, {})}))
