"""Maps of what a prediction is worth to learn from, taken from slices of logits as they pass by.

Only sums over cells of about a centimetre are kept (`training.acquire.maps`), so a hundred structures take no
volume of probabilities. Members of an ensemble are heard one by one: H(p̄) and the mean of H(p_m) differ by
what they disagree about.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from training.acquire.maps import ScoreMaps, cell_at, cells_of
from training.plan import Plan, Shape, Triple

VIEWS = (0.85, 1.15)
"""Contrasts at which a network that is alone is asked again: within what its training showed it."""
_AT_ONCE = 1 << 22  # probabilities at a time


@dataclass(frozen=True)
class Frame:
    """The whole scan, and where what is being looked at begins in it and how large that is (voxels)."""

    shape: Shape
    spacing_mm: Triple
    begin: Shape
    seen: Shape

    @staticmethod
    def whole(shape: Shape, spacing_mm: Triple) -> "Frame":
        """Return the frame of a scan that is looked at as a whole."""
        return Frame(shape, spacing_mm, (0, 0, 0), shape)


class Contrast(nn.Module):
    """A network that sees its (normalised) image times a factor."""

    def __init__(self, network: nn.Module, factor: float) -> None:
        super().__init__()
        self._network, self._factor = network, factor

    def forward(self, image: Tensor) -> Tensor:
        """Return the network's answer to the image at the other contrast."""
        answer: Tensor = self._network(image * self._factor)
        return answer


class ScoreTally:
    """Adds up p̄_c · H, H, H − mean H_m and what is drawn over cells, slice by slice along `axis`.

    `grid` is the shape of the slices' grid over what the frame says is seen; outside of that everything is
    background, of which the model is sure.
    """

    def __init__(self, plan: Plan, frame: Frame, grid: Shape, axis: int, device: torch.device) -> None:
        self._sizes = [1 + len(values) for values in plan.layers]
        self._structures = tuple(key for key in plan.channels if not key.startswith("background:"))
        self._frame, self._axis = frame, axis
        self._cells = cells_of(frame.shape, frame.spacing_mm)
        at = [_cells_on_grid(frame, grid, self._cells, a) for a in range(3)]
        u, v = (a for a in range(3) if a != axis)
        self._order = (axis, u, v)
        self._along = at[axis].tolist()
        self._rows, self._columns = (torch.from_numpy(at[a]).to(device) for a in (u, v))
        self._counts = _voxels(frame, grid, self._cells, at)
        self._shape = self._cells[u], self._cells[v]
        rows = 2 * len(self._structures) + 2
        self._sums = torch.zeros(self._cells[axis], *self._shape, rows, device=device)
        self._k = 0

    def add(self, slices: Sequence[Tensor], shares: Sequence[float]) -> None:
        """Take the next slice of every member, logits (u, v, channel), each with its share of the mean."""
        step = max(1, _AT_ONCE // (slices[0].shape[1] * slices[0].shape[2]))
        for first in range(0, slices[0].shape[0], step):
            rows = slice(first, first + step)
            values = torch.cat(list(self._values([one[rows] for one in slices], shares)), dim=-1)
            across = values.new_zeros(self._shape[0], *values.shape[1:])
            across.index_add_(0, self._rows[rows], values)
            own = self._sums[self._along[self._k]]
            own.index_add_(1, self._columns, across)
        self._k += 1

    def _values(self, logits: Sequence[Tensor], shares: Sequence[float]) -> Iterator[Tensor]:
        """Yield weighted (structures), drawn (structures), then H and H − mean H_m, over all layers."""
        weighted, drawn, totals = [], [], []
        for parts in zip(*(one.split(self._sizes, dim=-1) for one in logits), strict=True):
            each = [part.softmax(-1) for part in parts]
            mean = torch.stack([p * share for p, share in zip(each, shares, strict=True)]).sum(0)
            bits = torch.special.entr(mean).sum(-1, keepdim=True)
            own = [torch.special.entr(p).sum(-1, keepdim=True) * s for p, s in zip(each, shares, strict=True)]
            weighted.append(mean[..., 1:] * bits)
            drawn.append(nn.functional.one_hot(mean.argmax(-1), mean.shape[-1])[..., 1:].to(mean.dtype))
            totals.append(torch.cat([bits, (bits - torch.stack(own).sum(0)).clamp(min=0)], dim=-1))
        yield from weighted
        yield from drawn
        yield torch.stack(totals).sum(0)

    def maps(self) -> ScoreMaps:
        """Return the means over cells."""
        sums = self._sums.cpu().numpy().astype(np.float64)
        sums = np.moveaxis(sums, (0, 1, 2), self._order)
        means = np.moveaxis(sums / np.maximum(self._counts, 1e-9)[..., None], -1, 0).astype(np.float32)
        many = len(self._structures)
        return ScoreMaps(
            structures=self._structures,
            weighted=means[:many],
            entropy=means[-2],
            mutual=means[-1],
            drawn=means[many : 2 * many],
            voxels=self._counts,
            shape=self._frame.shape,
            spacing_mm=self._frame.spacing_mm,
        )


def _cells_on_grid(frame: Frame, grid: Shape, cells: Shape, axis: int) -> NDArray[np.int64]:
    """Return the cell of the scan in which each index of the grid lies."""
    middles = frame.begin[axis] + (np.arange(grid[axis]) + 0.5) * frame.seen[axis] / grid[axis]
    found = np.floor(middles * cells[axis] / frame.shape[axis] + 1e-9).astype(np.int64)
    return found.clip(0, cells[axis] - 1)


def _voxels(frame: Frame, grid: Shape, cells: Shape, at: Sequence[NDArray[np.int64]]) -> NDArray[np.float64]:
    """Return how many voxels of the grid each cell holds, as if it covered the whole scan."""
    inside = _product([np.bincount(a, minlength=n) for a, n in zip(at, cells, strict=True)])
    own = [cell_at(n, c) for n, c in zip(frame.shape, cells, strict=True)]
    everything = _product([np.bincount(a, minlength=n) for a, n in zip(own, cells, strict=True)])
    seen = _product(
        [
            np.bincount(a[first : first + many], minlength=n)
            for a, first, many, n in zip(own, frame.begin, frame.seen, cells, strict=True)
        ]
    )
    finer = float(np.prod(grid)) / float(np.prod(frame.seen))
    found: NDArray[np.float64] = inside + (everything - seen) * finer
    return found


def _product(along: Sequence[NDArray[np.int64]]) -> NDArray[np.float64]:
    i, j, k = along
    found: NDArray[np.float64] = (i[:, None, None] * j[None, :, None] * k).astype(np.float64)
    return found
