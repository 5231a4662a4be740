"""Where patches of one size may lie in scans, and what is known of each: a table to choose from."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.acquire.maps import (
    Box,
    Cells,
    Floats,
    ScoreMaps,
    clashing,
    first_voxel,
    patch_cells,
    patch_means,
    voxels_of,
)
from training.acquire.table import Flags, Table
from training.progress import TrainingError

SizeMm = tuple[float | None, float | None, float | None]


@dataclass(frozen=True)
class Places:
    """Patches of one scan, of `size` cells. The maps they were made of are not held.

    `scan` and `cells` are the scan's shape in voxels and in cells; `shape` counts where a patch may begin
    along each axis, `kept` says which of those these are, as raveled indices, int64 (patch,). `weighted`,
    `drawn` and `border` are (structure, patch), the others (patch,). `drawn` and `body` count voxels and
    `border` cells that a structure fills in part, of the cells that have this patch about them.
    """

    id: str
    structures: tuple[str, ...]
    scan: Cells
    cells: Cells
    size: Cells
    shape: Cells
    kept: NDArray[np.int64]
    free: Flags
    weighted: Floats
    entropy: Floats
    bald: Floats
    drawn: Floats
    border: Floats
    body: Floats

    @property
    def count(self) -> int:
        """Return the number of patches."""
        return len(self.kept)

    def origin(self, item: int) -> Cells:
        """Return the cell at which a patch begins."""
        i, j, k = (int(at) for at in np.unravel_index(int(self.kept[item]), self.shape))
        return i, j, k

    def box(self, item: int) -> Box:
        """Return a patch's voxels (i, j, k)."""
        return voxels_of(self.origin(item), self.size, self.scan, self.cells)

    def clash(self, item: int) -> Flags:
        """Tell which patches overlap one of them."""
        found = np.zeros(self.shape, bool)
        found[clashing(self.shape, self.origin(item), self.size)] = True
        return found.ravel()[self.kept]


def places_of(
    name: str,
    maps: ScoreMaps,
    size_mm: SizeMm,
    taken: Sequence[Box] = (),
    *,
    most: int | None = None,
    seed: int = 0,
) -> Places:
    """Return all patches of a scan, or `most` of them drawn by lot; what touches `taken` is not free.

    Every patch has the same chance, so that a control drawn among them is as good as one drawn among all.
    """
    size = patch_cells(maps, size_mm)
    i, j, k = (n - width + 1 for n, width in zip(maps.cells, size, strict=True))
    kept = np.arange(i * j * k)
    if most is not None and len(kept) > most:
        kept = np.sort(np.random.default_rng([seed, *name.encode()]).choice(kept, most, replace=False))
    free = np.ones((i, j, k), bool)
    for box in taken:
        free &= ~_touching(maps, size, (i, j, k), box)
    patches = _Patches(maps.voxels, size, (i, j, k), kept)
    return Places(
        id=name,
        structures=maps.structures,
        scan=maps.shape,
        cells=maps.cells,
        size=size,
        shape=(i, j, k),
        kept=kept,
        free=free.ravel()[kept],
        weighted=patches.each(maps.weighted, patches.means),
        entropy=patches.means(maps.entropy),
        bald=patches.means(maps.mutual),
        drawn=patches.each(maps.drawn, lambda one: patches.about(one * maps.voxels)),
        border=patches.each(maps.drawn, lambda one: patches.about((one > 0) & (one < 1))),
        body=np.zeros(len(kept)) if maps.body is None else patches.about(maps.body * maps.voxels),
    )


@dataclass(frozen=True)
class _Patches:
    """What is made of a map, (i, j, k) in cells, for the patches that are kept."""

    voxels: Floats
    size: Cells
    shape: Cells
    kept: NDArray[np.int64]

    def means(self, values: NDArray[np.float32]) -> Floats:
        if not values.any():
            return np.zeros(len(self.kept))
        return patch_means(values, self.voxels, self.size).ravel()[self.kept]

    def about(self, amounts: NDArray[Any]) -> Floats:
        """How much lies in the cells that have a patch about them: each cell belongs to one patch.

        It is the one with the cell in its middle, or the nearest to that which lies within the scan; so what
        touches a scan's border, or is seen in a scan of few slices, counts as well.
        """
        sums = amounts.astype(np.float64)
        for axis, (width, n) in enumerate(zip(self.size, self.shape, strict=True)):
            firsts = np.array([0, *range(width // 2 + 1, width // 2 + n)])
            sums = np.add.reduceat(sums, firsts, axis=axis)
        return sums.ravel()[self.kept]

    def each(self, maps: NDArray[np.float32], of: Callable[[NDArray[np.float32]], Floats]) -> Floats:
        return np.array([of(one) for one in maps], np.float64).reshape(len(maps), len(self.kept))


def _touching(maps: ScoreMaps, size: Cells, shape: Cells, box: Box) -> Flags:
    """Tell which patches share a voxel with a box of voxels, (i, j, k) as they begin."""
    found = np.ones(shape, bool)
    for axis in range(3):
        firsts = np.arange(shape[axis])
        n, cells, width = maps.shape[axis], maps.cells[axis], size[axis]
        low, high = first_voxel(firsts, n, cells), first_voxel(firsts + width, n, cells)
        meets = (low < box[axis].stop) & (high > box[axis].start)
        found &= meets.reshape([-1 if other == axis else 1 for other in range(3)])
    return found


@dataclass(frozen=True)
class Pool:
    """The patches of several scans behind each other, as items of one table."""

    scans: tuple[Places, ...]

    @property
    def starts(self) -> NDArray[np.int64]:
        """Return the first item of each scan, and behind the last one."""
        return np.cumsum([0, *(one.count for one in self.scans)])

    def owner(self, item: int) -> tuple[Places, int]:
        """Return an item's scan, and which of its patches it is."""
        scan = int(np.searchsorted(self.starts, item, side="right")) - 1
        return self.scans[scan], item - int(self.starts[scan])

    @property
    def structures(self) -> tuple[str, ...]:
        """Return what all of them were scored for. Raises TrainingError where that differs."""
        keys = self.scans[0].structures
        if any(one.structures != keys for one in self.scans):
            raise TrainingError(
                "All scans must be scored for the same structures; predict them with one model."
            )
        return keys

    def table(self, need: Floats, *, one_each: bool) -> Table:
        """Return what is chosen from; `one_each`: a scan has nothing left once a patch of it is taken.

        `need` weighs structures (structure,).
        """
        starts, size = self.starts, int(self.starts[-1])

        def joined(of: Callable[[Places], Floats]) -> Floats:
            return np.concatenate([of(one) for one in self.scans], axis=-1)

        def clash(item: int) -> Flags:
            scan = int(np.searchsorted(starts, item, side="right")) - 1
            own = slice(int(starts[scan]), int(starts[scan + 1]))
            found = np.zeros(size, bool)
            found[own] = True if one_each else self.scans[scan].clash(item - own.start)
            return found

        return Table(
            structures=self.structures,
            weighted=joined(lambda one: one.weighted),
            entropy=joined(lambda one: one.entropy),
            bald=joined(lambda one: one.bald),
            drawn=joined(lambda one: one.drawn),
            border=joined(lambda one: one.border),
            minutes=np.full(size, np.nan),
            features=np.zeros((size, 0)),
            read=np.zeros((0, 0)),
            clash=clash,
            free=np.concatenate([one.free for one in self.scans]),
            need=need,
            anywhere=(joined(lambda one: one.drawn.sum(axis=0)), joined(lambda one: one.body)),
        )
