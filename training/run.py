"""The only door for workers: train from a manifest, predict with a model folder, score a case."""

import hashlib
import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import nn

from training.fit import State, fit
from training.labels import IGNORE, LabelError, StructureSpec
from training.manifest import Case, CaseScore, Manifest, Report
from training.metrics import METRIC_VERSION, score
from training.networks import bf16_is_faster, build, load_tensors, save_tensors, sha256_of, warm_start
from training.patches import Prepared, prepare
from training.plan import Plan, Sample, plan_for, take_fingerprint
from training.predict import PredictionResult, predict
from training.progress import (
    Cancelled,
    OnProgress,
    Progress,
    ShouldStop,
    TrainingError,
    ignore_progress,
    never_stop,
)

__all__ = [
    "Cancelled",
    "PredictionResult",
    "Predictor",
    "TrainingError",
    "score_case",
    "train",
]

_WEIGHTS, _DESCRIPTION, _PLAN, _CHECKPOINT = "model.safetensors", "model.json", "plan.json", "checkpoint"


@dataclass(frozen=True)
class Predictor:
    """A trained model, ready to delineate scans."""

    plan: Plan
    structures: tuple[StructureSpec, ...]
    network: nn.Module

    @classmethod
    def load(cls, model_dir: Path) -> "Predictor":
        """Open a model folder that `train` wrote. Raises TrainingError when it is damaged or not ours."""
        plan, structures = _described(model_dir)
        tensors, _ = load_tensors(model_dir / _WEIGHTS)
        network = build(plan, seed=0)
        try:
            network.load_state_dict(tensors)
        except RuntimeError as error:
            raise TrainingError("The weights do not fit the model's plan; train the model again.") from error
        return cls(plan, structures, network.eval())

    def predict(
        self,
        image: NDArray[np.int16],
        spacing_mm: tuple[float, float, float],
        *,
        on_progress: OnProgress | None = None,
        should_stop: ShouldStop | None = None,
    ) -> PredictionResult:
        """Delineate one scan, int16 HU (i, j, k) canonical; labels come back on its own grid.

        Raises Cancelled when asked to stop, TrainingError when this is not a scan.
        """
        if image.ndim != 3 or 0 in image.shape:
            raise TrainingError(f"An image of three axes is needed, not one of shape {image.shape}.")
        return predict(
            self.network,
            self.plan,
            image,
            spacing_mm,
            bf16=bf16_is_faster(),
            on_progress=on_progress or ignore_progress,
            should_stop=should_stop or never_stop,
        )


