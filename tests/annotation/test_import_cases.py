"""`manage.py import_cases`: what became of every series, in words and as JSON, and what stays on the case."""

import json
import shutil
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction

from annotation import ingest
from annotation.models import Case, CaseState, Project, Volume
from tests.annotation.imaging import broken
from tests.annotation.imaging.files import scan_voxels, write_nifti, write_series

pytestmark = pytest.mark.django_db

KEYS = ["source", "outcome", "cause", "message", "case", "shape", "spacing_mm", "notes"]


def _run(capsys: pytest.CaptureFixture[str], *arguments: Any) -> tuple[int, list[dict[str, Any]], str]:
    """Return status, the JSON objects on standard output, and what else was said."""
    status = 0
    try:
        call_command("import_cases", *map(str, arguments), "--json")
    except SystemExit as stopped:
        status = int(str(stopped.code))
    said = capsys.readouterr()
    return status, [json.loads(line) for line in said.out.splitlines()], said.err


def _zip_of(folder: Path, path: Path) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for file in sorted(folder.rglob("*")):
            packed.write(file, file.relative_to(folder).as_posix())
    return path


def test_files_folders_and_zips_in_one_go(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], settings: Any
) -> None:
    write_series(tmp_path / "zipped" / "Doe^Jane", scan_voxels(1), patient_id="Doe-1")
    packed = _zip_of(tmp_path / "zipped", tmp_path / "scans.zip")
    broken.gantry_tilt(tmp_path / "folder" / "tilted")
    broken.a_missing_slice(tmp_path / "folder" / "gap")
    single = write_nifti(tmp_path / "one_ct.nii.gz", scan_voxels(3))
    status, found, said = _run(capsys, "New", "--create", packed, tmp_path / "folder", single)
    assert status == 1
    assert [list(one) for one in found] == [KEYS] * 4
    assert sorted(one["source"].partition(" (")[0] for one in found) == [
        "Series 1 of 1 in the zip", "Series 1 of 2", "Series 2 of 2", "one_ct.nii.gz"
    ]  # fmt: skip
    by_cause = {(one["outcome"], one["cause"]): one for one in found}
    assert set(by_cause) == {
        ("accepted", "regular"), ("resampled", "gantry_tilt"), ("refused", "missing_slices")
    }  # fmt: skip
    tilted, gap = by_cause["resampled", "gantry_tilt"], by_cause["refused", "missing_slices"]
    case = Case.objects.get(project__name="New", number=tilted["case"])
    assert (tilted["shape"], tilted["spacing_mm"]) == (case.volume.shape, case.volume.spacing_mm)
    assert (gap["case"], gap["shape"], gap["spacing_mm"]) == (None, None, None)
    assert case.volume.marks == [
        {"outcome": "resampled", "cause": "gantry_tilt", "message": tilted["message"]}
    ]
    assert case.volume.header == {
        "slice_thickness_mm": 2.5, "pixel_spacing_mm": [0.8, 0.7], "contrast_agent": False
    }  # fmt: skip
    assert "3 scans imported" in said
    assert all(word not in said + json.dumps(found) for word in ("Doe", "Jane", "Secret", str(tmp_path)))
    assert list(Path(settings.WORK_ROOT).iterdir()) == []


def test_gaps_are_bridged_where_that_is_allowed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken.a_missing_slice(tmp_path / "gap")
    status, found, _ = _run(capsys, "New", "--create", "--resample", "--site", "North", tmp_path / "gap")
    assert (status, found[0]["outcome"], found[0]["cause"]) == (0, "resampled", "missing_slices")
    assert found[0]["shape"] == [broken.COLUMNS, broken.ROWS, broken.SLICES]
    assert Case.objects.get().site == "North"
    volume = Volume.objects.get()
    assert volume.marks[0]["cause"] == "missing_slices"
    points = volume.geometry.index_to_lps(np.moveaxis(np.indices(volume.shape), 0, -1))
    assert np.abs(ingest.read_voxels(volume) - broken.hu_at(points)).max() <= 1


def test_gaps_are_bridged_where_the_project_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken.a_missing_slice(tmp_path / "gap")
    project = Project.objects.create(name="New", resamples_gaps=True)
    assert _run(capsys, "New", "--no-resample", tmp_path / "gap")[1][0]["outcome"] == "refused"
    assert _run(capsys, "New", tmp_path / "gap")[1][0]["outcome"] == "resampled"
    assert project.cases.count() == 1


