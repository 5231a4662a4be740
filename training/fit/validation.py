"""Dice on validation scans while training goes on: on the plan's grid, cheap, annotated voxels alone."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import product

import numpy as np
import torch
from torch import Tensor, nn

from training.labels import IGNORE
from training.networks import autocast, device
from training.patches import Prepared
from training.plan import Plan

_STEP = 0.75  # of the patch: less overlap than a real prediction has, for speed


@torch.inference_mode()
def dice_of(
    network: nn.Module, bf16: bool, *, plan: Plan, cases: Sequence[Prepared]
) -> dict[str, float | None]:
    """Return the mean Dice of every structure over the scans in which it was annotated.

    A scan where a structure is neither drawn nor predicted does not count; None where that is so in all.
    The network must be in eval mode.
    """
    found: dict[str, list[float]] = {key: [] for key in plan.channels if not key.startswith("background:")}
    for case in cases:
        logits = _logits(network, plan, case, bf16)
        first = 0
        for layer, values in enumerate(plan.layers):
            count = 1 + len(values)
            drawn = logits[first : first + count].argmax(0)
            overlap = _joint(torch.from_numpy(np.array(case.target[layer])).to(drawn.device), drawn, count)
            for channel in range(1, count):
                total = overlap[channel].sum() + overlap[:, channel].sum()
                if case.known[first + channel] and total > 0:
                    dice = 2 * overlap[channel, channel] / total
                    found[plan.channels[first + channel]].append(float(dice))
            first += count
    return {key: float(np.mean(values)) if values else None for key, values in found.items()}


def mean_dice(dice: Mapping[str, float | None]) -> float | None:
    """Return the mean over structures, or None when none is applicable."""
    known = [value for value in dice.values() if value is not None]
    return float(np.mean(known)) if known else None


def _logits(network: nn.Module, plan: Plan, case: Prepared, bf16: bool) -> Tensor:
    """Return logits (channel, i, j, k), summed where windows overlap."""
    total = torch.zeros(len(plan.channels), *case.image.shape, device=device())
    for window in _windows(case.image.shape, plan.patch_size):
        tile = torch.from_numpy(np.array(case.image[window], np.float32))[None, None].to(device())
        with autocast(bf16):
            total[(slice(None), *window)] += network(tile.contiguous(memory_format=torch.channels_last_3d))[
                0
            ].float()
    return total


def _windows(shape: Sequence[int], patch: Sequence[int]) -> Iterator[tuple[slice, ...]]:
    starts = []
    for size, window in zip(shape, patch, strict=True):
        count = int(np.ceil((size - window) / max(1.0, window * _STEP))) + 1
        starts.append([round(i * (size - window) / max(count - 1, 1)) for i in range(count)])
    for corner in product(*starts):
        yield tuple(slice(s, s + n) for s, n in zip(corner, patch, strict=True))


def _joint(target: Tensor, drawn: Tensor, count: int) -> Tensor:
    """Return how often each pair (truth, prediction) occurs, (count, count), where somebody looked."""
    looked_at = target != IGNORE
    pairs = target[looked_at].long() * count + drawn[looked_at]
    return torch.bincount(pairs, minlength=count * count).reshape(count, count)
