import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DataError
from numpy.typing import NDArray

from annotation import chunks, ingest
from annotation.errors import Conflict, Refused, TooLarge
from annotation.models import (
    Case,
    CaseState,
    LabelSchema,
    Mask,
    MaskKind,
    Project,
    RevisionKind,
    SchemaStructure,
    Split,
    Volume,
)
from tests.annotation.imaging.files import RAS_2MM, scan_voxels, write_nifti, write_series
from training.labels import IGNORE
from training.phantom import make_phantom
from training.progress import Cancelled, Progress
from training.volume import Volume as Scan

pytestmark = pytest.mark.django_db

ABDOMEN = {"1": "liver", "2": "spleen", "3": "kidney_left"}


def _labels(*values: int) -> NDArray[np.uint8]:
    labels = np.zeros((12, 10, 6), np.uint8)
    for at, value in enumerate(values):
        labels[2 + at, 3:6, 2:4] = value
    return labels


def _folder(root: Path, *, delineated: int, bare: int = 0, names: dict[str, str] | None = None) -> Path:
    """Scans c00, c01, …; the first ones with a label map."""
    for number in range(delineated + bare):
        write_nifti(root / f"c{number:02d}_ct.nii.gz", scan_voxels(number))
        if number < delineated:
            write_nifti(root / f"c{number:02d}_seg.nii.gz", _labels(1, 2, 3))
    (root / "labels.json").write_text(json.dumps(names or ABDOMEN))
    return root


def _store_files(settings: Any) -> list[Path]:
    return [path for path in Path(settings.STORE_ROOT).rglob("*") if path.is_file()]


def _scan(seed: int = 0) -> Scan:
    return make_phantom(seed, shape=(20, 18, 12)).image


# ── add_case ──────────────────────────────────────────────────────────────────
def test_a_case_keeps_voxels_and_geometry(project: Project) -> None:
    scan = _scan()
    case = ingest.add_case(project=project, volume=scan, name="a", patient_key="p", split=Split.POOL)
    assert (case.number, case.state, case.accepted_revision) == (1, CaseState.WAITING, None)
    assert np.array_equal(ingest.read_voxels(case.volume), scan.voxels)
    stored = Volume.objects.get(pk=case.volume_id)
    assert tuple(stored.shape) == scan.geometry.shape
    assert tuple(stored.spacing_mm) == scan.geometry.spacing_mm
    assert tuple(stored.origin_lps) == scan.geometry.origin_lps
    assert np.array_equal(np.reshape(stored.direction, (3, 3)), scan.geometry.direction)
    assert stored.modality == "CT"


def test_a_delineation_is_an_accepted_imported_mask(project: Project) -> None:
    scan = _scan()
    labels = np.zeros((1, *scan.voxels.shape), np.uint8)
    labels[0, 3:9, 4:7, 2:5] = 1
    labels[0, 0, 0, 0] = IGNORE
    case = ingest.add_case(
        project=project,
        volume=scan,
        name="a",
        patient_key="p",
        split=Split.POOL,
        labels=labels,
        annotated=["liver"],
    )
    revision = Case.objects.get(pk=case.pk).accepted_revision
    assert revision is not None
    assert (revision.kind, revision.number, revision.mask.kind) == (RevisionKind.IMPORT, 1, MaskKind.IMPORTED)
    assert revision.mask.annotated == ["liver"]
    assert np.array_equal(chunks.read_layers(revision.mask), labels)


def test_an_empty_delineation_is_a_delineation(project: Project) -> None:
    scan = _scan()
    labels = np.zeros((1, *scan.voxels.shape), np.uint8)
    case = ingest.add_case(
        project=project,
        volume=scan,
        name="a",
        patient_key="p",
        split=Split.TEST,
        labels=labels,
        annotated=["liver"],
    )
    assert (case.state, case.split) == (CaseState.ACCEPTED, Split.TEST)


def test_the_same_scan_comes_in_once(project: Project, other_project: Project, settings: Any) -> None:
    ingest.add_case(project=project, volume=_scan(), name="first", patient_key="p", split=Split.POOL)
    before = len(_store_files(settings))
    with pytest.raises(Conflict, match=r"the same scan as case 1 \(first\)"):
        ingest.add_case(project=project, volume=_scan(), name="again", patient_key="q", split=Split.POOL)
    assert len(_store_files(settings)) == before
    ingest.add_case(project=other_project, volume=_scan(), name="there", patient_key="p", split=Split.POOL)


