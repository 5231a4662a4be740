"""Our U-Nets: the norm against torch's, the gradient of the fast parts, and both against nnU-Net's own."""

import dataclasses
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from tests.training.test_plan import plan
from training.networks import build, channels_last
from training.networks.norm import InstanceNorm, with_instance_norm
from training.networks.unet import UNet, Up
from training.plan import Plan
from training.progress import TrainingError

STAGES: dict[str, Any] = {
    "strides": [[1, 1, 1], [2, 2, 1], [2, 2, 2]],
    "kernels": [[3, 3, 1], [3, 3, 3], [3, 3, 3]],
    "features": [4, 6, 8],
}
BLOCKS = {
    "plain_unet": {"blocks": [2, 2, 3], "decoder_blocks": [1, 2]},
    "resenc_unet": {"blocks": [1, 3, 4], "decoder_blocks": [1, 1]},
}


def planned(network: str, *, deep: tuple[float, ...] = ()) -> Plan:
    arguments = STAGES | BLOCKS[network]
    return dataclasses.replace(
        plan(), network=network, network_args=arguments, deep_supervision=deep, patch_size=(8, 8, 8)
    )


@pytest.mark.parametrize("samples", [1, 3])
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last_3d])
def test_the_norm_is_torchs_instance_norm(samples: int, layout: torch.memory_format) -> None:
    torch.manual_seed(0)
    x = (torch.randn(samples, 5, 4, 3, 6) * 3 + 1).to(memory_format=layout).requires_grad_()
    ours, theirs = InstanceNorm(5), nn.InstanceNorm3d(5, affine=True)
    with torch.no_grad():
        theirs.weight.copy_(ours.weight.uniform_(0.5, 2))
        theirs.bias.copy_(ours.bias.normal_())
    weight = torch.randn_like(x)
    plain = x.detach().contiguous().requires_grad_()
    mine, other = ours(x), theirs(plain)
    torch.testing.assert_close(mine, other)
    assert mine.is_contiguous(memory_format=layout)
    slopes = [
        torch.autograd.grad((mine * weight).sum(), [x, *ours.parameters()]),
        torch.autograd.grad((other * weight.contiguous()).sum(), [plain, *theirs.parameters()]),
    ]
    for slope, expected in zip(*slopes, strict=True):
        torch.testing.assert_close(slope, expected, rtol=1e-4, atol=1e-4)


def test_the_norm_of_one_voxel_is_its_shift() -> None:
    norm = InstanceNorm(2)
    nn.init.constant_(norm.bias, 0.5)
    found = norm(torch.full((1, 2, 1, 1, 1), 7.0))
    torch.testing.assert_close(found, torch.full((1, 2, 1, 1, 1), 0.5), rtol=0, atol=1e-3)


def test_batch_normalisation_is_replaced_at_any_depth() -> None:
    network = with_instance_norm(nn.Sequential(nn.Sequential(nn.BatchNorm3d(3)), nn.InstanceNorm3d(4)))
    norms = [module for module in network.modules() if isinstance(module, InstanceNorm)]
    assert [len(norm.weight) for norm in norms] == [3, 4]


def test_the_gradient_of_the_transposed_convolution_is_that_of_finite_differences() -> None:
    up = Up(3, 2, (2, 1, 2)).double()
    x = torch.randn(2, 3, 2, 3, 2, dtype=torch.float64, requires_grad=True)

    def output(x: Tensor, *_: Tensor) -> Tensor:
        made: Tensor = up(x)
        return made

    assert torch.autograd.gradcheck(output, (x, *up.parameters()))
    torch.testing.assert_close(up(x), functional.conv_transpose3d(x, up.weight, up.bias, (2, 1, 2)))


@pytest.mark.parametrize("network", sorted(BLOCKS))
def test_sixteen_bits_reach_every_weight(network: str) -> None:
    made = build(planned(network, deep=(0.6, 0.4)), seed=1).train()
    with torch.autocast("cpu", torch.bfloat16):
        heads = made(torch.randn(1, 1, 8, 8, 8))
    torch.stack([head.float().square().mean() for head in heads]).sum().backward()
    assert heads[0].dtype == torch.bfloat16
    assert all(p.grad is not None and p.grad.dtype == torch.float32 for p in made.parameters())


@pytest.mark.parametrize("network", sorted(BLOCKS))
def test_deep_supervision_has_a_head_per_weight_at_its_own_size(network: str) -> None:
    made = build(planned(network, deep=(0.6, 0.4)), seed=1)
    image = torch.randn(2, 1, 8, 8, 8)
    heads = made.train()(image)
    assert [tuple(head.shape) for head in heads] == [(2, 5, 8, 8, 8), (2, 5, 4, 4, 8)]
    torch.testing.assert_close(made.eval()(image), heads[0])


