"""The plans of a run: given or made from its cases, kept in its folder so that a resumed run has the same."""

import hashlib
import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from training.fit import fingerprint_of
from training.labels import LabelError, StructureSpec, layer_values
from training.manifest import Manifest
from training.model import open_model, read_description
from training.networks import graphics_memory_gb, is_patch_bound
from training.plan import (
    Fingerprint,
    Plan,
    coarse_plan_for,
    configurations,
    plan_for,
    take_fingerprint,
)
from training.plan.rules import budget_for
from training.plan.schema import keys_by_layer
from training.predict import OWN_COARSE
from training.progress import Listener, Progress, TrainingError
from training.stages.cases import sample_of
from training.stages.smaller import sentence, smaller
from training.stages.start import parent_plan

OWN_CHECKPOINT = Path("checkpoint", "checkpoint.safetensors")
LOW_SHARE = 0.15  # of the time goes into a model of low resolution, where one is wanted
_PLAN = "plan.json"
_UNKNOWN = "plain_unet"


@dataclass(frozen=True)
class Planned:
    """What a run trains by. `order` names the run, `asked` the plan before memory made it smaller.

    `low` is the plan of a model of low resolution, which is trained before; `notes` say what was changed.
    """

    order: str
    plan: Plan
    low: Plan | None
    asked: str
    notes: tuple[str, ...] = ()


def order_of(manifest: Manifest) -> str:
    """Return what makes a run this run: not where its files lie, which may change between two attempts."""
    cases = [
        [(c.id, c.spacing_mm, c.annotated) for c in group] for group in (manifest.train, manifest.validation)
    ]
    parent = manifest.parent and read_description(manifest.parent)["weights_sha256"]
    what = [[vars(s) for s in manifest.structures], cases, parent, manifest.budget_s, manifest.seed]
    options = [manifest.network, manifest.frozen_encoder, manifest.members]
    if options != ["", False, 1]:
        what.append(options)
    if manifest.steps is not None:
        what.append({"steps": manifest.steps})
    return hashlib.sha256(json.dumps(what).encode()).hexdigest()


def plans_of(
    manifest: Manifest, out_dir: Path, given: Plan | None, low: Plan | None, listener: Listener
) -> Planned:
    """Return the plans of an interrupted run of this order, else those given or new ones, and keep them."""
    if not manifest.train:
        raise TrainingError("There is no case to train on.")
    order = order_of(manifest)
    kept = _kept(out_dir, order)
    if given is None and kept is not None:
        return kept
    listener.on_progress(Progress("plan", 0, 1, "Looking at the training cases"))
    if given is None:
        plan, low = _new_plans(manifest)
    else:
        plan = replace(given, budget_s=manifest.budget_s)
    plan, low = _as_long(plan, manifest.steps), low and _as_long(low, manifest.steps, LOW_SHARE)
    planned = Planned(order, plan, low, fingerprint_of(plan))
    _check(plan, manifest)
    if kept is not None and kept.asked == planned.asked:
        as_before = replace(plan, batch_size=kept.plan.batch_size, patch_size=kept.plan.patch_size)
        planned = replace(planned, plan=as_before, notes=kept.notes)
    elif (out_dir / OWN_CHECKPOINT).is_file():
        raise TrainingError(
            f"{out_dir} holds a run of another plan or other cases; choose another folder, or delete it."
        )
    if planned != kept:
        _keep(out_dir, planned)
    return planned


def made_smaller(planned: Planned, out_dir: Path, checkpoint: Path, listener: Listener) -> Planned:
    """Return plans that need less memory, and keep them. Raises TrainingError when nothing is left to do.

    A checkpoint is gone on with: its weights fit, but for networks that are bound to their patch.
    """
    plan = smaller(planned.plan)
    if plan is None:
        raise TrainingError(
            "The memory is too little for this network even with the smallest patch; free memory, choose a "
            "smaller network, or train on another machine."
        )
    note = sentence(planned.plan, plan)
    listener.on_note(note)
    if is_patch_bound(plan) and plan.patch_size != planned.plan.patch_size:
        shutil.rmtree(checkpoint.parent, ignore_errors=True)
    changed = replace(planned, plan=plan, notes=(*planned.notes, note))
    _keep(out_dir, changed)
    return changed


def notes_kept(out_dir: Path) -> list[str]:
    """Return what the plans kept in a run's folder say was made smaller."""
    notes = []
    for folder in (out_dir, out_dir / OWN_COARSE):
        try:
            notes += [str(note) for note in json.loads((folder / _PLAN).read_text())["notes"]]
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return notes


