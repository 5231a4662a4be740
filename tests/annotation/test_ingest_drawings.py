"""Series with SEG and RTSTRUCT beside them: structures come in with the scan, or are refused."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from annotation import chunks, ingest
from annotation.models import Case, Project, SchemaStructure
from tests.annotation.imaging.segmentations.files import (
    SHAPE,
    grid,
    masks,
    oblique,
    series,
    write_rtstruct,
    write_seg,
)
from training.volume import Volume, write_nifti

pytestmark = pytest.mark.django_db


@pytest.fixture
def new(db: None) -> Project:
    return Project.objects.create(name="New")


def drawn(case: Case) -> dict[str, NDArray[np.bool_]]:
    """What was accepted with the case, by structure."""
    revision = case.accepted_revision
    assert revision is not None
    labels = chunks.read_layers(revision.mask, revision.number)
    entries = SchemaStructure.objects.filter(schema__project=case.project).select_related("structure")
    return {one.structure.key: labels[one.layer] == one.value for one in entries}


def square(k: int, geometry: Any = None) -> NDArray[np.float64]:
    """A contour around the pixels 3–6 × 2–8 of a slice."""
    corners = np.array([[2.5, 1.5, k], [6.5, 1.5, k], [6.5, 8.5, k], [2.5, 8.5, k]])
    found: NDArray[np.float64] = (geometry or grid()).index_to_lps(corners)
    return found


@pytest.mark.parametrize("direction", ["straight", "oblique"])
def test_overlapping_segments_get_layers_of_their_own(new: Project, tmp_path: Path, direction: str) -> None:
    geometry = grid() if direction == "straight" else grid(direction=oblique())
    _, images, _ = series(tmp_path / "ct", geometry)
    wanted = masks()
    names = ("liver", "tumour", "spleen")
    write_seg(tmp_path / "seg.dcm", images, np.stack([wanted[name] for name in names], axis=-1), names)
    report = ingest.import_folder(project=new, folder=tmp_path)
    assert not any("No names of structures" in note for note in report.notes)
    assert report.refused == []
    case = new.cases.select_related("volume").get()
    assert case.volume.geometry.is_close(geometry)
    found = drawn(case)
    assert set(found) == set(names)
    assert all(np.array_equal(found[name], wanted[name]) for name in names)
    revision = case.accepted_revision
    assert revision is not None
    assert revision.mask.annotated == sorted(names)


def test_contours_and_what_was_only_named(new: Project, tmp_path: Path) -> None:
    _, images, _ = series(tmp_path / "ct", grid())
    rois = {"Liver": [square(2), square(3)], "Spleen": []}
    write_rtstruct(tmp_path / "rs.dcm", rois, images[0])
    report = ingest.import_folder(project=new, folder=tmp_path)
    found = drawn(new.cases.get())
    expected = np.zeros(SHAPE, np.bool_)
    expected[3:7, 2:9, 2:4] = True
    assert set(found) == {"liver"}, "a structure without a contour was not looked at"
    assert np.array_equal(found["liver"], expected)
    assert any("Named without a voxel, so taken as not looked at: Spleen" in note for note in report.notes)
    source = {one.source: (one.outcome, one.case) for one in report.findings}
    assert source[f"DICOM file 1 of {len(images) + 1}"] == ("accepted", 1)


def test_the_projects_structures_alone_and_one_layer_holds_no_overlap(
    project: Project, tmp_path: Path
) -> None:
    _, images, _ = series(tmp_path / "one" / "ct", grid())
    rois = {"Liver": [square(2)], "GTV-1": [square(5)]}
    write_rtstruct(tmp_path / "one" / "rs.dcm", rois, images[0])
    report = ingest.import_folder(project=project, folder=tmp_path / "one")
    assert set(drawn(project.cases.get())) == {"liver", "spleen", "kidney_left"}
    assert any("left out: gtv_1" in note for note in report.notes)
    _, images, _ = series(tmp_path / "two" / "ct", grid(shape=(18, 17, 9)))
    both = {"Liver": [square(2)], "Spleen": [square(2)]}
    write_rtstruct(tmp_path / "two" / "rs.dcm", both, images[0])
    report = ingest.import_folder(project=project, folder=tmp_path / "two")
    assert "shares voxels with another structure of its layer" in report.refused[-1].sentence
    assert project.cases.count() == 1


def test_a_drawing_that_does_not_fit_is_refused_and_its_scan_is_not(new: Project, tmp_path: Path) -> None:
    _, images, _ = series(tmp_path / "ct", grid())
    write_rtstruct(tmp_path / "rs.dcm", {"Liver": [square(2), square(99)]}, images[0])
    report = ingest.import_folder(project=new, folder=tmp_path)
    ((file, sentence),) = [(one.file, one.sentence) for one in report.refused]
    assert file == f"DICOM file 1 of {len(images) + 1}", "its own name may be a patient's"
    assert sentence.startswith(f"1 of 2 contours of {file} lie on slices that this scan does not have")
    assert new.cases.get().accepted_revision is None


def test_a_drawing_without_its_scan(new: Project, tmp_path: Path) -> None:
    _, images, _ = series(tmp_path / "other", grid())
    series(tmp_path / "here" / "ct", grid())
    write_rtstruct(tmp_path / "here" / "rs.dcm", {"Liver": [square(2)]}, images[0])
    report = ingest.import_folder(project=new, folder=tmp_path / "here")
    called = f"DICOM file 1 of {len(images) + 1}"
    assert [(one.file, one.sentence) for one in report.refused] == [
        (called, f"No scan was found that {called} was drawn on; import both together.")
    ]
    assert new.cases.count() == 1


def test_one_file_for_each_organ(new: Project, tmp_path: Path) -> None:
    _, images, _ = series(tmp_path / "ct", grid())
    write_rtstruct(tmp_path / "a.dcm", {"Liver": [square(2)]}, images[0])
    write_rtstruct(tmp_path / "b.dcm", {"Liver": [square(3)], "Spleen": [square(6)]}, images[0])
    report = ingest.import_folder(project=new, folder=tmp_path)
    found = drawn(new.cases.get())
    assert set(found) == {"liver", "spleen"}
    assert np.flatnonzero(found["liver"].any(axis=(0, 1))).tolist() == [2]
    again = f"Liver of DICOM file 2 of {len(images) + 2} was drawn in another file already"
    assert any(again in note for note in report.notes)


def test_layers_whose_tables_name_the_same_structures(new: Project, tmp_path: Path) -> None:
    """A structure that one layer names and has not is drawn where another layer has it."""
    image = np.random.default_rng(1).integers(-900, 900, SHAPE).astype(np.int16)
    wanted = masks()
    for folder, voxels in (
        ("images", image),
        ("labels_layer_0", wanted["liver"].astype(np.uint8)),
        ("labels_layer_1", 2 * wanted["tumour"].astype(np.uint8)),
    ):
        (tmp_path / folder).mkdir()
        write_nifti(tmp_path / folder / "pt_1.nii.gz", Volume(voxels, grid()))
    table = json.dumps({"1": "liver", "2": "liver_tumor", "3": "spleen"})
    (tmp_path / "labels.json").write_text(table, encoding="utf-8")
    report = ingest.import_folder(project=new, folder=tmp_path)
    assert report.refused == []
    case = new.cases.get()
    found = drawn(case)
    assert np.array_equal(found["liver"], wanted["liver"])
    assert np.array_equal(found["liver_tumor"], wanted["tumour"])
    assert case.masks.get().annotated == ["liver", "liver_tumor", "spleen"]
    assert not found["spleen"].any()
