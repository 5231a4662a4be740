"""STAPLE: sensitivity and specificity of each reader, from their masks alone (Warfield 2004, TMI 23:903).

Expectation and maximisation alternate: how likely each voxel belongs to the structure, given how good the
readers are; how good they are, given that. The share of the structure in the region is that of all marks, and
the same everywhere. Readers whose errors agree are taken to be right: it is a diagnosis of readers against
each other, not against the truth. As a label it hardly differs from the vote of the majority.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.raters.consensus import MARGIN, Mask, Region, check, region_of
from training.raters.estimate import Floats

_START = 0.99999
_TOLERANCE = 1e-10
_FEWEST_READERS = 3
_MOST_READERS = 20
_TINY = 1e-300


@dataclass(frozen=True)
class Staple:
    """What STAPLE says of each reader, in the order of the masks; None with a reason where undefined.

    `sensitivity`: share of the structure that the reader marked. `specificity`: share of the background *of
    the region* that the reader left. `probability`: float32 over the region, that a voxel belongs to the
    structure. `prevalence`: the share that was assumed.
    """

    sensitivity: tuple[float, ...] | None
    specificity: tuple[float, ...] | None
    probability: NDArray[np.float32] | None
    region: Region | None
    prevalence: float | None
    rounds: int
    converged: bool
    reason: str = ""


def staple(masks: Sequence[Mask], *, margin: int = MARGIN, most_rounds: int = 1000) -> Staple:
    """Compare the masks of one structure in one case, bool (i, j, k), 3 to 20 readers.

    Of two readers the masks cannot say who is right: the answer would be that of the starting values. Raises
    ValueError for masks of different shapes or kinds, and for more than 20.
    """
    check(masks)
    if len(masks) > _MOST_READERS:
        raise ValueError(f"STAPLE takes up to {_MOST_READERS} readers, not {len(masks)}.")
    region = region_of(masks, margin)
    if len(masks) < _FEWEST_READERS or region is None:
        reason = "Every mask is empty." if region is None else "Three readers are needed."
        return Staple(None, None, None, region, None, 0, False, reason)
    codes = _codes(masks, region)
    patterns, places, times = np.unique(codes, return_inverse=True, return_counts=True)
    marks = (patterns[None, :] >> np.arange(len(masks))[:, None]) & 1 == 1
    share = float((marks * times).sum() / (len(masks) * times.sum()))
    rates = np.full((2, len(masks)), _START)
    rounds, change, belief = 0, 1.0, np.zeros(times.size)
    while rounds < most_rounds and change > _TOLERANCE:
        belief = _expect(marks, rates, share)
        better = _maximise(marks, times.astype(np.float64), belief)
        change = float(np.abs(better - rates).max())
        rates, rounds = better, rounds + 1
    belief = _expect(marks, rates, share)
    probability = belief.astype(np.float32)[places].reshape(codes.shape)
    sensitivity, specificity = (tuple(float(one) for one in side) for side in rates)
    return Staple(sensitivity, specificity, probability, region, share, rounds, change <= _TOLERANCE)


def _codes(masks: Sequence[Mask], region: Region) -> NDArray[np.uint32]:
    """Return for each voxel of the region who marked it, one bit per reader: voxels alike are one."""
    codes = np.zeros([end - first for first, end in region.box], np.uint32)
    for reader, mask in enumerate(masks):
        codes |= mask[region.slices].astype(np.uint32) << np.uint32(reader)
    return codes


def _expect(marks: NDArray[np.bool_], rates: Floats, share: float) -> Floats:
    """Return for each pattern (P,) the probability of belonging to the structure; `marks`: (readers, P)."""
    sensitivity, specificity = rates[0][:, None], rates[1][:, None]
    inside = share * np.where(marks, sensitivity, 1 - sensitivity).prod(axis=0)
    outside = (1 - share) * np.where(marks, 1 - specificity, specificity).prod(axis=0)
    belief: Floats = inside / np.maximum(inside + outside, _TINY)
    return belief


def _maximise(marks: NDArray[np.bool_], times: Floats, belief: Floats) -> Floats:
    """Return sensitivity and specificity, (2, readers), for each pattern's probability and frequency."""
    inside, outside = times * belief, times * (1 - belief)
    sensitivity = (marks * inside).sum(axis=1) / max(float(inside.sum()), _TINY)
    specificity = (~marks * outside).sum(axis=1) / max(float(outside.sum()), _TINY)
    return np.stack([sensitivity, specificity])
