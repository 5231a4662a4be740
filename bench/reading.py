"""Cases to read in a browser: one scan, and a prediction of as many structures as whole-body models have."""

import os
import uuid
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from annotation import chunks, ingest, worklist
from annotation.models import (
    Case,
    DatasetSnapshot,
    Job,
    JobKind,
    Mask,
    MaskKind,
    Model,
    ModelState,
    Prediction,
    Project,
    RevisionKind,
    TrainingRun,
    Volume,
)
from bench.world import make_project, store_folder
from training.volume import Geometry
from training.volume import Volume as Scan

SHAPE = (512, 512, 300)
SPACING_MM = (0.6, 0.6, 0.6)
STRUCTURES = 104
IDENTITY = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
NOISE_SLICES = 20


def make_reading(cases: int) -> Project:
    """A project with that many cases, all with the same bytes and each with a prediction."""
    project = make_project("reading", 0, STRUCTURES)
    first = ingest.add_case(
        project=project,
        volume=Scan(_voxels(), Geometry(SHAPE, SPACING_MM, (0.0, 0.0, 0.0), IDENTITY)),
        name="read 1",
        patient_key="read 1",
        split="pool",
        labels=None,
        annotated=[],
    )
    model = _model(project)
    drawn = Mask.objects.create(case=first, kind=MaskKind.MODEL, model=model)
    chunks.write_labels(mask=drawn, labels=_labels(), kind=RevisionKind.PREDICTION)
    drawn.refresh_from_db()
    for number in range(1, cases + 1):
        case = first if number == 1 else _twin(first, number)
        mask = drawn if number == 1 else _like(drawn, case)
        Prediction.objects.create(case=case, model=model, mask=mask, uncertainty=0.1)
        worklist.make_ready(case)
    return project


def _like(drawn: Mask, case: Case) -> Mask:
    """The same prediction for another case: a revision of its own that changes nothing of its base."""
    mask = Mask.objects.create(
        case=case, kind=MaskKind.MODEL, model=drawn.model, base=drawn, base_revision=drawn.head
    )
    # Reads do not start from a mask without a revision.
    chunks.append(mask=mask, kind=RevisionKind.PREDICTION, key=uuid.uuid4(), base=0, changed={})
    return mask


def _voxels() -> NDArray[np.int16]:
    """A body of soft tissue in air with the noise of a CT; the noise repeats along k."""
    ni, nj, nk = SHAPE
    rng = np.random.default_rng(0)
    i, j = np.ogrid[:ni, :nj]
    inside = ((i - ni / 2) / (0.42 * ni)) ** 2 + ((j - nj / 2) / (0.32 * nj)) ** 2 < 1
    body = np.where(inside, 40 + 25 * np.sin(i / 37) * np.cos(j / 29), -1000)
    noise = rng.normal(0, 18, (ni, nj, NOISE_SLICES)).astype(np.int16)
    voxels = np.empty(SHAPE, np.int16)
    for k in range(nk):
        voxels[:, :, k] = np.clip(body + noise[:, :, k % NOISE_SLICES], -1024, 3071)
    return voxels


def _labels() -> NDArray[np.uint8]:
    """Cells of a bent grid, one structure each, with gaps between them; (1, i, j, k)."""
    ni, nj, nk = SHAPE
    labels = np.zeros((1, *SHAPE), np.uint8)
    i, j = np.ogrid[:ni, :nj]
    inside = ((i - ni / 2) / (0.4 * ni)) ** 2 + ((j - nj / 2) / (0.3 * nj)) ** 2 < 1
    for k in range(nk):
        across, along = i + 6 * np.sin(j / 11 + k / 7), j + 4 * np.sin(i / 13 - k / 9)
        cell = np.floor(across / 60) * 7 + np.floor(along / 52) * 13 + (k // 60) * 29
        gap = (across % 60 < 6) | (along % 52 < 6)
        labels[0, :, :, k] = np.where(inside & ~gap, 1 + cell % STRUCTURES, 0)
    return labels


def _model(project: Project) -> Model:
    job = Job.objects.create(project=project, kind=JobKind.TRAIN, queue="train")
    run = TrainingRun.objects.create(
        project=project, snapshot=DatasetSnapshot.objects.create(project=project), job=job, budget_s=60
    )
    return Model.objects.create(
        project=project,
        version=1,
        run=run,
        store_key=f"models/{uuid.uuid4().hex}",
        weights_sha256="0" * 64,
        plan={},
        state=ModelState.SERVING,
    )


def _twin(first: Case, number: int) -> Case:
    """A case of its own whose scan takes no room: its files are those of the first."""
    volume = Volume.objects.get(pk=first.volume_id)
    folder, key = store_folder() / volume.store_key, f"bench/{uuid.uuid4()}"
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            _link(path, store_folder() / key / path.relative_to(folder))
    volume.pk = None
    volume.store_key = key
    volume.content_sha256 = uuid.uuid4().hex * 2
    volume.save()
    case = Case.objects.create(
        project=first.project,
        volume=volume,
        number=number,
        name=f"read {number}",
        patient_key=f"read {number}",
    )
    worklist.begin_parts([case])
    return case


def _link(path: Path, to: Path) -> None:
    to.parent.mkdir(parents=True, exist_ok=True)
    os.link(path, to)
