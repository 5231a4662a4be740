"""Every network of the registry learns, comes back from its own file, and hands on its output channels."""

import dataclasses
import functools
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from tests.training.test_plan import CORD, LEFT, LIVER, fingerprint, plan
from training.networks import (
    NETWORKS,
    adapted,
    build,
    fill,
    heads_of,
    load_tensors,
    save_tensors,
    warm_start,
)
from training.plan import Plan, plan_for
from training.progress import TrainingError

UNET: dict[str, Any] = {"strides": [[1, 1, 1], [2, 2, 2]], "features": [4, 8]}
SMALL: dict[str, dict[str, Any]] = {
    "plain_unet": UNET,
    "resenc_unet": UNET,
    "attention_unet": {"features": [4, 8], "strides": [2]},
    "swin_unetr": {"features": 12, "depths": [1, 1, 1, 1], "window": 2},
    "unetr": {"features": 4, "hidden": 16, "perceptron": 16, "attention_heads": 2},
    "segresnet": {"features": 8, "blocks_down": [1, 1], "blocks_up": [1]},
    "highresnet": {},
    "vnet": {},
}
SIDE = {"swin_unetr": 32, "unetr": 16, "vnet": 16}


def small(network: str, of: Plan | None = None) -> Plan:
    side = SIDE.get(network, 8)
    return dataclasses.replace(
        of or plan(),
        network=network,
        network_args=SMALL[network],
        deep_supervision=(),
        patch_size=(side, side, side),
    )


@functools.cache
def made(network: str, seed: int = 1) -> nn.Module:
    """Return a network that nobody may change."""
    return build(small(network), seed).eval()


def batch(network: str) -> tuple[Tensor, Tensor]:
    """Return an image, and a target that can be read off it: is a voxel bright?"""
    torch.manual_seed(0)
    image = torch.randn(1, 1, *small(network).patch_size)
    return image, (image[:, 0] > 0).long()


def test_all_networks_are_tried() -> None:
    assert set(SMALL) == set(NETWORKS)


@pytest.mark.parametrize("network", sorted(SMALL))
def test_a_few_steps_lower_the_loss_and_the_file_brings_the_network_back(
    network: str, tmp_path: Path
) -> None:
    learner = build(small(network), seed=1).train()
    image, target = batch(network)
    optimiser = torch.optim.AdamW((p for p in learner.parameters() if p.requires_grad), lr=3e-3, fused=True)
    losses = []
    for _ in range(3):
        loss = nn.functional.cross_entropy(learner(image)[:, :2], target)
        optimiser.zero_grad()
        loss.backward()
        assert all(p.grad is not None for p in learner.parameters() if p.requires_grad)
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0]
    save_tensors(tmp_path / "x.safetensors", learner.state_dict(), {})
    again = build(small(network), seed=2).eval()
    fill(again, load_tensors(tmp_path / "x.safetensors")[0], "The checkpoint")
    with torch.no_grad():
        expected = learner.eval()(image)
        assert expected.shape == (1, 5, *image.shape[2:])
        torch.testing.assert_close(again(image), expected)


@pytest.mark.parametrize("network", sorted(SMALL))
def test_all_parameters_with_an_entry_per_channel_are_known_as_heads(network: str) -> None:
    fewer = small(network, plan_for(fingerprint(), (LIVER, CORD), budget_s=1))
    one, other = (n.state_dict() for n in (made(network), build(fewer, seed=1)))
    changed = {name for name in one if name not in other or one[name].shape != other[name].shape}
    assert changed
    assert all(name.startswith(tuple(heads_of(fewer))) for name in changed)