def test_a_patient_stays_in_one_split(project: Project) -> None:
    ingest.add_case(project=project, volume=_scan(1), name="a", patient_key="p", split=Split.TEST)
    with pytest.raises(Conflict, match="same patient and in the split “test”"):
        ingest.add_case(project=project, volume=_scan(2), name="b", patient_key="p", split=Split.POOL)
    assert project.cases.count() == 1


@pytest.mark.parametrize(
    ("value", "annotated", "words"),
    [(9, ["liver"], "holds the value 9"), (1, ["heart"], "no structure heart")],
)
def test_labels_outside_the_schema_are_refused(
    project: Project, settings: Any, value: int, annotated: list[str], words: str
) -> None:
    labels = np.full((1, *_scan().voxels.shape), value, np.uint8)
    with pytest.raises(Refused, match=words):
        ingest.add_case(
            project=project,
            volume=_scan(),
            name="a",
            patient_key="p",
            split=Split.POOL,
            labels=labels,
            annotated=annotated,
        )
    assert (project.cases.count(), Volume.objects.count(), _store_files(settings)) == (0, 0, [])


def test_a_failure_in_the_transaction_takes_the_image_out_again(project: Project, settings: Any) -> None:
    too_long = "p" * 100  # more than the column holds: the database fails after the image was stored
    with pytest.raises(DataError):
        ingest.add_case(project=project, volume=_scan(), name="a", patient_key=too_long, split=Split.POOL)
    assert (Case.objects.count(), Volume.objects.count()) == (0, 0)
    assert _store_files(settings) == []


def test_the_signature_is_of_shape_and_voxels() -> None:
    voxels = scan_voxels()
    same = np.asfortranarray(voxels)
    assert ingest.content_sha256(voxels) == ingest.content_sha256(same)
    assert ingest.content_sha256(voxels) != ingest.content_sha256(voxels.reshape(10, 12, 6))
    changed = voxels.copy()
    changed[0, 0, 0] += 1
    assert ingest.content_sha256(voxels) != ingest.content_sha256(changed)


@pytest.mark.parametrize("shape", [(1, 1, 1), (64, 4, 3), (65, 5, 7), (130, 3, 2)])
def test_the_signature_is_the_same_however_voxels_lie_in_memory(shape: tuple[int, int, int]) -> None:
    voxels = np.random.default_rng(1).integers(-1024, 3000, shape, np.int16)
    known = hashlib.sha256("x".join(map(str, shape)).encode() + voxels.astype("<i2").tobytes()).hexdigest()
    wider = np.zeros((shape[0] * 2, *shape[1:]), np.int16)
    wider[::2] = voxels
    for one in (voxels, np.asfortranarray(voxels), voxels[::-1][::-1], wider[::2]):
        assert ingest.content_sha256(one) == known


# ── upload_case ───────────────────────────────────────────────────────────────
def _upload(path: Path, name: str | None = None) -> SimpleUploadedFile:
    return SimpleUploadedFile(name or path.name, path.read_bytes())


def test_an_upload_becomes_a_case(project: Project, tmp_path: Path, settings: Any) -> None:
    image = write_nifti(tmp_path / "patient 7.nii.gz", scan_voxels())
    label = write_nifti(tmp_path / "seg.nii.gz", _labels(1, 3))
    case = ingest.upload_case(project=project, image=_upload(image), label=_upload(label))
    assert (case.name, case.state, case.split) == ("patient_7", CaseState.ACCEPTED, Split.POOL)
    assert case.accepted_revision is not None
    assert case.accepted_revision.mask.annotated == ["kidney_left", "liver", "spleen"]
    assert np.array_equal(chunks.read_layers(case.accepted_revision.mask)[0], _labels(1, 3)[::-1, ::-1])
    assert list(Path(settings.WORK_ROOT).iterdir()) == []


def test_uploads_that_are_no_scans_are_refused(project: Project, tmp_path: Path, settings: Any) -> None:
    good = write_nifti(tmp_path / "ct.nii.gz", scan_voxels())
    moved = write_nifti(tmp_path / "seg.nii.gz", _labels(1), RAS_2MM + np.eye(4)[[2]].T * 3)
    strange = write_nifti(tmp_path / "other.nii.gz", _labels(1, 9))
    refusals: list[tuple[SimpleUploadedFile, SimpleUploadedFile | None, str]] = [
        (_upload(good, "ct.dcm"), None, "is not a NIfTI file"),
        (_upload(good, "../../etc/passwd"), None, "passwd is not a NIfTI file"),
        (SimpleUploadedFile("a.nii.gz", b"text"), None, "damaged or not a NIfTI file"),
        (_upload(good), _upload(moved), "another shape or position|not at right angles"),
        (_upload(good), _upload(strange), r"holds the value 9, .* \(1 liver, 2 spleen, 3 kidney left\)"),
    ]
    for image, label, words in refusals:
        with pytest.raises(Refused, match=words):
            ingest.upload_case(project=project, image=image, label=label)
    settings.MAX_UPLOAD_BYTES = 100
    with pytest.raises(TooLarge, match="larger than"):
        ingest.upload_case(project=project, image=_upload(good))
    assert (project.cases.count(), _store_files(settings)) == (0, [])


