"""One training run of an experiment: described, run, scored, and kept so that it is never run again."""

import hashlib
import json
import math
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from training.labels import StructureSpec
from training.manifest import Case, CaseScore, Manifest, Report
from training.model import open_model, read_description
from training.plan import Fingerprint, Plan, Sample, configurations, plan_for, take_fingerprint
from training.progress import OnProgress, Progress, ShouldStop, TrainingError, ignore_progress
from training.run import train

RESULT = "result.json"

About = Mapping[str, str | int | float]


@dataclass(frozen=True)
class Recipe:
    """How the runs of an experiment are planned.

    `plan` is used as it is, but for the time; without one a plan is made from the run's own training cases.
    `steps` trains a fixed number of steps, so that the load of the machine changes nothing.
    """

    budget_s: float = 300.0
    steps: int | None = None
    network: str = "plain_unet"
    preset: str = ""
    memory_gb: float | None = None
    plan: Plan | None = None

    def plan_for(
        self,
        cases: Sequence[Case],
        structures: Sequence[StructureSpec],
        parent: Path | None,
        on_progress: OnProgress = ignore_progress,
        *,
        modality: str = "CT",
    ) -> Plan:
        """Return the plan of a run on these cases. Raises TrainingError with one sentence."""
        if self.plan is not None:
            return self.timed(self.plan)
        fingerprint = take_fingerprint(samples_of(cases, on_progress), structures, modality=modality)
        return self.timed(self.planned(fingerprint, structures, parent)["full"])

    def planned(
        self, fingerprint: Fingerprint, structures: Sequence[StructureSpec], parent: Path | None
    ) -> dict[str, Plan]:
        """Return what the rules make of a fingerprint: "full", and "low" where they want one (no child)."""
        if parent is None:
            return configurations(
                fingerprint,
                structures,
                budget_s=self.budget_s,
                network=self.network,
                preset=self.preset,
                memory_gb=self.memory_gb,
            )
        child = plan_for(
            fingerprint,
            structures,
            budget_s=self.budget_s,
            parent=open_model(parent)[0],
            network=self.network,
            preset=self.preset,
            memory_gb=self.memory_gb,
        )
        return {"full": child}

    def timed(self, plan: Plan) -> Plan:
        """Return the plan with the recipe's time, or its number of steps."""
        plan = replace(plan, budget_s=self.budget_s)
        if self.steps is None:
            return plan
        return replace(plan, min_steps=self.steps, max_steps=self.steps)


@dataclass(frozen=True)
class Trial:
    """A run to be done. `name` is its folder; `about` says what is special about it (arm, size, seed …)."""

    name: str
    about: About
    manifest: Manifest
    recipe: Recipe

    def identity(self) -> str:
        """Return what must not change between a kept result and this trial."""
        manifest = self.manifest
        groups = (manifest.train, manifest.validation, manifest.test)
        plan = self.recipe.plan
        what = {
            "about": dict(self.about),
            "structures": [asdict(s) for s in manifest.structures],
            "cases": [[(c.id, c.spacing_mm, c.annotated) for c in group] for group in groups],
            "parent": manifest.parent and read_description(manifest.parent)["weights_sha256"],
            "seed": manifest.seed,
            "recipe": asdict(replace(self.recipe, plan=None)),
            "plan": plan and replace(plan, budget_s=0.0).to_dict(),
        }
        return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class Result:
    """What a finished trial gave; `kvoxels_per_s` counts the voxels of all patches trained on."""

    name: str
    about: About
    scores: tuple[CaseScore, ...]
    steps: int
    train_seconds: float
    kvoxels_per_s: float
    model_dir: Path
    metric_version: str

    @property
    def dice(self) -> dict[tuple[str, str], float | None]:
        """Dice by (case, structure)."""
        return {(s.case_id, s.structure): s.dice for s in self.scores}

    @property
    def surface_dice(self) -> dict[tuple[str, str], float | None]:
        """Surface Dice by (case, structure)."""
        return {(s.case_id, s.structure): s.surface_dice for s in self.scores}


