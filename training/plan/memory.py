"""The plan for a graphics card: nnU-Net's grid, patch and batch (`rules`) and nnU-Net's way of training."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from training.labels import StructureSpec, layer_values
from training.plan.fingerprint import Fingerprint
from training.plan.rules import (
    Budget,
    Configuration,
    flat_configuration,
    full_configuration,
    low_configuration,
    separate_z,
)
from training.plan.schema import Normalisation, Plan, Resampling, Step, keys_by_layer

_LEAST_KEPT = 0.75  # of the median scan by its box; below it the emptiness around is left out of the z-score
_LONG = 1.5  # times as long as wide; nnU-Net turns such slices less
_LEARNING: dict[str, Any] = {
    "sampler": "foreground",
    "sampler_args": {"share": 0.33},
    "optimiser": "sgd",
    "optimiser_args": {"momentum": 0.99, "nesterov": True},
    "learning_rate": 1e-2,
    "weight_decay": 3e-5,
    "clip_norm": 12.0,
    "schedule": "poly",
    "schedule_args": {"power": 0.9},
    "warmup_steps": 0,
    "min_steps": 250,
    "max_steps": 250_000,
    "epoch_steps": 250,
}


def memory_plans(
    fingerprint: Fingerprint,
    structures: Sequence[StructureSpec],
    *,
    budget_s: float,
    network: str,
    budget: Budget,
    memory_gb: float,
    flat: bool = False,
) -> dict[str, Plan]:
    """Return the plan at full resolution, "full", and, where a patch covers too little of a scan, "low".

    With `flat` also the plan of single slices, "2d".
    """
    keys = [key for layer in keys_by_layer(structures) for key in layer]
    found = _configurations(fingerprint, budget, memory_gb, len(keys), flat=flat)
    batch_dice = {"full": "low" in found, "low": False, "2d": True}
    return {
        name: Plan(
            name=name,
            network=network,
            network_args=network_args(configuration),
            deep_supervision=head_weights(len(configuration.strides) - 1),
            spacing_mm=configuration.spacing_mm,
            axis_order=configuration.axis_order,
            patch_size=configuration.patch_size,
            batch_size=configuration.batch_size,
            resampling=Resampling(separate_z=separate_z(configuration.spacing_mm)),
            normalisation=normalisation_of(fingerprint),
            loss="dice_ce",
            loss_args={"batch_dice": batch_dice[name], "weighted": False, "smooth": 1e-5},
            class_weights=(),
            augmentation=_augmentation_of(configuration),
            mirror_axes=() if any(s.side for s in structures) else _extended(configuration),
            **_LEARNING,
            budget_s=budget_s,
            layers=layer_values(structures),
            channels=tuple(keys),
        )
        for name, configuration in found.items()
    }


def _configurations(
    fingerprint: Fingerprint, budget: Budget, memory_gb: float, channels: int, *, flat: bool
) -> dict[str, Configuration]:
    full = full_configuration(fingerprint, budget, memory_gb, channels)
    low = low_configuration(fingerprint, full, budget, memory_gb, channels)
    found = {"full": full} | ({"low": low} if low else {})
    if flat:
        found["2d"] = flat_configuration(fingerprint, full, budget, memory_gb, channels)
    return found


def _extended(configuration: Configuration) -> tuple[int, ...]:
    """Return the axes along which a patch is more than one voxel long."""
    return tuple(axis for axis, size in enumerate(configuration.patch_size) if size > 1)


def _augmentation_of(configuration: Configuration) -> tuple[Step, ...]:
    """Return nnU-Net's steps; slices that are much longer than wide turn by 15° alone."""
    steps = augmentation(dummy_2d=configuration.dummy_2d)
    sides = [n for n in configuration.patch_size if n > 1]
    if len(sides) != 2 or max(sides) <= _LONG * min(sides):
        return steps
    turned = replace(steps[0], args=steps[0].args | {"rotation_deg": 15.0})
    return (turned, *steps[1:])


def network_args(configuration: Configuration) -> dict[str, list[int] | list[list[int]]]:
    """Return the arguments of the networks that are built stage by stage."""
    return {
        "strides": configuration.strides,
        "kernels": configuration.kernels,
        "features": configuration.architecture.features,
        "blocks": configuration.architecture.blocks,
        "decoder_blocks": configuration.architecture.decoder_blocks,
    }


def head_weights(heads: int) -> tuple[float, ...]:
    """Return the weights of deep supervision: halved at each coarser head, none for the last, sum 1."""
    if heads < 2:
        return (1.0,) * heads
    weights = [0.5**head for head in range(heads - 1)]
    return (*(w / sum(weights) for w in weights), 0.0)


def normalisation_of(fingerprint: Fingerprint) -> Normalisation:
    """Return CT's normalisation by all scans' structures; for any other modality each scan's own z-score."""
    found = fingerprint.intensities
    scheme = "ct"
    if fingerprint.modality.casefold() != "ct":
        scheme = "z_score_nonzero" if fingerprint.relative_size < _LEAST_KEPT else "z_score"
    return Normalisation(scheme, found.lower, found.upper, found.mean, found.std)


def augmentation(*, dummy_2d: bool) -> tuple[Step, ...]:
    """Return nnU-Net's steps in their order; with `dummy_2d` the coarsest axis is left as it is."""
    degrees = 180.0 if dummy_2d else 30.0
    turning = {"p_rotation": 0.2, "rotation_deg": degrees, "p_scale": 0.2, "scale": [0.7, 1.4]}
    return (
        Step("spatial", turning | {"dummy_2d": dummy_2d}),
        Step("noise", {"p": 0.1, "sd": [0.0, 0.1]}),
        Step("blur", {"p": 0.1, "sigma": [0.5, 1.0]}),
        Step("brightness", {"p": 0.15, "factor": [0.75, 1.25]}),
        Step("contrast", {"p": 0.15, "factor": [0.75, 1.25], "keep_range": True}),
        Step("low_resolution", {"p": 0.125, "scale": [0.5, 1.0], "dummy_2d": dummy_2d}),
        Step("gamma", {"p": 0.1, "gamma": [0.7, 1.5], "invert": True, "keep_stats": True}),
        Step("gamma", {"p": 0.3, "gamma": [0.7, 1.5], "invert": False, "keep_stats": True}),
        Step("mirror", {"p": 0.5}),
    )