def test_text_in_the_pixels_waits_for_a_person(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken.burned_in_text(tmp_path / "text")
    status, found, _ = _run(capsys, "New", "--create", tmp_path / "text")
    assert (status, found[0]["outcome"], found[0]["cause"], found[0]["case"]) == (0, "warned", "burned_in", 1)
    assert "held until a lead has looked" in found[0]["message"]
    assert Case.objects.get().state == CaseState.HELD
    status, found, _ = _run(capsys, "Other", "--create", "--allow-burned-in", tmp_path / "text")
    assert (status, found[0]["outcome"], found[0]["cause"], found[0]["case"]) == (0, "warned", "burned_in", 1)
    assert Case.objects.get(project__name="Other").state == CaseState.WAITING


def test_what_is_there_already_is_no_failure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken.plain(tmp_path / "scan")
    assert _run(capsys, "New", "--create", tmp_path / "scan")[0] == 0
    status, found, _ = _run(capsys, "New", tmp_path / "scan")
    assert (status, found[0]["outcome"], found[0]["cause"], found[0]["case"]) == (
        0,
        "skipped",
        "already_there",
        1,
    )


def test_nothing_to_do_is_status_two(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "bad.zip").write_bytes(b"no zip")
    with pytest.raises(CommandError, match="No scan was found in empty") as nothing:
        call_command("import_cases", "New", "--create", str(tmp_path / "empty"))
    assert nothing.value.returncode == 2
    with pytest.raises(CommandError, match="There is no project") as nobodys:
        call_command("import_cases", "Nobody's", str(tmp_path))
    assert nobodys.value.returncode == 2
    status, found, _ = _run(capsys, "New", tmp_path / "nowhere", tmp_path / "bad.zip")
    assert status == 2
    assert [(one["source"], one["outcome"], one["cause"]) for one in found] == [
        ("nowhere", "refused", "unusable"),
        ("bad.zip", "refused", "archive"),
    ]
    assert (Case.objects.count(), Volume.objects.count()) == (0, 0)


def test_in_words_every_series_has_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken.a_localiser_inside(tmp_path / "scan")
    call_command("import_cases", "New", "--create", str(tmp_path / "scan"))
    said = capsys.readouterr().out
    assert "1 scan imported" in said
    assert "skipped   DICOM file 1 of 9 (localiser) 1 DICOM file of the kind “CT Image” left out" in said
    assert "accepted  Series 1 of 1 (8 files) → case 1 (regular)" in said


def test_a_metaimage_comes_with_the_file_beside_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    header = (
        "ObjectType = Image\nNDims = 3\nBinaryData = True\nBinaryDataByteOrderMSB = False\n"
        "TransformMatrix = 1 0 0 0 1 0 0 0 1\nOffset = 0 0 0\nElementSpacing = 1 1 2\nDimSize = 12 10 6\n"
        "ElementType = MET_SHORT\nElementDataFile = ct.raw\n"
    )
    (tmp_path / "ct.mhd").write_text(header)
    (tmp_path / "ct.raw").write_bytes(np.transpose(scan_voxels(4)).astype("<i2").tobytes())
    status, found, _ = _run(capsys, "New", "--create", tmp_path / "ct.mhd")
    assert (status, found[0]["outcome"], found[0]["shape"]) == (0, "accepted", [12, 10, 6])
    assert np.array_equal(ingest.read_voxels(Volume.objects.get()), scan_voxels(4))


def test_marks_and_headers_have_their_form_in_the_database(project: Project) -> None:
    grid: dict[str, Any] = {
        "shape": [2, 2, 2], "spacing_mm": [1, 1, 1], "origin_lps": [0, 0, 0],
        "direction": [1, 0, 0, 0, 1, 0, 0, 0, 1], "content_sha256": "0" * 64,
    }  # fmt: skip
    odd_ones: list[dict[str, Any]] = [{"header": []}, {"marks": {}}, {"header": "text"}]
    for odd in odd_ones:
        with pytest.raises(IntegrityError), transaction.atomic():
            Volume.objects.create(store_key="a", **grid, **odd)
    assert Volume.objects.create(store_key="a", **grid).marks == []


PHI = ("Doe^Jane", "DOE-19700101", "19700101", "St. Mary", "Dr^Who")


def test_nothing_of_the_header_but_the_list_is_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    slices = broken.stack(
        PatientName=PHI[0], PatientID=PHI[1], PatientBirthDate=PHI[2], InstitutionName=PHI[3],
        ReferringPhysicianName=PHI[4], Manufacturer="SIEMENS Doe^Jane", ManufacturerModelName="SOMATOM Force",
        KVP="120", ConvolutionKernel="Br40d", BodyPartExamined="ABDOMEN", PatientPosition="HFS",
        ContrastBolusAgent="Doe^Jane", StudyDescription=PHI[0], ProtocolName=PHI[1],
    )  # fmt: skip
    broken.save(tmp_path / "scan", slices)
    _, found, said = _run(capsys, "New", "--create", tmp_path / "scan")
    volume = Volume.objects.get()
    assert volume.header == {
        "manufacturer": "Siemens", "model": "SOMATOM Force", "kvp": 120.0, "kernel": "Br40d",
        "slice_thickness_mm": 2.5, "pixel_spacing_mm": [0.8, 0.7], "body_part": "ABDOMEN",
        "patient_position": "HFS", "contrast_agent": True,
    }  # fmt: skip
    kept = said + json.dumps(found) + str(Case.objects.values()) + str(Volume.objects.values())
    assert not [word for word in PHI if word in kept]


def test_words_that_are_no_words_of_scanners_are_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    slices = broken.stack(
        Manufacturer="Doe^Jane", ManufacturerModelName="Jane Doe", ConvolutionKernel="Doe^Jane",
        BodyPartExamined="JANE DOE", PatientPosition="DOE", KVP="19700101",
    )  # fmt: skip
    broken.save(tmp_path / "scan", slices)
    _run(capsys, "New", "--create", tmp_path / "scan")
    assert Volume.objects.get().header == {
        "manufacturer": "other", "slice_thickness_mm": 2.5, "pixel_spacing_mm": [0.8, 0.7],
        "contrast_agent": False,
    }  # fmt: skip


@pytest.mark.shared_data
def test_a_zip_of_a_real_series_equals_its_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], shared_data: Path
) -> None:
    source = shared_data / "ct_rtstruct" / "STS_042" / "CT"
    shutil.copytree(source, tmp_path / "CT")
    packed = _zip_of(tmp_path / "CT", tmp_path / "ct.zip")
    status, found, _ = _run(capsys, "New", "--create", packed)
    assert (status, [(one["outcome"], one["cause"]) for one in found]) == (
        0,
        [("accepted", "regular"), ("accepted", "regular")],
    )
    status, found, _ = _run(capsys, "New", source)
    assert [one["cause"] for one in found] == ["already_there", "already_there"]
    assert Volume.objects.get().header["patient_position"] == "FFS"


