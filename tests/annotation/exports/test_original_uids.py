"""Drawings that go back to the hospital name its own study, series and slices; nothing else ever does."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.test import override_settings
from pydicom import Dataset, dcmread
from pydicom.uid import generate_uid

from annotation import chunks, ingest, original_uids
from annotation.errors import Refused
from annotation.imaging.sandbox import Decoder
from annotation.models import (
    Case,
    ExportFormat,
    MaskKind,
    OriginalUids,
    Project,
    RevisionKind,
)
from tests.annotation.api.conftest import Browser
from tests.annotation.exports.scene import export
from tests.annotation.imaging.files import scan_voxels, write_series

pytestmark = pytest.mark.django_db

SHAPE = (20, 18, 8)
FORMS = (ExportFormat.DICOM_SEG, ExportFormat.RTSTRUCT)
FILES = {ExportFormat.DICOM_SEG: "seg.dcm", ExportFormat.RTSTRUCT: "rtstruct.dcm"}
Turned = Callable[[Dataset], None]


def feet_first_and_prone(data: Dataset) -> None:
    """Rows run to the right, columns to the front: both axes are turned when it comes in."""
    data.ImageOrientationPatient = [-1, 0, 0, 0, -1, 0]


def sagittal(data: Dataset) -> None:
    """Slices lie across the patient: the axes change places when it comes in."""
    x, y, z = (float(one) for one in data.ImagePositionPatient)
    data.ImageOrientationPatient = [0, 1, 0, 0, 0, -1]
    data.ImagePositionPatient = [z, x, y]


def as_it_is(_: Dataset) -> None:
    """Axial, supine, head first."""


def series(folder: Path, turned: Turned = as_it_is) -> list[Path]:
    voxels = np.full(SHAPE, -1000, np.int16)
    voxels[3:17, 3:15] = scan_voxels(3, (14, 12, SHAPE[2]))
    paths = write_series(folder, voxels, FrameOfReferenceUID=generate_uid())
    for path in paths:
        data = dcmread(path)
        turned(data)
        data.save_as(path, enforce_file_format=True)
    return paths


def came_in(project: Project, folder: Path) -> Case:
    """Import the series, draw a liver on it, and accept that."""
    report = ingest.import_folder(project=project, folder=folder)
    assert report.refused == []
    case = project.cases.get()
    mask = case.masks.create(kind=MaskKind.IMPORTED, annotated=["liver"])
    labels = np.zeros((1, *case.volume.shape), np.uint8)
    labels[0, 4:9, 3:8, 2:6] = 1
    labels[0, 5, 8, 3] = 1  # no mirror image of itself
    revision = chunks.write_labels(mask=mask, labels=labels, kind=RevisionKind.IMPORT)
    Case.objects.filter(pk=case.pk).update(
        state="accepted", accepted_revision=revision, accepted_at=revision.created_at
    )
    return project.cases.get()


def drawn(case: Case) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    assert case.accepted_revision is not None
    mask: np.ndarray[tuple[int, ...], np.dtype[np.bool_]] = (
        chunks.read_layers(case.accepted_revision.mask, case.accepted_revision.number)[0] == 1
    )
    return mask


def uids_in(path: Path) -> set[str]:
    """Every UID that a file holds, wherever."""
    return {str(element.value) for element in dcmread(path).iterall() if element.VR == "UI"}


@pytest.fixture
def keeping(project: Project) -> Project:
    ingest.change_door(project=project, keeps_uids=True)
    return Project.objects.get(pk=project.pk)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("turned", [as_it_is, feet_first_and_prone, sagittal])
def test_a_drawing_goes_back_to_the_series_it_was_drawn_on(
    keeping: Project, tmp_path: Path, out: Path, form: ExportFormat, turned: Turned
) -> None:
    """It names every slice by its UID, lies on the files' own grid, and comes in again beside them."""
    paths = series(tmp_path / "ct", turned)
    case = came_in(keeping, tmp_path / "ct")
    manifest = export(keeping, out, form, original_uids=True)
    files = [path for path in out.rglob("*") if path.is_file() and path.name != "manifest.json"]
    assert [path.name for path in files] == [FILES[form]]  # no series beside it: the hospital has it
    headers = [dcmread(path) for path in paths]
    first, made = headers[0], dcmread(files[0])
    assert made.StudyInstanceUID == first.StudyInstanceUID
    assert made.FrameOfReferenceUID == first.FrameOfReferenceUID
    assert made.SeriesInstanceUID != first.SeriesInstanceUID
    assert (made.PatientID, str(made.PatientName), made.StudyDate or "") == ("P0001", "P0001^", "")
    drawn_on = {str(header.SOPInstanceUID) for header in headers} & uids_in(files[0])
    assert len(drawn_on) == len(headers)
    assert manifest["selection"]["original_uids"] is True
    with Decoder() as decoder:
        found = decoder.segmentation(files, case.volume.geometry, paths)
    assert found.notes == ()
    (liver,) = found.segments
    assert np.array_equal(found.mask(liver), drawn(case))
    if form is ExportFormat.DICOM_SEG:
        shared = made.SharedFunctionalGroupsSequence[0]
        orientation = shared.PlaneOrientationSequence[0].ImageOrientationPatient
        assert np.allclose(orientation, first.ImageOrientationPatient)
        assert (made.Rows, made.Columns) == (first.Rows, first.Columns)


