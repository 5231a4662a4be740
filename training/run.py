"""The only door for workers: train from a manifest, predict with a model folder, score a case."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from torch import nn

from training.fit import World, joined
from training.labels import IGNORE, StructureSpec
from training.manifest import Case, CaseScore, Manifest, Report
from training.metrics import METRIC_VERSION, score
from training.model import WEIGHTS, read_description, write_model
from training.plan import Plan
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
    Listener,
    OnEpoch,
    OnNote,
    OnProgress,
    Progress,
    ShouldStop,
    TrainingError,
    ignore_epoch,
    ignore_note,
)
from training.stages import (
    Planned,
    Trained,
    first_then_all,
    plans_of,
    processes,
    sample_of,
    start_notes,
    train_together,
    trained,
    with_usage,
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
    "processes",
    "score_case",
    "train",
    "train_together",
    "usual_volumes",
]

_MODEL = "model"


def train(
    manifest: Manifest,
    out_dir: Path,
    *,
    on_progress: OnProgress,
    should_stop: ShouldStop,
    on_epoch: OnEpoch = ignore_epoch,
    on_note: OnNote = ignore_note,
    plan: Plan | None = None,
    low: Plan | None = None,
    prepared: Path | None = None,
) -> Report:
    """Train a model, score it on the test cases and write it to out_dir/model.

    Without a `plan` one is made from the training cases; the time is the manifest's either way. With a plan
    `low`, given or wanted by the rules, a model that finds the structures is trained before, in the time that
    this plan says, and written to out_dir/model/low. Several members are trained one after the other, each in
    its share of the time; all but the last lie in out_dir/model/member-N, and `Predictor.load` averages them.
    `prepared` is
    a folder that several runs may share for scans brought onto a plan's grid; without it they are kept in
    out_dir until the run ends. Where memory is not enough batch and patch are made smaller, and `on_note` is
    told. Called again with the same manifest and folder after an interruption, the run
    goes on from the last checkpoint. Where torchrun started several processes they train together; only the
    first one reports, and its report alone has scores. Raises TrainingError with one sentence, or Cancelled.
    """
    everything = Listener(with_usage(on_progress), should_stop, on_epoch, on_note)
    with joined() as world:
        listener = everything if world.first else everything.silent()
        folder = prepared or out_dir / "prepared"
        planned = first_then_all(world, partial(plans_of, manifest, out_dir, plan, low, listener))
        if planned.low is not None:
            _train_low(manifest, out_dir, planned.low, folder, listener, world)
        done: list[Trained] = []
        for _ in range(max(1, manifest.members)):
            planned = done[-1].planned if done else planned
            done.append(_train_member(len(done), manifest, planned, out_dir, folder, listener, world))
        planned = done[-1].planned
        scores: tuple[CaseScore, ...] = ()
        if world.first:
            scores = _scores(Predictor.serving(out_dir / _MODEL), manifest, listener)
            if prepared is None:
                shutil.rmtree(folder, ignore_errors=True)
        world.wait()
    report = _report(out_dir / _MODEL, manifest, done, scores)
    for note in report.notes:
        if note not in planned.notes:  # those were told when they came about
            listener.on_note(note)
    listener.on_progress(Progress("done", 1, 1, "Training is finished", 0.0))
    return report


def _train_member(
    number: int,
    manifest: Manifest,
    planned: Planned,
    out_dir: Path,
    prepared: Path,
    listener: Listener,
    world: World,
) -> Trained:
    """Train one network and write it. The last one goes beside the others' folders.

    It comes last: where a model's own description lies, the folder is complete.
    """
    network, done = trained(manifest, planned, out_dir, prepared, listener, world, member=number)
    if world.first:
        model_dir, others = out_dir / _MODEL, [f"member-{n}" for n in range(manifest.members - 1)]
        if number < len(others):
            _write(model_dir / others[number], network, manifest, done, number)
        else:
            digests = {name: read_description(model_dir / name)["weights_sha256"] for name in others}
            _write(model_dir, network, manifest, done, number, digests)
    return done


def _train_low(
    manifest: Manifest, out_dir: Path, plan: Plan, prepared: Path, listener: Listener, world: World
) -> None:
    """Train the model of low resolution, a run of its own in out_dir/low; write it to model/low."""
    parent = manifest.parent / OWN_COARSE if manifest.parent is not None else None
    own = replace(
        manifest,
        budget_s=plan.budget_s,
        validation=(),
        test=(),
        parent=parent if parent is not None and parent.is_dir() else None,
        network="",
        frozen_encoder=False,
        members=1,
    )

    def tell(progress: Progress) -> None:
        message = f"Low resolution: {progress.message}"
        listener.on_progress(replace(progress, stage=f"{OWN_COARSE}-{progress.stage}", message=message))

    told = Listener(tell, listener.should_stop, ignore_epoch, listener.on_note)
    folder = out_dir / OWN_COARSE
    planned = first_then_all(world, partial(plans_of, own, folder, plan, None, told))
    network, done = trained(own, planned, folder, prepared, told, world)
    if world.first:
        _write(out_dir / _MODEL / OWN_COARSE, network, own, done)


def score_case(
    case: Case, labels: NDArray[np.uint8], structures: Sequence[StructureSpec]
) -> tuple[CaseScore, ...]:
    """Score a prediction, uint8 (layer, i, j, k), against what was drawn, annotated structures only."""
    reference = sample_of(case, structures).labels
    scores = []
    for layer in range(reference.shape[0]):
        asked = [s for s in structures if s.layer == layer and s.key in case.annotated]
        tolerances = {s.value: s.tolerance_mm for s in asked}
        found = score(reference[layer], labels[layer], case.spacing_mm, tolerances, IGNORE)
        scores += [
            CaseScore(case.id, s.key, found[s.value].dice, found[s.value].surface_dice, s.tolerance_mm)
            for s in asked
        ]
    return tuple(scores)


def _write(
    model_dir: Path,
    network: nn.Module,
    manifest: Manifest,
    done: Trained,
    member: int = 0,
    members: Mapping[str, str] | None = None,
) -> None:
    write_model(
        model_dir,
        network,
        done.planned.plan,
        manifest.structures,
        train_cases=[c.id for c in manifest.train],
        steps=done.state.step,
        seed=manifest.seed + member,
        **({"members": dict(members)} if members else {}),
    )


def _report(
    model_dir: Path, manifest: Manifest, done: Sequence[Trained], scores: tuple[CaseScore, ...]
) -> Report:
    last = done[-1]
    return Report(
        weights=model_dir / WEIGHTS,
        weights_sha256=read_description(model_dir)["weights_sha256"],
        model_dir=model_dir,
        plan=last.planned.plan.to_dict(),
        scores=scores,
        steps=sum(each.state.step for each in done),
        train_seconds=sum(each.state.seconds for each in done),
        metric_version=METRIC_VERSION,
        validation=last.state.dice or {},
        epochs=tuple(
            {"member": number, **asdict(epoch)}
            for number, each in enumerate(done)
            for epoch in each.state.epochs
        ),
        notes=_notes(manifest, done, model_dir),
        parameters=_parameters(model_dir, len(done)),
    )


def _parameters(model_dir: Path, members: int) -> int:
    """Return how many parameters the networks of a model have; members are alike."""
    return members * int(read_description(model_dir)["parameters"])


def _notes(manifest: Manifest, done: Sequence[Trained], model_dir: Path) -> tuple[str, ...]:
    """Return what the reader of a report should know, in sentences."""
    last = done[-1]
    plan, notes = last.planned.plan, [*start_notes(manifest, last.planned.plan), *last.planned.notes]
    if len(last.cases) == 1:
        notes.append("Trained on a single case: nothing says how the model does on others.")
    elif not last.validated:
        notes.append("There were no validation cases: the last weights were kept, unchecked.")
    drawn = {plan.channels[channel] for case in last.cases for channel in case.present}
    missing = [s.key for s in manifest.structures if s.key not in drawn]
    if missing:
        notes.append(f"Not drawn in any training case, so not learned: {', '.join(missing)}.")
    if (model_dir / OWN_COARSE).is_dir():
        notes.append("A model of low resolution lies beside it, for predict --coarse.")
    if len(done) > 1:
        notes.append(f"{len(done)} networks of different seeds are averaged.")
    for state in (each.state for each in done if each.state.stopped):
        notes.append(f"Stopped after {state.step} of {state.steps} steps: validation no longer gained.")
    return tuple(notes)


def _scores(predictor: Predictor, manifest: Manifest, listener: Listener) -> tuple[CaseScore, ...]:
    scores: list[CaseScore] = []
    for index, case in enumerate(manifest.test):
        listener.on_progress(Progress("score", index, len(manifest.test), "Scoring on the test cases"))
        sample = sample_of(case, manifest.structures)
        result = predictor.predict(sample.image, sample.spacing_mm, should_stop=listener.should_stop)
        scores += score_case(case, result.labels, manifest.structures)
    total = len(manifest.test)
    listener.on_progress(Progress("score", total, total, "Scoring on the test cases"))
    return tuple(scores)