def train(manifest: Manifest, out_dir: Path, *, on_progress: OnProgress, should_stop: ShouldStop) -> Report:
    """Train a model, score it on the test cases and write it to out_dir/model.

    Called again with the same manifest and folder after an interruption, it goes on from the last checkpoint.
    Raises TrainingError with one sentence, or Cancelled.
    """
    order = _order(manifest)
    plan = _plan(manifest, out_dir, order, on_progress)
    cases = _prepared(manifest, plan, out_dir / "prepared", on_progress, should_stop)
    network, state = fit(
        plan,
        cases,
        seed=manifest.seed,
        order=order,
        checkpoint=out_dir / _CHECKPOINT / "checkpoint.safetensors",
        start=lambda fresh: _start_from(fresh, plan, manifest.parent),
        on_progress=on_progress,
        should_stop=should_stop,
    )
    model_dir = out_dir / "model"
    digest = _write_model(model_dir, network, plan, manifest, state)
    scores = _scores(Predictor.load(model_dir), manifest, on_progress, should_stop)
    shutil.rmtree(out_dir / "prepared")
    on_progress(Progress("done", 1, 1, "Training is finished", 0.0))
    return Report(
        weights=model_dir / _WEIGHTS,
        weights_sha256=digest,
        model_dir=model_dir,
        plan=plan.to_dict(),
        scores=scores,
        steps=state.steps,
        train_seconds=state.seconds,
        metric_version=METRIC_VERSION,
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
    cases = [(c.id, c.spacing_mm, c.annotated) for c in manifest.train]
    parent = manifest.parent and _description(manifest.parent)["weights_sha256"]
    what = [[vars(s) for s in manifest.structures], cases, parent, manifest.budget_s, manifest.seed]
    return hashlib.sha256(json.dumps(what).encode()).hexdigest()


def _plan(manifest: Manifest, out_dir: Path, order: str, on_progress: OnProgress) -> Plan:
    """Return the plan of an interrupted run of the same order, else make and keep a new one."""
    path = out_dir / _PLAN
    if path.is_file():
        kept = json.loads(path.read_text())
        if kept.get("order") == order:
            return Plan.from_dict(kept["plan"])
    on_progress(Progress("plan", 0, 1, "Looking at the training cases"))
    try:
        parent = _described(manifest.parent)[0] if manifest.parent else None
        samples = (_sample(case, manifest.structures) for case in manifest.train)
        fingerprint = take_fingerprint(samples, manifest.structures)
        plan = plan_for(fingerprint, manifest.structures, budget_s=manifest.budget_s, parent=parent)
    except LabelError as error:
        raise TrainingError(str(error)) from error
    out_dir.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part")
    unfinished.write_text(json.dumps({"order": order, "plan": plan.to_dict()}, indent=1))
    unfinished.replace(path)
    return plan


def _prepared(
    manifest: Manifest, plan: Plan, folder: Path, on_progress: OnProgress, should_stop: ShouldStop
) -> list[Prepared]:
    folder.mkdir(parents=True, exist_ok=True)
    cases = []
    for index, case in enumerate(manifest.train):
        if should_stop():
            raise Cancelled
        cases.append(prepare(_sample(case, manifest.structures), plan, folder))
        on_progress(Progress("prepare", index + 1, len(manifest.train), "Preparing the training cases"))
    return cases


def _start_from(network: nn.Module, plan: Plan, parent: Path | None) -> None:
    if parent is not None:
        parent_plan, _ = _described(parent)
        tensors, _ = load_tensors(parent / _WEIGHTS)
        warm_start(network, tensors, plan, parent_plan)


def _write_model(model_dir: Path, network: nn.Module, plan: Plan, manifest: Manifest, state: State) -> str:
    """Write weights and description; return the SHA-256 of the weights."""
    save_tensors(model_dir / _WEIGHTS, network.state_dict(), {"format": "delineate model 1"})
    digest = sha256_of(model_dir / _WEIGHTS)
    description = {
        "format": 1,
        "plan": plan.to_dict(),
        "structures": [vars(s) for s in manifest.structures],
        "weights_sha256": digest,
        "train_cases": [c.id for c in manifest.train],
        "steps": state.steps,
        "seed": manifest.seed,
    }
    (model_dir / _DESCRIPTION).write_text(json.dumps(description, indent=1))
    return digest


def _description(model_dir: Path) -> dict[str, Any]:
    try:
        content: dict[str, Any] = json.loads((model_dir / _DESCRIPTION).read_text())
        if content["format"] != 1:
            raise TrainingError(f"{model_dir.name} was written by a newer version of this program.")
        return content | {"weights_sha256": str(content["weights_sha256"])}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TrainingError(f"{model_dir.name} is not a model folder of this program.") from error


def _described(model_dir: Path) -> tuple[Plan, tuple[StructureSpec, ...]]:
    """Read a model folder's description and check that the weights are the ones described."""
    content = _description(model_dir)
    try:
        structures = tuple(StructureSpec(**s) for s in content["structures"])
        plan = Plan.from_dict(content["plan"])
    except (KeyError, TypeError) as error:
        raise TrainingError(f"{model_dir.name} is not a model folder of this program.") from error
    weights = model_dir / _WEIGHTS
    if not weights.is_file() or sha256_of(weights) != content["weights_sha256"]:
        raise TrainingError(f"The weights in {model_dir.name} are missing or were changed since training.")
    return plan, structures


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
