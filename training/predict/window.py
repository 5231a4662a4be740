"""Logits of a whole scan from windows that overlap, in memory that does not grow with the scan's length.

As in nnU-Net, windows lie at most half a window apart and count by a Gaussian about their middle. The
Gaussian is a product of one function per axis, so the weights of all windows over a voxel can be made to sum
to one before anything is added: nothing has to be divided later, and half precision holds the sums.

Windows are visited slab by slab along one axis. As soon as no later window can touch a slice, it is final and
handed out; only the slices under one row of windows are held, in a ring: slice n lies at n modulo their
number.
"""

import functools
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations, product

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from training.networks import half
from training.plan import Plan, Shape
from training.progress import Cancelled, OnProgress, Progress, ShouldStop, TrainingError

_STEP = 0.5  # of the window: how far apart windows are at most
_SIGMA = 1 / 8  # of the window
_STAGES = {"predict": "Predicting", "locate": "Looking for the structures"}
_GPU_TILES = 4  # at once; on a processor one at a time keeps the activations in its caches


@dataclass
class Tiles:
    """How many windows are done, over all members of an ensemble; asks at each whether to go on."""

    total: int
    on_progress: OnProgress
    should_stop: ShouldStop
    stage: str = "predict"
    done: int = field(default=0, init=False)
    _since: float = field(default_factory=time.monotonic, init=False)

    def next(self, count: int) -> None:
        """Report that `count` more windows are on their way. Raises Cancelled when asked to stop."""
        if self.should_stop():
            raise Cancelled
        spent = time.monotonic() - self._since
        left = spent / self.done * (self.total - self.done) if self.done else None
        self.done += count
        what = _STAGES[self.stage]
        message = f"{what}, part {self.done} of {self.total}"
        self.on_progress(Progress(self.stage, self.done, self.total, message, left))


def starts(size: int, window: int) -> list[int]:
    """Return where windows begin along an axis: even steps, at most half a window, both ends covered."""
    if size <= window:
        return [0]
    count = int(np.ceil((size - window) / max(1.0, window * _STEP))) + 1
    return [round(i * (size - window) / (count - 1)) for i in range(count)]


def tiles_of(shape: Shape, window: Shape) -> int:
    """Return how many windows cover a scan of this shape."""
    return int(np.prod([len(starts(n, w)) for n, w in zip(shape, window, strict=True)]))


