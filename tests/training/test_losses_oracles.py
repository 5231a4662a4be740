"""The losses against MONAI's where the definitions agree, and their gradients against finite differences."""

import dataclasses
from typing import Any

import pytest
import torch
from monai.losses.dice import DiceCELoss, DiceLoss, GeneralizedDiceLoss
from monai.losses.focal_loss import FocalLoss
from monai.losses.tversky import TverskyLoss
from torch import Tensor

from tests.training.test_plan import CORD, LEFT, LIVER, fingerprint, plan
from training.labels import IGNORE
from training.losses import Loss, deep, loss_of, softmax
from training.losses.softmax import group_of
from training.losses.terms import focal
from training.plan import Plan, plan_for
from training.progress import TrainingError

CHANNELS = 4
SHAPE = (5, 4, 3)
MONAI: dict[str, Any] = {
    "to_onehot_y": True,
    "softmax": True,
    "include_background": False,
    "smooth_nr": 0.5,
    "smooth_dr": 0.5,
}


def one_layer() -> Plan:
    structures = tuple(
        dataclasses.replace(s, layer=0, value=value, side="")
        for value, s in enumerate((LIVER, LEFT, CORD), start=1)
    )
    seen = dataclasses.replace(fingerprint(), shares=((0.9, 0.05, 0.03, 0.02),))
    return plan_for(seen, structures, budget_s=1)


def loss_called(name: str, **arguments: float) -> Loss:
    return loss_of(dataclasses.replace(one_layer(), loss=name, loss_args=arguments, class_weights=()))


