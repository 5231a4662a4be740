"""What was not looked at must not teach: proven on gradients."""

import dataclasses

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from tests.training.test_plan import plan
from training.labels import IGNORE
from training.losses import LOSSES, Loss, loss_of
from training.losses.softmax import group_of
from training.progress import TrainingError

SHAPE = (6, 5, 4)
CHANNELS = 5  # two layers: background, liver, left kidney | background, cord
EVERYTHING = torch.ones(1, CHANNELS, dtype=torch.bool)


@pytest.fixture(params=sorted(LOSSES))
def loss(request: pytest.FixtureRequest) -> Loss:
    return loss_of(dataclasses.replace(plan(), loss=request.param, loss_args={}))


@pytest.fixture
def dice_ce() -> Loss:
    return loss_of(dataclasses.replace(plan(), loss="dice_ce", loss_args={}))


def logits() -> Tensor:
    torch.manual_seed(4)
    return torch.randn(1, CHANNELS, *SHAPE, dtype=torch.float32, requires_grad=True)


def target() -> Tensor:
    torch.manual_seed(5)
    return torch.stack([torch.randint(0, 3, SHAPE), torch.randint(0, 2, SHAPE)])[None].to(torch.uint8)


def gradient(loss: Loss, z: Tensor, truth: Tensor, known: Tensor) -> Tensor:
    return torch.autograd.grad(loss(z, truth, known), z)[0]


def test_cross_entropy_and_dice_of_one_known_case(dice_ce: Loss) -> None:
    # All logits equal: every channel of a layer has the same probability.
    z, truth = torch.zeros(1, CHANNELS, *SHAPE), torch.zeros(1, 2, *SHAPE, dtype=torch.uint8)
    voxels = 6 * 5 * 4
    absent = 1 - 1 / (voxels / 3 + 1)
    first = torch.log(torch.tensor(3.0)) + absent
    second = torch.log(torch.tensor(2.0)) + 1 - 1 / (voxels / 2 + 1)
    assert dice_ce(z, truth, EVERYTHING).item() == pytest.approx(((first + second) / 2).item(), rel=1e-5)


def test_a_perfect_prediction_costs_nothing(loss: Loss) -> None:
    truth = target()
    parts = [functional.one_hot(truth[:, layer].long(), n) for layer, n in ((0, 3), (1, 2))]
    z = torch.cat(parts, dim=-1).movedim(-1, 1) * 40.0
    assert loss(z, truth, EVERYTHING).item() == pytest.approx(0, abs=1e-4)


def test_an_ignored_voxel_teaches_nothing(loss: Loss) -> None:
    truth = target()
    truth[0, 0, 2:4] = IGNORE
    slope = gradient(loss, logits(), truth, EVERYTHING)
    assert slope[0, :3, 2:4].abs().max() == 0
    assert slope[0, :3, :2].abs().min() > 0
    assert slope[0, 3:, 2:4].abs().min() > 0  # the other layer was looked at there
    changed = logits().detach().clone()
    changed[0, :3, 2:4] += torch.randn(3, 2, 5, 4) * 9
    torch.testing.assert_close(loss(changed, truth, EVERYTHING), loss(logits(), truth, EVERYTHING))


def test_a_scan_in_which_everything_is_ignored_costs_only_a_constant(loss: Loss) -> None:
    truth = torch.full((1, 2, *SHAPE), IGNORE, dtype=torch.uint8)
    assert gradient(loss, logits(), truth, EVERYTHING).abs().max() == 0


def test_a_layer_in_which_nothing_was_annotated_teaches_nothing(loss: Loss) -> None:
    known = torch.tensor([[True, True, True, True, False]])
    truth = target()
    truth[0, 1] = 0
    slope = gradient(loss, logits(), truth, known)
    assert slope[0, 3:].abs().max() == 0
    assert slope[0, :3].abs().min() > 0


def test_a_structure_nobody_looked_for_is_not_told_from_background(loss: Loss) -> None:
    # Moving probability between background and the unknown kidney must not change the loss at all.
    known = torch.tensor([[True, True, False, True, True]])
    truth = target()
    truth[truth == 2] = 0
    z = logits().detach()
    p = z[:, :3].softmax(1)
    moved = p.clone()
    moved[:, 0] = 0.9 * (p[:, 0] + p[:, 2])
    moved[:, 2] = 0.1 * (p[:, 0] + p[:, 2])
    other = torch.cat([moved.log(), z[:, 3:]], dim=1)
    torch.testing.assert_close(loss(other, truth, known), loss(z, truth, known))
    # With the kidney known, the same move does change it.
    assert (loss(other, truth, EVERYTHING) - loss(z, truth, EVERYTHING)).abs() > 0.01


def test_unknown_structures_give_their_share_to_the_background() -> None:
    z = torch.log(torch.tensor([0.2, 0.5, 0.3])).reshape(1, 3, 1)
    truth, known = torch.zeros(1, 1, dtype=torch.uint8), torch.tensor([[True, True, False]])
    group = group_of(z, truth, known)
    torch.testing.assert_close(group.log_p.exp(), torch.tensor([[0.5]]))
    torch.testing.assert_close(group.mass, torch.tensor([[0.5, 0.5, 0.0]]))


def test_one_scan_of_a_batch_may_know_more_than_another(loss: Loss) -> None:
    truth = target().repeat(2, 1, 1, 1, 1)
    truth[1, 1] = 0
    known = EVERYTHING.repeat(2, 1)
    known[1, 4] = False
    z = logits().detach().repeat(2, 1, 1, 1, 1).requires_grad_()
    slope = gradient(loss, z, truth, known)
    assert slope[0, 3:].abs().min() > 0
    assert slope[1, 3:].abs().max() == 0


def test_gradients_are_finite_in_the_extremes(loss: Loss) -> None:
    z = (logits().detach() * 200).requires_grad_()
    known = torch.tensor([[True, True, False, True, False]])
    assert torch.isfinite(gradient(loss, z, target(), known)).all()


def test_an_unknown_loss_is_named() -> None:
    with pytest.raises(TrainingError, match="no loss called hinge"):
        loss_of(dataclasses.replace(plan(), loss="hinge"))


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"smoothness": 1.0}, "no argument called smoothness; known are dice_weight"),
        ({"smooth": "much"}, "smooth must be a number"),
    ],
)
def test_wrong_arguments_are_named(arguments: dict[str, object], sentence: str) -> None:
    with pytest.raises(TrainingError, match=sentence):
        loss_of(dataclasses.replace(plan(), loss="dice_ce", loss_args=arguments))
