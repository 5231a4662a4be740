"""Real folders, each in the form in which it was published."""

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

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
    drawn = {one.source: (one.outcome, one.case) for one in report.findings if one.source.endswith(".dcm")}
    assert drawn == {"liver.dcm": ("accepted", 1), "partial_overlaps.dcm": ("accepted", 1)}
    assert new_project.cases.get().accepted_revision is not None
    assert "liver" in _keys(new_project)


def test_a_single_dicom_folder(new_project: Project, shared_data: Path) -> None:
    folder = shared_data / "ct_rtstruct" / "STS_042" / "CT" / "image"
    report = ingest.import_folder(project=new_project, folder=folder)
    assert report.refused == []
    case = new_project.cases.get()
    assert (case.state, case.volume.shape) == (CaseState.WAITING, [134, 162, 49])
