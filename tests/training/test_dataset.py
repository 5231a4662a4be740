"""Folders as data sets: both layouts are understood, and everything wrong gets one sentence."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from numpy.typing import NDArray

from bench.openkbp import read_openkbp
from training.dataset import convert, read_case, read_dataset, side_of
from training.labels import IGNORE, LabelError
from training.progress import Cancelled, Progress, TrainingError
from training.volume import VolumeError

SHAPE = (6, 5, 4)
AFFINE = np.diag([-2.0, -2.0, 3.0, 1.0])  # RAS; in LPS a straight grid
NAMES = {"1": "liver", "2": "kidney_left"}
Refusals = (TrainingError, VolumeError, LabelError)


def _write(path: Path, voxels: NDArray[Any], affine: NDArray[np.float64] = AFFINE) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    nib.save(nib.Nifti1Image(voxels, affine), path)


def _labels(*values: int) -> NDArray[np.uint8]:
    labels = np.zeros(SHAPE, np.uint8)
    labels[tuple(np.arange(len(values)) for _ in SHAPE)] = values
    return labels


def _image(seed: int) -> NDArray[np.int16]:
    return np.random.default_rng(seed).integers(-1000, 1000, SHAPE).astype(np.int16)


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    folder = tmp_path / "plain"
    for seed, name in enumerate(("a", "b", "c")):
        _write(folder / "images" / f"{name}.nii.gz", _image(seed))
        _write(folder / "labels" / f"{name}.nii.gz", _labels(1, 2))
    (folder / "labels.json").write_text(json.dumps(NAMES))
    return folder


@pytest.fixture
def nnunet(tmp_path: Path) -> Path:
    folder = tmp_path / "Dataset001_Test"
    for seed, name in enumerate(("a_1", "b_2")):
        _write(folder / "imagesTr" / f"{name}_0000.nii.gz", _image(seed))
        _write(folder / "labelsTr" / f"{name}.nii.gz", _labels(1, 2, 3))
    _write(folder / "imagesTs" / "t_0000.nii.gz", _image(9))
    _describe(
        folder,
        channel_names={"0": "CT"},
        labels={"background": 0, "liver": 1, "kidney_left": 2, "ignore": 3},
        numTraining=2,
        file_ending=".nii.gz",
    )
    return folder


def _describe(folder: Path, **content: Any) -> None:
    path = folder / "dataset.json"
    old = json.loads(path.read_text()) if path.is_file() else {}
    path.write_text(json.dumps(old | content))


def test_plain_folders(plain: Path) -> None:
    dataset = read_dataset(plain)
    assert [(s.key, s.value, s.side) for s in dataset.structures] == [
        ("liver", 1, ""),
        ("kidney_left", 2, "left"),
    ]
    assert [case.id for case in dataset.cases] == ["a", "b", "c"]
    assert all(case.annotated == ("liver", "kidney_left") for case in dataset.cases)
    assert dataset.test == ()


def test_a_test_set_beside_plain_folders_needs_no_labels(plain: Path) -> None:
    _write(plain / "test" / "images" / "t.nii.gz", _image(4))
    _write(plain / "test" / "images" / "u.nii.gz", _image(5))
    assert [case.labels for case in read_dataset(plain).test] == [None, None]
    _write(plain / "test" / "labels" / "u.nii.gz", _labels(1))
    dataset = read_dataset(plain)
    assert [case.id for case in dataset.scored_test] == ["u"]


def test_nnunet_raw_with_an_ignore_label(nnunet: Path) -> None:
    dataset = read_dataset(nnunet)
    assert [case.id for case in dataset.cases] == ["a_1", "b_2"]
    assert [case.id for case in dataset.test] == ["t"]
    assert [s.key for s in dataset.structures] == ["liver", "kidney_left"]
    _, labels = read_case(dataset, dataset.cases[0])
    assert labels is not None
    assert labels.shape == (1, *SHAPE)
    assert sorted(np.unique(labels)) == [0, 1, 2, IGNORE]


def test_the_decathlons_names_without_a_channel_number(tmp_path: Path) -> None:
    folder = tmp_path / "Task09"
    for name in ("s_1", "s_2"):
        _write(folder / "imagesTr" / f"{name}.nii.gz", _image(1))
        _write(folder / "labelsTr" / f"{name}.nii.gz", _labels(1))
    (folder / "imagesTr" / "._s_1.nii.gz").write_bytes(b"left by a Mac")
    _describe(folder, modality={"0": "CT"}, labels={"0": "background", "1": "spleen"})
    assert [case.id for case in read_dataset(folder).cases] == ["s_1", "s_2"]


def test_what_dataset_json_may_add(plain: Path) -> None:
    _describe(
        plain,
        annotated={"b": ["kidney_left"]},
        patients={"a": "p1", "b": "p1"},
        tolerances_mm={"liver": 2},
    )
    dataset = read_dataset(plain)
    assert [case.annotated for case in dataset.cases][1] == ("kidney_left",)
    assert [case.patient for case in dataset.cases] == ["p1", "p1", "c"]
    assert [s.tolerance_mm for s in dataset.structures] == [2.0, 3.0]


def test_cases_are_converted_once_and_again_when_they_change(plain: Path, tmp_path: Path) -> None:
    seen: list[Progress] = []
    dataset, cache = read_dataset(plain), tmp_path / "cache"
    cases = convert(dataset, dataset.cases, cache, on_progress=seen.append)
    assert (seen[-1].done, seen[-1].total) == (3, 3)
    assert cases[0].spacing_mm == (2.0, 2.0, 3.0)
    image, labels = np.load(cases[0].image), np.load(cases[0].labels)
    assert image.dtype == np.int16
    assert labels.dtype == np.uint8
    assert np.array_equal(image, read_case(dataset, dataset.cases[0])[0].voxels)
    before = [case.image.stat().st_mtime_ns for case in cases]
    _write(plain / "images" / "b.nii.gz", _image(77).clip(0))
    again = convert(dataset, dataset.cases, cache)
    assert again == cases
    after = [case.image.stat().st_mtime_ns for case in again]
    assert [old == new for old, new in zip(before, after, strict=True)] == [True, False, True]
    assert np.load(again[1].image).min() == 0


def test_a_half_written_conversion_is_done_again(plain: Path, tmp_path: Path) -> None:
    dataset, cache = read_dataset(plain), tmp_path / "cache"
    convert(dataset, dataset.cases, cache)
    (cache / "a" / "labels.npy").unlink()
    (cache / "b" / "case.json").write_text("{")
    for case in convert(dataset, dataset.cases, cache):
        assert np.load(case.labels).max() == 2


def test_conversion_stops_when_asked(plain: Path, tmp_path: Path) -> None:
    dataset = read_dataset(plain)
    with pytest.raises(Cancelled):
        convert(dataset, dataset.cases, tmp_path / "cache", should_stop=lambda: True)


@pytest.mark.parametrize(
    ("name", "side"),
    [
        ("kidney_left", "left"),
        ("LeftParotid", "left"),
        ("Parotid-Lt", "left"),
        ("lens R", "right"),
        ("Right lung", "right"),
        ("liver", ""),
        ("vertebrae_L1", ""),
        ("brightness", ""),
        ("left_to_right", ""),
    ],
)
def test_sides(name: str, side: str) -> None:
    assert side_of(name) == side


def _no_label(folder: Path) -> None:
    (folder / "labels" / "b.nii.gz").unlink()


def _no_image(folder: Path) -> None:
    (folder / "images" / "b.nii.gz").unlink()


def _one_case(folder: Path) -> None:
    for kind in ("images", "labels"):
        for name in ("b", "c"):
            (folder / kind / f"{name}.nii.gz").unlink()


def _no_names(folder: Path) -> None:
    (folder / "labels.json").unlink()


def _bad_json(folder: Path) -> None:
    (folder / "labels.json").write_text('{"1": "liver"')


def _list_json(folder: Path) -> None:
    (folder / "labels.json").write_text('["liver"]')


def _no_layout(folder: Path) -> None:
    shutil.rmtree(folder / "images")


def _no_labels_folder(folder: Path) -> None:
    shutil.rmtree(folder / "labels")


def _unknown_annotated(folder: Path) -> None:
    _describe(folder, annotated={"b": ["lung"]})


def _unknown_case(folder: Path) -> None:
    _describe(folder, annotated={"zz": ["liver"]})


def _text_instead_of_list(folder: Path) -> None:
    _describe(folder, annotated={"b": "liver"})


def _bad_tolerance(folder: Path) -> None:
    _describe(folder, tolerances_mm={"liver": "three"})


def _leak(folder: Path) -> None:
    _write(folder / "test" / "images" / "t.nii.gz", _image(4))
    _describe(folder, patients={"a": "p1", "t": "p1"})


def _two_channels(folder: Path) -> None:
    _describe(folder, channel_names={"0": "CT", "1": "PET"})


def _other_ending(folder: Path) -> None:
    _describe(folder, file_ending=".nrrd")


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (_no_label, "images/b.nii.gz has no label map in labels"),
        (_no_image, "labels/b.nii.gz has no image in images"),
        (_one_case, "only one case; at least 2"),
        (_no_names, "No labels.json or dataset.json"),
        (_bad_json, "is not JSON"),
        (_list_json, "must hold a table"),
        (_no_layout, "holds no data set"),
        (_no_labels_folder, "no labels beside it"),
        (_unknown_annotated, "names lung, which is not among the labels"),
        (_unknown_case, "names the case zz, which has no image"),
        (_text_instead_of_list, "must give b a list"),
        (_bad_tolerance, "tolerance of liver must be a number"),
        (_leak, "p1 is both in training and in test"),
        (_two_channels, "names 2 channels"),
        (_other_ending, "convert them to .nii.gz"),
    ],
)
def test_a_bad_folder_is_refused_in_one_sentence(
    plain: Path, spoil: Callable[[Path], None], sentence: str
) -> None:
    spoil(plain)
    with pytest.raises(Refusals, match=sentence) as refusal:
        read_dataset(plain)
    assert "\n" not in str(refusal.value)


def test_a_second_channel_file_is_refused(nnunet: Path) -> None:
    _write(nnunet / "imagesTr" / "a_1_0001.nii.gz", _image(3))
    with pytest.raises(TrainingError, match=r"imagesTr/a_1_0001.nii.gz is a second channel"):
        read_dataset(nnunet)


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="is not a folder"):
        read_dataset(tmp_path / "absent")


def _nan() -> NDArray[np.float32]:
    voxels = np.zeros(SHAPE, np.float32)
    voxels[0, 0, 0] = np.nan
    return voxels


@pytest.mark.parametrize(
    ("kind", "voxels", "affine", "sentence"),
    [
        ("images", _nan(), AFFINE, "images/a.nii.gz holds voxels that are not numbers; correct"),
        ("images", np.zeros(SHAPE[:2], np.int16), AFFINE, r"images/a.nii.gz has shape .* 3-D .*; correct"),
        ("images", np.zeros((*SHAPE, 2), np.int16), AFFINE, r"images/a.nii.gz has shape .* 3-D .*; correct"),
        ("labels", np.zeros((6, 5, 5), np.uint8), AFFINE, "labels/a.nii.gz has the shape 6 × 5 × 5"),
        ("labels", _labels(1), AFFINE @ np.diag([1, 1, 1.5, 1]), "labels/a.nii.gz lies elsewhere in space"),
        ("labels", _labels(1, 7), AFFINE, "labels/a.nii.gz holds the value 7, which the table of labels"),
        ("labels", _labels(1).astype(np.float32) / 2, AFFINE, "labels/a.nii.gz is not a label map"),
    ],
)
def test_a_bad_file_is_refused_in_one_sentence(
    plain: Path,
    tmp_path: Path,
    kind: str,
    voxels: NDArray[Any],
    affine: NDArray[np.float64],
    sentence: str,
) -> None:
    _write(plain / kind / "a.nii.gz", voxels, affine)
    dataset = read_dataset(plain)
    with pytest.raises(Refusals, match=sentence) as refusal:
        convert(dataset, dataset.cases, tmp_path / "cache")
    assert "\n" not in str(refusal.value)


def test_damaged_files_are_refused(plain: Path, tmp_path: Path) -> None:
    path = plain / "images" / "a.nii.gz"
    path.write_bytes(path.read_bytes()[:60])
    dataset = read_dataset(plain)
    with pytest.raises(VolumeError, match=r"images/a.nii.gz is damaged .*; correct the file"):
        convert(dataset, dataset.cases, tmp_path / "cache")


def test_only_background_is_refused_but_one_empty_case_is_not(plain: Path, tmp_path: Path) -> None:
    dataset = read_dataset(plain)
    _write(plain / "labels" / "a.nii.gz", _labels(0))
    convert(dataset, dataset.cases, tmp_path / "cache")
    for name in ("b", "c"):
        _write(plain / "labels" / f"{name}.nii.gz", _labels(0, IGNORE))
    with pytest.raises(TrainingError, match="Nothing is drawn in any of the 3 label maps of plain"):
        convert(dataset, dataset.cases, tmp_path / "cache")


def test_a_case_without_labels_cannot_be_converted(nnunet: Path, tmp_path: Path) -> None:
    dataset = read_dataset(nnunet)
    with pytest.raises(TrainingError, match=r"t_0000.nii.gz has no label map"):
        convert(dataset, dataset.test, tmp_path / "cache")


@pytest.mark.shared_data
def test_the_head_and_neck_scans(shared_data: Path, tmp_path: Path) -> None:
    dataset = read_openkbp(shared_data / "openkbp")
    assert (len(dataset.cases), len(dataset.test)) == (48, 12)
    assert {s.key: s.side for s in dataset.structures}["LeftParotid"] == "left"
    assert sum(len(case.annotated) == 7 for case in dataset.cases) == 30
    case = next(case for case in dataset.cases if "Larynx" not in case.annotated)
    (converted,) = convert(dataset, [case], tmp_path / "cache")
    value = next(s.value for s in dataset.structures if s.key == "Larynx")
    assert not (np.load(converted.labels) == value).any()


def test_the_head_and_neck_scans_where_they_are_not(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="DELINEATE_SHARED_DATA"):
        read_openkbp(tmp_path)
