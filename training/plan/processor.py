"""The plan for a processor: a patch that a step of a given time can afford, thin features, coarser scans.

The recipe's constants stand here together; they were measured, not deduced (docs/reference/plan.md).
"""

from collections.abc import Sequence
from dataclasses import replace
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.labels import StructureSpec, layer_values
from training.plan.fingerprint import Fingerprint, triple
from training.plan.memory import head_weights, normalisation_of
from training.plan.rules import architecture, axis_order, separate_z
from training.plan.schema import Normalisation, Plan, Resampling, Shape, Step, Triple, keys_by_layer
from training.plan.topology import SMALLEST_EDGE
from training.resampling import resampled_shape

STEP_S, SHORT_S = 0.25, 300.0  # what one training step may take, in trainings up to so many seconds
MOST_LONGER = 4.0  # times as long a step may take in long ones
VOXELS_PER_S = 64**3 / STEP_S  # trained by two cores with 16-bit arithmetic
MIN_PATCH_VOXELS, MAX_PATCH_VOXELS = 32**3, 160**3
MIN_COVER = 0.15  # of the median scan by one patch; a lower share makes the grid coarser
BATCH_SIZE = 2
MIN_STEPS, MAX_STEPS = 40, 20_000
EPOCH_STEPS = 100
IMAGE_ORDER = 1  # of the splines that bring scans onto the plan's grid
FEATURES, MOST_FEATURES = 16, 128  # of the first stage, doubled at each
FINEST_BLOCKS = 1  # of the first stage and its decoder, where a convolution costs as much as all below it
LEARNING_RATE, WARM_LEARNING_RATE = 4e-3, 2e-3  # from random weights, from a parent's
WEIGHT_DECAY, CLIP_NORM, WARMUP_STEPS = 3e-5, 12.0, 20
FOREGROUND_SHARE, JITTER = 0.6, 8  # of the crops that aim at a structure, voxels they may miss it by
WEIGHT_POWER, MOST_WEIGHT = 0.2, 12.0  # class weight = (background share / share) ^ power
TURNED, TURN_DEG, SCALE = 0.2, (6.0, 6.0, 12.0), (0.85, 1.15)
AUGMENTATION = (
    Step(
        "spatial",
        {
            "p": TURNED,
            "p_rotation": 1.0,
            "rotation_deg": list(TURN_DEG),
            "p_scale": 1.0,
            "scale": list(SCALE),
            "same_scale": False,
        },
    ),
    Step("mirror", {"p": 0.5}),
    Step("contrast", {"p": 1.0, "factor": [0.85, 1.15], "keep_range": False, "about_zero": True}),
    Step("brightness", {"p": 1.0, "shift": [-0.15, 0.15]}),
    Step("noise", {"p": 1.0, "sd": [0.0, 0.1]}),
)
FEWEST_STAGES, MOST_STAGES = 3, 5
_LEARNING: dict[str, Any] = {
    "loss": "dice_ce",
    "loss_args": {"weighted": True, "batch_dice": True},
    "sampler": "foreground",
    "sampler_args": {"share": FOREGROUND_SHARE, "jitter": JITTER},
    "augmentation": AUGMENTATION,
    "optimiser": "muon",
    "optimiser_args": {},
    "learning_rate": LEARNING_RATE,
    "weight_decay": WEIGHT_DECAY,
    "clip_norm": CLIP_NORM,
    "schedule": "poly",
    "schedule_args": {"power": 0.9},
    "warmup_steps": WARMUP_STEPS,
    "epoch_steps": EPOCH_STEPS,
}


def step_for(budget_s: float) -> float:
    """Return the seconds that one step may take: of a longer training half goes into larger patches.

    So many more steps of small patches only learn the scans by heart.
    """
    return STEP_S * min(sqrt(max(budget_s / SHORT_S, 1.0)), MOST_LONGER)