def _kept(out_dir: Path, order: str) -> Planned | None:
    try:
        kept = json.loads((out_dir / _PLAN).read_text())
        if kept["order"] != order:
            return None
        plan, low = Plan.from_dict(kept["plan"]), kept.get("low")
        return Planned(
            order=order,
            plan=plan,
            low=None if low is None else Plan.from_dict(low),
            asked=str(kept.get("asked", fingerprint_of(plan))),
            notes=tuple(kept.get("notes", ())),
        )
    except (OSError, ValueError, KeyError, TypeError, TrainingError):
        return None


def _keep(out_dir: Path, planned: Planned) -> None:
    low = None if planned.low is None else planned.low.to_dict()
    content = {
        "order": planned.order,
        "plan": planned.plan.to_dict(),
        "low": low,
        "asked": planned.asked,
        "notes": planned.notes,
    }
    out_dir.mkdir(parents=True, exist_ok=True)
    unfinished = out_dir / f"{_PLAN}.{os.getpid()}.part"
    unfinished.write_text(json.dumps(content, indent=1))
    unfinished.replace(out_dir / _PLAN)


def _new_plans(manifest: Manifest) -> tuple[Plan, Plan | None]:
    """Return the plan, and that of a low resolution where the rules want one or the parent has one."""
    try:
        samples = (sample_of(case, manifest.structures) for case in manifest.train)
        fingerprint = take_fingerprint(samples, manifest.structures, modality=manifest.modality)
        full, low = _by_rules(manifest, fingerprint)
    except LabelError as error:
        raise TrainingError(str(error)) from error
    if low is None:
        return replace(full, budget_s=manifest.budget_s), None
    share = LOW_SHARE * manifest.budget_s
    return replace(full, budget_s=manifest.budget_s - share), replace(low, budget_s=share)


def _as_long(plan: Plan, steps: int | None, share: float = 1.0) -> Plan:
    """Return the plan with the steps that were asked for, or their share, instead of a time."""
    if steps is None:
        return plan
    most = max(1, round(share * steps))
    return replace(plan, min_steps=most, max_steps=most)


def _by_rules(manifest: Manifest, fingerprint: Fingerprint) -> tuple[Plan, Plan | None]:
    """Follow the rules for a graphics card where there is one and scans are large enough for them."""
    parent = parent_plan(manifest)
    network = manifest.network or (_UNKNOWN if parent is None else parent.network)
    memory_gb = manifest.memory_gb or graphics_memory_gb()
    if memory_gb is not None:
        memory_gb = min(memory_gb, budget_for(network, "").reference_gb)
    try:
        return _plans(manifest, fingerprint, network, parent, memory_gb)
    except TrainingError:
        if memory_gb is None:
            raise
        return _plans(manifest, fingerprint, network, parent, None)


def _plans(
    manifest: Manifest,
    fingerprint: Fingerprint,
    network: str,
    parent: Plan | None,
    memory_gb: float | None,
) -> tuple[Plan, Plan | None]:
    structures, budget_s = manifest.structures, manifest.budget_s
    if parent is None or manifest.parent is None:
        found = configurations(
            fingerprint, structures, budget_s=budget_s, network=network, memory_gb=memory_gb
        )
        return found["full"], found.get("low")
    full = plan_for(
        fingerprint, structures, budget_s=budget_s, parent=parent, network=network, memory_gb=memory_gb
    )
    own_low = manifest.parent / OWN_COARSE
    if not own_low.is_dir():
        return full, None
    low_parent = open_model(own_low)[0]
    return full, coarse_plan_for(fingerprint, structures, full, budget_s=budget_s, parent=low_parent)


def _check(plan: Plan, manifest: Manifest) -> None:
    """A plan made elsewhere must speak of the manifest's structures and scans."""
    _check_structures(plan, manifest.structures)
    if plan.normalisation.reads_hu and manifest.modality.casefold() != "ct":
        raise TrainingError(
            f"The plan expects HU, but the scans are {manifest.modality}; make a new plan, and do not "
            "start from a model of CT."
        )


def _check_structures(plan: Plan, structures: Sequence[StructureSpec]) -> None:
    keys = tuple(key for layer in keys_by_layer(structures) for key in layer)
    if plan.channels != keys or plan.layers != layer_values(structures):
        raise TrainingError("The plan was made for other structures than the cases have; make a new plan.")
