"""Exports as jobs: frozen when asked for, published once, cancelled, died halfway, removed."""

import csv
import hashlib
import io
import json
import zipfile
from pathlib import Path
from typing import Any, TypeVar

import pyarrow.parquet as pq
import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db.models import Model as Row

from annotation import chunks, exports, jobs, store, tasks
from annotation.errors import Conflict, NotFound, Refused
from annotation.models import (
    Case,
    Export,
    ExportFormat,
    ExportWhat,
    Job,
    JobState,
    Project,
    Revision,
    RevisionKind,
)
from tests.annotation.exports.scene import KEYS, PARTLY, export, labels_of, truth
from tests.annotation.factories import make_model, make_prediction, make_submitted
from training.labels import IGNORE
from training.progress import Progress

pytestmark = pytest.mark.django_db

NIFTI = exports.Order(ExportFormat.NIFTI)


Found = TypeVar("Found", bound=Row)


def fresh(row: Found) -> Found:
    row.refresh_from_db()
    return row


def asked(project: Project, lea: User, order: exports.Order = NIFTI) -> Export:
    return exports.request_export(project=project, by=lea, order=order)


def unpacked(export: Export) -> tuple[dict[str, bytes], dict[str, Any]]:
    """The files of an export's zip and its manifest; the zip is what the row says."""
    data = b"".join(exports.download(export))
    assert (len(data), hashlib.sha256(data).hexdigest()) == (export.bytes, export.sha256)
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        files = {name: packed.read(name) for name in packed.namelist()}
    return files, json.loads(files.pop("manifest.json"))


def test_a_worker_writes_what_was_frozen(scene: Project, lea: User, tmp_path: Path) -> None:
    export = asked(scene, lea)
    case = scene.cases.get(number=1)
    before = case.accepted_revision
    assert before is not None
    changed = labels_of(1)
    changed[0, 30, 1, 1] = 3
    case.accepted_revision = chunks.write_labels(
        mask=before.mask, labels=changed, kind=RevisionKind.REVIEW_FIX
    )
    case.save()
    tasks.export(export.job_id)
    assert fresh(export.job).state == JobState.SUCCEEDED, export.job.error
    files, manifest = unpacked(fresh(export))
    assert {one["path"]: one["sha256"] for one in manifest["files"]} == {
        name: hashlib.sha256(data).hexdigest() for name, data in files.items()
    }
    first = manifest["delineations"][0]
    assert (first["revision"], first["sha256"]) == (before.pk, before.sha256)
    assert first["looked_at"] == list(KEYS)
    fourth = manifest["delineations"][3]
    assert fourth["looked_at"] == list(PARTLY)
    assert fourth["not_looked_at"] == ["gallbladder", "kidney_left", "liver_tumor"]
    assert export.job.result["delineations"] == 4
    assert not list((tmp_path / "work").glob("export-*"))


def test_nothing_in_an_export_says_what_a_case_was_called(scene: Project, lea: User) -> None:
    """Names come from the files that were imported, and keys of patients find them again."""
    export = asked(scene, lea, exports.Order(ExportFormat.DICOM_SEG))
    tasks.export(export.job_id)
    files, manifest = unpacked(fresh(export))
    everything = b"".join(files.values()) + json.dumps(manifest).encode()
    for case in scene.cases.all():
        assert case.name.encode() not in everything
        assert case.patient_key.encode() not in everything


def test_an_attempt_that_died_leaves_nothing_that_the_next_one_minds(scene: Project, lea: User) -> None:
    export = asked(scene, lea)
    lease = jobs.claim(export.job_id)
    assert lease is not None

    def die(progress: Progress) -> None:
        if progress.done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        exports.run(export.job, lease, die)
    assert fresh(export).store_key == ""
    Job.objects.filter(pk=export.job_id).update(lease_until="2020-01-01T00:00Z")
    tasks.export(export.job_id)
    assert fresh(export.job).state == JobState.SUCCEEDED
    unpacked(fresh(export))


def test_who_lost_the_lease_publishes_nothing(scene: Project, lea: User) -> None:
    export = asked(scene, lea)
    old = jobs.claim(export.job_id)
    assert old is not None

    def another_takes_over(progress: Progress) -> None:
        if progress.done == 1:
            Job.objects.filter(pk=export.job_id).update(fence=old.fence + 1)

    with pytest.raises(jobs.LeaseLost):
        exports.run(export.job, old, another_takes_over)
    assert fresh(export).store_key == ""
    assert not store.exists(f"exports/{export.pk}/{old.fence}")
    Job.objects.filter(pk=export.job_id).update(lease_until="2020-01-01T00:00Z")
    tasks.export(export.job_id)
    assert fresh(export).store_key.startswith(f"exports/{export.pk}/{old.fence + 2}-")


def test_cancelled_while_it_waits_it_never_runs(scene: Project, lea: User) -> None:
    export = asked(scene, lea)
    jobs.cancel(export.job)
    tasks.export(export.job_id)
    assert fresh(export.job).state == JobState.CANCELLED
    with pytest.raises(Conflict, match="has no file"):
        exports.download(fresh(export))