def processor_plan(
    fingerprint: Fingerprint,
    structures: Sequence[StructureSpec],
    *,
    budget_s: float,
    network: str,
    voxels: float,
) -> Plan:
    """Return the plan whose batch holds about `voxels` voxels."""
    voxels /= BATCH_SIZE
    spacing_mm, shape = _target_grid(fingerprint, voxels)
    patch_size, strides = _patch_and_strides(spacing_mm, shape, voxels)
    found = architecture(len(strides), residual=network == "resenc_unet", first=FEATURES, most=MOST_FEATURES)
    return Plan(
        network=network,
        network_args={
            "strides": strides,
            "kernels": [[3, 3, 3]] * len(strides),
            "features": found.features,
            "blocks": [FINEST_BLOCKS, *found.blocks[1:]],
            "decoder_blocks": [FINEST_BLOCKS, *found.decoder_blocks[1:]],
        },
        deep_supervision=head_weights(len(strides) - 1),
        spacing_mm=spacing_mm,
        axis_order=axis_order(spacing_mm),
        patch_size=patch_size,
        batch_size=BATCH_SIZE,
        resampling=Resampling(image_order=IMAGE_ORDER, separate_z=separate_z(spacing_mm)),
        normalisation=_normalisation(fingerprint),
        class_weights=tuple(class_weights(shares) for shares in fingerprint.shares),
        mirror_axes=() if any(s.side for s in structures) else (0,),
        **_LEARNING,
        min_steps=MIN_STEPS,
        max_steps=MAX_STEPS,
        budget_s=budget_s,
        layers=layer_values(structures),
        channels=tuple(key for layer in keys_by_layer(structures) for key in layer),
    )


def _normalisation(fingerprint: Fingerprint) -> Normalisation:
    """Return nnU-Net's, but give soft tissues of a CT the room that bone and air would take from them."""
    usual = normalisation_of(fingerprint)
    return replace(usual, scheme="ct_soft_tissue") if usual.reads_hu else usual


def class_weights(shares: Sequence[float]) -> tuple[float, ...]:
    """Return cross-entropy weights: a root of the inverse of how often a channel occurs, background = 1.

    Small structures would otherwise be lost in the background; a full inverse would let a handful of voxels
    rule the gradient. A structure that is hardly there is capped.
    """
    floor = 1e-5
    weights = [(max(share, floor) / max(shares[0], floor)) ** -WEIGHT_POWER for share in shares]
    return tuple(round(min(w, MOST_WEIGHT), 4) for w in weights)


def _target_grid(fingerprint: Fingerprint, voxels: float) -> tuple[Triple, Shape]:
    """Return the spacing to work at and the median shape there, coarse enough for the patch to see enough."""
    spacing, median_mm = np.asarray(fingerprint.spacing_mm), fingerprint.median_mm
    while True:
        shape = resampled_shape((1, 1, 1), median_mm, tuple(spacing))
        if voxels >= MIN_COVER * np.prod(shape, dtype=float):
            return triple(spacing), shape
        finer = spacing < spacing.max() / 2  # nnU-Net: first bring the axes within a factor of two
        spacing = np.where(finer, spacing * 1.03, spacing) if finer.any() else spacing * 1.03


def _patch_and_strides(spacing_mm: Triple, shape: Shape, voxels: float) -> tuple[Shape, list[list[int]]]:
    """Return the patch, about `voxels` large with equal sides in mm, and the strides of each stage."""
    side_mm = float((voxels * np.prod(spacing_mm)) ** (1 / 3))
    limits = np.asarray(shape)
    size = np.minimum(np.ceil(side_mm / np.asarray(spacing_mm)), limits)
    for _ in range(8):  # what an axis too short leaves over goes to the others
        room = size < limits
        if not room.any() or np.prod(size) >= 0.98 * voxels:
            break
        size = np.minimum(np.where(room, size * (voxels / np.prod(size)) ** (1 / room.sum()), size), limits)
    strides = _strides(size, np.asarray(spacing_mm))
    multiple = np.prod(strides, axis=0)
    rounded = np.maximum(np.round(size / multiple), 1) * multiple
    return (int(rounded[0]), int(rounded[1]), int(rounded[2])), strides


def _strides(size: NDArray[Any], spacing_mm: NDArray[np.float64]) -> list[list[int]]:
    """Halve an axis while enough voxels are left and it is not much coarser than the others (nnU-Net)."""
    strides = [[1, 1, 1]]
    size, spacing = size.astype(float), spacing_mm.copy()
    while len(strides) < MOST_STAGES:
        large = size >= 2 * SMALLEST_EDGE
        if not large.any():
            break
        pool = large & (spacing < 2 * spacing[large].min())
        step = np.where(pool, 2, 1)
        strides.append([int(s) for s in step])
        size, spacing = size / step, spacing * step
    return strides + [[1, 1, 1]] * (FEWEST_STAGES - len(strides))
