"""Losses by name. All leave out ignored voxels and structures that nobody looked for.

Logits are (batch, channel, i, j, k), one softmax group per layer, 16-bit numbers or float; targets are uint8
(batch, layer, i, j, k) with the channel inside the layer or IGNORE; `known` is bool (batch, channel) and
false for structures that were not annotated in that scan. The loss of a batch is the mean of its layers'.
"""

import inspect
from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol

import torch
from torch import Tensor

from training.losses import terms
from training.losses.softmax import Group, group_of
from training.plan import Plan
from training.progress import TrainingError

LayerLoss = Callable[[Group, Tensor], Tensor]  # of a group and the class weights of its channels


class Loss(Protocol):
    """A loss of one batch."""

    def __call__(self, logits: Tensor, target: Tensor, known: Tensor) -> Tensor:
        """Return the scalar loss."""


def dice_ce(
    *,
    dice_weight: float = 1.0,
    ce_weight: float = 1.0,
    weighted: bool = True,
    batch_dice: bool = False,
    smooth: float = terms.SMOOTH,
) -> LayerLoss:
    """Return soft Dice plus cross-entropy (nnU-Net's loss)."""

    def loss(group: Group, weights: Tensor) -> Tensor:
        dice = terms.dice(group, batch=batch_dice, smooth=smooth)
        return dice_weight * dice + ce_weight * terms.cross_entropy(group, weights if weighted else None)

    return loss


def generalised_dice(
    *, ce_weight: float = 1.0, weighted: bool = True, power: float = 2.0, smooth: float = terms.SMOOTH
) -> LayerLoss:
    """Return the generalised Dice loss (Sudre et al., 2017) plus cross-entropy."""

    def loss(group: Group, weights: Tensor) -> Tensor:
        dice = terms.generalised_dice(group, power=power, smooth=smooth)
        return dice + ce_weight * terms.cross_entropy(group, weights if weighted else None)

    return loss


def dice_focal(
    *,
    dice_weight: float = 1.0,
    focal_weight: float = 1.0,
    gamma: float = 2.0,
    weighted: bool = False,
    batch_dice: bool = False,
    smooth: float = terms.SMOOTH,
) -> LayerLoss:
    """Return soft Dice plus focal loss (Lin et al., 2017): cross-entropy times (1 - p) ** gamma."""

    def loss(group: Group, weights: Tensor) -> Tensor:
        dice = terms.dice(group, batch=batch_dice, smooth=smooth)
        return dice_weight * dice + focal_weight * terms.focal(group, weights if weighted else None, gamma)

    return loss


def tversky(
    *,
    alpha: float = 0.3,
    beta: float = 0.7,
    ce_weight: float = 0.0,
    weighted: bool = True,
    batch_dice: bool = False,
    smooth: float = terms.SMOOTH,
) -> LayerLoss:
    """Return the Tversky loss (Salehi et al., 2017): false positives weigh `alpha`, negatives `beta`."""

    def loss(group: Group, weights: Tensor) -> Tensor:
        found = terms.tversky(group, alpha=alpha, beta=beta, batch=batch_dice, smooth=smooth)
        if not ce_weight:
            return found
        return found + ce_weight * terms.cross_entropy(group, weights if weighted else None)

    return loss


def ce(*, weighted: bool = True) -> LayerLoss:
    """Return cross-entropy alone."""
    return lambda group, weights: terms.cross_entropy(group, weights if weighted else None)


LOSSES: dict[str, Callable[..., LayerLoss]] = {
    "dice_ce": dice_ce,
    "generalised_dice": generalised_dice,
    "dice_focal": dice_focal,
    "tversky": tversky,
    "ce": ce,
}


def loss_of(plan: Plan) -> Loss:
    """Return the plan's loss. Raises TrainingError when there is none of that name or with such arguments."""
    if plan.loss not in LOSSES:
        raise TrainingError(f"There is no loss called {plan.loss}; known are {', '.join(LOSSES)}.")
    known = inspect.signature(LOSSES[plan.loss]).parameters
    for name, value in plan.loss_args.items():
        if name not in known:
            raise TrainingError(
                f"The loss {plan.loss} has no argument called {name}; known are {', '.join(known)}."
            )
        if not isinstance(value, bool | int | float):
            raise TrainingError(f"loss_args: {name} must be a number or true or false, not {value!r}.")
    sizes = [1 + len(values) for values in plan.layers]
    weights = [torch.tensor(layer) for layer in plan.class_weights or [(1.0,) * size for size in sizes]]
    return partial(_mean_of_layers, LOSSES[plan.loss](**plan.loss_args), sizes, weights)


def _mean_of_layers(
    loss: LayerLoss,
    sizes: list[int],
    weights: Sequence[Tensor],
    logits: Tensor,
    target: Tensor,
    known: Tensor,
) -> Tensor:
    layers = zip(logits.split(sizes, 1), target.unbind(1), known.split(sizes, 1), weights, strict=True)
    losses = [loss(group_of(z, t, k), w.to(z.device)) for z, t, k, w in layers]
    return torch.stack(losses).mean()


def deep(loss: Loss, weights: Sequence[float]) -> Callable[..., Tensor]:
    """Return the weighted sum of the loss over all heads of deep supervision, the finest first.

    Called with one tensor of logits it is the plain loss. The target of a coarser head is every n-th voxel of
    the target. Heads that count 0 are not computed. Raises TrainingError when a weighted head is missing.
    """

    def total(heads: Tensor | Sequence[Tensor], target: Tensor, known: Tensor) -> Tensor:
        if isinstance(heads, Tensor):
            return loss(heads, target, known)
        if any(weights[len(heads) :]) or len(weights) < len(heads):
            raise TrainingError(
                f"The network has {len(heads)} outputs, but deep_supervision has {len(weights)} weights."
            )
        pairs = zip(heads, weights, strict=False)
        parts = [w * loss(head, _strided(target, head), known) for head, w in pairs if w]
        return torch.stack(parts).sum()

    return total


def _strided(target: Tensor, head: Tensor) -> Tensor:
    """Return the voxels of the target (b, layer, i, j, k) on the coarser grid of a head."""
    i, j, k = (size // coarse for size, coarse in zip(target.shape[2:], head.shape[2:], strict=True))
    return target[:, :, i // 2 :: i, j // 2 :: j, k // 2 :: k]
