"""Sliding-window prediction whose memory does not grow with the length of the scan.

Windows are visited from the feet upwards. As soon as no later window can touch a slice of the plan's grid,
its logits are final, brought onto the scan's own grid and turned into labels; only the slices that one row of
windows covers are held at any time.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from training.networks import autocast, device
from training.plan import Plan, Shape, Triple
from training.progress import Cancelled, OnProgress, Progress, ShouldStop
from training.volume import resample, resampled_shape

_OVERLAP = 0.5
_SIGMA = 1 / 8  # of the window, as in nnU-Net


@dataclass(frozen=True)
class PredictionResult:
    """What the model drew: `labels` uint8 (layer, i, j, k) on the scan's own grid.

    `uncertainty` is the mean over predicted voxels of the entropy, 0 (sure) to 1 (all channels alike); a
    prediction without any structure counts as 1.
    """

    labels: NDArray[np.uint8]
    uncertainty: float


@torch.inference_mode()
def predict(
    network: nn.Module,
    plan: Plan,
    image: NDArray[np.int16],
    spacing_mm: Triple,
    *,
    bf16: bool,
    on_progress: OnProgress,
    should_stop: ShouldStop,
) -> PredictionResult:
    """Delineate one scan, int16 HU (i, j, k). Raises Cancelled when asked to stop."""
    shape = (int(image.shape[0]), int(image.shape[1]), int(image.shape[2]))
    working = resampled_shape(shape, spacing_mm, plan.spacing_mm)
    hu = resample(image, working) if working == shape else resample(image.astype(np.float32), working)
    normalised = torch.from_numpy(plan.normalisation(hu))
    slices = _finished_slices(network, plan, normalised, bf16, on_progress, should_stop)
    painter = _Painter(plan, shape)
    below: Tensor | None = None
    for k, logits in enumerate(slices):
        painter.paint(k, below, logits, working[2])
        below = logits
    return painter.result()


def _finished_slices(
    network: nn.Module,
    plan: Plan,
    image: Tensor,
    bf16: bool,
    on_progress: OnProgress,
    should_stop: ShouldStop,
) -> Iterator[Tensor]:
    """Yield the logits (channel, i, j) of every slice k of the plan's grid, in order."""
    window = plan.patch_size
    shape = image.shape
    missing = [max(0, w - n) for w, n in zip(window, shape, strict=True)]
    before = [m // 2 for m in missing]
    pad = [p for axis in (2, 1, 0) for p in (before[axis], missing[axis] - before[axis])]
    padded = functional.pad(image, pad, value=plan.normalisation.air)
    starts = [_starts(n, w) for n, w in zip(padded.shape, window, strict=True)]
    total = len(starts[0]) * len(starts[1]) * len(starts[2])
    weight = _gaussian(window)
    held = torch.zeros(len(plan.channels) + 1, *padded.shape[:2], window[2])  # the last channel sums weights
    done = 0
    for row, k in enumerate(starts[2]):
        for i in starts[0]:
            for j in starts[1]:
                if should_stop():
                    raise Cancelled
                tile = padded[i : i + window[0], j : j + window[1], k : k + window[2]]
                held[:, i : i + window[0], j : j + window[1]] += _weighted_logits(network, tile, weight, bf16)
                done += 1
                on_progress(Progress("predict", done, total, f"Predicting, part {done} of {total}"))
        final = (starts[2][row + 1] if row + 1 < len(starts[2]) else padded.shape[2]) - k
        ready = (held[:-1, :, :, :final] / held[-1:, :, :, :final]).unbind(-1)
        for offset, logits in enumerate(ready):
            if before[2] <= k + offset < before[2] + shape[2]:
                yield logits[:, before[0] : before[0] + shape[0], before[1] : before[1] + shape[1]]
        held = functional.pad(held[..., final:], (0, final))


def _weighted_logits(network: nn.Module, tile: Tensor, weight: Tensor, bf16: bool) -> Tensor:
    """Return logits times weight, and the weight as one more channel: (channel + 1, i, j, k)."""
    batch = tile[None, None].to(device(), memory_format=torch.channels_last_3d)
    with autocast(bf16):
        logits = network(batch)
    return torch.cat([logits[0].float().cpu() * weight, weight[None]])


def _starts(size: int, window: int) -> list[int]:
    """Return where windows begin along an axis: even steps, at most half a window, both ends covered."""
    if size <= window:
        return [0]
    count = int(np.ceil((size - window) / (window * (1 - _OVERLAP)))) + 1
    return [round(i * (size - window) / (count - 1)) for i in range(count)]


def _gaussian(window: Shape) -> Tensor:
    """Return how much each voxel of a window counts: least at the border, where context is missing."""
    axes = [torch.exp(-0.5 * ((torch.arange(n) - (n - 1) / 2) / (n * _SIGMA)) ** 2) for n in window]
    weight = axes[0][:, None, None] * axes[1][None, :, None] * axes[2][None, None, :]
    return weight.clamp_min(1e-4)


class _Painter:
    """Turns slices of logits on the plan's grid into labels and entropy on the scan's grid."""

    def __init__(self, plan: Plan, shape: Shape) -> None:
        self._sizes = [1 + len(values) for values in plan.layers]
        self._values = [np.array((0, *values), np.uint8) for values in plan.layers]
        self._labels = np.zeros((len(plan.layers), *shape), np.uint8)
        self._shape = shape
        self._entropy = 0.0
        self._voxels = 0
        self._next = 0

    def paint(self, k: int, below: Tensor | None, here: Tensor, slices: int) -> None:
        """Draw every slice of the scan that lies between slice k - 1 (`below`) and k (`here`)."""
        scale = slices / self._shape[2]
        while self._next < self._shape[2]:
            at = min(max((self._next + 0.5) * scale - 0.5, 0.0), slices - 1.0)
            if at > k:
                return
            share = at - (k - 1)
            mixed = here if below is None or share >= 1 else torch.lerp(below, here, share)
            self._draw(self._next, mixed)
            self._next += 1

    def _draw(self, k: int, logits: Tensor) -> None:
        if logits.shape[1:] != self._shape[:2]:
            resized = functional.interpolate(
                logits[None], self._shape[:2], mode="bilinear", align_corners=False
            )
            logits = resized[0]
        for layer, part in enumerate(logits.split(self._sizes)):
            channel = part.argmax(0)
            self._labels[layer, :, :, k] = self._values[layer][channel.numpy()]
            drawn = part[:, channel > 0]
            p = drawn.softmax(0)
            log_p = drawn.log_softmax(0)
            self._entropy += float(-(p * log_p).sum()) / float(np.log(self._sizes[layer]))
            self._voxels += drawn.shape[1]

    def result(self) -> PredictionResult:
        """Return what was drawn."""
        uncertainty = self._entropy / self._voxels if self._voxels else 1.0
        return PredictionResult(self._labels, min(max(uncertainty, 0.0), 1.0))
