"""What tests of the learning loop start from: accepted cases, claimed runs, reports written by hand."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from annotation import chunks, jobs, learning, worklist
from annotation.chunks.grid import Voxels
from annotation.models import (
    Case,
    CaseState,
    Mask,
    MaskKind,
    Model,
    Project,
    Revision,
    RevisionKind,
    Split,
    TrainingRun,
)
from tests.annotation.factories import box, make_case
from training.manifest import CaseScore, Report

KEYS = ["liver", "spleen", "kidney_left"]
Dice = Mapping[str, float | None]


def accept(case: Case, labels: Voxels | None = None) -> Revision:
    """Accept a delineation of the case, as an import of a finished one does."""
    mask = Mask.objects.create(case=case, kind=MaskKind.IMPORTED, annotated=KEYS)
    labels = box(case.volume.shape) if labels is None else labels
    revision = chunks.write_labels(mask=mask, labels=labels, kind=RevisionKind.IMPORT)
    for part in case.parts.all():
        worklist.move(part.pk, CaseState.ACCEPTED, accepted=revision)
    case.refresh_from_db()
    return revision


def accepted(project: Project, split: Split = Split.POOL) -> Case:
    case = make_case(project, split=split)
    accept(case)
    return case


def claimed_run(project: Project) -> tuple[TrainingRun, jobs.Lease]:
    run = learning.request_run(project=project, requested_by=None)
    lease = jobs.claim(run.job_id)
    assert lease is not None
    return run, lease


def report(
    folder: Path,
    scores: Mapping[Case, Dice],
    *,
    content: bytes = b"weights",
    surface: Mapping[Case, Dice] | None = None,
) -> Report:
    """What a training hands back, with `scores` per case and structure; surface Dice as Dice unless given."""
    model_dir = folder / hashlib.sha256(content).hexdigest()[:8]
    model_dir.mkdir(parents=True, exist_ok=True)
    weights = model_dir / "model.safetensors"
    weights.write_bytes(content)
    (model_dir / "model.json").write_text("{}")
    return Report(
        weights=weights,
        weights_sha256=hashlib.sha256(content).hexdigest(),
        model_dir=model_dir,
        plan={"network": "plain_unet"},
        scores=tuple(
            CaseScore(str(case.pk), structure, dice, (surface or scores)[case][structure])
            for case, of_case in scores.items()
            for structure, dice in of_case.items()
        ),
        steps=10,
        train_seconds=1.0,
        metric_version="test 1",
    )


def trained(
    project: Project,
    folder: Path,
    scores: Mapping[Case, Dice],
    surface: Mapping[Case, Dice] | None = None,
    *,
    content: bytes | None = None,
) -> Model:
    """A run that was requested, claimed and recorded with these scores."""
    run, lease = claimed_run(project)
    made = report(folder, scores, content=content or str(run.pk).encode(), surface=surface)
    return learning.record(run=run, report=made, lease=lease)


def claimed_prediction(model: Model) -> jobs.Lease:
    """The right to store what the model predicts."""
    job = model.project.jobs.filter(kind="predict", state="queued").first()
    lease = jobs.claim((job or learning.enqueue_predictions(model)).pk)
    assert lease is not None
    return lease


def ball(shape: tuple[int, int, int], value: int = 1) -> Voxels:
    """One layer with a ball in the middle of the volume."""
    grid = np.indices(shape) - (np.array(shape) // 2)[:, None, None, None]
    inside = (grid**2).sum(axis=0) < 36
    return np.where(inside, value, 0).astype(np.uint8)[None]
