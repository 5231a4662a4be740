"""A frozen training set becomes files that equal the rows, once, and is tidied away when the run is over."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.contrib.auth.models import User

from annotation import chunks, corrections, ingest, jobs, learning, reviews, store, worklist
from annotation.models import Model, ModelState, Project, RevisionKind, Split, TrainingRun
from tests.annotation.learning_loop import claimed_run, report, trained
from tests.phantom_cases import KEYS, SHAPE, SPACING_MM, add_phantom, phantom
from training.progress import Progress

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(project: Project) -> TrainingRun:
    add_phantom(project, 0, delineated=True)
    add_phantom(project, 1, delineated=True, split=Split.TEST)
    return learning.request_run(project=project, requested_by=None)


def test_the_files_equal_the_stored_voxels_and_labels(run: TrainingRun, tmp_path: Path) -> None:
    manifest = learning.manifest_for(run, tmp_path)
    for (case,), seed in ((manifest.train, 0), (manifest.test, 1)):
        scan, labels = phantom(seed)
        assert np.array_equal(np.load(case.image), scan.voxels)
        assert np.array_equal(np.load(case.labels), labels)
        assert np.load(case.image).dtype == np.int16
        assert case.spacing_mm == SPACING_MM
        assert sorted(case.annotated) == sorted(KEYS)
    assert [(s.key, s.layer, s.value) for s in manifest.structures] == [
        ("liver", 0, 1),
        ("spleen", 0, 2),
        ("kidney_left", 0, 3),
    ]
    assert (manifest.parent, manifest.budget_s, manifest.seed) == (None, 180.0, 0)
    assert manifest.steps is None
    run.fixed_steps = 400
    assert learning.manifest_for(run, tmp_path).steps == 400


def test_labels_are_those_of_the_frozen_revision_not_of_the_newest(run: TrainingRun, tmp_path: Path) -> None:
    item = run.snapshot.items.get(use="train")
    other = np.zeros((1, *SHAPE), np.uint8)
    chunks.write_labels(mask=item.revision.mask, labels=other, kind=RevisionKind.RESTORE)
    manifest = learning.manifest_for(run, tmp_path)
    assert np.array_equal(np.load(manifest.train[0].labels), phantom(0)[1])


def test_a_resumed_run_finds_its_files(run: TrainingRun, tmp_path: Path) -> None:
    first = learning.manifest_for(run, tmp_path)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    # What a killed worker left half-written does not count.
    first.train[0].labels.unlink()
    first.train[0].labels.with_suffix(".part").write_bytes(b"half")
    reports = list[Progress]()
    assert learning.manifest_for(run, tmp_path, reports.append) == first
    assert np.array_equal(np.load(first.train[0].labels), phantom(0)[1])
    after = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    assert after.keys() == before.keys()
    assert [path for path in before if before[path] != after[path]] == [first.train[0].labels]
    assert [report.message for report in reports] == ["reading case 1 of 2", "reading case 2 of 2"]


def test_training_starts_from_the_serving_model(project: Project, tmp_path: Path) -> None:
    add_phantom(project, 0, delineated=True)
    parent = trained(project, tmp_path / "made", {})
    assert parent.state == ModelState.SERVING
    run, _ = claimed_run(project)
    manifest = learning.manifest_for(run, tmp_path / "data")
    assert manifest.parent is not None
    assert (manifest.parent / "model.safetensors").read_bytes() == store.read(
        f"{parent.store_key}/model.safetensors"
    )


def test_a_structure_that_the_reviewer_completed_is_learned(
    project: Project, ana: User, rui: User, settings: Any, tmp_path: Path
) -> None:
    add_phantom(project, 0, delineated=False)
    read = worklist.next_case(reader=ana, project=project)
    assert read is not None
    corrections.submit(assignment=read, revision=0, not_looked_at=["spleen", "kidney_left"])
    review = worklist.claim_review(reviewer=rui, project=project)
    assert review is not None
    reviews.complete(assignment=review, structures=["spleen"])
    reviews.accept(assignment=review, revision=0)
    manifest = learning.manifest_for(learning.request_run(project=project, requested_by=None), tmp_path)
    assert manifest.train[0].annotated == ("liver", "spleen")


def test_work_folders_are_removed_when_their_run_is_over_and_not_before(
    run: TrainingRun, settings: Any, tmp_path: Path
) -> None:
    folder = learning.work_folder(run)
    learning.manifest_for(run, folder / "data")
    foreign = Path(settings.WORK_ROOT) / "run-999999"
    foreign.mkdir()
    learning.tidy_work_folders()
    assert folder.is_dir()
    lease = jobs.claim(run.job_id)
    assert lease is not None
    learning.record(run=run, report=report(tmp_path, {}), lease=lease)
    learning.tidy_work_folders()
    assert not folder.exists()
    assert foreign.is_dir(), "a run that this database does not know is not ours to remove"
    assert Model.objects.count() == 1


def test_read_voxels_is_what_was_imported(run: TrainingRun) -> None:
    volume = run.snapshot.items.get(use="train").case.volume
    assert np.array_equal(ingest.read_voxels(volume), phantom(0)[0].voxels)
