"""Real folders, each in the form in which it was published."""

from pathlib import Path

import nibabel as nib
import nrrd
import numpy as np
import pytest
from pydicom import dcmread
from pydicom.uid import generate_uid

from annotation import chunks, ingest
from annotation.imaging.sandbox import Decoder
from annotation.models import CaseState, Mask, Project, SchemaStructure, Split

pytestmark = [pytest.mark.django_db, pytest.mark.shared_data]


@pytest.fixture
def new_project() -> Project:
    return Project.objects.create(name="Real")


def _keys(project: Project) -> list[str]:
    entries = SchemaStructure.objects.filter(schema__project=project).order_by("value")
    return [entry.structure.key for entry in entries]


def test_head_and_neck_with_partial_labels(new_project: Project, shared_data: Path) -> None:
    report = ingest.import_folder(project=new_project, folder=shared_data / "openkbp", delineated=8)
    assert report.refused == []
    assert report.lines()[0] == (
        "60 scans imported: 8 delineated to start from, 40 for the readers, 12 set apart for testing."
    )
    assert _keys(new_project) == [
        *("brainstem", "spinal_cord", "parotid_gland_right", "parotid_gland_left"),
        *("esophagus", "larynx", "mandible"),
    ]
    assert new_project.cases.filter(split=Split.TEST, state=CaseState.ACCEPTED).count() == 12
    assert Mask.objects.filter(case__project=new_project).count() == 20
    first = new_project.cases.get(name="pt_002").masks.get()
    assert "larynx" not in first.annotated
    assert len(first.annotated) == 6
    stored = nib.as_closest_canonical(nib.load(shared_data / "openkbp" / "train" / "pt_002_oar.nii.gz"))
    truth = np.asarray(stored.dataobj)[::-1, ::-1]
    assert np.array_equal(chunks.read_layers(first)[0], truth)


def test_abdomen_with_forty_structures(new_project: Project, shared_data: Path) -> None:
    report = ingest.import_folder(project=new_project, folder=shared_data / "ts_abdomen")
    assert {case.name: case.delineated for case in report.imported} == {"full": False, "ts_abdomen": True}
    assert len(_keys(new_project)) == 40
    assert report.refused == []
    assert report.notes[0].startswith("ct_full.nii.gz is imported without a delineation: ")
    assert 'write "26": "name of the structure" into labels.json' in report.notes[0]
    assert report.notes[1].endswith("was left out in favour of seg_model_fast.nii.gz.")
    shown = {one.source for one in report.findings} | {"seg_model_fast.nii.gz"}
    assert {path.name for path in (shared_data / "ts_abdomen").rglob("*.nii.gz")} <= shown, "each has a row"
    assert {one.cause for one in report.findings if one.outcome == "skipped"} == {"labels"}


def test_dicom_and_nifti_of_one_scan_are_one_case(new_project: Project, shared_data: Path) -> None:
    report = ingest.import_folder(project=new_project, folder=shared_data / "ct_rtstruct")
    assert [case.name for case in report.imported] == ["STS_002", "STS_042"]
    assert _keys(new_project) == ["region_of_interest"]
    without = "The scan that it was drawn on was not imported."
    assert [refusal.sentence for refusal in report.refused] == [
        without,
        "This is the same scan as case 1 (STS_002); it was not imported twice.",
        without,
        "This is the same scan as case 2 (STS_042); it was not imported twice.",
    ]


@pytest.mark.parametrize(("name", "voxels"), [("STS_002", 17_090), ("STS_042", 11_175)])
def test_contours_are_the_published_mask_voxel_for_voxel(
    new_project: Project, shared_data: Path, name: str, voxels: int
) -> None:
    report = ingest.import_folder(project=new_project, folder=shared_data / "ct_rtstruct" / name / "CT")
    assert report.refused == []
    case = new_project.cases.get()
    assert case.accepted_revision is not None
    labels = chunks.read_layers(case.accepted_revision.mask, case.accepted_revision.number)
    with Decoder() as decoder:
        truth = decoder.labels(shared_data / "ct_rtstruct" / name / "nifti" / "CT_mask.nii.gz")
    assert truth.geometry.is_close(case.volume.geometry)
    assert np.count_nonzero(labels) == voxels
    assert np.array_equal(labels[0] != 0, truth.voxels != 0)


def test_segments_of_two_files_come_with_their_series(new_project: Project, shared_data: Path) -> None:
    report = ingest.import_folder(project=new_project, folder=shared_data / "dicom_seg" / "dcmqi")
    found = [one for one in report.findings if one.source.startswith("DICOM file")]
    drawn = {one.source: (one.outcome, one.case) for one in found}
    assert drawn == {f"DICOM file {n} of 5": ("accepted", 1) for n in (1, 2)}, "liver, partial_overlaps"
    revision = new_project.cases.get().accepted_revision
    assert revision is not None
    liver = SchemaStructure.objects.get(schema__project=new_project, structure__key="liver")
    came = chunks.read_layers(revision.mask, revision.number)[liver.layer] == liver.value
    published = nrrd.read(str(shared_data / "dicom_seg" / "dcmqi" / "liver_seg.nrrd"))[0] == 1
    assert np.array_equal(came, published)


UNREAD = ("1.2.4.51", "1.2.4.53", "1.2.4.55")
LOSSY = ("1.2.4.50", "1.2.4.81", "1.2.4.91")


def test_each_transfer_syntax_is_imported_or_refused(
    new_project: Project, shared_data: Path, tmp_path: Path
) -> None:
    """Two slices of each of the sixteen files: what is lossless is one scan, whatever its compression."""
    sources = sorted((shared_data / "transfer_syntaxes").glob("*.dcm"))
    assert len(sources) == 16
    for number, source in enumerate(sources, start=1):
        folder, series = tmp_path / f"{number:02d}", generate_uid()
        folder.mkdir()
        for k in range(2):
            data = dcmread(source)
            x, y, z = data.ImagePositionPatient
            data.ImagePositionPatient = [x, y, z + 5 * k]
            data.SeriesInstanceUID = series
            data.SOPInstanceUID = data.file_meta.MediaStorageSOPInstanceUID = generate_uid()
            data.save_as(folder / f"{k}.dcm")
    findings = ingest.import_folder(project=new_project, folder=tmp_path).findings
    by_series = {one.source: (one.outcome, one.cause, one.case) for one in findings}
    outcomes: dict[str, tuple[str, str, int | None]] = {
        source.stem.partition("_1.2.840.10008.")[2]: by_series[f"Series {number} of 16 (2 files)"]
        for number, source in enumerate(sources, start=1)
    }
    assert {syntax for syntax, found in outcomes.items() if found == ("refused", "compression", None)} == set(
        UNREAD
    )
    made = {syntax: found for syntax, found in outcomes.items() if syntax in LOSSY}
    assert {found[:2] for found in made.values()} == {("accepted", "regular")}
    read = [found for syntax, found in outcomes.items() if syntax not in (*UNREAD, *LOSSY)]
    assert sorted(found[1] for found in read) == ["already_there"] * 9 + ["regular"]
    assert len({found[2] for found in read}) == 1


def test_a_single_dicom_folder(new_project: Project, shared_data: Path) -> None:
    folder = shared_data / "ct_rtstruct" / "STS_042" / "CT" / "image"
    report = ingest.import_folder(project=new_project, folder=folder)
    assert report.refused == []
    case = new_project.cases.get()
    assert (case.state, case.volume.shape) == (CaseState.WAITING, [134, 162, 49])
