"""Cross-validation: every case predicted by networks that never saw its patient, and what to use then.

Folds are grouped by patient and stratified. The out-of-fold predictions of each configuration, and of each
pair of configurations averaged in logit space, are written and scored; the one with the highest mean Dice is
chosen, and on its out-of-fold predictions whether keeping largest components helps (nnU-Net's rules).
"""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.dataset import CT, Dataset, DatasetCase
from training.experiments.figures import case_spread, spread, values_by_structure
from training.experiments.folds import stratified_folds
from training.experiments.trial import About, Recipe, Result, Trial, run_trials, write_json
from training.labels import IGNORE
from training.manifest import Case, CaseScore, Manifest
from training.metrics import METRIC_VERSION
from training.model import DESCRIPTION, read_description
from training.predict import PredictOptions, Predictor, Validated, choose_postprocessing, keep_largest
from training.progress import Cancelled, OnProgress, Progress, ShouldStop, TrainingError
from training.run import score_case
from training.volume import Volume, read_label_map, read_nifti, write_nifti

PREDICTIONS = "predictions"
_RAW = PredictOptions(postprocess=False, disagreement=False)


@dataclass(frozen=True)
class CrossvalOrder:
    """What to run: the recipe of each configuration by its name, how many folds, and whether to try pairs."""

    recipes: Mapping[str, Recipe]
    folds: int = 5
    seed: int = 0
    ensembles: bool = True


@dataclass(frozen=True)
class _Candidate:
    """A configuration or a pair of them, with the model folders of each fold."""

    name: str
    models: tuple[tuple[Path, ...], ...]


def cross_validate(
    dataset: Dataset,
    cases: Sequence[Case],
    order: CrossvalOrder,
    folder: Path,
    *,
    on_progress: OnProgress,
    should_stop: ShouldStop,
) -> dict[str, Any]:
    """Run everything that is not done yet and return the summary, which is also kept as crossval.json.

    `cases` are the data set's as training reads them. The models of the winner are given the post-processing
    chosen. Raises TrainingError with one sentence, Cancelled when asked to stop.
    """
    if not order.recipes:
        raise TrainingError("Cross-validation needs at least one configuration.")
    by_id = {case.id: case for case in cases}
    folds = stratified_folds(
        dataset.cases, order.folds, order.seed, {case.id: drawn_ml(case) for case in cases}
    )
    trials = _trials(dataset, by_id, folds, order)
    results = run_trials(trials, folder, on_progress=on_progress, should_stop=should_stop)
    candidates = _candidates(order, results)
    scored = {
        candidate.name: _out_of_fold(dataset, by_id, folds, candidate, folder, on_progress, should_stop)
        for candidate in candidates
    }
    found = _select(dataset, by_id, candidates, scored, results, folder)
    summary = {
        "metric_version": METRIC_VERSION,
        "folds": [[case.id for case in fold] for fold in folds],
        **found,
        "scores": {name: [asdict(s) for s in scores] for name, scores in scored.items()},
    }
    write_json(folder / "crossval.json", summary)
    return summary


def _select(
    dataset: Dataset,
    by_id: Mapping[str, Case],
    candidates: Sequence[_Candidate],
    scored: Mapping[str, Sequence[CaseScore]],
    results: Sequence[Result],
    folder: Path,
) -> dict[str, Any]:
    """Choose the winner and its post-processing, which its models are given and the others lose."""
    rows = {name: _row(scores) for name, scores in scored.items()}
    best = max(candidates, key=lambda c: rows[c.name]["dice"]["mean"] or 0.0)  # of equals the first: simplest
    postprocessing = choose_postprocessing(_validated(dataset, by_id, folder / best.name), dataset.structures)
    models = [model for fold in best.models for model in fold]
    for result in results:
        _set_postprocessing(result.model_dir, postprocessing if result.model_dir in models else ())
    return {
        "configurations": rows,
        "best": best.name,
        "postprocessing": list(postprocessing),
        "after_postprocessing": _row(_finish(dataset, by_id, folder, best.name, postprocessing)),
        "models": [str(model) for model in models],
    }


def drawn_ml(case: Case) -> float:
    """Return the volume of all that is drawn in a case."""
    labels = np.load(case.labels, mmap_mode="r")
    voxels = sum(int(((layer > 0) & (layer != IGNORE)).sum()) for layer in labels)
    return voxels * math.prod(case.spacing_mm) / 1000


def _trials(
    dataset: Dataset,
    by_id: Mapping[str, Case],
    folds: Sequence[Sequence[DatasetCase]],
    order: CrossvalOrder,
) -> list[Trial]:
    trials = []
    for name, recipe in order.recipes.items():
        for index, fold in enumerate(folds):
            out = {case.id for case in fold}
            train = tuple(by_id[case.id] for case in dataset.cases if case.id not in out)
            manifest = Manifest(
                dataset.structures, train, (), None, recipe.budget_s, order.seed, modality=dataset.modality
            )
            about: About = {"arm": name, "fold": index, "seed": order.seed}
            trials.append(Trial(f"{name}/fold{index}", about, manifest, recipe))
    return trials