def test_every_contour_names_its_own_slice(keeping: Project, tmp_path: Path, out: Path) -> None:
    heights = {
        str(data.SOPInstanceUID): float(data.ImagePositionPatient[2])
        for data in map(dcmread, series(tmp_path / "ct"))
    }
    came_in(keeping, tmp_path / "ct")
    export(keeping, out, ExportFormat.RTSTRUCT, original_uids=True)
    (path,) = out.rglob("rtstruct.dcm")
    contours = dcmread(path).ROIContourSequence[0].ContourSequence
    assert len(contours) >= 4
    for contour in contours:
        uid = str(contour.ContourImageSequence[0].ReferencedSOPInstanceUID)
        assert float(contour.ContourData[2]) == pytest.approx(heights[uid], abs=1e-3)


@pytest.mark.parametrize("form", FORMS)
def test_without_being_asked_for_it_names_nothing_of_the_hospitals(
    keeping: Project, tmp_path: Path, out: Path, form: ExportFormat
) -> None:
    before = set().union(*(uids_in(path) for path in series(tmp_path / "ct")))
    came_in(keeping, tmp_path / "ct")
    export(keeping, out, form)
    after = set().union(*(uids_in(path) for path in out.rglob("*.dcm")))
    kinds = {uid for uid in before if uid.startswith("1.2.840.10008.")}
    assert after & before <= kinds


def test_a_project_that_does_not_ask_for_it_keeps_nothing(
    project: Project, tmp_path: Path, out: Path
) -> None:
    series(tmp_path / "ct")
    case = came_in(project, tmp_path / "ct")
    assert not OriginalUids.objects.exists()
    assert original_uids.original_of(case.volume_id) is None
    with pytest.raises(Refused, match="does not keep original UIDs"):
        export(project, out, ExportFormat.DICOM_SEG, original_uids=True)


def test_only_dicom_can_name_them(keeping: Project, tmp_path: Path, out: Path) -> None:
    series(tmp_path / "ct")
    came_in(keeping, tmp_path / "ct")
    with pytest.raises(Refused, match="Only DICOM SEG and RTSTRUCT"):
        export(keeping, out, ExportFormat.NIFTI, original_uids=True)


def test_what_came_in_before_is_named_anew_and_the_manifest_says_so(
    project: Project, tmp_path: Path, out: Path
) -> None:
    series(tmp_path / "ct")
    came_in(project, tmp_path / "ct")
    ingest.change_door(project=project, keeps_uids=True)
    manifest = export(Project.objects.get(), out, ExportFormat.RTSTRUCT, original_uids=True)
    assert any("original UIDs are not kept" in note for note in manifest["notes"])
    assert len(list((out / "case_0001" / "ct").iterdir())) == SHAPE[2]


def test_a_series_that_had_to_be_resampled_has_no_way_back(keeping: Project, tmp_path: Path) -> None:
    paths = series(tmp_path / "ct")
    paths[3].unlink()
    report = ingest.import_folder(
        project=keeping, folder=tmp_path / "ct", allowed=ingest.Allowed(resample=True)
    )
    assert not OriginalUids.objects.exists()
    assert any("original UIDs were not kept" in note for note in report.findings[0].notes)


def test_what_is_kept_says_nothing_without_the_secret(keeping: Project, tmp_path: Path) -> None:
    paths = series(tmp_path / "ct")
    came_in(keeping, tmp_path / "ct")
    row = OriginalUids.objects.get()
    assert not any(uid.encode() in bytes(row.sealed) for path in paths for uid in uids_in(path))
    assert original_uids.original_of(row.pk) is not None
    with (
        override_settings(SECRET_KEY="another secret of this length"),
        pytest.raises(Refused, match="another secret"),
    ):
        original_uids.original_of(row.pk)


def test_switching_it_off_erases_what_was_kept_and_leaves_a_row_of_history(
    keeping: Project, lea: User, tmp_path: Path
) -> None:
    series(tmp_path / "ct")
    came_in(keeping, tmp_path / "ct")
    lead, url = Browser(lea), f"/api/projects/{keeping.pk}/import-settings/"
    assert lead.get(url).json() == {"keeps_uids": True, "resamples_gaps": False, "sealed": 1}
    answer = lead.patch(url, {"keeps_uids": False})
    assert answer.json() == {"keeps_uids": False, "resamples_gaps": False, "sealed": 0}
    assert not OriginalUids.objects.exists()
    events: Any = apps.get_model("annotation", "ProjectEvent")
    rows = events.objects.order_by("pgh_id").select_related("pgh_context")
    assert [row.keeps_uids for row in rows] == [True, False]
    context: Any = rows[1].pgh_context
    assert context.metadata["user"] == lea.pk


def test_they_go_with_their_volume(keeping: Project, tmp_path: Path) -> None:
    series(tmp_path / "ct")
    ingest.import_folder(project=keeping, folder=tmp_path / "ct")
    case = keeping.cases.get()
    Case.objects.filter(pk=case.pk).update(state="held")
    ingest.remove(case=keeping.cases.get())
    assert not OriginalUids.objects.exists()


def test_an_export_is_asked_for_with_them(keeping: Project, lea: User, tmp_path: Path) -> None:
    series(tmp_path / "ct")
    came_in(keeping, tmp_path / "ct")
    lead, url = Browser(lea), f"/api/projects/{keeping.pk}/exports/"
    made = lead.post(url, {"form": "dicom_seg", "original_uids": True})
    assert (made.status_code, made.json()["selection"]["original_uids"]) == (202, True)
    assert lead.post(url, {"form": "nifti", "original_uids": True}).status_code == 400
