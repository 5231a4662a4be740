"""Imports that keep no file's name: cases, findings and refusals call files by numbers."""

import json
from pathlib import Path

import numpy as np
import pytest
from django.core.management import call_command

from annotation import ingest
from annotation.errors import Refused
from annotation.imaging.findings import Finding
from annotation.models import Case, Project
from tests.annotation.imaging.files import scan_voxels, write_nifti

pytestmark = pytest.mark.django_db


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two scans of one name, one with a label map of another size, and a file that is none."""
    write_nifti(tmp_path / "Zaunkoenig_ct.nii.gz", scan_voxels(1))
    write_nifti(tmp_path / "Zaunkoenig_seg.nii.gz", np.ones((3, 4, 5), np.uint8))
    (tmp_path / "Drosselbart.nii").write_bytes(b"no scan")
    for seed, name in enumerate(("a", "b"), start=2):
        write_nifti(tmp_path / name / "ct.nii.gz", scan_voxels(seed))
    return tmp_path


def test_no_name_is_told(project: Project, folder: Path) -> None:
    told: list[Finding] = []
    report = ingest.import_folder(project=project, folder=folder, by_number=True, on_findings=told.extend)
    assert told == report.findings
    said = json.dumps([[one.as_json() for one in report.findings], report.lines()])
    assert not [name for name in ("Zaunkoenig", "Drosselbart", "ct.nii") if name in said]
    assert {one.source for one in report.findings} == {
        "file 1 of 5 (.nii)", "file 2 of 5 (.nii.gz)", "file 4 of 5 (.nii.gz)", "file 5 of 5 (.nii.gz)"
    }  # fmt: skip
    (apart,) = [one.message for one in report.findings if one.source.startswith("file 2")]
    assert apart.startswith("file 3 of 5 (.nii.gz) has another shape or position than its scan file 2 of 5")
    assert list(Case.objects.order_by("number").values_list("name", flat=True)) == ["scan 1", "scan 2"]


def test_names_are_told_unless_numbers_are_wanted(project: Project, folder: Path) -> None:
    report = ingest.import_folder(project=project, folder=folder)
    assert "Zaunkoenig_ct.nii.gz" in {one.source for one in report.findings}
    assert set(Case.objects.values_list("name", flat=True)) == {"a", "b"}


def test_what_stops_an_import_names_no_file_either(project: Project, tmp_path: Path) -> None:
    path = tmp_path / "Drosselbart_Anna.txt"
    path.write_text("nothing")
    with pytest.raises(Refused) as refused:
        ingest.import_paths(project=project, paths=[path], by_number=True)
    assert "Drosselbart" not in str(refused.value) + refused.value.sentence


def test_by_the_command(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):  # the label map was refused
        call_command("import_cases", "New", "--create", "--by-number", str(folder))
    heard = capsys.readouterr()
    assert "Drosselbart" not in heard.out + heard.err
    assert Case.objects.get(number=1).name == "scan 1"