def _candidates(order: CrossvalOrder, results: Sequence[Result]) -> list[_Candidate]:
    models = {(str(r.about["arm"]), int(r.about["fold"])): r.model_dir for r in results}
    names: list[tuple[str, ...]] = [(name,) for name in order.recipes]
    if order.ensembles:
        names += list(combinations(order.recipes, 2))
    return [
        _Candidate(
            "+".join(own),
            tuple(tuple(models[name, fold] for name in own) for fold in range(order.folds)),
        )
        for own in names
    ]


def _out_of_fold(
    dataset: Dataset,
    by_id: Mapping[str, Case],
    folds: Sequence[Sequence[DatasetCase]],
    candidate: _Candidate,
    folder: Path,
    on_progress: OnProgress,
    should_stop: ShouldStop,
) -> list[CaseScore]:
    """Predict, write and score every case with the models that did not see it, unless it was done before."""
    scores: list[CaseScore] = []
    done, total = 0, len(dataset.cases)
    for index, (fold, models) in enumerate(zip(folds, candidate.models, strict=True)):
        path = folder / candidate.name / f"scores-fold{index}.json"
        identity = [METRIC_VERSION, *(read_description(model)["weights_sha256"] for model in models)]
        kept = _kept_scores(path, identity)
        if kept is None:
            predictor = Predictor.load_many(models)
            kept = []
            for place, case in enumerate(fold):
                if should_stop():
                    raise Cancelled
                on_progress(
                    Progress("out of fold", done + place, total, f"Predicting unseen cases, {candidate.name}")
                )
                labels = _predicted(predictor, by_id[case.id], should_stop)
                _write(folder / candidate.name / PREDICTIONS, case, labels, hu=dataset.modality == CT)
                kept += score_case(by_id[case.id], labels, dataset.structures)
            write_json(path, {"identity": identity, "scores": [asdict(s) for s in kept]})
        scores += kept
        done += len(fold)
    on_progress(Progress("out of fold", total, total, f"Predicted unseen cases, {candidate.name}"))
    return scores


def _kept_scores(path: Path, identity: Sequence[str]) -> list[CaseScore] | None:
    try:
        content = json.loads(path.read_text())
        if content["identity"] != list(identity):
            return None
        return [CaseScore(**score) for score in content["scores"]]
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _predicted(predictor: Predictor, case: Case, should_stop: ShouldStop) -> NDArray[np.uint8]:
    image = np.load(case.image)
    return predictor.predict(image, case.spacing_mm, should_stop=should_stop, options=_RAW).labels


def _write(folder: Path, case: DatasetCase, labels: NDArray[np.uint8], *, hu: bool) -> None:
    """Write a label map per layer beside the scan's geometry, named as the case."""
    folder.mkdir(parents=True, exist_ok=True)
    geometry = read_nifti(case.image, hu=hu).geometry
    for path, layer in zip(_paths(folder, case.id, len(labels)), labels, strict=True):
        write_nifti(path, Volume(layer, geometry))


def _paths(folder: Path, name: str, layers: int) -> list[Path]:
    if layers == 1:
        return [folder / f"{name}.nii.gz"]
    return [folder / f"{name}-layer{layer}.nii.gz" for layer in range(layers)]


def _validated(dataset: Dataset, by_id: Mapping[str, Case], folder: Path) -> Iterator[Validated]:
    layers = 1 + max(s.layer for s in dataset.structures)
    for case in dataset.cases:
        paths = _paths(folder / PREDICTIONS, case.id, layers)
        prediction = np.stack([read_label_map(path).voxels for path in paths])
        own = by_id[case.id]
        yield Validated(np.load(own.labels), prediction, frozenset(own.annotated))


def _finish(
    dataset: Dataset,
    by_id: Mapping[str, Case],
    folder: Path,
    name: str,
    postprocessing: Sequence[str],
) -> list[CaseScore]:
    """Write the winner's predictions with its post-processing to folder/predictions; return their scores."""
    places = {s.key: (s.layer, s.value) for s in dataset.structures}
    scores: list[CaseScore] = []
    validated = _validated(dataset, by_id, folder / name)
    for case, found in zip(dataset.cases, validated, strict=True):
        labels = keep_largest(found.prediction, postprocessing, places)
        _write(folder / PREDICTIONS, case, labels, hu=dataset.modality == CT)
        scores += score_case(by_id[case.id], labels, dataset.structures)
    return scores


def _row(scores: Sequence[CaseScore]) -> dict[str, Any]:
    dice = {(s.case_id, s.structure): s.dice for s in scores}
    surface = {(s.case_id, s.structure): s.surface_dice for s in scores}
    return {
        "dice": case_spread(dice),
        "surface_dice": case_spread(surface),
        "structures": {name: spread(values) for name, values in values_by_structure(dice).items()},
    }


def _set_postprocessing(model: Path, postprocessing: Sequence[str]) -> None:
    content = read_description(model)
    content["plan"]["postprocessing"] = list(postprocessing)
    write_json(model / DESCRIPTION, content)
