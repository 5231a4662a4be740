"""What is compared with what: files, folders of cases, folders of masks."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from training.labels import LabelError
from training.pairs import CasePair, FilePair, Holds, find_cases, read_maps, stem
from training.volume import Geometry, Volume, VolumeError, write_nifti

SHAPE = (6, 5, 4)
GEOMETRY = Geometry(
    SHAPE, (1.0, 1.5, 2.0), (0.0, 0.0, 0.0), ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
)


def labels_with(*values: int) -> NDArray[np.uint8]:
    labels = np.zeros(SHAPE, np.uint8)
    labels.reshape(-1)[: len(values)] = values
    return labels


def put(path: Path, *values: int, geometry: Geometry = GEOMETRY) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_nifti(path, Volume(labels_with(*values), geometry))
    return path


def names(pairs: tuple[CasePair, ...]) -> dict[str, list[str]]:
    return {pair.case: [files.structure or files.reference.name for files in pair.files] for pair in pairs}


def test_two_files_are_one_case(tmp_path: Path) -> None:
    a, b = put(tmp_path / "truth.nii.gz", 1), put(tmp_path / "guess.nii", 1)
    assert find_cases(a, b) == (CasePair("truth", (FilePair(a, b),)),)
    assert [stem(path) for path in (a, b)] == ["truth", "guess"]


def test_a_folder_of_label_maps_is_one_case_per_file(tmp_path: Path) -> None:
    for name in ("anna", "bert"):
        put(tmp_path / "a" / f"{name}.nii.gz", 1, 2)
        put(tmp_path / "b" / f"{name}.nii", 2, 1)  # the ending may differ
    put(tmp_path / "b" / "more.nii.gz", 1)  # a prediction without a reference says nothing
    (tmp_path / "a" / "notes.txt").write_text("not an image")
    (tmp_path / "a" / "._anna.nii.gz").write_text("left behind by a file server")
    assert names(find_cases(tmp_path / "a", tmp_path / "b")) == {
        "anna": ["anna.nii.gz"],
        "bert": ["bert.nii.gz"],
    }


def test_a_folder_of_masks_is_one_case(tmp_path: Path) -> None:
    for side in ("a", "b"):
        for name in ("liver", "tumour"):
            put(tmp_path / side / f"{name}.nii.gz", 1, 1)
    assert names(find_cases(tmp_path / "a", tmp_path / "b")) == {"a": ["liver", "tumour"]}


def test_folders_of_folders_are_one_case_each(tmp_path: Path) -> None:
    for side in ("a", "b"):
        put(tmp_path / side / "case-1" / "liver.nii.gz", 1)
        put(tmp_path / side / "case-2" / "spleen.nii.gz", 1)
    assert names(find_cases(tmp_path / "a", tmp_path / "b")) == {"case-1": ["liver"], "case-2": ["spleen"]}
    only = find_cases(tmp_path / "a" / "case-1", tmp_path / "b" / "case-1", structures={"liver"})
    assert names(only) == {"case-1": ["liver"]}


@pytest.mark.parametrize(
    ("files", "known", "expected"),
    [
        ({"liver": (1,), "spleen": (1,)}, {}, Holds.MASKS),
        ({"liver": (1,), "spleen": (1, 2)}, {"structures": {"liver", "spleen"}}, Holds.MASKS),
        ({"liver": (1,), "spleen": (1, 2)}, {"hints": {"spleen"}}, Holds.MASKS),
        ({"anna": (1,), "bert": (1,)}, {"structures": {"liver"}}, Holds.LABEL_MAPS),
        ({"case-01": (1,), "case-02": (1,)}, {}, Holds.LABEL_MAPS),
        ({"rib_1": (1,), "vertebra_1": (1,)}, {}, Holds.MASKS),
        ({"anna": (1, 2), "bert": (1, 2)}, {}, Holds.LABEL_MAPS),
        ({"anna": (1, 2), "bert": (1,)}, {}, Holds.LABEL_MAPS),
        ({"anna": (1,), "bert": (1,)}, {"holds": Holds.LABEL_MAPS}, Holds.LABEL_MAPS),
        ({"case-01": (1,), "case-02": (1,)}, {"holds": Holds.MASKS}, Holds.MASKS),
    ],
)
def test_masks_are_told_from_label_maps(
    tmp_path: Path, files: dict[str, tuple[int, ...]], known: dict[str, object], expected: Holds
) -> None:
    for name, values in files.items():
        put(tmp_path / f"{name}.nii.gz", *values)
    found = find_cases(tmp_path, tmp_path, **known)  # type: ignore[arg-type]  # a table of keyword arguments
    assert all(bool(f.structure) is (expected is Holds.MASKS) for pair in found for f in pair.files)
    assert len(found) == (1 if expected is Holds.MASKS else len(files))


def test_scans_of_several_patients_are_no_masks_of_one(tmp_path: Path) -> None:
    put(tmp_path / "anna.nii.gz", 1)
    put(tmp_path / "bert.nii.gz", 1, geometry=Geometry(SHAPE, (2.0, 2.0, 2.0), (9, 9, 9), GEOMETRY.direction))
    assert len(find_cases(tmp_path, tmp_path)) == 2


def test_what_has_no_counterpart_is_named(tmp_path: Path) -> None:
    one = put(tmp_path / "a" / "liver.nii.gz", 1)
    put(tmp_path / "b" / "spleen.nii.gz", 1)
    put(tmp_path / "deep-a" / "case-1" / "liver.nii.gz", 1)
    put(tmp_path / "deep-b" / "case-2" / "liver.nii.gz", 1)
    (tmp_path / "empty").mkdir()
    for reference, prediction, sentence in (
        (tmp_path / "a", tmp_path / "b", "b holds no file for liver.nii.gz"),
        (tmp_path / "deep-a", tmp_path / "deep-b", "deep-b holds no folder for the case case-1"),
        (tmp_path / "a", tmp_path / "empty", "empty holds no .nii"),
        (tmp_path / "empty", tmp_path / "a", "empty holds no .nii"),
        (tmp_path / "nowhere", tmp_path / "a", "nowhere is not there"),
        (tmp_path / "a", one, "both be files or both be folders"),
    ):
        with pytest.raises(VolumeError, match=sentence):
            find_cases(reference, prediction)
    with pytest.raises(VolumeError, match="no mask of a structure that the labels name"):
        find_cases(tmp_path / "a", tmp_path / "a", structures={"spleen"}, holds=Holds.MASKS)


def test_values_without_names_are_named_by_their_number(tmp_path: Path) -> None:
    pair = FilePair(put(tmp_path / "a.nii.gz", 2, 255), put(tmp_path / "b.nii.gz", 7))
    maps = read_maps(pair)
    assert maps.names == {2: "2", 7: "7"}
    assert maps.spacing_mm == pytest.approx((1.0, 1.5, 2.0))
    assert maps.reference.dtype == np.uint8


def test_the_ignore_label_becomes_255(tmp_path: Path) -> None:
    pair = FilePair(put(tmp_path / "a.nii.gz", 1, 3, 255), put(tmp_path / "b.nii.gz", 1))
    maps = read_maps(pair, {1: "liver", 3: "Ignore"})
    assert maps.names == {1: "liver"}
    np.testing.assert_array_equal(maps.reference, labels_with(1, 255, 255))


def test_what_is_no_label_map_is_refused(tmp_path: Path) -> None:
    good = put(tmp_path / "good.nii.gz", 1)
    two, eight_bit = put(tmp_path / "two.nii.gz", 1, 2), put(tmp_path / "eight.nii.gz", 255)
    moved = Geometry(SHAPE, GEOMETRY.spacing_mm, (0.0, 0.0, 5.0), GEOMETRY.direction)
    far = put(tmp_path / "far.nii.gz", 1, geometry=moved)
    with pytest.raises(VolumeError, match=r"two\.nii\.gz is not a mask: it holds the value 2"):
        read_maps(FilePair(good, two, "liver"))
    with pytest.raises(VolumeError, match="write 1 inside a mask"):
        read_maps(FilePair(eight_bit, good, "liver"))
    with pytest.raises(VolumeError, match="same grid: their shapes agree, their affines do not"):
        read_maps(FilePair(good, far))
    with pytest.raises(LabelError, match=r"two\.nii\.gz: .* value 2"):
        read_maps(FilePair(good, two), {1: "liver"})
    assert read_maps(FilePair(good, put(tmp_path / "c.nii.gz", 1, 255), "liver")).names == {1: "liver"}


def test_a_spacing_is_what_was_meant_before_single_precision_turned_it(tmp_path: Path) -> None:
    angle = np.radians(33)
    c, s = float(np.cos(angle)), float(np.sin(angle))
    turned = Geometry(
        SHAPE, (0.7, 1.1, 0.9765625), (9.0, 8.0, 7.0), ((c, -s, 0.0), (s, c, 0.0), (0.0, 0.0, 1.0))
    )
    path = put(tmp_path / "a.nii.gz", 1, geometry=turned)
    assert read_maps(FilePair(path, path)).spacing_mm == (0.7, 1.1, 0.9765625)
