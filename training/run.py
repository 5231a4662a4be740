"""The only door for workers: train from a manifest, predict with a model folder, score a case."""

import hashlib
import json
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from torch import nn

from training.fit import State, World, dice_of, fingerprint_of, fit, joined
from training.labels import IGNORE, LabelError, StructureSpec, layer_values
from training.manifest import Case, CaseScore, Manifest, Report
from training.metrics import METRIC_VERSION, score
from training.model import WEIGHTS, open_model, read_description, write_model
from training.networks import load_tensors, warm_start
from training.patches import Prepared, prepare
from training.plan import Plan, Sample, plan_for, take_fingerprint
from training.plan.schema import keys_by_layer
from training.predict import (
    OWN_COARSE,
    PredictionResult,
    PredictOptions,
    Predictor,
    Region,
    UncertaintyMap,
    Usual,
    guide,
    usual_volumes,
)
from training.progress import (
    Cancelled,
    OnProgress,
    Progress,
    ShouldStop,
    TrainingError,
    ignore_progress,
)

__all__ = [
    "Cancelled",
    "PredictOptions",
    "PredictionResult",
    "Predictor",
    "Region",
    "TrainingError",
    "UncertaintyMap",
    "Usual",
    "guide",
    "score_case",
    "train",
    "usual_volumes",
]

_PLAN, _MODEL = "plan.json", "model"
_CHECKPOINT = Path("checkpoint", "checkpoint.safetensors")


def train(
    manifest: Manifest,
    out_dir: Path,
    *,
    on_progress: OnProgress,
    should_stop: ShouldStop,
    plan: Plan | None = None,
    low: Plan | None = None,
    prepared: Path | None = None,
) -> Report:
    """Train a model, score it on the test cases and write it to out_dir/model.

    Without a `plan` one is made from the training cases; the time is the manifest's either way. With a plan
    `low` a model that finds the structures is trained before, in the time that this plan says, and written to
    out_dir/model/low. `prepared` is
    a folder that several runs may share for scans brought onto a plan's grid; without it they are kept in
    out_dir until the run ends. Called again with the same manifest and folder after an interruption, the run
    goes on from the last checkpoint. Where torchrun started several processes they train together; only the
    first one reports, and its report alone has scores. Raises TrainingError with one sentence, or Cancelled.
    """
    with joined() as world:
        tell = on_progress if world.first else ignore_progress
        folder = prepared or out_dir / "prepared"
        if low is not None:
            _train_low(manifest, out_dir, low, folder, tell, should_stop, world)
        inputs, network, state = _trained(manifest, out_dir, plan, folder, tell, should_stop, world)
        scores: tuple[CaseScore, ...] = ()
        if world.first:
            _write(out_dir / _MODEL, network, inputs.plan, manifest, state)
            scores = _scores(Predictor.load(out_dir / _MODEL), manifest, tell, should_stop)
            if prepared is None:
                shutil.rmtree(folder, ignore_errors=True)
        world.wait()
    tell(Progress("done", 1, 1, "Training is finished", 0.0))
    return _report(out_dir / _MODEL, inputs, manifest, state, scores)


def _trained(
    manifest: Manifest,
    out_dir: Path,
    plan: Plan | None,
    folder: Path,
    on_progress: OnProgress,
    should_stop: ShouldStop,
    world: World,
) -> tuple["_Inputs", nn.Module, State]:
    """Plan, prepare and train, in all processes that train together."""
    if not world.first:
        world.wait()  # until the first process has made the plan and the files
    inputs = _inputs(manifest, out_dir, plan, folder, on_progress, should_stop)
    if world.first:
        world.wait()
    network, state = _fit(inputs, manifest, out_dir, on_progress, should_stop, world)
    return inputs, network, state


def _train_low(
    manifest: Manifest,
    out_dir: Path,
    plan: Plan,
    folder: Path,
    on_progress: OnProgress,
    should_stop: ShouldStop,
    world: World,
) -> None:
    """Train the model of low resolution, a run of its own in out_dir/low; write it into the model's folder.

    It comes first: where a model's own description lies, the folder is complete.
    """
    parent = manifest.parent / OWN_COARSE if manifest.parent is not None else None
    own = replace(
        manifest,
        budget_s=plan.budget_s,
        validation=(),
        test=(),
        parent=parent if parent is not None and parent.is_dir() else None,
    )

    def tell(progress: Progress) -> None:
        message = f"Low resolution: {progress.message}"
        on_progress(replace(progress, stage=f"{OWN_COARSE}-{progress.stage}", message=message))

    inputs, network, state = _trained(own, out_dir / OWN_COARSE, plan, folder, tell, should_stop, world)
    if world.first:
        _write(out_dir / _MODEL / OWN_COARSE, network, inputs.plan, own, state)