# ── import_folder ─────────────────────────────────────────────────────────────
@pytest.fixture
def bare_project() -> Project:
    """No schema yet."""
    return Project.objects.create(name="New")


def _schema(project: Project) -> dict[int, str]:
    entries = SchemaStructure.objects.filter(schema__project=project).order_by("value")
    return {entry.value: entry.structure.key for entry in entries}


def test_names_beside_the_scans_make_the_schema(bare_project: Project, tmp_path: Path) -> None:
    folder = _folder(tmp_path, delineated=2, names={"1": "liver", "2": "LeftParotid", "3": "PTV 56"})
    report = ingest.import_folder(project=bare_project, folder=folder)
    assert _schema(bare_project) == {1: "liver", 2: "parotid_gland_left", 3: "ptv_56"}
    assert report.lines() == [
        "2 scans imported: 2 delineated to start from, 0 for the readers, 0 set apart for testing."
    ]
    first = bare_project.cases.get(number=1)
    assert (first.name, first.state) == ("c00", CaseState.ACCEPTED)
    assert first.accepted_revision is not None
    assert np.array_equal(chunks.read_layers(first.accepted_revision.mask)[0], _labels(1, 2, 3)[::-1, ::-1])


def test_values_are_turned_into_those_of_the_project(project: Project, tmp_path: Path) -> None:
    names = {"1": "aorta", "2": "liver", "3": "ignore", "4": "left kidney"}
    folder = _folder(tmp_path, delineated=1, names=names)
    report = ingest.import_folder(project=project, folder=folder)
    mask = project.cases.get().masks.get()
    expected = np.zeros((12, 10, 6), np.uint8)
    expected[3, 3:6, 2:4], expected[4, 3:6, 2:4] = 1, IGNORE
    assert np.array_equal(chunks.read_layers(mask)[0], expected[::-1, ::-1])
    assert mask.annotated == ["kidney_left", "liver"]  # the spleen was not looked at
    assert report.notes == ["Structures that the project does not have were left out: aorta."]


def test_overlapping_structures_go_to_their_layer(project: Project, tmp_path: Path) -> None:
    schema = LabelSchema.objects.get(project=project)
    SchemaStructure.objects.filter(schema=schema, structure__key="spleen").update(layer=1, value=1)
    ingest.import_folder(project=project, folder=_folder(tmp_path, delineated=1))
    layers = chunks.read_layers(project.cases.get().masks.get())
    assert [np.unique(layer).tolist() for layer in layers] == [[0, 1, 3], [0, 1]]


def test_structures_not_drawn_are_not_annotated(bare_project: Project, tmp_path: Path) -> None:
    table = {
        "organ_labels": {"1": "liver", "2": "spleen"},
        "cases": [{"case": "p", "organ_not_drawn": ["spleen"]}],
    }
    (tmp_path / "cases.json").write_text(json.dumps(table))
    write_nifti(tmp_path / "p_ct.nii.gz", scan_voxels())
    write_nifti(tmp_path / "p_organ.nii.gz", _labels(1))
    ingest.import_folder(project=bare_project, folder=tmp_path)
    assert bare_project.cases.get().masks.get().annotated == ["liver"]


def test_without_names_there_is_one_region(bare_project: Project, tmp_path: Path) -> None:
    write_nifti(tmp_path / "p_ct.nii.gz", scan_voxels())
    write_nifti(tmp_path / "p_mask.nii.gz", _labels(5))
    write_nifti(tmp_path / "q_ct.nii.gz", scan_voxels(1))
    report = ingest.import_folder(project=bare_project, folder=tmp_path)
    assert _schema(bare_project) == {5: "region_of_interest"}
    assert report.notes[0].startswith("No names of structures were found")
    states = dict(bare_project.cases.values_list("name", "state"))
    assert states == {"p": CaseState.ACCEPTED, "q": CaseState.WAITING}