def test_heads_of_weight_zero_are_not_made() -> None:
    made = build(planned("plain_unet", deep=(1.0, 0.0)), seed=1).train()
    assert isinstance(made, UNet)
    assert len(made.heads) == 1
    assert made(torch.randn(1, 1, 8, 8, 8)).shape == (1, 5, 8, 8, 8)


@pytest.mark.parametrize("network", sorted(BLOCKS))
def test_samples_of_a_batch_do_not_see_each_other(network: str) -> None:
    made = build(planned(network), seed=1)
    images = torch.randn(3, 1, 8, 8, 8)
    apart = torch.cat([made(image[None]) for image in images])
    torch.testing.assert_close(made(images), apart)


def test_defaults_are_nnu_nets_blocks() -> None:
    bare = {key: STAGES[key] for key in ("strides", "features")}
    residual = build(dataclasses.replace(planned("resenc_unet"), network_args=bare), seed=0)
    assert isinstance(residual, UNet)
    assert [len(list(stage.children())) for stage in residual.encoder] == [1, 3, 4]
    assert [len(list(stage.children())) for stage in residual.decoder] == [1, 1]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"features": [4, 8]}, "features must have 3 entries"),
        ({"filters": [4, 8, 8]}, "unknown are filters"),
        ({"decoder_blocks": [1, 1, 1]}, "decoder_blocks must have 2 entries"),
    ],
)
def test_arguments_that_make_no_network_are_refused(changes: dict[str, Any], sentence: str) -> None:
    wrong = dataclasses.replace(planned("plain_unet"), network_args=STAGES | changes)
    with pytest.raises(TrainingError, match=f"do not make a plain_unet: .*{sentence}"):
        build(wrong, seed=0)


def nnunets(network: str, channels: int) -> nn.Module:
    """Return nnU-Net's own network of the same stages, with deep supervision."""
    architectures = pytest.importorskip(
        "dynamic_network_architectures.architectures.unet",
        reason="nnU-Net's networks are not installed (requirements-extra.txt)",
    )
    blocks = BLOCKS[network]
    residual = network == "resenc_unet"
    made: nn.Module = (architectures.ResidualEncoderUNet if residual else architectures.PlainConvUNet)(
        input_channels=1,
        n_stages=3,
        features_per_stage=STAGES["features"],
        conv_op=nn.Conv3d,
        kernel_sizes=STAGES["kernels"],
        strides=STAGES["strides"],
        num_classes=channels,
        n_conv_per_stage_decoder=blocks["decoder_blocks"][::-1],
        conv_bias=True,
        norm_op=nn.InstanceNorm3d,
        norm_op_kwargs={"eps": 1e-5, "affine": True},
        nonlin=nn.LeakyReLU,
        nonlin_kwargs={"inplace": True},
        deep_supervision=True,
        **{"n_blocks_per_stage" if residual else "n_conv_per_stage": blocks["blocks"]},
    )
    return made


def in_our_order(theirs: Any) -> Iterator[nn.Parameter]:
    """Walk nnU-Net's parameters as ours lie: its decoder begins at the coarsest stage, ours at the finest."""
    encoder, decoder = theirs.encoder, theirs.decoder
    finest_first = (list(part)[::-1] for part in (decoder.transpconvs, decoder.stages, decoder.seg_layers))
    for part in (getattr(encoder, "stem", None), *encoder.stages, *(m for p in finest_first for m in p)):
        if part is not None:
            yield from part.parameters()


@pytest.mark.parametrize("network", sorted(BLOCKS))
def test_with_the_same_weights_the_output_is_nnu_nets(network: str) -> None:
    theirs = nnunets(network, channels=5).train()
    ours = channels_last(build(planned(network, deep=(0.6, 0.4)), seed=3)).train()
    other = list(in_our_order(theirs))
    assert sum(p.numel() for p in ours.parameters()) == sum(p.numel() for p in theirs.parameters())
    assert len(other) == len(list(theirs.parameters()))
    with torch.no_grad():
        for mine, copied in zip(ours.parameters(), other, strict=True):
            copied.uniform_(-0.5, 0.5)
            mine.copy_(copied)
    image = torch.randn(2, 1, 8, 8, 8)
    mine_heads, other_heads = ours(image), theirs(image)
    for head, expected in zip(mine_heads, other_heads, strict=True):
        torch.testing.assert_close(head, expected, rtol=1e-4, atol=1e-4)
    sums = [torch.stack([h.square().mean() for h in heads]).sum() for heads in (mine_heads, other_heads)]
    slopes = torch.autograd.grad(sums[0], list(ours.parameters()))
    expected_slopes = torch.autograd.grad(sums[1], other)
    for slope, expected in zip(slopes, expected_slopes, strict=True):
        torch.testing.assert_close(slope, expected, rtol=1e-3, atol=1e-3)
