"""Slices of logits on the plan's grid become labels and entropy on the scan's own grid.

Logits are interpolated, never labels. Linear interpolation never leaves the range of the values it mixes, so
where no structure is above the background at any corner of a cell of the plan's grid, none is inside that
cell: only the other voxels are computed, and the labels are those that computing all would give.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from training.plan import Plan, Shape
from training.predict.uncertainty import EntropyTally, entropy, sure_margin
from training.progress import TrainingError

_AT_ONCE = 1 << 23  # logits interpolated at once: bounds the memory where a slice is large
_AT_ONCE_ALONE = 1 << 18  # by a single thread, which waits for nobody: what its caches hold
_MOSTLY = 0.5  # of the voxels: where more are drawn, the entropy of all is sooner computed than theirs chosen


@dataclass(frozen=True)
class _Axis:
    """For each index of the scan's grid, the plan's index below, the one above, and the share of the latter.

    `share` is None where no index lies between two of the plan's.
    """

    lower: Tensor
    upper: Tensor
    share: Tensor | None

    def taps(self, index: Tensor) -> list[tuple[Tensor, Tensor | None]]:
        """Return the plan's indices to mix for these indices of the scan, each with its share."""
        if self.share is None:
            return [(self.lower[index], None)]
        above = self.share[index]
        return [(self.lower[index], 1 - above), (self.upper[index], above)]