def kept(trial: Trial, folder: Path) -> Result | None:
    """Return the result that lies in `folder`, or None.

    Raises TrainingError when a result of another experiment lies there.
    """
    path = folder / trial.name / RESULT
    if not path.is_file():
        return None
    try:
        content = json.loads(path.read_text())
        identity = content["identity"]
        result = _result(content, path.parent)
    except (ValueError, KeyError, TypeError) as error:
        raise TrainingError(f"{path} is damaged; delete it, and the run is done again.") from error
    if identity != trial.identity():
        raise TrainingError(
            f"{folder} holds the run {trial.name} of another experiment (other cases, settings or versions); "
            "choose another folder."
        )
    return result


def run_trial(
    trial: Trial,
    folder: Path,
    *,
    on_progress: OnProgress,
    should_stop: ShouldStop,
    prepared: Path | None = None,
) -> Result:
    """Return the kept result of a trial, or run it (going on where it was stopped) and keep the result."""
    done = kept(trial, folder)
    if done is not None:
        return done
    own = folder / trial.name
    manifest = replace(trial.manifest, budget_s=trial.recipe.budget_s)
    plan = trial.recipe.plan_for(
        manifest.train, manifest.structures, manifest.parent, on_progress, modality=manifest.modality
    )
    report = train(
        manifest, own, on_progress=on_progress, should_stop=should_stop, plan=plan, prepared=prepared
    )
    result = _measured(trial, plan, report)
    content = asdict(result) | {
        "about": dict(trial.about),
        "identity": trial.identity(),
        "plan": plan.to_dict(),
    }
    write_json(own / RESULT, content)
    shutil.rmtree(own / "checkpoint", ignore_errors=True)
    return result


def run_trials(
    trials: Sequence[Trial],
    folder: Path,
    *,
    on_progress: OnProgress,
    should_stop: ShouldStop,
    prepared: Path | None = None,
) -> list[Result]:
    """Return the results of all trials, running those that are not kept yet, in order."""
    names = [trial.name for trial in trials]
    if len(set(names)) < len(names):
        raise TrainingError("Two runs of the experiment have the same name.")
    results = []
    for index, trial in enumerate(trials):
        on_progress(Progress("runs", index, len(trials), f"Run {index + 1} of {len(trials)}: {trial.name}"))
        results.append(
            run_trial(trial, folder, on_progress=on_progress, should_stop=should_stop, prepared=prepared)
        )
    on_progress(Progress("runs", len(trials), len(trials), f"All {len(trials)} runs are finished"))
    return results


def samples_of(cases: Sequence[Case], on_progress: OnProgress = ignore_progress) -> Iterator[Sample]:
    """Map converted cases from disk, one after the other, as a fingerprint wants them."""
    for done, case in enumerate(cases, start=1):
        image, labels = np.load(case.image, mmap_mode="r"), np.load(case.labels, mmap_mode="r")
        yield Sample(image, labels, case.spacing_mm, frozenset(case.annotated))
        on_progress(Progress("plan", done, len(cases), "Looking at the training cases"))


def write_json(path: Path, content: Any) -> None:
    """Write JSON so that a reader never sees half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.part")
    unfinished.write_text(json.dumps(content, indent=1, default=str) + "\n")
    unfinished.replace(path)


def _measured(trial: Trial, plan: Plan, report: Report) -> Result:
    voxels = report.steps * plan.batch_size * math.prod(plan.patch_size)
    return Result(
        name=trial.name,
        about=trial.about,
        scores=report.scores,
        steps=report.steps,
        train_seconds=report.train_seconds,
        kvoxels_per_s=voxels / max(report.train_seconds, 1e-9) / 1000,
        model_dir=report.model_dir,
        metric_version=report.metric_version,
    )


def _result(content: dict[str, Any], own: Path) -> Result:
    return Result(
        name=str(content["name"]),
        about=content["about"],
        scores=tuple(CaseScore(**score) for score in content["scores"]),
        steps=int(content["steps"]),
        train_seconds=float(content["train_seconds"]),
        kvoxels_per_s=float(content["kvoxels_per_s"]),
        model_dir=own / "model",
        metric_version=str(content["metric_version"]),
    )