def slab_axis(shape: Shape, window: Shape) -> int:
    """Return the axis along which the fewest voxels have to be held at a time."""
    padded = np.maximum(shape, window)
    return int(np.argmin([int(padded.prod()) // int(n) * w for n, w in zip(padded, window, strict=True)]))


def axis_weights(size: int, window: int) -> list[NDArray[np.float64]]:
    """Return each window's weight along one axis, float64 (window,); over any voxel they sum to one."""
    gaussian = np.exp(-0.5 * ((np.arange(window) - (window - 1) / 2) / (window * _SIGMA)) ** 2)
    total = np.zeros(max(size, window))
    begins = starts(size, window)
    for start in begins:
        total[start : start + window] += gaussian
    return [gaussian / total[start : start + window] for start in begins]


def mirrorings(axes: Sequence[int]) -> list[tuple[int, ...]]:
    """Return every set of axes to flip, the empty one first (nnU-Net's test-time augmentation)."""
    return [flips for n in range(len(axes) + 1) for flips in combinations(axes, n)]


class Windows:
    """Averages what networks say of overlapping windows of one scan.

    `image` float32 (i, j, k) is normalised and on the plan's grid; all `networks` share that plan. `flips`
    are the mirrorings to average over. `sums` is the precision in which answers are added.
    """

    def __init__(
        self,
        networks: Sequence[nn.Module],
        plan: Plan,
        image: NDArray[np.float32],
        *,
        axis: int,
        flips: Sequence[tuple[int, ...]] = ((),),
        bf16: bool = False,
        sums: torch.dtype = torch.float16,
    ) -> None:
        self._networks, self._flips, self._bf16, self._sums = networks, flips, bf16, sums
        self._window, self._channels, self._axis = plan.patch_size, len(plan.channels), axis
        self._device = next((p.device for n in networks for p in n.parameters()), torch.device("cpu"))
        self._shape = image.shape
        missing = [max(0, w - n) for w, n in zip(self._window, image.shape, strict=True)]
        self._before = [m // 2 for m in missing]
        self._image = torch.from_numpy(np.ascontiguousarray(image)).to(self._device)
        if any(missing):
            pad = [p for a in (2, 1, 0) for p in (self._before[a], missing[a] - self._before[a])]
            self._image = functional.pad(self._image, pad, value=plan.normalisation.air)
        sizes = list(self._image.shape)
        self._starts = [starts(n, w) for n, w in zip(sizes, self._window, strict=True)]
        self._weights = [
            [torch.from_numpy(w).float().to(self._device) for w in axis_weights(n, window)]
            for n, window in zip(sizes, self._window, strict=True)
        ]
        self._constant: tuple[float, Tensor] | None = None

    @torch.inference_mode()
    def slices(self, tiles: Tiles) -> Iterator[Tensor]:
        """Yield the logits of every slice along the axis, in order: float32 (u, v, channel).

        u and v are the two other axes, in their order. A slice is overwritten when the second one after it
        is asked for. Raises TrainingError when the network answers with values that are not numbers.
        """
        u, v = (a for a in range(3) if a != self._axis)
        height, begins = self._window[self._axis], self._starts[self._axis]
        size = self._image.shape
        held = torch.zeros(height, size[u], size[v], self._channels, dtype=self._sums, device=self._device)
        inside = [slice(self._before[a], self._before[a] + self._shape[a]) for a in (u, v)]
        first, past = self._before[self._axis], self._before[self._axis] + self._shape[self._axis]
        kept = torch.empty(2, self._shape[u], self._shape[v], self._channels, device=self._device)
        for row, begin in enumerate(begins):
            self._add_row(held, row, tiles)
            for place in range(begin, begins[row + 1] if row + 1 < len(begins) else size[self._axis]):
                done = held[place % height]
                if first <= place < past:
                    yield _finite(kept[place % 2].copy_(done[inside[0], inside[1]]))
                done.zero_()

    def _add_row(self, held: Tensor, row: int, tiles: Tiles) -> None:
        """Add the answers for all windows of one row to the slices held (slice, u, v, channel)."""
        u, v = (a for a in range(3) if a != self._axis)
        places = list(product(range(len(self._starts[u])), range(len(self._starts[v]))))
        at_once = _GPU_TILES if self._device.type == "cuda" else 1
        sums = _Sums(held, self._starts[self._axis][row])
        with torch.autocast(self._device.type, half(), enabled=self._bf16):
            for group in (places[n : n + at_once] for n in range(0, len(places), at_once)):
                tiles.next(len(group))
                batch = torch.stack([self._tile(row, *place) for place in group])
                for answer, share in self._answers(batch):
                    for logits, (nu, nv) in zip(answer, group, strict=True):
                        said = logits.permute(1, 2, 3, 0).movedim(self._axis, 0)
                        weight = self._weight(row, nu, nv, held.dtype)
                        sums.add(said, weight, share, self._starts[u][nu], self._starts[v][nv])

    def _tile(self, row: int, nu: int, nv: int) -> Tensor:
        """Return one window of the image, (1, i, j, k)."""
        places = [nu, nv]
        places.insert(self._axis, row)
        begins = [self._starts[a][n] for a, n in enumerate(places)]
        i, j, k = (slice(b, b + w) for b, w in zip(begins, self._window, strict=True))
        return self._image[None, i, j, k]

    def _weight(self, row: int, nu: int, nv: int, dtype: torch.dtype) -> Tensor:
        """Return a window's weight, (slice, u, v, 1)."""
        u, v = (a for a in range(3) if a != self._axis)
        along, across, deep = self._weights[self._axis][row], self._weights[u][nu], self._weights[v][nv]
        return (along[:, None, None] * across[None, :, None] * deep)[..., None].to(dtype)

    def _answers(self, batch: Tensor) -> Iterator[tuple[Tensor, float]]:
        """Yield logits (b, channel, i, j, k) with their share of the average.

        Air is clipped to one value, so a window that lies wholly outside the body is the same everywhere:
        the answer to the last such window is kept, which changes nothing.
        """
        low, high = batch.aminmax()
        value, count = float(low), len(self._networks) * len(self._flips)
        if value != float(high):
            for answer in self._asked(batch):
                yield answer, 1 / count
            return
        if self._constant is None or self._constant[0] != value or len(self._constant[1]) != len(batch):
            self._constant = value, functools.reduce(torch.add, (a / count for a in self._asked(batch)))
        yield self._constant[1], 1.0

    def _asked(self, batch: Tensor) -> Iterator[Tensor]:
        """Yield what every network says of every mirroring, mirrored back."""
        for network in self._networks:
            for flips in self._flips:
                axes = [2 + axis for axis in flips]
                logits = network(batch.flip(axes) if axes else batch)
                yield logits.flip(axes) if axes else logits


class _Sums:
    """Adds what is said of one row's windows to the slices held, the first of which is `begin`.

    A single thread takes slice by slice, which stay in its caches, and turns bfloat16 into float16 by way of
    float32: the values are the same, and torch does both steps faster than the one. Several threads, which
    wait for each other after every operation, take as much at once as the ring allows.
    """

    def __init__(self, held: Tensor, begin: int) -> None:
        self._held, height = held, len(held)
        self._alone = held.device.type == "cpu" and torch.get_num_threads() == 1
        turn = (-begin) % height
        self._pieces = [(a, b) for a, b in ((0, turn), (turn, height)) if a < b]
        if self._alone:
            self._pieces = [(n, n + 1) for n in range(height)]
        self._begin = begin
        self._own: Tensor | None = None
        self._wide: Tensor | None = None

    def add(self, said: Tensor, weight: Tensor, share: float, i: int, j: int) -> None:
        """Add `said` (slice, u, v, channel) times `weight` (slice, u, v, 1) and `share`, from (i, j) on."""
        held, (height, rows, columns) = self._held, said.shape[:3]
        if self._own is None:  # made once: a processor spends as long on getting memory as on the work in it
            longest = max(past - first for first, past in self._pieces)
            self._own = torch.empty_like(said[:longest], dtype=held.dtype)
            if self._alone and said.dtype == torch.bfloat16 and held.dtype == torch.float16:
                self._wide = torch.empty_like(self._own, dtype=torch.float32)
        for first, past in self._pieces:
            part = said[first:past]
            if self._wide is not None:
                part = self._wide[: past - first].copy_(part)
            own = self._own[: past - first].copy_(part).mul_(weight[first:past])
            at = (self._begin + first) % height
            held[at : at + past - first, i : i + rows, j : j + columns].add_(own, alpha=share)


def _finite(logits: Tensor) -> Tensor:
    """Refuse logits that are not numbers: one such value makes the sum so."""
    if not bool(logits.sum().isfinite()):
        raise TrainingError("The network answers with values that are not numbers; train the model again.")
    return logits