def test_the_rest_goes_on_when_files_are_refused(
    bare_project: Project, tmp_path: Path, settings: Any
) -> None:
    folder = _folder(tmp_path, delineated=2)
    (folder / "broken_ct.nii.gz").write_text("this is no image")
    write_nifti(folder / "again_ct.nii.gz", scan_voxels(0))
    write_nifti(folder / "mr_image.nii.gz", np.abs(scan_voxels(9)))
    write_nifti(folder / "p_ct.nii.gz", scan_voxels(5))
    write_nifti(folder / "p_seg.nii.gz", _labels(1, 44))
    report = ingest.import_folder(project=bare_project, folder=folder)
    assert [case.name for case in report.imported] == ["again", "c01"]
    refused = {refusal.file: refusal.sentence for refusal in report.refused}
    assert refused["broken_ct.nii.gz"] == "broken_ct.nii.gz is damaged or not a NIfTI file."
    assert refused["c00_ct.nii.gz"] == "This is the same scan as case 1 (again); it was not imported twice."
    assert "air is −1000" in refused["mr_image.nii.gz"]
    assert 'write "44": "name of the structure" into labels.json' in refused["p_ct.nii.gz"]
    assert len(refused) == 4
    assert all(str(tmp_path) not in line for line in report.lines())
    assert len(list((Path(settings.STORE_ROOT) / "volumes").iterdir())) == 2


def test_the_start_set_and_the_test_set(bare_project: Project, tmp_path: Path) -> None:
    folder = _folder(tmp_path, delineated=9)
    report = ingest.import_folder(project=bare_project, folder=folder, leave_some=True)
    assert report.lines()[0] == (
        "9 scans imported: 5 delineated to start from, 2 for the readers, 2 set apart for testing."
    )
    test = bare_project.cases.filter(split=Split.TEST)
    assert sorted(test.values_list("name", "state")) == [("c07", "accepted"), ("c08", "accepted")]
    held_back = bare_project.cases.filter(state=CaseState.WAITING)
    assert sorted(held_back.values_list("name", flat=True)) == ["c05", "c06"]
    assert not Mask.objects.filter(case__in=held_back).exists()
    again = ingest.import_folder(project=bare_project, folder=folder)
    assert (again.imported, len(again.refused)) == ([], 9)


def test_a_known_patient_keeps_the_split(bare_project: Project, tmp_path: Path) -> None:
    write_series(tmp_path / "a" / "test", scan_voxels(1), patient_id="one")
    write_series(tmp_path / "b", scan_voxels(2), patient_id="one")
    ingest.import_folder(project=bare_project, folder=tmp_path / "a")
    report = ingest.import_folder(project=bare_project, folder=tmp_path / "b")
    assert list(bare_project.cases.values_list("split", flat=True)) == [Split.TEST, Split.TEST]
    assert any("joined its patient's split, “test”" in note for note in report.notes)


def test_dicom_keeps_nothing_that_names_the_patient(bare_project: Project, tmp_path: Path) -> None:
    write_series(tmp_path / "Doe_Jane", scan_voxels(), patient_id="Doe-1970", PatientBirthDate="19700101")
    seen: list[Progress] = []
    report = ingest.import_folder(project=bare_project, folder=tmp_path, on_progress=seen.append)
    case = bare_project.cases.get()
    kept = " ".join(
        [
            *report.lines(),
            *map(str, seen),
            *map(str, vars(case).values()),
            *map(str, vars(case.volume).values()),
        ]
    )
    for secret in ("Doe", "Jane", "1970", "Secret"):
        assert secret not in kept
    assert case.name == f"patient {case.patient_key[:8]}"


def test_progress_counts_up_and_can_stop_the_import(bare_project: Project, tmp_path: Path) -> None:
    folder = _folder(tmp_path, delineated=0, bare=4)
    seen: list[Progress] = []

    def stop_at_the_third(progress: Progress) -> None:
        seen.append(progress)
        if progress.stage == "importing" and progress.done == 2:
            raise Cancelled

    with pytest.raises(Cancelled):
        ingest.import_folder(project=bare_project, folder=folder, on_progress=stop_at_the_third)
    assert [(p.stage, p.done, p.total) for p in seen[-3:]] == [("importing", n, 4) for n in range(3)]
    assert bare_project.cases.count() == 2


def test_folders_with_nothing_to_import_are_refused(bare_project: Project, tmp_path: Path) -> None:
    (tmp_path / "readme.txt").write_text("nothing")
    with pytest.raises(Refused, match="No scan was found in"):
        ingest.import_folder(project=bare_project, folder=tmp_path)
    with pytest.raises(Refused, match="There is no folder nowhere"):
        ingest.import_folder(project=bare_project, folder=tmp_path / "nowhere")
    assert not LabelSchema.objects.filter(project=bare_project).exists()