class Upsampling:
    """From the plan's grid, shape `working`, to the scan's, shape `shape`, slice by slice along `axis`.

    The outer faces of both grids coincide, as in `training.resampling.resample`. Raises TrainingError for a
    spline order that cannot be had slice by slice.
    """

    def __init__(self, plan: Plan, working: Shape, shape: Shape, axis: int, device: torch.device) -> None:
        rules = plan.resampling
        orders = [rules.logits_order] * 3
        if rules.separate_z:
            orders[plan.axis_order[0]] = rules.out_of_plane_order
        axes = [_axis(n, m, order, device) for n, m, order in zip(working, shape, orders, strict=True)]
        u, v = (a for a in range(3) if a != axis)
        self._rows, self._columns = axes[u], axes[v]
        self.size = shape[u], shape[v]
        self._along = axes[axis].lower.tolist()
        share = axes[axis].share
        self._shares = [0.0] * shape[axis] if share is None else share.tolist()

    def due(self, k: int) -> list[tuple[int, float]]:
        """Return the scan's slices to draw once the plan's slice k is there, each with the share of k.

        The rest, if any, is the share of slice k - 1.
        """
        places = enumerate(zip(self._along, self._shares, strict=True))
        return [(i, share or 1.0) for i, (lower, share) in places if lower == (k - 1 if share else k)]

    def unsure(self, cells: Tensor) -> Tensor:
        """Return the flat indices of the slice's voxels that lie in cells (u, v) where not all is sure."""
        return (~cells[self._rows.lower][:, self._columns.lower]).ravel().nonzero()[:, 0]

    def values(self, below: Tensor | None, here: Tensor, share: float, voxels: Tensor) -> Tensor:
        """Return logits at flat indices of a slice of the scan, float32 (voxel, channel).

        `below` and `here` are the plan's slices (u, v, channel) beside it, `share` is that of `here`.
        """
        if below is None or share == 1:
            return self._in_plane(here, voxels)
        return self._in_plane(below, voxels).mul_(1 - share).add_(self._in_plane(here, voxels).mul_(share))

    def dense(self, below: Tensor | None, here: Tensor, share: float) -> Tensor:
        """Return a slice of the scan in full, float32 (u, v, channel)."""
        voxels = torch.arange(self.size[0] * self.size[1], device=here.device)
        return self.values(below, here, share, voxels).view(*self.size, -1)

    def _in_plane(self, logits: Tensor, voxels: Tensor) -> Tensor:
        flat = logits.reshape(-1, logits.shape[2])
        rows = self._rows.taps(voxels // self.size[1])
        columns = self._columns.taps(voxels % self.size[1])
        parts = []
        for row, row_share in rows:
            for column, column_share in columns:
                part = flat[row * logits.shape[1] + column]
                for one in (row_share, column_share):
                    if one is not None:
                        part.mul_(one[:, None])
                parts.append(part)
        total = parts[0]
        for part in parts[1:]:
            total.add_(part)
        return total


class Painter:
    """Draws labels, and entropy if asked, from slices of logits on the plan's grid that come in order."""

    def __init__(
        self, plan: Plan, upsampling: Upsampling, shape: Shape, axis: int, *, with_entropy: bool = False
    ) -> None:
        self._plan, self._upsampling = plan, upsampling
        self._sizes = [1 + len(values) for values in plan.layers]
        self._values = [torch.tensor((0, *values), dtype=torch.uint8) for values in plan.layers]
        self.labels = np.zeros((len(plan.layers), *shape), np.uint8)
        self.entropy = np.zeros(self.labels.shape, np.uint8) if with_entropy else None
        # A linear mix of logits keeps a margin that all of them have, so neither labels nor entropy change.
        self._margins = [sure_margin(size) if with_entropy else 0.0 for size in self._sizes]
        self.tally = EntropyTally(plan)
        self._slices = np.moveaxis(self.labels, 1 + axis, 1)
        self._entropies = None if self.entropy is None else np.moveaxis(self.entropy, 1 + axis, 1)
        self._below: Tensor | None = None
        self._below_cells: list[Tensor] = []
        self._k = 0

    def paint(self, here: Tensor) -> None:
        """Take the next slice of logits, (u, v, channel), and draw every slice of the scan up to it.

        The slice must stay as it is until the next one has been painted.
        """
        cells = [_sure(part, margin) for part, margin in zip(self._parts(here), self._margins, strict=True)]
        for index, share in self._upsampling.due(self._k):
            for layer in range(len(self._sizes)):
                self._draw(index, share, layer, here, cells)
        self._below, self._below_cells = here, cells
        self._k += 1

    def _draw(self, index: int, share: float, layer: int, here: Tensor, cells: list[Tensor]) -> None:
        """Draw one layer of one slice of the scan."""
        part, size = self._parts(here)[layer], self._upsampling.size
        below = None if self._below is None or share == 1 else self._parts(self._below)[layer]
        sure = cells[layer] if below is None else cells[layer] & self._below_cells[layer]
        voxels = self._upsampling.unsure(sure)
        labels = torch.zeros(size[0] * size[1], dtype=torch.uint8, device=here.device)
        unsure = torch.zeros_like(labels)
        alone = here.device.type == "cpu" and torch.get_num_threads() == 1
        at_once = _AT_ONCE_ALONE if alone else _AT_ONCE
        for some in voxels.split(max(1, at_once // part.shape[2])):
            logits = self._upsampling.values(below, part, share, some)
            channel = _highest(logits)
            drawn = channel > 0
            if self._entropies is not None or int(drawn.sum()) > _MOSTLY * len(drawn):
                every = entropy(logits)
                unsure[some] = every.mul(255).round().clamp(0, 255).to(torch.uint8)
                doubt = every[drawn]
            else:
                doubt = entropy(logits[drawn])
            self.tally.add(sum(self._sizes[:layer]), channel[drawn], doubt)
            labels[some] = self._values[layer].to(here.device)[channel]
        self._slices[layer, index] = labels.view(size).cpu().numpy()
        if self._entropies is not None:
            self._entropies[layer, index] = unsure.view(size).cpu().numpy()

    def _parts(self, logits: Tensor) -> Sequence[Tensor]:
        parts: tuple[Tensor, ...] = logits.split(self._sizes, dim=2)
        return parts


def _axis(size: int, wanted: int, order: int, device: torch.device) -> _Axis:
    """Return how `wanted` indices lie among `size`: nearest (order 0) or linear (1)."""
    if order not in (0, 1):
        raise TrainingError(f"Predictions are resampled with order 0 or 1, not {order}; correct the plan.")
    scale = size / wanted
    at = ((np.arange(wanted) + 0.5) * scale - 0.5).clip(0, size - 1)
    lower = np.floor(at + 0.5 if order == 0 else at).astype(np.int64).clip(0, size - 1)
    share = np.zeros(wanted) if order == 0 else at - lower
    return _Axis(
        torch.from_numpy(lower).to(device),
        torch.from_numpy((lower + 1).clip(max=size - 1)).to(device),
        torch.from_numpy(share).float().to(device) if share.any() else None,
    )


def _sure(logits: Tensor, margin: float) -> Tensor:
    """Tell in which cells the background lies above every structure by the margin, 0: not below any.

    `logits` (u, v, channel), bool (u, v).
    Cell (u, v) reaches from there to (u + 1, v + 1); its four corners decide.
    """
    ahead = logits[..., 0] - margin >= logits[..., 1:].amax(-1)
    ahead[:-1] &= ahead[1:].clone()
    ahead[:, :-1] &= ahead[:, 1:].clone()
    return ahead


def _highest(logits: Tensor) -> Tensor:
    """Return the index of the highest value of each row, the first among equals."""
    if logits.device.type == "cpu":  # several times as fast there
        return torch.from_numpy(logits.numpy().argmax(1))
    return logits.argmax(1)