def test_removed_with_its_file(scene: Project, lea: User) -> None:
    export = asked(scene, lea)
    with pytest.raises(Conflict, match="still being made"):
        exports.remove(export)
    tasks.export(export.job_id)
    key = fresh(export).store_key
    exports.remove(exports.export_named(scene, export.pk))
    assert not store.exists(key)
    with pytest.raises(NotFound):
        exports.export_named(scene, export.pk)


def test_no_more_than_five_wait(scene: Project, lea: User) -> None:
    for _ in range(5):
        asked(scene, lea)
    with pytest.raises(Conflict, match="5 exports wait already"):
        asked(scene, lea)


# ── What is selected ──────────────────────────────────────────────────────────
def names(project: Project, **given: Any) -> list[str]:
    return [item.name for item in exports.chosen(project, exports.Order(ExportFormat.NIFTI, **given))]


def test_accepted_by_split(scene: Project) -> None:
    assert names(scene) == ["case_0001", "case_0002", "case_0003", "case_0004"]
    assert names(scene, splits=("test", "validation")) == ["case_0002", "case_0003"]


def test_reads_are_named_by_reader_and_never_by_person(scene: Project, ana: User, ben: User) -> None:
    for reader in (ana, ben):
        make_submitted(reader, scene)
    Case.objects.filter(project=scene, number__gt=4).update(split="test")
    items = exports.chosen(scene, exports.Order(ExportFormat.NIFTI, ExportWhat.READS))
    assert [(item.name, item.reader) for item in items] == [("case_0005_r1", "ana"), ("case_0006_r2", "ben")]
    (only,) = exports.chosen(scene, exports.Order(ExportFormat.NIFTI, ExportWhat.READS, readers=("ben",)))
    read = ben.assignments.get()
    assert only.revision == Revision.objects.get(mask=read.mask, number=read.mask.head).pk


def test_predictions_of_a_model(scene: Project) -> None:
    model = make_model(scene)
    case = scene.cases.get(number=2)
    labels = labels_of(2)
    labels[labels == IGNORE] = 0
    make_prediction(case, model, labels)
    assert names(scene, what=ExportWhat.PREDICTIONS, model=model.version) == ["case_0002"]
    with pytest.raises(Refused, match="Say which model"):
        names(scene, what=ExportWhat.PREDICTIONS)
    with pytest.raises(NotFound, match="no model 99"):
        names(scene, what=ExportWhat.TRAINING, model=99)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"splits": ("train",)}, "There is no split train"),
        ({"structures": ("femur",)}, "The project has no structure femur"),
        ({"readers": ("otto",)}, "otto is not in this project's team"),
        ({"model": 1}, "A model is not part of this selection"),
        ({"what": "reads"}, "Nothing matches"),
        ({"what": "everything"}, "Choose a format"),
    ],
)
def test_what_cannot_be_selected_is_a_sentence(scene: Project, given: dict[str, Any], sentence: str) -> None:
    with pytest.raises(Refused, match=sentence):
        names(scene, **given)


# ── Tables, the command ───────────────────────────────────────────────────────
def test_volumes_leave_as_csv_and_parquet(scene: Project, out: Path) -> None:
    export(scene, out, ExportFormat.TABLES, structures=("liver", "gallbladder", "kidney_left"))
    with (out / "volumes.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    by = {(row["name"], row["structure"]): row for row in rows}
    assert len(rows) == 4 * 3
    liver = by["case_0001", "liver"]
    assert int(liver["voxels"]) == truth(1, "liver").sum()
    assert float(liver["volume_ml"]) == pytest.approx(truth(1, "liver").sum() * 0.8 * 0.9 * 2.5 / 1000)
    assert by["case_0001", "gallbladder"]["voxels"] == "0"  # absent
    assert by["case_0004", "kidney_left"]["voxels"] == ""  # nobody looked
    table = pq.read_table(out / "volumes.parquet").to_pylist()
    assert [row["voxels"] for row in table if row["structure"] == "liver"] == [
        int(by[f"case_{n:04d}", "liver"]["voxels"]) for n in (1, 2, 3, 4)
    ]


def test_the_command_writes_a_zip_or_a_folder(scene: Project, tmp_path: Path) -> None:
    zipped, folder = tmp_path / "new" / "out.zip", tmp_path / "plain"
    call_command("export_cases", "Abdomen", str(zipped), "--format", "rtstruct", "--split", "test")
    call_command("export_cases", "Abdomen", str(folder), "--format", "structures", "--structure", "liver")
    with zipfile.ZipFile(zipped) as packed:
        assert "case_0003/rtstruct.dcm" in packed.namelist()
        assert packed.testzip() is None
    assert sorted(path.name for path in (folder / "case_0001" / "segmentations").iterdir()) == [
        "ignore.nii.gz",
        "liver.nii.gz",
    ]
    assert (folder / "manifest.json").is_file()
    with pytest.raises(CommandError, match="is there already"):
        call_command("export_cases", "Abdomen", str(folder))
    with pytest.raises(CommandError, match="share voxels"):
        call_command("export_cases", "Abdomen", str(tmp_path / "no"), "--format", "decathlon")
    assert not (tmp_path / "no").exists()
    assert not list(tmp_path.glob(".unfinished-*"))