@dataclass(frozen=True)
class _Inputs:
    order: str
    plan: Plan
    cases: list[Prepared]
    validation: list[Prepared]


def _inputs(
    manifest: Manifest,
    out_dir: Path,
    given: Plan | None,
    folder: Path,
    on_progress: OnProgress,
    should_stop: ShouldStop,
) -> _Inputs:
    """Return the plan and the scans on its grid."""
    if not manifest.train:
        raise TrainingError("There is no case to train on.")
    order = _order(manifest)
    plan = _plan(manifest, out_dir, order, given, on_progress)
    groups: list[list[Prepared]] = [[], []]
    total = len(manifest.train) + len(manifest.validation)
    for group, cases in zip(groups, (manifest.train, manifest.validation), strict=True):
        for case in cases:
            if should_stop():
                raise Cancelled
            group.append(prepare(_sample(case, manifest.structures), plan, folder))
            done = sum(map(len, groups))
            on_progress(Progress("prepare", done, total, "Preparing the cases"))
    if not any(case.present for case in groups[0]):
        raise TrainingError("Nothing is drawn in any of the training cases; at least one structure must be.")
    return _Inputs(order, plan, *groups)


def _fit(
    inputs: _Inputs,
    manifest: Manifest,
    out_dir: Path,
    on_progress: OnProgress,
    should_stop: ShouldStop,
    world: World,
) -> tuple[nn.Module, State]:
    plan, held_out = inputs.plan, inputs.validation
    return fit(
        plan,
        inputs.cases,
        seed=manifest.seed,
        order=inputs.order,
        checkpoint=out_dir / _CHECKPOINT,
        start=lambda fresh: _start_from(fresh, plan, manifest.parent),
        validation=partial(dice_of, plan=plan, cases=held_out) if held_out else None,
        on_progress=on_progress,
        should_stop=should_stop,
        world=world,
    )


def score_case(
    case: Case, labels: NDArray[np.uint8], structures: Sequence[StructureSpec]
) -> tuple[CaseScore, ...]:
    """Score a prediction, uint8 (layer, i, j, k), against what was drawn, annotated structures only."""
    reference = _sample(case, structures).labels
    scores = []
    for layer in range(reference.shape[0]):
        asked = [s for s in structures if s.layer == layer and s.key in case.annotated]
        tolerances = {s.value: s.tolerance_mm for s in asked}
        found = score(reference[layer], labels[layer], case.spacing_mm, tolerances, IGNORE)
        scores += [CaseScore(case.id, s.key, found[s.value].dice, found[s.value].surface_dice) for s in asked]
    return tuple(scores)


def _order(manifest: Manifest) -> str:
    """Return what makes a run this run: not where its files lie, which may change between two attempts."""
    cases = [
        [(c.id, c.spacing_mm, c.annotated) for c in group] for group in (manifest.train, manifest.validation)
    ]
    parent = manifest.parent and read_description(manifest.parent)["weights_sha256"]
    what = [[vars(s) for s in manifest.structures], cases, parent, manifest.budget_s, manifest.seed]
    return hashlib.sha256(json.dumps(what).encode()).hexdigest()


def _plan(manifest: Manifest, out_dir: Path, order: str, given: Plan | None, on_progress: OnProgress) -> Plan:
    """Return the plan of an interrupted run of this order, else the one given or a new one, and keep it."""
    path = out_dir / _PLAN
    kept = _kept_plan(path, order)
    if given is None and kept is not None:
        return kept
    on_progress(Progress("plan", 0, 1, "Looking at the training cases"))
    plan = _new_plan(manifest) if given is None else replace(given, budget_s=manifest.budget_s)
    _check_structures(plan, manifest.structures)
    if plan.normalisation.reads_hu and manifest.modality.casefold() != "ct":
        raise TrainingError(
            f"The plan expects HU, but the scans are {manifest.modality}; make a new plan, and do not "
            "start from a model of CT."
        )
    if kept == plan:
        return plan
    if (out_dir / _CHECKPOINT).is_file() and (kept is None or fingerprint_of(kept) != fingerprint_of(plan)):
        raise TrainingError(
            f"{out_dir} holds a run of another plan or other cases; choose another folder, or delete it."
        )
    out_dir.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part")
    unfinished.write_text(json.dumps({"order": order, "plan": plan.to_dict()}, indent=1))
    unfinished.replace(path)
    return plan


