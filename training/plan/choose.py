"""From a fingerprint to plans: which rules apply, and what a child inherits from its parent."""

from collections.abc import Sequence
from dataclasses import replace

from training.labels import StructureSpec
from training.plan.fingerprint import Fingerprint, triple
from training.plan.memory import memory_plans
from training.plan.processor import (
    MAX_PATCH_VOXELS,
    MIN_PATCH_VOXELS,
    STEP_S,
    VOXELS_PER_S,
    WARM_LEARNING_RATE,
    processor_plan,
    step_for,
)
from training.plan.rules import ANISOTROPY, budget_for
from training.plan.schema import Plan, Step
from training.progress import TrainingError
from training.resampling import resampled_shape

UNETS = ("plain_unet", "resenc_unet")
COARSE_MM, COARSER = 6.0, 2.0  # voxels that find structures; at least so many times those of the full plan
_MULTIPLE = 32  # fits every other network with the arguments that it has by itself


def plan_for(
    fingerprint: Fingerprint,
    structures: Sequence[StructureSpec],
    *,
    budget_s: float,
    parent: Plan | None = None,
    network: str = "plain_unet",
    preset: str = "",
    memory_gb: float | None = None,
    step_s: float | None = None,
    voxels_per_s: float | None = None,
) -> Plan:
    """Choose everything from the fingerprint, at full resolution.

    With a `parent`, grid, intensities, patch and network are the parent's, so that its weights fit. The other
    arguments are those of `configurations`.
    """
    plans = configurations(
        fingerprint,
        structures,
        budget_s=budget_s,
        network=network,
        preset=preset,
        memory_gb=memory_gb,
        step_s=step_s,
        voxels_per_s=voxels_per_s,
    )
    return plans["full"] if parent is None else _child(plans["full"], parent)


def configurations(
    fingerprint: Fingerprint,
    structures: Sequence[StructureSpec],
    *,
    budget_s: float,
    network: str = "plain_unet",
    preset: str = "",
    memory_gb: float | None = None,
    step_s: float | None = None,
    voxels_per_s: float | None = None,
    flat: bool = False,
) -> dict[str, Plan]:
    """Return the plan "full" and, where nnU-Net would have a low-resolution one, the plan "low".

    With `flat` there is also nnU-Net's plan of single slices, "2d"; a processor's rules have none.

    `memory_gb` is what a graphics card has: nnU-Net's rules apply. So they do with a `preset` of resenc_unet
    ("m", "l" or "xl"), which brings its own memory. Otherwise the plan is one for a processor: a step of
    training takes about `step_s` seconds (without it: longer where the budget is) where `voxels_per_s` can be
    trained. Raises TrainingError with one
    sentence.
    """
    given = {"memory_gb": memory_gb, "step_s": step_s, "voxels_per_s": voxels_per_s}
    for name, value in given.items():
        if value is not None and not 0 < value < float("inf"):
            raise TrainingError(f"{name} must be above 0, not {value:g}.")
    budget = budget_for(network, preset)
    if flat and (network not in UNETS or (memory_gb is None and not preset)):
        raise TrainingError(
            "A plan of single slices follows nnU-Net's rules; give a graphics card's memory, and a U-Net."
        )
    if memory_gb is None and not preset:
        voxels = (step_s or step_for(budget_s)) * (voxels_per_s or VOXELS_PER_S)
        voxels = min(max(voxels, MIN_PATCH_VOXELS), MAX_PATCH_VOXELS)
        plan = processor_plan(fingerprint, structures, budget_s=budget_s, network=network, voxels=voxels)
        return {"full": _built(plan)}
    if step_s is not None or voxels_per_s is not None:
        raise TrainingError("Give the memory of a graphics card or the time of a step, not both.")
    plans = memory_plans(
        fingerprint,
        structures,
        budget_s=budget_s,
        network=network,
        budget=budget,
        memory_gb=memory_gb or budget.reference_gb,
        flat=flat,
    )
    return {name: _built(plan) for name, plan in plans.items()}


def coarse_plan_for(
    fingerprint: Fingerprint,
    structures: Sequence[StructureSpec],
    full: Plan,
    *,
    budget_s: float,
    parent: Plan | None = None,
) -> Plan:
    """Choose the plan "low" of a model that only has to find the structures, for the model of `full`.

    Its voxels are about 6 mm, or twice as wide as the finest of `full` where those are coarser; whatever
    trains, it follows the rules for a processor, whose networks are small. With a `parent`, another model's
    own low resolution, grid, intensities, patch and network are the parent's.
    """
    mm = max(COARSE_MM, COARSER * min(full.spacing_mm))
    low = processor_plan(
        _seen_at(fingerprint, mm),
        structures,
        budget_s=budget_s,
        network="plain_unet",
        voxels=STEP_S * VOXELS_PER_S,
    )
    low = low if parent is None else _child(low, parent)
    return replace(low, name="low")


def _seen_at(fingerprint: Fingerprint, mm: float) -> Fingerprint:
    """Return the fingerprint of the same scans with voxels no finer than `mm`."""
    spacings = [triple(max(mm, s) for s in spacing) for spacing in fingerprint.spacings_mm]
    shapes = [
        resampled_shape(shape, before, after)
        for shape, before, after in zip(fingerprint.shapes, fingerprint.spacings_mm, spacings, strict=True)
    ]
    return replace(fingerprint, spacings_mm=tuple(spacings), shapes=tuple(shapes))


def _built(plan: Plan) -> Plan:
    """Return the plan as its network takes it: only U-Nets are built by strides and have several heads.

    The others have arguments of their own, and take patches whose edges are multiples of a fixed number.
    """
    if plan.network in UNETS:
        return plan
    i, j, k = (max(_MULTIPLE, round(n / _MULTIPLE) * _MULTIPLE) for n in plan.patch_size)
    return replace(plan, network_args={}, deep_supervision=(), patch_size=(i, j, k))


def _child(plan: Plan, parent: Plan) -> Plan:
    flat = max(parent.patch_size) / parent.patch_size[parent.axis_order[0]] > ANISOTROPY
    return replace(
        plan,
        network=parent.network,
        network_args=parent.network_args,
        deep_supervision=parent.deep_supervision,
        spacing_mm=parent.spacing_mm,
        axis_order=parent.axis_order,
        patch_size=parent.patch_size,
        batch_size=parent.batch_size,
        resampling=parent.resampling,
        normalisation=parent.normalisation,
        augmentation=tuple(_flattened(step, flat) for step in plan.augmentation),
        learning_rate=min(plan.learning_rate, WARM_LEARNING_RATE),
    )


def _flattened(step: Step, flat: bool) -> Step:
    """Return the step with `dummy_2d`, where it has that, as the parent's patch asks for."""
    return replace(step, args=step.args | {"dummy_2d": flat}) if "dummy_2d" in step.args else step
