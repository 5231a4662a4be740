"""Networks by name: how a plan's network is made, what patch it takes and where its output channels lie."""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch import nn

from training.networks import monai_nets
from training.networks.machine import channels_last, device
from training.networks.unet import Shape, UNet, initialise
from training.plan import Plan
from training.progress import TrainingError

_STAGED = ("strides", "kernels", "features", "blocks", "decoder_blocks")


@dataclasses.dataclass(frozen=True)
class Entry:
    """A network of the registry.

    `make(plan)` builds it with random weights. The sides of its patch are multiples of `multiple(plan)`.
    `heads` names the parameters that have one entry per output channel: the beginning of their names, and
    the dimensions along which the channels lie. Only with `deep` does it have several outputs. `encoder` is
    how the parameters of its encoder begin, () where encoder and decoder are not told apart; with
    `patch_bound` the shapes of weights depend on the patch.
    """

    make: Callable[[Plan], nn.Module]
    multiple: Callable[[Plan], tuple[int, int, int]]
    heads: Mapping[str, tuple[int, ...]]
    deep: bool = False
    encoder: tuple[str, ...] = ()
    patch_bound: bool = False


def build(plan: Plan, seed: int) -> nn.Module:
    """Return the plan's network with random weights of `seed`, on the device, kernels channels-last.

    `network(x)` takes float (b, 1, i, j, k) and returns logits (b, channel, i, j, k); in train mode with deep
    supervision a tuple of them, the finest first, each at its own resolution. Raises TrainingError.
    """
    entry = _entry(plan.network)
    _check_patch(plan, entry)
    if plan.deep_supervision and not entry.deep:
        raise TrainingError(f"{plan.network} has no deep supervision; leave deep_supervision empty.")
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        try:
            network = entry.make(plan)
        except (TypeError, ValueError, KeyError, IndexError, AssertionError, RuntimeError) as error:
            raise TrainingError(f"network_args do not make a {plan.network}: {error}.") from error
    return channels_last(network.to(device()))


def heads_of(plan: Plan) -> Mapping[str, tuple[int, ...]]:
    """Return how the parameters with an entry per channel begin, and along which dimensions it lies."""
    return _entry(plan.network).heads


def freeze_encoder(network: nn.Module, plan: Plan) -> int:
    """Let the weights of the encoder be; return how many tensors that are.

    Raises TrainingError for a network of which no encoder can be told apart.
    """
    prefixes = _entry(plan.network).encoder
    if not prefixes:
        known = ", ".join(name for name, entry in NETWORKS.items() if entry.encoder)
        raise TrainingError(
            f"{plan.network} has no encoder that could be kept as it is; {known} have. Train the whole "
            "network, or choose another."
        )
    kept = [p for name, p in network.named_parameters() if name.startswith(prefixes)]
    for parameter in kept:
        parameter.requires_grad_(False)
    return len(kept)


def multiple_of(plan: Plan) -> tuple[int, int, int]:
    """Return what the sides of the plan's patch are multiples of."""
    return _entry(plan.network).multiple(plan)


def is_patch_bound(plan: Plan) -> bool:
    """Tell whether weights trained with one patch do not fit another."""
    return _entry(plan.network).patch_bound


def adapted(plan: Plan, network: str) -> Plan:
    """Return the plan for another network: its default arguments, and a patch of about the same size.

    A U-Net keeps the arguments of the plan's own U-Net where it has them.
    """
    entry = _entry(network)
    staged = entry.deep and set(plan.network_args) >= {"strides", "features"}
    changed = dataclasses.replace(
        plan,
        network=network,
        network_args=plan.network_args if staged else {},
        deep_supervision=plan.deep_supervision if entry.deep else (),
    )
    if not changed.network_args and entry.deep:
        raise TrainingError(f"{network} needs strides and features in network_args; make a plan for it.")
    multiple = np.asarray(entry.multiple(changed))
    sides = (np.maximum(np.round(np.asarray(plan.patch_size) / multiple), 1) * multiple).astype(int)
    return dataclasses.replace(changed, patch_size=(int(sides[0]), int(sides[1]), int(sides[2])))


def _entry(name: str) -> Entry:
    if name not in NETWORKS:
        raise TrainingError(f"There is no network called {name}; known are {', '.join(NETWORKS)}.")
    return NETWORKS[name]