def _kept_plan(path: Path, order: str) -> Plan | None:
    try:
        kept = json.loads(path.read_text())
        return Plan.from_dict(kept["plan"]) if kept["order"] == order else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _new_plan(manifest: Manifest) -> Plan:
    try:
        parent = open_model(manifest.parent)[0] if manifest.parent else None
        samples = (_sample(case, manifest.structures) for case in manifest.train)
        fingerprint = take_fingerprint(samples, manifest.structures, modality=manifest.modality)
        return plan_for(fingerprint, manifest.structures, budget_s=manifest.budget_s, parent=parent)
    except LabelError as error:
        raise TrainingError(str(error)) from error


def _check_structures(plan: Plan, structures: Sequence[StructureSpec]) -> None:
    """A plan made elsewhere must speak of the manifest's structures."""
    keys = tuple(key for layer in keys_by_layer(structures) for key in layer)
    if plan.channels != keys or plan.layers != layer_values(structures):
        raise TrainingError("The plan was made for other structures than the cases have; make a new plan.")


def _start_from(network: nn.Module, plan: Plan, parent: Path | None) -> None:
    if parent is not None:
        parent_plan, _ = open_model(parent)
        tensors, _ = load_tensors(parent / WEIGHTS)
        warm_start(network, tensors, plan, parent_plan)


def _write(model_dir: Path, network: nn.Module, plan: Plan, manifest: Manifest, state: State) -> None:
    write_model(
        model_dir,
        network,
        plan,
        manifest.structures,
        train_cases=[c.id for c in manifest.train],
        steps=state.step,
        seed=manifest.seed,
    )


def _report(
    model_dir: Path, inputs: _Inputs, manifest: Manifest, state: State, scores: tuple[CaseScore, ...]
) -> Report:
    return Report(
        weights=model_dir / WEIGHTS,
        weights_sha256=read_description(model_dir)["weights_sha256"],
        model_dir=model_dir,
        plan=inputs.plan.to_dict(),
        scores=scores,
        steps=state.step,
        train_seconds=state.seconds,
        metric_version=METRIC_VERSION,
        validation=state.dice or {},
        epochs=tuple(asdict(epoch) for epoch in state.epochs),
        notes=_notes(inputs, manifest, state, model_dir),
    )


def _notes(inputs: _Inputs, manifest: Manifest, state: State, model_dir: Path) -> tuple[str, ...]:
    """Return what the reader of a report should know, in sentences."""
    notes = []
    if len(inputs.cases) == 1:
        notes.append("Trained on a single case: nothing says how the model does on others.")
    elif not inputs.validation:
        notes.append("There were no validation cases: the last weights were kept, unchecked.")
    drawn = {inputs.plan.channels[channel] for case in inputs.cases for channel in case.present}
    missing = [s.key for s in manifest.structures if s.key not in drawn]
    if missing:
        notes.append(f"Not drawn in any training case, so not learned: {', '.join(missing)}.")
    if (model_dir / OWN_COARSE).is_dir():
        notes.append("A model of low resolution lies beside it, for predict --coarse.")
    if state.stopped:
        notes.append(f"Stopped after {state.step} of {state.steps} steps: validation no longer gained.")
    return tuple(notes)


def _scores(
    predictor: Predictor, manifest: Manifest, on_progress: OnProgress, should_stop: ShouldStop
) -> tuple[CaseScore, ...]:
    scores: list[CaseScore] = []
    for index, case in enumerate(manifest.test):
        on_progress(Progress("score", index, len(manifest.test), "Scoring on the test cases"))
        sample = _sample(case, manifest.structures)
        result = predictor.predict(sample.image, sample.spacing_mm, should_stop=should_stop)
        scores += score_case(case, result.labels, manifest.structures)
    on_progress(Progress("score", len(manifest.test), len(manifest.test), "Scoring on the test cases"))
    return tuple(scores)


def _sample(case: Case, structures: Sequence[StructureSpec]) -> Sample:
    """Map a case's arrays from disk and check that they fit the manifest. Raises TrainingError."""
    try:
        image, labels = np.load(case.image, mmap_mode="r"), np.load(case.labels, mmap_mode="r")
    except (OSError, ValueError, EOFError) as error:
        raise TrainingError(f"Case {case.id} cannot be read: {error}.") from error
    layers = max((s.layer for s in structures), default=-1) + 1
    if image.dtype != np.int16 or labels.dtype != np.uint8:
        raise TrainingError(f"Case {case.id} must hold int16 voxels and uint8 labels.")
    if image.ndim != 3 or labels.shape != (layers, *image.shape):
        raise TrainingError(
            f"The labels of case {case.id}, {labels.shape}, do not fit its image, {image.shape}."
        )
    return Sample(image, labels, case.spacing_mm, frozenset(case.annotated))
