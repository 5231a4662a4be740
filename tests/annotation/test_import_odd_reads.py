"""Readers' delineations as they come from other people: odd names, odd types, things missing and too many."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
import SimpleITK
from numpy.typing import NDArray

from annotation import ingest
from annotation.imaging.drawings import find_drawings
from annotation.models import AgreementScore, Project
from tests.annotation.agreement.world import work
from tests.annotation.test_import_reads import SPACING, cube, write

READERS = ["anna", "bert"]
AFFINE = np.diag([-SPACING[0], -SPACING[1], SPACING[2], 1])


@pytest.fixture
def study(db: None) -> Project:
    return Project.objects.create(name="Study")


def dice(project: Project, structure: str) -> float | None:
    score = AgreementScore.objects.get(case__project=project, group__structure=structure)
    return score.dice


# ── Names and folders ────────────────────────────────────────────────────────


def test_the_layout_of_a_published_set_with_its_scans(study: Project, tmp_path: Path) -> None:
    """set/READER/CASE/segmentations, the scan beside them, and what a Mac leaves behind."""
    for reader, last in (("anna", 12), ("bert", 11)):
        for case in ("p1", "p2", "p3"):
            folder = tmp_path / "nrrds" / "test" / reader / case
            write(folder / "CT_IMAGE.nrrd", cube(0, 20).astype(np.int16) * 900 - 1000)
            write(folder / "segmentations" / "Brain.nrrd", cube(4, last))
            write(folder / "segmentations" / "Parotid_Lt.nrrd", cube(13, 16))
            (folder / "segmentations" / "._Brain.nrrd").write_bytes(b"\x00\x05\x16\x07")
    (tmp_path / "__MACOSX" / "anna" / "p1").mkdir(parents=True)
    (tmp_path / "__MACOSX" / "anna" / "p1" / "Brain.nrrd").write_bytes(b"")
    report = ingest.import_reads(project=study, folder=tmp_path)
    assert report.lines() == ["6 reads of 3 cases imported."]
    read = study.cases.get(name="p1").assignments.first()
    assert read is not None
    assert read.mask.annotated == ["brain", "parotid_gland_left"]


def test_a_scan_beside_label_maps_is_no_reader(tmp_path: Path) -> None:
    for case in ("p1", "p2", "p3"):
        for name in ("anna", "bert", "ct"):
            write(tmp_path / case / f"{name}.nii.gz", cube(2, 6))
    (tmp_path / "labels.json").write_text(json.dumps({"1": "Brain"}))
    assert {one.reader for one in find_drawings(tmp_path).drawings} == set(READERS)


@pytest.mark.parametrize(
    "name",
    [
        "Parotid-Lt.nii.gz",
        "parotid_left.NII.GZ",
        "Left Parotid.nii",
        "p1_Parotid_L.nii.gz",
        "Parotid_Lt_mask.nii.gz",
        "mask_LeftParotid.nii.gz",
        "anna-Parotid_L_seg.nii.gz",
    ],
)
def test_names_of_structures_however_they_are_written(study: Project, tmp_path: Path, name: str) -> None:
    plain = tmp_path / "plain.nii.gz" if name.lower().endswith("gz") else tmp_path / "plain.nii"
    write(plain, cube(2, 8))
    (tmp_path / "set" / "p1" / "anna").mkdir(parents=True)
    plain.rename(tmp_path / "set" / "p1" / "anna" / name)
    write(tmp_path / "set" / "p1" / "bert" / "PAROTID_LT.nrrd", cube(2, 8))
    report = ingest.import_reads(project=study, folder=tmp_path / "set", readers=READERS)
    assert report.lines() == ["2 reads of 1 cases imported."]
    work(study)
    assert dice(study, "parotid_gland_left") == 1.0


def test_readers_in_the_names_of_files(study: Project, tmp_path: Path) -> None:
    (tmp_path / "organs.json").write_text(json.dumps(["Brain"]))
    for reader in READERS:
        write(tmp_path / f"TCGA-CV-1_{reader}.bits.nii.gz", cube(2, 8).astype(np.uint32))
        write(tmp_path / "p2" / f"Brain_{reader}.nrrd", cube(2, 8))
        write(tmp_path / "p2" / f"{reader}-Mandible.nrrd", cube(12, 16))
    found = find_drawings(tmp_path, READERS).drawings
    assert [(one.case, one.reader) for one in found] == [
        *(("TCGA-CV-1", "anna"), ("TCGA-CV-1", "bert"), ("p2", "anna"), ("p2", "bert"))
    ]
    assert ingest.import_reads(project=study, folder=tmp_path, readers=READERS).reads == 4


# ── Missing and too many ─────────────────────────────────────────────────────


def test_what_one_reader_lacks_is_not_compared_and_nothing_else_is_lost(
    study: Project, tmp_path: Path
) -> None:
    for case in ("p1", "p2"):
        for reader in READERS:
            write(tmp_path / case / reader / "Brain.nrrd", cube(2, 8))
    write(tmp_path / "p1" / "anna" / "Larynx.nrrd", cube(12, 16))
    write(tmp_path / "p2" / "bert" / "Something odd.nrrd", cube(12, 16))
    write(tmp_path / "p3" / "anna" / "Brain.nrrd", cube(2, 8))
    report = ingest.import_reads(project=study, folder=tmp_path, readers=READERS)
    assert report.lines() == [
        "5 reads of 3 cases imported.",
        "Only one reader's delineation was read of p3: nothing can be compared there.",
    ]
    work(study)
    scored = AgreementScore.objects.values_list("case__name", "group__structure")
    assert sorted(scored) == [("p1", "brain"), ("p2", "brain")]


def test_two_files_of_one_structure_name_each_other(study: Project, tmp_path: Path) -> None:
    write(tmp_path / "p1" / "anna" / "Parotid_L.nrrd", cube(2, 8))
    write(tmp_path / "p1" / "anna" / "LeftParotid.nrrd", cube(2, 8))
    report = ingest.import_reads(project=study, folder=tmp_path, readers=READERS)
    assert report.refused == [
        "p1 by anna: LeftParotid.nrrd and Parotid_L.nrrd are both taken for parotid_gland_left; "
        "rename or remove one."
    ]


def test_names_and_values_must_fit(study: Project, tmp_path: Path) -> None:
    (tmp_path / "p1").mkdir()
    (tmp_path / "p2").mkdir()
    (tmp_path / "p3").mkdir()
    (tmp_path / "p1" / "labels.json").write_text(json.dumps({"1": "Brain", "2": "Mandible"}))
    (tmp_path / "p2" / "organs.json").write_text(json.dumps(["Brain", "Mandible"]))
    (tmp_path / "p3" / "organs.json").write_text(json.dumps(["Parotid_L", "LeftParotid"]))
    write(tmp_path / "p1" / "anna.nii.gz", cube(2, 8) * 9)
    write(tmp_path / "p2" / "anna.bits.nii.gz", cube(2, 8).astype(np.uint16) << 5)
    write(tmp_path / "p3" / "anna.bits.nii.gz", cube(2, 8).astype(np.uint16))
    report = ingest.import_reads(project=study, folder=tmp_path, readers=["anna"])
    assert [line.partition(": ")[2] for line in report.refused] == [
        "anna.nii.gz holds the value 9, which nothing names; add it to the JSON file of names.",
        "anna.bits.nii.gz holds bit 5, which nothing names; add it to the JSON file of names.",
        "anna.bits.nii.gz has two names, Parotid_L and LeftParotid, that are one structure "
        "(parotid_gland_left); name them differently in the JSON file.",
    ]


# ── Types of numbers ─────────────────────────────────────────────────────────


def nifti(voxels: NDArray[Any], **scaled: float) -> Callable[[Path], None]:
    def keep(path: Path) -> None:
        image = nib.Nifti1Image(voxels, AFFINE)
        if scaled:
            image.header.set_slope_inter(scaled["slope"], scaled["inter"])
        nib.save(image, path)

    return keep


def nrrd(voxels: NDArray[Any]) -> Callable[[Path], None]:
    def keep(path: Path) -> None:
        image: Any = SimpleITK.GetImageFromArray(voxels.T)
        image.SetSpacing(SPACING)
        SimpleITK.WriteImage(image, str(path), useCompression=path.parent.name == "gz")

    return keep


def turned(path: Path) -> None:
    """The same places, stored from right to left and from head to foot."""
    image = nib.Nifti1Image(cube(2, 8), AFFINE)
    nib.save(image.as_reoriented(nib.orientations.axcodes2ornt("RPI")), path)


def misnamed(path: Path) -> None:
    """Packed though the name says it is not, or the other way round."""
    plain = nib.Nifti1Image(cube(2, 8), AFFINE).to_bytes()
    path.write_bytes(gzip.compress(plain) if path.suffix == ".nii" else plain)


FORMS: dict[str, tuple[str, Callable[[Path], None]]] = {
    "uint8, 255": ("Brain.nii.gz", nifti(cube(2, 8) * 255)),
    "int16": ("Brain.nii", nifti(cube(2, 8).astype(np.int16))),
    "int16, 1000": ("Brain.nii.gz", nifti(cube(2, 8).astype(np.int16) * 1000)),
    "float32": ("Brain.nii.gz", nifti(cube(2, 8).astype(np.float32))),
    "float64, 0.5": ("Brain.nii.gz", nifti(cube(2, 8).astype(np.float64) / 2)),
    "scaled": ("Brain.nii.gz", nifti(cube(2, 8).astype(np.int16), slope=1 / 255, inter=0.0)),
    "four axes": ("Brain.nii.gz", nifti(cube(2, 8)[..., None])),
    "turned": ("Brain.nii.gz", turned),
    "packed .nii": ("Brain.nii", misnamed),
    "plain .nii.gz": ("Brain.nii.gz", misnamed),
    "nrrd int16": ("Brain.nrrd", nrrd(cube(2, 8).astype(np.int16) * 300)),
    "nrrd float": ("Brain.NRRD", nrrd(cube(2, 8).astype(np.float32))),
}


@pytest.mark.parametrize("form", FORMS)
def test_masks_of_every_type_are_one(study: Project, tmp_path: Path, form: str) -> None:
    name, keep = FORMS[form]
    (tmp_path / "p1" / "anna").mkdir(parents=True)
    keep(tmp_path / "p1" / "anna" / name)
    write(tmp_path / "p1" / "bert" / "Brain.nrrd", cube(2, 8))
    report = ingest.import_reads(project=study, folder=tmp_path, readers=READERS)
    assert report.lines() == ["2 reads of 1 cases imported."]
    work(study)
    assert dice(study, "brain") == 1.0


@pytest.mark.parametrize(
    ("voxels", "says"),
    [
        (cube(2, 8) * np.float32("nan"), "holds values that are not numbers"),
        (cube(2, 8) + cube(3, 6), "holds more values than 0 and one other"),
        (cube(2, 8).astype(np.float32) * 0.5 + cube(3, 6), "holds more values than 0 and one other"),
    ],
)
def test_what_is_no_mask(study: Project, tmp_path: Path, voxels: NDArray[Any], says: str) -> None:
    (tmp_path / "p1" / "anna").mkdir(parents=True)
    nifti(voxels)(tmp_path / "p1" / "anna" / "Brain.nii.gz")
    (refused,) = ingest.import_reads(project=study, folder=tmp_path, readers=READERS).refused
    assert says in refused


@pytest.mark.parametrize("dtype", [np.int16, np.uint16, np.int32, np.float32, np.float64])
def test_label_maps_and_bits_of_every_type(study: Project, tmp_path: Path, dtype: type[Any]) -> None:
    (tmp_path / "labels.json").write_text(json.dumps({"1": "Brain", "2": "Mandible"}))
    (tmp_path / "organs.json").write_text(json.dumps(["Brain", "Mandible"]))
    drawn = cube(2, 8) + 2 * cube(12, 16)
    write(tmp_path / "p1" / "anna.nii.gz", drawn.astype(dtype))
    write(tmp_path / "p1" / "bert.bits.nii.gz", drawn.astype(dtype))
    report = ingest.import_reads(project=study, folder=tmp_path, readers=READERS)
    assert report.lines() == ["2 reads of 1 cases imported."]
    work(study)
    assert [dice(study, key) for key in ("brain", "mandible")] == [1.0, 1.0]
