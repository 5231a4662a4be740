"""What every loss needs of one softmax group, in one pass forwards and one back, block by block.

No one-hot tensor and no float copy of all logits is made: with 104 structures and a patch of 128^3 voxels
each of these would hold 0.9 GB.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from training.labels import IGNORE

_BLOCK = {"cpu": 2**18, "cuda": 2**26}  # logits taken at a time: what a processor's cache holds


@dataclass(frozen=True)
class Group:
    """The softmax of one layer against its target; sums go over the voxels that were looked at.

    `log_p` (b, voxel) is the logarithm of the probability of the true channel and 0 at ignored voxels;
    `overlap`, `mass` and `volume` (b, channel) sum the probability where the channel is true, the probability
    anywhere, and the voxels of the channel; `chosen` (b, voxel) is the true channel, `looked_at` (b, voxel)
    is false at ignored voxels, and `known` (b, channel) false for structures that were not annotated. Their
    probability is part of the background's, their own entries are 0.
    """

    log_p: Tensor
    overlap: Tensor
    mass: Tensor
    volume: Tensor
    chosen: Tensor
    looked_at: Tensor
    known: Tensor


def group_of(logits: Tensor, target: Tensor, known: Tensor) -> Group:
    """Return the sums of logits (b, c, …), target uint8 (b, …) of channels or IGNORE, known bool (b, c).

    Marginal loss (Shi et al., Medical Image Analysis 2021): the probabilities of structures that were not
    annotated are added to the background's, so a background voxel of such a scan does not tell them apart.
    """
    target = target.flatten(1)
    looked_at = target != IGNORE
    chosen = torch.where(looked_at, target, 0).long()
    hidden = ~known
    hidden[:, 0] = True
    log_p, overlap, mass = _softmax(logits.flatten(2), chosen, looked_at, hidden)
    unknown = (mass * ~known).sum(1)
    mass = torch.cat([(mass[:, 0] + unknown)[:, None], mass[:, 1:] * known[:, 1:]], 1)
    ones = looked_at.to(mass.dtype)
    volume = torch.stack([_sums(c, n, mass.shape[1]) for c, n in zip(chosen, ones, strict=True)])
    return Group(log_p, overlap, mass, volume, chosen, looked_at, known)


class _Softmax(torch.autograd.Function):
    """(log_p, overlap, mass) of `Group`, with the mass of each channel still its own.

    With p the softmax, t the true channel, and slopes l, o and m of the loss by log_p, overlap and mass, the
    slope by the logits is p (m - p·m) + (l + o_t p_t)(q - p), where q is 1 at the true channel; where that is
    the background, q is the share of each channel in what is hidden in it.
    """

    @staticmethod
    def forward(
        ctx: Any, logits: Tensor, chosen: Tensor, looked_at: Tensor, hidden: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        ctx.save_for_backward(logits, chosen, looked_at, hidden)
        found = [
            _forward(z, c, seen, h) for z, c, seen, h in zip(logits, chosen, looked_at, hidden, strict=True)
        ]
        log_p, overlap, mass = (torch.stack(part) for part in zip(*found, strict=True))
        return log_p, overlap, mass

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *by: Tensor) -> tuple[Tensor | None, ...]:
        logits, *truth = ctx.saved_tensors
        slope = torch.empty_like(logits)
        samples, slopes = zip(logits, *truth, strict=True), zip(*by, strict=True)
        for index, (sample, by_sample) in enumerate(zip(samples, slopes, strict=True)):
            _backward(slope[index], sample, by_sample)
        return slope, None, None, None


_softmax: Callable[..., tuple[Tensor, Tensor, Tensor]] = _Softmax.apply


def _forward(
    logits: Tensor, chosen: Tensor, looked_at: Tensor, hidden: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Return log_p (n), overlap (c), mass (c) of logits (c, n) of one sample."""
    channels = len(logits)
    partial = _hides(hidden)
    log_ps, overlaps, masses = [], [], []
    for part in _blocks(logits):
        log_q, true, seen = _log_softmax(logits[:, part]), chosen[part], looked_at[part]
        log_p = log_q.gather(0, true[None])[0]
        if partial:
            log_p = torch.where(true == 0, log_q[hidden].logsumexp(0).clamp_max(0), log_p)
        log_p = log_p.where(seen, 0.0)
        ones = seen.to(log_p.dtype)
        log_ps.append(log_p)
        overlaps.append(_sums(true, log_p.exp() * ones, channels))
        masses.append(log_q.exp_() @ ones)
    return torch.cat(log_ps), torch.stack(overlaps).sum(0), torch.stack(masses).sum(0)


def _backward(slope: Tensor, sample: tuple[Tensor, ...], by: tuple[Tensor, ...]) -> None:
    """Write the slope (c, n) by the logits of a sample, given that `by` log_p, overlap and mass."""
    logits, chosen, looked_at, hidden = sample
    by_log_p, by_overlap, by_mass = by
    if bool(hidden.all()):  # nothing was annotated, so nothing can change what the background holds
        slope.zero_()
        return
    partial = _hides(hidden)
    for part in _blocks(logits):
        log_q, true, seen = _log_softmax(logits[:, part]), chosen[part], looked_at[part]
        inside = log_q[hidden].softmax(0) if partial else None
        p = log_q.exp_()
        p_true = p.gather(0, true[None])[0]
        if inside is not None:
            p_true = torch.where(true == 0, p[hidden].sum(0), p_true)
        pull = torch.where(seen, by_log_p[part] + by_overlap.index_select(0, true) * p_true, 0.0)
        ones = seen.to(p.dtype)
        share = by_mass[:, None] * ones - ((by_mass @ p) * ones + pull)
        found = share.mul_(p)
        if inside is not None:
            found[hidden] += inside * pull.where(true == 0, 0.0)
            pull = pull.where(true != 0, 0.0)
        slope[:, part] = found.scatter_add_(0, true[None], pull[None]).to(slope.dtype)


def _log_softmax(logits: Tensor) -> Tensor:
    """Return the logarithm of the softmax over the first dimension, float and contiguous."""
    return torch.log_softmax(logits.to(_number(logits), memory_format=torch.contiguous_format), 0)


def _number(logits: Tensor) -> torch.dtype:
    return torch.float64 if logits.dtype == torch.float64 else torch.float32


def _hides(hidden: Tensor) -> bool:
    """Tell whether anything but the background itself is part of the background."""
    return bool(hidden[1:].any())


def _blocks(logits: Tensor) -> list[slice]:
    """Return the parts of the voxels of logits (c, n) that are worked on at a time."""
    channels, voxels = logits.shape
    step = max(_BLOCK.get(logits.device.type, 2**26) // channels, 1)
    return [slice(start, start + step) for start in range(0, voxels, step)]


def _sums(channel: Tensor, numbers: Tensor, channels: int) -> Tensor:
    """Return the sum of the numbers (n) that each channel (n) has."""
    return torch.bincount(channel, numbers, minlength=channels)