def batch(samples: int = 2, seed: int = 3) -> tuple[Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(samples, CHANNELS, *SHAPE, generator=generator, requires_grad=True)
    target = torch.randint(0, CHANNELS, (samples, 1, *SHAPE), generator=generator).to(torch.uint8)
    return logits, target, torch.ones(samples, CHANNELS, dtype=torch.bool)


def compare(ours: Loss, theirs: Any, *, absent: bool = False) -> None:
    logits, target, known = batch()
    if absent:
        target[0][target[0] == 2] = 0
    mine, other = ours(logits, target, known), theirs(logits, target.float())
    torch.testing.assert_close(mine, other)
    slope, expected = (torch.autograd.grad(value, logits)[0] for value in (mine, other))
    torch.testing.assert_close(slope, expected)


@pytest.mark.parametrize("together", [False, True])
@pytest.mark.parametrize("absent", [False, True])
def test_dice_ce_is_monais(together: bool, absent: bool) -> None:
    ours = loss_called("dice_ce", batch_dice=together, smooth=0.5, ce_weight=0.7, dice_weight=1.3)
    compare(ours, DiceCELoss(batch=together, lambda_ce=0.7, lambda_dice=1.3, **MONAI), absent=absent)


def test_class_weights_are_those_of_cross_entropy() -> None:
    weights = (0.3, 1.0, 2.0, 4.0)
    weighted = dataclasses.replace(one_layer(), loss="ce", loss_args={}, class_weights=(weights,))
    compare(
        loss_of(weighted), lambda z, t: torch.nn.CrossEntropyLoss(torch.tensor(weights))(z, t[:, 0].long())
    )
    plain = dataclasses.replace(weighted, loss_args={"weighted": False})
    compare(loss_of(plain), lambda z, t: torch.nn.CrossEntropyLoss()(z, t[:, 0].long()))


@pytest.mark.parametrize("absent", [False, True])
def test_generalised_dice_is_monais(absent: bool) -> None:
    compare(
        loss_called("generalised_dice", ce_weight=0.0, smooth=0.5),
        GeneralizedDiceLoss(**MONAI),
        absent=absent,
    )


@pytest.mark.parametrize("together", [False, True])
def test_tversky_is_monais(together: bool) -> None:
    ours = loss_called("tversky", alpha=0.2, beta=0.9, smooth=0.5, batch_dice=together)
    compare(ours, TverskyLoss(alpha=0.2, beta=0.9, batch=together, **MONAI))


@pytest.mark.parametrize("gamma", [0.0, 1.0, 2.0, 3.5])
def test_focal_is_monais_per_voxel(gamma: float) -> None:
    # MONAI's sum is one of means over the voxels.
    theirs = FocalLoss(gamma=gamma, to_onehot_y=True, use_softmax=True, reduction="sum")

    def per_voxel(logits: Tensor, target: Tensor) -> Tensor:
        found: Tensor = theirs(logits, target) / len(target)
        return found

    compare(loss_called("dice_focal", gamma=gamma, dice_weight=0.0), per_voxel)
    compare(loss_called("dice_focal", focal_weight=0.0, smooth=0.5), DiceLoss(**MONAI))


def test_a_perfect_focal_prediction_has_a_finite_gradient() -> None:
    logits, target, known = batch(1)
    sure = (torch.nn.functional.one_hot(target[:, 0].long(), CHANNELS).movedim(-1, 1) * 90.0).requires_grad_()
    focal(group_of(sure, target[:, 0], known), None, 0.5).backward()
    assert sure.grad is not None
    assert torch.isfinite(sure.grad).all()
    assert logits.shape == sure.shape


@pytest.mark.parametrize("hidden", [(), (2,), (1, 3), (1, 2, 3)])
def test_the_gradient_is_that_of_finite_differences(
    hidden: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(softmax._BLOCK, "cpu", 12)  # several blocks, the last one short
    logits, target, known = batch()
    known[0, list(hidden)] = False
    for channel in hidden:
        target[0][target[0] == channel] = 0
    target[1, 0, 2] = IGNORE

    def outputs(z: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        group = group_of(z, target[:, 0], known)
        return group.log_p, group.overlap, group.mass

    assert torch.autograd.gradcheck(outputs, (logits.detach().double().requires_grad_(),))


def test_blocks_and_layout_do_not_change_the_loss(monkeypatch: pytest.MonkeyPatch) -> None:
    logits, target, known = batch()
    whole = loss_called("dice_ce")(logits, target, known)
    slope = torch.autograd.grad(whole, logits)[0]
    monkeypatch.setitem(softmax._BLOCK, "cpu", 28)
    last = logits.detach().to(memory_format=torch.channels_last_3d).requires_grad_()
    again = loss_called("dice_ce")(last, target, known)
    torch.testing.assert_close(again, whole)
    found = torch.autograd.grad(again, last)[0]
    torch.testing.assert_close(found, slope)
    assert found.is_contiguous(memory_format=torch.channels_last_3d)


def test_sixteen_bit_logits_are_reckoned_in_float() -> None:
    logits, target, known = batch()
    short = logits.detach().bfloat16().requires_grad_()
    loss = loss_called("dice_ce")(short, target, known)
    assert loss.dtype == torch.float32
    torch.testing.assert_close(loss, loss_called("dice_ce")(short.detach().float(), target, known))
    assert torch.autograd.grad(loss, short)[0].dtype == torch.bfloat16


def test_a_batch_dice_leaves_out_the_scan_in_which_a_structure_was_not_annotated() -> None:
    logits, target, known = batch()
    known[0, 2] = False
    target[0][target[0] == 2] = 0
    loss = loss_called("dice_ce", batch_dice=True, ce_weight=0.0)
    other = logits.detach().clone()
    p = other[0].softmax(0)
    moved = torch.stack([p[0] + 0.9 * p[2], p[1], 0.1 * p[2], p[3]]).log()
    other[0] = moved
    torch.testing.assert_close(loss(other, target, known), loss(logits, target, known).detach())


def test_deep_supervision_weighs_the_heads() -> None:
    loss = loss_called("dice_ce")
    shapes = ((8, 8, 4), (4, 4, 4), (2, 2, 2))
    torch.manual_seed(1)
    heads = [torch.randn(1, CHANNELS, *shape, requires_grad=True) for shape in shapes]
    target = torch.randint(0, CHANNELS, (1, 1, 8, 8, 4)).to(torch.uint8)
    known = torch.ones(1, CHANNELS, dtype=torch.bool)
    total = deep(loss, (0.5, 0.25, 0.0))(heads, target, known)
    coarse = target[:, :, 1::2, 1::2]
    expected = 0.5 * loss(heads[0], target, known) + 0.25 * loss(heads[1], coarse, known)
    torch.testing.assert_close(total, expected)
    total.backward()
    assert heads[2].grad is None
    torch.testing.assert_close(deep(loss, (0.5, 0.25, 0.0))(heads[:2], target, known), expected)
    torch.testing.assert_close(deep(loss, ())(heads[0], target, known), loss(heads[0], target, known))


@pytest.mark.parametrize("weights", [(1.0,), (0.5, 0.3, 0.2)])
def test_a_head_without_weight_or_a_weight_without_head_is_refused(weights: tuple[float, ...]) -> None:
    heads = [torch.zeros(1, 5, 4, 4, 4), torch.zeros(1, 5, 2, 2, 2)]
    target, known = torch.zeros(1, 2, 4, 4, 4, dtype=torch.uint8), torch.ones(1, 5, dtype=torch.bool)
    with pytest.raises(TrainingError, match="2 outputs, but deep_supervision has"):
        deep(loss_of(plan()), weights)(heads, target, known)