@pytest.mark.shared_data
def test_slices_with_blank_uids_and_a_lying_thickness(
    capsys: pytest.CaptureFixture[str], shared_data: Path
) -> None:
    status, found, _ = _run(capsys, "New", "--create", shared_data / "dicom_seg" / "dcmqi" / "ct-3slice")
    assert (status, found[0]["outcome"]) == (0, "accepted")
    assert found[0]["spacing_mm"][2] == pytest.approx(1.0, 1e-6)
    assert found[0]["shape"][2] == 3
    assert Volume.objects.get().header["slice_thickness_mm"] == 1.25


@pytest.mark.shared_data
def test_everything_of_the_other_folders_is_read_or_said_why_not(
    capsys: pytest.CaptureFixture[str], shared_data: Path
) -> None:
    folders = [shared_data / name for name in ("rtstruct_small", "dicom_seg/highdicom")]
    status, found, _ = _run(capsys, "New", "--create", *folders)
    assert status == 1
    verdicts = sorted((one["outcome"], one["cause"]) for one in found)
    assert verdicts.count(("accepted", "regular")) == 2, "the phantom, and its good structure set"
    assert verdicts.count(("refused", "too_few_slices")) == 1
    assert {one["source"] for one in found if one["cause"] == "labels"} >= {
        "DICOM file 3 of 5 in folder 1 of 2", "DICOM file 4 of 5 in folder 1 of 2"
    }, "rt-utils' two with references that do not exist"  # fmt: skip
