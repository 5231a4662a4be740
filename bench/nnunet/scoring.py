"""Validation scores: organs that were drawn, Dice and surface Dice at the tolerance, nnU-Net beside ours."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from bench.finished import by_kind, difference, read_lines
from bench.nnunet.settings import Settings
from bench.openkbp import TOLERANCE_MM, read_openkbp
from training.dataset import Dataset, read_case
from training.labels import IGNORE
from training.manifest import CaseScore
from training.metrics import score
from training.progress import TrainingError
from training.volume import read_label_map

OURS = "ours.json"


def show_scores(settings: Settings) -> None:
    """Score nnU-Net's predictions, keep the scores, and print them beside ours where there are any."""
    dataset = read_openkbp(settings.data)
    columns = {"nnU-Net": score_folder(dataset, settings.run / "predicted")}
    content = [asdict(s) for s in columns["nnU-Net"]]
    (settings.run / "scores.json").write_text(json.dumps(content, indent=1))
    ours = settings.run / OURS
    if ours.is_file():
        columns["Delineate"] = [CaseScore(**s) for s in json.loads(ours.read_text())["scores"]]
    Console().print(_table(dataset, columns, settings.name))
    if settings.beside is not None:
        compare_with(settings.beside, columns["nnU-Net"], len(dataset.cases))
    train = settings.run / "train.json"
    if train.is_file():
        print(train.read_text())


def score_folder(dataset: Dataset, folder: Path) -> list[CaseScore]:
    """Score label maps named after the validation cases, drawn organs only. Raises TrainingError."""
    scores = []
    for case in dataset.test:
        predicted = read_label_map(folder / f"{case.id}.nii.gz")
        image, labels = read_case(dataset, case)
        if labels is None or not predicted.geometry.is_close(image.geometry):
            raise TrainingError(f"The prediction of {case.id} lies on another grid than the scan.")
        asked = {s.value: s.key for s in dataset.structures if s.key in case.annotated}
        tolerances = dict.fromkeys(asked, TOLERANCE_MM)
        spacing_mm = image.geometry.spacing_mm
        found = score(labels[0], predicted.voxels, spacing_mm, tolerances, IGNORE)
        scores += [CaseScore(case.id, key, found[v].dice, found[v].surface_dice) for v, key in asked.items()]
    return scores


def compare_with(beside: Path, scores: Iterable[CaseScore], cases: int) -> None:
    """Print how much each kind of finished run of ours that saw all `cases` scores above these scores."""
    kinds = {
        name: lines
        for name, lines in by_kind(read_lines(beside)).items()
        if lines[0]["experiment"] == "curve" and lines[0]["cases"] == cases
    }
    if not kinds:
        raise TrainingError(f"{beside} holds no run of bench.learning with all {cases} cases.")
    theirs = [{"scores": [[s.case_id, s.structure, s.dice, s.surface_dice] for s in scores]}]
    for name, lines in kinds.items():
        print(difference((name, "nnU-Net"), (lines, theirs), f"seeds of ours: {len(lines)}, of nnU-Net: 1"))


def means(scores: Iterable[CaseScore], structures: Sequence[str]) -> list[tuple[str, float, float]]:
    """Return (name, Dice, surface Dice) per structure over its cases, then the mean of the structures."""
    rows = []
    kept = [s for s in scores if s.dice is not None and s.surface_dice is not None]
    for key in structures:
        pairs = [(s.dice, s.surface_dice) for s in kept if s.structure == key]
        dice, surface = np.asarray(pairs, float).mean(axis=0)
        rows.append((key, float(dice), float(surface)))
    mean = np.mean([row[1:] for row in rows], axis=0)
    return [*rows, ("mean", float(mean[0]), float(mean[1]))]


def _table(dataset: Dataset, columns: dict[str, list[CaseScore]], name: str) -> Table:
    keys = [s.key for s in dataset.structures]
    table = Table("organ", title=f"{len(dataset.test)} validation scans, {name}")
    for column in columns:
        table.add_column(f"{column}: Dice")
        table.add_column(f"surface Dice {TOLERANCE_MM:g} mm")
    for rows in zip(*(means(scores, keys) for scores in columns.values()), strict=True):
        table.add_row(rows[0][0], *(f"{value:.3f}" for row in rows for value in row[1:]))
    return table
