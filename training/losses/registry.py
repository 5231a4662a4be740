"""Losses by name. All leave out ignored voxels and structures that nobody looked for.

Logits are float (batch, channel, i, j, k), one softmax group per layer; targets are uint8
(batch, layer, i, j, k) with the channel inside the layer or IGNORE; `known` is bool (batch, channel) and
false for structures that were not annotated in that scan.
"""

from collections.abc import Callable
from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional

from training.labels import IGNORE
from training.plan import Plan
from training.progress import TrainingError

_SMOOTH = 1.0  # voxels; keeps the Dice of a structure that is absent from the patch finite


class Loss(Protocol):
    """A loss of one batch."""

    def __call__(self, logits: Tensor, target: Tensor, known: Tensor) -> Tensor:
        """Return the scalar loss."""


def dice_ce(plan: Plan) -> Loss:
    """Return soft Dice plus weighted cross-entropy, averaged over layers, with marginal loss.

    Marginal loss (Shi et al., Medical Image Analysis 2021): the probabilities of structures that were not
    annotated are added to the background's, so a background voxel of such a scan does not tell them apart.
    """
    sizes = [1 + len(values) for values in plan.layers]
    weights = [torch.tensor(w) for w in plan.class_weights]

    def loss(logits: Tensor, target: Tensor, known: Tensor) -> Tensor:
        parts = zip(
            logits.float().split(sizes, dim=1),
            target.unbind(1),
            known.split(sizes, dim=1),
            weights,
            strict=True,
        )
        return torch.stack([_layer_loss(*part) for part in parts]).mean()

    return loss


LOSSES: dict[str, Callable[[Plan], Loss]] = {"dice_ce": dice_ce}


def loss_of(plan: Plan) -> Loss:
    """Return the plan's loss. Raises TrainingError when there is none of that name."""
    if plan.loss not in LOSSES:
        raise TrainingError(f"There is no loss called {plan.loss}; known are {', '.join(LOSSES)}.")
    return LOSSES[plan.loss](plan)


def _layer_loss(logits: Tensor, target: Tensor, known: Tensor, weights: Tensor) -> Tensor:
    """Return the loss of one softmax group: logits (b, c, …), target (b, …), known (b, c), weights (c)."""
    looked_at = target != IGNORE
    chosen = torch.where(looked_at, target, 0).long()
    log_p = functional.log_softmax(fold_unknown(logits, known), dim=1)
    weight = weights.to(logits.device)[chosen] * looked_at
    picked = log_p.gather(1, chosen[:, None])[:, 0]
    cross_entropy = -(weight * picked.where(looked_at, 0)).sum() / weight.sum().clamp_min(1e-6)
    return cross_entropy + _dice_loss(log_p.exp(), chosen, looked_at, known)


def fold_unknown(logits: Tensor, known: Tensor) -> Tensor:
    """Return logits (b, c, …) in which unknown structures are part of the background, without own share."""
    if bool(known.all()):
        return logits
    hidden = ~known
    hidden[:, 0] = True
    spread = hidden.reshape(*hidden.shape, *[1] * (logits.ndim - 2))
    background = logits.masked_fill(~spread, -torch.inf).logsumexp(dim=1, keepdim=True)
    return torch.cat([background, logits[:, 1:].masked_fill(spread[:, 1:], -torch.inf)], dim=1)


def _dice_loss(p: Tensor, chosen: Tensor, looked_at: Tensor, known: Tensor) -> Tensor:
    """Return 1 - soft Dice, averaged over the known structures (not the background) of the batch."""
    axes = tuple(range(2, p.ndim))
    truth = torch.zeros_like(p).scatter_(1, chosen[:, None], 1.0) * looked_at[:, None]
    overlap = (p * truth).sum(axes)
    total = (p * looked_at[:, None]).sum(axes) + truth.sum(axes)
    dice = (2 * overlap + _SMOOTH) / (total + _SMOOTH)
    counted = known[:, 1:]
    return ((1 - dice[:, 1:]) * counted).sum() / counted.sum().clamp_min(1)
