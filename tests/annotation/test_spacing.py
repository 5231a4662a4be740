"""Scans whose files do not say how large a voxel is: read, not measured, until a lead gives the spacing."""

import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import nibabel as nib
import numpy as np
import pytest
from django.contrib.auth.models import User

from annotation import (
    agreement,
    corrections,
    exports,
    ingest,
    jobs,
    learning,
    planning,
    store,
    tasks,
    worklist,
)
from annotation.agreement.work import UNMEASURED
from annotation.errors import Conflict, Refused
from annotation.learning import atlas, predictions, runs
from annotation.models import (
    AgreementScore,
    Assignment,
    Case,
    CaseState,
    ExportFormat,
    GivenSpacing,
    Job,
    JobKind,
    MeasurementKind,
    Pin,
    Plane,
    Project,
    ReadSummary,
    Volume,
)
from tests.annotation.api.conftest import Browser
from tests.annotation.exports.scene import export
from tests.annotation.factories import make_model, stroke
from tests.annotation.imaging.files import scan_voxels
from tests.annotation.test_quarantine import scan

pytestmark = pytest.mark.django_db

SHAPE = (40, 36, 34)
GIVEN = [0.7, 0.8, 2.5]


def bare(path: Path, voxels: Any, affine: Any = None, *, code: int = 0, zooms: Any = (1.0, 1.0, 1.0)) -> Path:
    """A NIfTI that says nothing of where it lies, unless told to."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image = nib.Nifti1Image(voxels, affine)
    if affine is None:
        image.header.set_zooms(zooms)
    else:
        image.set_sform(affine, code)
    nib.save(image, path)
    return path


@pytest.fixture
def case(project: Project, tmp_path: Path) -> Case:
    bare(tmp_path / "in" / "scan.nii.gz", scan_voxels(1, SHAPE))
    report = ingest.import_folder(project=project, folder=tmp_path / "in")
    (found,) = report.findings
    assert (found.outcome, found.cause, found.spacing_mm) == ("warned", "spacing_unknown", None)
    assert "until a lead gives the spacing" in found.message
    return Case.objects.get()


def drawn(project: Project, tmp_path: Path) -> Case:
    labels = np.zeros(SHAPE, np.uint8)
    labels[5:9, 5:9, 5:9] = 1
    bare(tmp_path / "drawn" / "scan.nii.gz", scan_voxels(2, SHAPE))
    bare(tmp_path / "drawn" / "scan_seg.nii.gz", labels)
    (tmp_path / "drawn" / "labels.json").write_text('{"1": "liver"}')
    ingest.import_folder(project=project, folder=tmp_path / "drawn")
    return Case.objects.get(state=CaseState.ACCEPTED)


@pytest.mark.parametrize(
    ("affine", "code", "zooms", "known"),
    [
        (None, 0, (1.0, 1.0, 1.0), [False]),
        *((np.eye(4), code, (1.0, 1.0, 1.0), [False]) for code in (1, 2, 4)),
        (np.diag([-1.0, -1.0, 1.0, 1.0]), 1, (1.0, 1.0, 1.0), [True]),
        (np.diag([1.0, 1.0, 1.25, 1.0]), 1, (1.0, 1.0, 1.0), [True]),
        (np.eye(4) + np.eye(4)[[2]].T * np.eye(4)[3] * -120, 1, (1.0, 1.0, 1.0), [True]),
        (None, 0, (0.7, 0.7, 2.0), []),
    ],
)
def test_what_a_header_says(
    project: Project, tmp_path: Path, affine: Any, code: int, zooms: Any, known: list[bool]
) -> None:
    """The identity says nothing, whatever its code (LiTS 28-47); 1 mm that lies somewhere does.

    Who gives a size but not how the patient lies is refused: that was no oversight.
    """
    bare(tmp_path / "in" / "scan.nii.gz", scan_voxels(), affine, code=code, zooms=zooms)
    ingest.import_folder(project=project, folder=tmp_path / "in")
    assert list(Volume.objects.values_list("spacing_known", flat=True)) == known


def test_a_recipe_may_know_better(project: Project) -> None:
    case = ingest.add_case(
        project=project, volume=scan(), name="a", patient_key="p", split="pool", spacing_known=False
    )
    assert not case.volume.spacing_known
    assert [mark["cause"] for mark in case.volume.marks] == ["spacing_unknown"]


def test_an_upload_of_one_scan(project: Project, lea: User, tmp_path: Path) -> None:
    path = bare(tmp_path / "one.nii.gz", scan_voxels())
    with path.open("rb") as file:
        answer = Browser(lea).upload(f"/api/projects/{project.pk}/cases/", {"image": file})
    assert answer.status_code == 201
    assert not Volume.objects.get().spacing_known
    (row,) = Browser(lea).get(f"/api/projects/{project.pk}/cases/").json()["results"]
    assert (row["spacing_known"], row["slices"]) == (False, 6)


def test_it_may_be_read_but_waits_for_no_model(project: Project, case: Case, ana: User) -> None:
    model = make_model(project)
    assert learning.next_to_predict(model) is None
    assert predictions.pending(project) == 0
    assert case.state == CaseState.READY
    read = worklist.next_case(reader=ana, project=project)
    assert read is not None
    assert (read.case_id, read.start_from) == (case.pk, "scratch")
    shown = Browser(ana).get(f"/api/assignments/{read.pk}/").json()["volume"]
    assert shown["spacing_known"] is False


def test_nothing_is_learned_from_it(project: Project, tmp_path: Path, lea: User) -> None:
    case = drawn(project, tmp_path)
    assert not atlas.labelled(project).exists()
    with pytest.raises(Refused, match="Nothing to learn from yet"):
        runs.freeze_accepted(project)
    ingest.give_spacing(case=case, spacing_mm=GIVEN, by=lea)
    assert atlas.labelled(project).get() == case
    assert runs.freeze_accepted(project).items.get().case == case


def test_nothing_of_it_is_measured(project: Project, case: Case, ana: User) -> None:
    read = worklist.next_case(reader=ana, project=project)
    assert read is not None
    with pytest.raises(Refused, match="spacing of this scan is not known, so nothing is measured"):
        corrections.measure(assignment=read, changed=[_length()])
    assert corrections.measure(assignment=read, changed=[], removed=[uuid4()]) == []


def test_scores_leave_it_out_and_say_so(project: Project, case: Case, ana: User, lea: User) -> None:
    read = _handed_in(project, ana)
    assert ReadSummary.objects.get(read=read).volumes_ml == {}
    assert Job.objects.filter(kind=JobKind.SCORE, result__left_out=UNMEASURED).exists()
    asked = agreement.request_all(project)
    tasks.score(asked.pk)
    asked.refresh_from_db()
    assert (asked.result["left_out"], asked.result["left_out_cases"]) == (UNMEASURED, [case.number])
    assert not AgreementScore.objects.exists()
    ingest.give_spacing(case=case, spacing_mm=GIVEN, by=lea)
    _score_all()
    summary = ReadSummary.objects.get(read=read)
    assert summary.volumes_ml["liver"] == pytest.approx(5 * np.prod(GIVEN) / 1000)


def test_tables_are_empty_there_and_files_leave_it_out(project: Project, tmp_path: Path, lea: User) -> None:
    case = drawn(project, tmp_path)
    (tmp_path / "tables").mkdir()
    export(project, tmp_path / "tables", ExportFormat.TABLES)
    rows = (tmp_path / "tables" / "volumes.csv").read_text().splitlines()
    liver = dict(zip(rows[0].split(","), next(r for r in rows if ",liver," in r).split(","), strict=True))
    assert (liver["voxels"], liver["volume_ml"]) == ("64", "")
    for form in set(ExportFormat.values) - {ExportFormat.TABLES.value}:
        with pytest.raises(Refused, match="spacing of every case that matches is not known"):
            exports.chosen(project, exports.Order(form))
    bare(tmp_path / "more" / "good.nii.gz", scan_voxels(9, SHAPE), np.diag([2.0, 2, 3, 1]), code=1)
    bare(tmp_path / "more" / "good_seg.nii.gz", np.ones(SHAPE, np.uint8), np.diag([2.0, 2, 3, 1]), code=1)
    (tmp_path / "more" / "labels.json").write_text('{"1": "liver"}')
    ingest.import_folder(project=project, folder=tmp_path / "more")
    (tmp_path / "nifti").mkdir()
    manifest = export(project, tmp_path / "nifti", ExportFormat.NIFTI)
    assert [one["case"] for one in manifest["delineations"]] == [case.number + 1]
    assert f"left out, because their spacing is not known: cases {case.number}" in manifest["notes"]


def test_it_is_not_drawn_for_calibration(project: Project, case: Case) -> None:
    planning.change_plan(project=project, draft=planning.DraftPlan(calibration_cases=1))
    with pytest.raises(Conflict, match="only 0 are unread"):
        planning.draw_calibration(project=project)


def test_a_lead_gives_it(
    project: Project, case: Case, lea: User, ana: User, django_capture_on_commit_callbacks: Any
) -> None:
    url, body = f"/api/cases/{case.pk}/spacing/", {"spacing_mm": GIVEN}
    before, voxels = case.volume, ingest.read_voxels(case.volume)
    assert Browser(ana).post(url, body).status_code == 404
    with django_capture_on_commit_callbacks(execute=True):
        for _ in range(2):  # the same again changes nothing
            answer = Browser(lea).post(url, body)
            assert (answer.status_code, answer.json()) == (200, {"spacing_mm": GIVEN, "spacing_known": True})
    after = Volume.objects.get()
    assert after.spacing_mm == GIVEN
    assert (after.shape, after.direction) == (before.shape, before.direction)
    (row,) = GivenSpacing.objects.all()
    assert (row.by, row.spacing_mm, row.before_mm) == (lea, GIVEN, [1.0, 1.0, 1.0])
    assert after.marks[0]["message"].endswith("a lead gave 0.7 × 0.8 × 2.5 mm.")
    assert np.array_equal(ingest.read_voxels(after), voxels)
    assert not store.exists(before.store_key)
    with store.local_path(after.store_key) as folder:
        meta = json.loads((folder / "zarr.json").read_text())["attributes"]
    levels = meta["ome"]["multiscales"][0]["datasets"]
    assert levels[0]["coordinateTransformations"][0]["scale"] == GIVEN[::-1]
    assert meta["delineate"]["origin_lps"] == pytest.approx(after.origin_lps)
    # What the file would have given with this spacing in its header, and the first voxel at the origin.
    last = np.array(before.geometry.index_to_lps((39.0, 35.0, 33.0)))
    assert after.geometry.index_to_lps((39.0, 35.0, 33.0)) == pytest.approx(last * GIVEN)


def test_what_was_placed_follows(project: Project, case: Case, ana: User, rui: User, lea: User) -> None:
    read = worklist.next_case(reader=ana, project=project)
    assert read is not None
    stroke(read)
    corrections.submit(assignment=read, revision=1)
    review = worklist.claim_review(reviewer=rui, project=project)
    assert review is not None
    at = case.volume.geometry.index_to_lps((3.0, 4.0, 5.0))
    body = {"structure": "liver", "point_lps": [float(x) for x in at], "error_code": "missing", "text": ""}
    answer = Browser(rui).post(f"/api/assignments/{review.pk}/pins/", body)
    assert answer.status_code == 201, answer.content
    volume = ingest.give_spacing(case=case, spacing_mm=GIVEN, by=lea)
    index = volume.geometry.lps_to_index(np.array([Pin.objects.get().point_lps]))
    assert index[0] == pytest.approx([3, 4, 5])


@pytest.mark.parametrize("wrong", [[0, 1, 1], [1, 1], [1, -1, 1], [1, 1, 20], [1, 1, "wide"], [1, 1, None]])
def test_no_voxel_has_such_a_spacing(case: Case, lea: User, wrong: list[Any]) -> None:
    answer = Browser(lea).post(f"/api/cases/{case.pk}/spacing/", {"spacing_mm": wrong})
    assert answer.status_code == 400
    assert not Volume.objects.get().spacing_known


def test_what_is_known_is_not_changed(case: Case, lea: User) -> None:
    ingest.give_spacing(case=case, spacing_mm=GIVEN, by=lea)
    for _ in range(2):
        with pytest.raises(Conflict, match=r"is known: 0\.7 × 0\.8 × 2\.5 mm\. It cannot be changed"):
            ingest.give_spacing(case=case, spacing_mm=[1, 1, 1], by=lea)
    assert GivenSpacing.objects.count() == 1


def _length() -> corrections.Measured:
    points = ((1.0, 1.0, 5.0), (4.0, 1.0, 5.0))
    return corrections.Measured(uuid4(), MeasurementKind.LENGTH, Plane.AXIAL, points)


def _handed_in(project: Project, reader: User) -> Assignment:
    read = worklist.next_case(reader=reader, project=project)
    assert read is not None
    stroke(read)
    read = corrections.submit(assignment=read, revision=1)
    _score_all()
    return read


def _score_all() -> None:
    for job in Job.objects.filter(kind=JobKind.SCORE, state__in=jobs.UNFINISHED):
        tasks.score(job.pk)