def _check_patch(plan: Plan, entry: Entry) -> None:
    try:
        multiple = entry.multiple(plan)
    except (TypeError, ValueError, KeyError, IndexError) as error:
        raise TrainingError(f"network_args do not make a {plan.network}: {error}.") from error
    if any(side % of for side, of in zip(plan.patch_size, multiple, strict=True)):
        raise TrainingError(
            f"{plan.network} needs a patch whose sides are multiples of {_product(multiple)}; the plan's is"
            f" {_product(plan.patch_size)}."
        )


def _product(sides: tuple[int, ...]) -> str:
    return "×".join(str(side) for side in sides)


def _unet(plan: Plan, *, residual: bool) -> nn.Module:
    arguments: dict[str, Any] = dict(plan.network_args)
    unknown = arguments.keys() - set(_STAGED)
    if unknown:
        raise TypeError(f"unknown are {', '.join(sorted(unknown))}")
    stages = len(arguments["strides"])
    arguments.setdefault("kernels", [[3, 3, 3]] * stages)
    arguments.setdefault("blocks", [1, 3, 4, *[6] * stages][:stages] if residual else [2] * stages)
    arguments.setdefault("decoder_blocks", [1 if residual else 2] * (stages - 1))
    for name, value in arguments.items():
        if len(value) != stages - (name == "decoder_blocks"):
            raise ValueError(f"{name} must have {stages - (name == 'decoder_blocks')} entries")
    heads = sum(weight > 0 for weight in plan.deep_supervision) or 1
    network = UNet(Shape(channels=len(plan.channels), heads=heads, **arguments), residual=residual)
    initialise(network)
    return network


def _of_strides(plan: Plan) -> tuple[int, int, int]:
    i, j, k = (int(side) for side in np.prod(plan.network_args["strides"], axis=0))
    return i, j, k


def _cube(side: int) -> tuple[int, int, int]:
    return side, side, side


def _monai(make: Callable[..., nn.Module]) -> Callable[[Plan], nn.Module]:
    return lambda plan: make(len(plan.channels), **plan.network_args)


_UNET_HEADS = {"heads.": (0,)}
_UNET_ENCODER = ("stem.", "encoder.")
NETWORKS: dict[str, Entry] = {
    "plain_unet": Entry(
        lambda plan: _unet(plan, residual=False), _of_strides, _UNET_HEADS, True, _UNET_ENCODER
    ),
    "resenc_unet": Entry(
        lambda plan: _unet(plan, residual=True), _of_strides, _UNET_HEADS, True, _UNET_ENCODER
    ),
    "attention_unet": Entry(
        _monai(monai_nets.attention_unet),
        lambda plan: _cube(int(np.prod(plan.network_args.get("strides", (2, 2, 2))))),
        {"model.2.conv.": (0,)},
    ),
    "swin_unetr": Entry(
        _monai(monai_nets.swin_unetr),
        lambda plan: _cube(2 ** (1 + len(plan.network_args.get("depths", (2,) * 4)))),
        {"out.conv.conv.": (0,)},
        encoder=("swinViT.", "encoder"),
    ),
    "unetr": Entry(
        lambda plan: monai_nets.unetr(len(plan.channels), plan.patch_size, **plan.network_args),
        lambda plan: _cube(16),
        {"out.conv.conv.": (0,)},
        encoder=("vit.", "encoder"),
        patch_bound=True,
    ),
    "segresnet": Entry(
        _monai(monai_nets.segresnet),
        lambda plan: _cube(2 ** (len(plan.network_args.get("blocks_down", (1,) * 4)) - 1)),
        {"conv_final.2.conv.": (0,)},
        encoder=("convInit.", "down_layers."),
    ),
    "highresnet": Entry(_monai(monai_nets.highresnet), lambda plan: _cube(1), {"blocks.11.": (0,)}),
    "vnet": Entry(
        _monai(monai_nets.vnet),
        lambda plan: _cube(16),
        {"out_tr.conv2.": (0, 1), "out_tr.conv_block.": (0,), "out_tr.act_function.": (0,)},
        encoder=("in_tr.", "down_tr"),
    ),
}
