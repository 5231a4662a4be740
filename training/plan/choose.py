"""From a fingerprint to plans: which rules apply, and what a child inherits from its parent."""

from collections.abc import Sequence
from dataclasses import replace

from training.labels import StructureSpec
from training.plan.fingerprint import Fingerprint
from training.plan.processor import (
    MAX_PATCH_VOXELS,
    MIN_PATCH_VOXELS,
    STEP_S,
    VOXELS_PER_S,
    WARM_LEARNING_RATE,
    processor_plan,
)
from training.plan.schema import Plan


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
    """Choose everything from the fingerprint.

    With a `parent`, grid, intensities, patch and network are the parent's, so that its weights fit.
    """
    voxels = (step_s or STEP_S) * (voxels_per_s or VOXELS_PER_S)
    voxels = min(max(voxels, MIN_PATCH_VOXELS), MAX_PATCH_VOXELS)
    plan = processor_plan(fingerprint, structures, budget_s=budget_s, network=network, voxels=voxels)
    return plan if parent is None else _child(plan, parent)


def _child(plan: Plan, parent: Plan) -> Plan:
    return replace(
        plan,
        network=parent.network,
        network_args=parent.network_args,
        deep_supervision=parent.deep_supervision,
        spacing_mm=parent.spacing_mm,
        axis_order=parent.axis_order,
        patch_size=parent.patch_size,
        resampling=parent.resampling,
        normalisation=parent.normalisation,
        learning_rate=WARM_LEARNING_RATE,
    )
