"""The commands of a shell user, and what they answer to bad input."""

import json
from pathlib import Path

import numpy as np
import pytest

from training.__main__ import main
from training.volume import (
    Geometry,
    Volume,
    read_label_map,
    read_nifti,
    resample,
    resample_labels,
    write_nifti,
)

SMALL = (24, 24, 16)


@pytest.fixture
def patients(tmp_path: Path) -> Path:
    """Three synthetic patients on a coarse grid, one of them for testing."""
    folder = tmp_path / "patients"
    assert main(["phantom", str(folder), "--cases", "3"]) == 0
    for kind in ("images", "labels"):
        (folder / "test" / kind).mkdir(parents=True)
        for path in sorted((folder / kind).iterdir()):
            _shrink(path, is_label=kind == "labels")
        (folder / kind / "phantom-002.nii.gz").rename(folder / "test" / kind / "phantom-002.nii.gz")
    return folder


def _shrink(path: Path, *, is_label: bool) -> None:
    volume = read_label_map(path) if is_label else read_nifti(path)
    voxels = resample_labels(volume.voxels, SMALL) if is_label else resample(volume.voxels, SMALL)
    geometry = Geometry(SMALL, (12.0, 12.0, 12.0), (0.0, 0.0, 0.0), volume.geometry.direction)
    write_nifti(path, Volume(voxels, geometry))


def test_phantom_fit_predict_score(
    patients: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, drawn = tmp_path / "out", tmp_path / "drawn"
    assert main(["fit", str(patients), "--out", str(out), "--budget-s", "0"]) == 0
    report = json.loads((out / "report.json").read_text())
    assert {s["case_id"] for s in report["scores"]} == {"phantom-002"}
    assert main(["predict", str(out / "model"), str(patients / "test" / "images"), str(drawn)]) == 0
    prediction = read_label_map(drawn / "phantom-002.nii.gz")
    truth = read_label_map(patients / "test" / "labels" / "phantom-002.nii.gz")
    assert prediction.geometry.is_close(truth.geometry)
    capsys.readouterr()
    words = ["score", str(patients / "test" / "labels"), str(drawn), "--json"]
    assert main([*words, "--labels", str(patients / "labels.json")]) == 0
    scores = json.loads(capsys.readouterr().out)["phantom-002"]
    trained = {s["structure"]: s["dice"] for s in report["scores"]}
    assert {name: s["dice"] for name, s in scores.items()} == trained


def test_score_prints_a_table(patients: Path, capsys: pytest.CaptureFixture[str]) -> None:
    labels = patients / "labels"
    assert main(["score", str(labels), str(labels), "--labels", str(patients / "labels.json")]) == 0
    shown = capsys.readouterr().out
    assert "liver" in shown
    assert "1.000" in shown


def test_score_of_two_files_without_names(patients: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = str(patients / "labels" / "phantom-000.nii.gz")
    assert main(["score", path, path, "--json"]) == 0
    scores = json.loads(capsys.readouterr().out)["phantom-000"]
    assert set(scores) <= {"1", "2", "3", "4", "5", "6"}
    assert all(s["dice"] == 1.0 for s in scores.values())


def test_bad_input_gives_one_sentence_and_2(
    patients: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    other = tmp_path / "other.nii.gz"
    image = read_nifti(patients / "images" / "phantom-000.nii.gz")
    write_nifti(other, Volume(np.zeros((4, 4, 4), np.uint8), _cut(image)))
    label = str(patients / "labels" / "phantom-000.nii.gz")
    for words, sentence in (
        (["fit", str(tmp_path / "empty"), "--out", str(tmp_path / "o")], "labels.json"),
        (["predict", str(tmp_path / "empty"), str(patients / "images"), str(tmp_path / "p")], "model folder"),
        (["score", str(tmp_path / "empty"), str(patients / "labels")], "holds no .nii"),
        (["score", str(tmp_path / "absent"), str(patients / "labels")], "not a folder"),
        (["score", str(patients / "labels"), str(patients / "test" / "labels")], "no file for phantom-000"),
        (["score", label, str(other)], "same grid"),
        (["phantom", str(other / "below")], "Not a directory"),
    ):
        assert main(words) == 2, words
        said = capsys.readouterr().err
        assert sentence in said
        assert "Traceback" not in said
        assert said.count("\n") == 1


def _cut(volume: Volume) -> Geometry:
    geometry = volume.geometry
    return Geometry((4, 4, 4), geometry.spacing_mm, geometry.origin_lps, geometry.direction)
