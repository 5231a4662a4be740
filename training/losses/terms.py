"""The parts that losses are made of, from the sums over one softmax group.

Overlap measures average over the annotated structures, never the background; of a structure that was not
annotated nothing counts.
"""

import torch
from torch import Tensor

from training.losses.softmax import Group

SMOOTH = 1.0  # voxels; keeps the Dice of a structure that is absent from the patch finite
_TINY = 1e-6


def cross_entropy(group: Group, weights: Tensor | None) -> Tensor:
    """Return the mean of -log p of the true channel, weighted by its class (weights (c) or None)."""
    return _mean(group, -group.log_p, weights)


def focal(group: Group, weights: Tensor | None, gamma: float) -> Tensor:
    """Return cross-entropy in which a voxel with probability p counts (1 - p) ** gamma."""
    doubt = (-torch.expm1(group.log_p)).clamp_min(_TINY)
    return _mean(group, -group.log_p * doubt**gamma, weights)


def dice(group: Group, *, batch: bool, smooth: float) -> Tensor:
    """Return 1 - soft Dice, per sample or (`batch`) of all samples together."""
    overlap, mass, volume, known = _sums(group, batch)
    return _mean_of(1 - (2 * overlap + smooth) / (mass + volume + smooth).clamp_min(_TINY), known)


def tversky(group: Group, *, alpha: float, beta: float, batch: bool, smooth: float) -> Tensor:
    """Return 1 - Tversky index: overlap / (overlap + alpha * false positives + beta * false negatives)."""
    overlap, mass, volume, known = _sums(group, batch)
    whole = overlap + alpha * (mass - overlap) + beta * (volume - overlap)
    return _mean_of(1 - (overlap + smooth) / (whole + smooth).clamp_min(_TINY), known)


def generalised_dice(group: Group, *, power: float, smooth: float) -> Tensor:
    """Return 1 - generalised Dice per sample: classes weigh 1 / volume ** power.

    A class that is absent from the patch weighs as much as the heaviest that is there.
    """
    overlap, mass, volume, known = _sums(group, batch=False)
    weight = volume.clamp_min(1) ** -power
    there = (volume > 0) & known
    heaviest = torch.where(there, weight, 0).amax(1, keepdim=True)
    weight = torch.where(there, weight, torch.where(heaviest > 0, heaviest, 1)) * known
    top = 2 * (weight * overlap).sum(1) + smooth
    bottom = (weight * (mass + volume)).sum(1) + smooth
    return _mean_of(1 - top / bottom.clamp_min(_TINY), known.any(1))


def _sums(group: Group, batch: bool) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return overlap, mass, volume of the structures and which count: (b, c - 1), with `batch` (c - 1).

    A structure in a sample that nobody looked at there does not enter a batch's sums.
    """
    known = group.known[:, 1:]
    overlap, mass, volume = (part[:, 1:] * known for part in (group.overlap, group.mass, group.volume))
    if not batch:
        return overlap, mass, volume, known
    return overlap.sum(0), mass.sum(0), volume.sum(0), known.any(0)


def _mean(group: Group, losses: Tensor, weights: Tensor | None) -> Tensor:
    """Return the weighted mean of (b, voxel) over the voxels that were looked at."""
    counts = group.looked_at.to(losses.dtype)
    if weights is not None:
        counts = counts * weights.to(losses.dtype)[group.chosen]
    return (counts * losses).sum() / counts.sum().clamp_min(_TINY)


def _mean_of(losses: Tensor, counted: Tensor) -> Tensor:
    return (losses * counted).sum() / counted.sum().clamp_min(1)
