"""The small configuration in our terms: the same plan, the same network, the same weights."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor

from bench.nnunet.settings import CONFIGURATION, PLANS, Settings
from bench.stepping import plan_of
from training.plan import Normalisation, Plan

STOCK = "3d_fullres"


def plan_like(settings: Settings, *, canonical: bool) -> Plan:
    """Return our plan with the small configuration's grid, patch, batch and network.

    Axes are (i, j, k) if `canonical`, else as nnU-Net has them: (k, j, i), then the coarsest first.
    """
    plans = json.loads((settings.preprocessed / f"{PLANS}.json").read_text())
    dataset = json.loads((settings.preprocessed / "dataset.json").read_text())
    small = plans["configurations"][CONFIGURATION]
    own = small["architecture"]["arch_kwargs"]
    order = _canonical(plans["transpose_forward"]) if canonical else (0, 1, 2)
    hu = plans["foreground_intensity_properties_per_channel"]["0"]
    arguments = {
        "strides": [_three(stride, order) for stride in own["strides"]],
        "kernels": [_three(kernel, order) for kernel in own["kernel_sizes"]],
        "features": own["features_per_stage"],
        "blocks": own["n_conv_per_stage"],
        "decoder_blocks": own["n_conv_per_stage_decoder"],
    }
    return plan_of(
        "plain_unet",
        arguments,
        _three(small["patch_size"], order),
        batch=small["batch_size"],
        structures=[name for name in dataset["labels"] if name not in ("background", "ignore")],
        spacing_mm=_three(plans["configurations"][STOCK]["spacing"], order),
        normalisation=Normalisation(
            "ct", hu["percentile_00_5"], hu["percentile_99_5"], hu["mean"], hu["std"]
        ),
    )


def into_ours(weights: Mapping[str, Tensor], stages: int, blocks: Sequence[int]) -> dict[str, Tensor]:
    """Return the weights of nnU-Net's PlainConvUNet under the names of our plain_unet.

    nnU-Net counts the stages of its decoder from the coarsest. Heads that deep supervision does not weigh
    have no place in ours and are left out by the caller.
    """
    found: dict[str, Tensor] = {}
    for s in range(stages):
        for b in range(blocks[s]):
            _convolution(weights, f"encoder.stages.{s}.0.convs.{b}", found, f"encoder.{s}.{b}")
    for s in range(stages - 1):
        theirs = stages - 2 - s
        for part in ("weight", "bias"):
            found[f"up.{s}.{part}"] = weights[f"decoder.transpconvs.{theirs}.{part}"]
            found[f"heads.{s}.{part}"] = weights[f"decoder.seg_layers.{theirs}.{part}"]
        for b in range(blocks[s]):
            _convolution(weights, f"decoder.stages.{theirs}.convs.{b}", found, f"decoder.{s}.{b}")
    return found


def _convolution(weights: Mapping[str, Tensor], theirs: str, found: dict[str, Tensor], ours: str) -> None:
    for part in ("conv", "norm"):
        for kind in ("weight", "bias"):
            found[f"{ours}.{part}.{kind}"] = weights[f"{theirs}.{part}.{kind}"]


def _canonical(transpose_forward: Sequence[int]) -> tuple[int, ...]:
    """Return where each of the axes (i, j, k) lies among nnU-Net's."""
    return tuple(list(transpose_forward).index(zyx) for zyx in (2, 1, 0))


def _three(values: Sequence[Any], order: Sequence[int]) -> Any:
    a, b, c = (values[axis] for axis in order)
    return a, b, c