@pytest.mark.parametrize("network", sorted(SMALL))
def test_output_channels_follow_their_structure(network: str) -> None:
    old = small(network)
    new = small(network, plan_for(fingerprint(), (LEFT, LIVER, CORD), budget_s=1))
    new = dataclasses.replace(new, channels=tuple(reversed(old.channels)))
    child = build(new, seed=2).eval()
    taken = warm_start(child, made(network).state_dict(), new, old)
    assert taken == len(child.state_dict())
    image, _ = batch(network)
    with torch.no_grad():
        torch.testing.assert_close(child(image), made(network)(image).flip(1), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("network", sorted(SMALL))
def test_a_structure_more_keeps_the_others_weights(network: str) -> None:
    parent = small(network, plan_for(fingerprint(), (LIVER, CORD), budget_s=1))
    weights = build(parent, seed=3).state_dict()
    child, untouched = build(small(network), seed=2), build(small(network), seed=2).state_dict()
    warm_start(child, weights, small(network), parent)
    own, old = small(network).channels.index("liver"), parent.channels.index("liver")
    new = small(network).channels.index("kidney_left")
    for name, tensor in child.state_dict().items():
        if not name.startswith(tuple(heads_of(parent))):
            assert torch.equal(tensor, weights[name])
        elif tensor.shape[:1] == (5,):
            assert torch.equal(tensor[new], untouched[name][new])
            if tensor.ndim != 5 or tensor.shape[1] != 5:
                assert torch.equal(tensor[own], weights[name][old])


def test_all_heads_of_deep_supervision_are_handed_on() -> None:
    stages = {"strides": [[1, 1, 1], [2, 2, 2], [2, 2, 2]], "features": [4, 4, 4]}
    old = dataclasses.replace(small("plain_unet"), network_args=stages, deep_supervision=(0.7, 0.3))
    new = dataclasses.replace(old, channels=tuple(reversed(old.channels)))
    parent, child = build(old, seed=1).train(), build(new, seed=2).train()
    warm_start(child, parent.state_dict(), new, old)
    image, _ = batch("plain_unet")
    for head, expected in zip(child(image), parent(image), strict=True):
        torch.testing.assert_close(head, expected.flip(1))


@pytest.mark.parametrize(
    ("network", "multiple"),
    [("attention_unet", 8), ("swin_unetr", 32), ("unetr", 16), ("segresnet", 8), ("vnet", 16)],
)
def test_a_patch_that_does_not_divide_is_refused_and_adapted(network: str, multiple: int) -> None:
    odd = dataclasses.replace(plan(), network=network, network_args={}, patch_size=(36, 40, 60))
    side = f"{multiple}×{multiple}×{multiple}"
    with pytest.raises(
        TrainingError, match=f"{network} needs .* multiples of {side}; the plan's is 36×40×60"
    ):
        build(odd, seed=0)
    fits = adapted(plan(), network)
    assert fits.network_args == {}
    assert not any(side % multiple for side in fits.patch_size)


def test_a_plan_is_adapted_from_one_unet_to_the_other() -> None:
    other = adapted(small("plain_unet"), "resenc_unet")
    assert (other.network_args, other.patch_size) == (UNET, (8, 8, 8))
    build(other, seed=0)
    with pytest.raises(TrainingError, match="plain_unet needs strides and features"):
        adapted(small("vnet"), "plain_unet")


def test_what_a_network_cannot_do_is_said() -> None:
    deep = dataclasses.replace(small("vnet"), deep_supervision=(0.6, 0.4))
    with pytest.raises(TrainingError, match="vnet has no deep supervision"):
        build(deep, seed=0)
    with pytest.raises(TrainingError, match=r"network_args do not make a vnet: .*'width'"):
        build(dataclasses.replace(small("vnet"), network_args={"width": 3}), seed=0)


def test_the_weights_of_another_plan_are_refused() -> None:
    network = build(small("plain_unet"), seed=0)
    with pytest.raises(TrainingError, match=r"The checkpoint belongs to another plan: .* is missing"):
        fill(network, made("resenc_unet").state_dict(), "The checkpoint")
    wider = dataclasses.replace(small("plain_unet"), network_args=UNET | {"features": [4, 12]})
    with pytest.raises(TrainingError, match=r"x.safetensors belongs to another plan: .* has shape \(12"):
        fill(network, build(wider, seed=0).state_dict(), "x.safetensors")


def test_a_pickle_is_not_opened(tmp_path: Path) -> None:
    for name, old in (("zip.pt", True), ("bare.pt", False)):
        torch.save({"a": torch.zeros(3)}, tmp_path / name, _use_new_zipfile_serialization=old)
        with pytest.raises(TrainingError, match=f"{name} is a PyTorch pickle, which is not opened"):
            load_tensors(tmp_path / name)
