"""How sure a prediction is: entropy, voxel by voxel and per structure, and disagreement in an ensemble."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training.plan import Plan


def entropy(logits: Tensor) -> Tensor:
    """Return the entropy of softmax over the last axis, 0 (sure) to 1 (all channels alike)."""
    log_p = logits.log_softmax(-1)
    return -(log_p.exp() * log_p).sum(-1) / float(np.log(logits.shape[-1]))


def sure_margin(channels: int) -> float:
    """Return how far one logit must lie above all others for the entropy to be 0 when written as uint8.

    With all others m below it, they share at most q = (channels - 1) exp(-m), and the entropy is at most
    -(1 - q) log(1 - q) - q log(q / (channels - 1)): that of q spread evenly.
    """
    low, high = float(np.log(2 * channels)), 60.0
    while high - low > 1e-3:
        m = (low + high) / 2
        q = (channels - 1) * float(np.exp(-m))
        most = -(1 - q) * np.log1p(-q) - q * np.log(q / (channels - 1))
        # Less than the half that would be rounded up: logits may be held in half precision.
        low, high = (low, m) if most < 0.4 / 255 * np.log(channels) else (m, high)
    return high


@dataclass
class EntropyTally:
    """Adds up entropies of drawn voxels per output channel of the plan."""

    plan: Plan
    sums: NDArray[np.float64] = field(init=False)
    voxels: NDArray[np.int64] = field(init=False)

    def __post_init__(self) -> None:
        self.sums = np.zeros(len(self.plan.channels))
        self.voxels = np.zeros(len(self.plan.channels), np.int64)

    def add(self, first: int, channel: Tensor, values: Tensor) -> None:
        """Count drawn voxels: the channel of each within the layer that starts at `first`, its entropy."""
        count = len(self.plan.channels) - first
        self.sums[first:] += torch.bincount(channel, values.double(), minlength=count).cpu().numpy()
        self.voxels[first:] += torch.bincount(channel, minlength=count).cpu().numpy()

    def overall(self) -> float:
        """Return the mean over all drawn voxels; 1 where nothing was drawn."""
        drawn = int(self.voxels.sum())
        return _within(float(self.sums.sum()) / drawn) if drawn else 1.0

    def per_structure(self) -> dict[str, float]:
        """Return the mean over the voxels of each structure that was drawn."""
        rows = zip(self.plan.channels, self.sums, self.voxels, strict=True)
        return {key: _within(float(total) / int(n)) for key, total, n in rows if n}


def disagreement(drawn: Sequence[NDArray[np.uint8]], plan: Plan) -> dict[str, float]:
    """Return per structure 1 minus the mean Dice over all pairs of an ensemble's members.

    `drawn` holds each member's labels, uint8 (layer, i, j, k). A pair in which neither drew the structure
    does not count; a structure that nobody drew is left out.
    """
    dice: dict[str, list[float]] = {}
    keys = [key for key in plan.channels if not key.startswith("background:")]
    places = [(layer, value) for layer, values in enumerate(plan.layers) for value in values]
    for first, second in combinations(drawn, 2):
        for layer, values in enumerate(plan.layers):
            sizes = _counts(first[layer]) + _counts(second[layer])
            shared = _counts(first[layer][first[layer] == second[layer]])
            for value in values:
                if sizes[value]:
                    key = keys[places.index((layer, value))]
                    dice.setdefault(key, []).append(2 * int(shared[value]) / int(sizes[value]))
    return {key: 1 - float(np.mean(dice[key])) for key in keys if key in dice}


def _counts(labels: NDArray[np.uint8]) -> NDArray[np.int64]:
    return np.bincount(labels.ravel(), minlength=256)


def _within(value: float) -> float:
    return min(max(value, 0.0), 1.0)  # the logarithms are rounded
