import gzip
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
import SimpleITK
from numpy.typing import NDArray

from annotation.errors import Refused, TooLarge
from annotation.imaging import nifti
from tests.annotation.imaging.files import RAS_2MM, scan_voxels, write_nifti

Axes = tuple[int, int, int]
ITK: Any = SimpleITK  # has no types


def _oblique(permutation: tuple[int, int, int], flips: tuple[int, int, int]) -> NDArray[np.float64]:
    """An affine whose axes are permuted, flipped and turned by some degrees."""
    axes = np.eye(3)[:, list(permutation)] * flips
    a, b = np.deg2rad(12), np.deg2rad(-7)
    turn = np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]])
    tilt = np.array([[1, 0, 0], [0, np.cos(b), -np.sin(b)], [0, np.sin(b), np.cos(b)]])
    affine = np.eye(4)
    affine[:3, :3] = tilt @ turn @ axes * [0.9, 1.7, 2.5]
    affine[:3, 3] = [11, -23, 37]
    return affine


@pytest.mark.parametrize(
    ("permutation", "flips"), [((0, 1, 2), (1, 1, 1)), ((2, 0, 1), (-1, 1, -1)), ((1, 2, 0), (1, -1, 1))]
)
def test_every_voxel_stays_at_its_place_in_the_patient(
    tmp_path: Path, permutation: Axes, flips: Axes
) -> None:
    path = write_nifti(tmp_path / "ct.nii.gz", scan_voxels(), _oblique(permutation, flips))
    ours, theirs = nifti.read_image(path), ITK.ReadImage(str(path))
    for ijk in np.ndindex(*ours.voxels.shape):
        point = ours.geometry.index_to_lps(np.array(ijk))
        assert theirs[theirs.TransformPhysicalPointToIndex(point)] == ours.voxels[ijk]
    closest = np.abs(np.array(ours.geometry.direction)).argmax(axis=0)
    assert closest.tolist() == [0, 1, 2]
    assert (np.diag(np.array(ours.geometry.direction)) > 0).all()


def test_fractions_are_rounded_and_scale_factors_applied(tmp_path: Path) -> None:
    stored = scan_voxels().astype(np.int16)
    image = nib.Nifti1Image(stored, RAS_2MM)
    image.header.set_slope_inter(0.5, -3.25)
    nib.save(image, tmp_path / "a.nii")
    loaded: Any = nib.load(tmp_path / "a.nii")
    written = np.asarray(loaded.dataobj)  # nibabel's own scaling
    hu = nifti.read_image(tmp_path / "a.nii").voxels
    assert hu.dtype == np.int16
    assert np.array_equal(hu[::-1, ::-1], np.rint(written))  # RAS to LPS turns two axes


REFUSALS = [
    (np.zeros((4, 5), np.int16), "has 2 axes"),
    (np.zeros((4, 5, 6, 2), np.int16), "has 4 axes"),
    (np.full((4, 5, 6), -1000, np.int16), "is empty: every voxel is -1000"),
    (np.arange(120, dtype=np.int16).reshape(4, 5, 6), "air is −1000"),
    (np.full((4, 5, 6), 1e6, np.float32), "not Hounsfield units"),
    (np.where(np.arange(120) == 7, np.nan, -5.0).astype(np.float32).reshape(4, 5, 6), "not numbers"),
    (np.zeros((4, 5, 6), [("R", "u1"), ("G", "u1"), ("B", "u1")]), "colours"),
    (np.zeros((4, 5, 6), np.complex64), "colours or complex numbers"),
]


@pytest.mark.parametrize(("voxels", "words"), REFUSALS, ids=[words for _, words in REFUSALS])
def test_what_is_no_ct_is_refused_with_a_sentence(tmp_path: Path, voxels: NDArray[Any], words: str) -> None:
    path = write_nifti(tmp_path / "scan.nii.gz", voxels)
    with pytest.raises(Refused, match=words) as refusal:
        nifti.read_image(path)
    assert "scan.nii.gz" in refusal.value.sentence
    assert str(tmp_path) not in refusal.value.sentence


def test_a_trailing_axis_of_one_is_no_fourth_axis(tmp_path: Path) -> None:
    path = write_nifti(tmp_path / "a.nii.gz", scan_voxels()[..., None])
    assert nifti.read_image(path).voxels.shape == (12, 10, 6)


@pytest.mark.parametrize(
    ("values", "words"),
    [([0, 1, 1.5], "whole numbers"), ([0, 1, -2], "outside 0 to 255"), ([0, 255, 1], "not annotated here")],
)
def test_a_label_map_holds_whole_numbers_up_to_254(tmp_path: Path, values: list[float], words: str) -> None:
    path = write_nifti(tmp_path / "seg.nii.gz", np.array(values, np.float32).reshape(1, 1, 3))
    with pytest.raises(Refused, match=words):
        nifti.read_labels(path)


def test_a_header_that_claims_32_gigabytes_is_refused_before_a_voxel_is_read(tmp_path: Path) -> None:
    header = nib.Nifti1Header()
    header.set_data_dtype(np.float64)
    header.set_data_shape((2000, 2000, 1000))
    header.set_sform(RAS_2MM, code=1)
    header["vox_offset"] = 352
    header["magic"] = b"n+1"
    path = tmp_path / "bomb.nii.gz"
    path.write_bytes(gzip.compress(header.binaryblock + bytes(4) + bytes(2**20)))
    with pytest.raises(TooLarge, match="claims 2000 × 2000 × 1000 voxels"):
        nifti.read_image(path)


def test_a_file_that_ends_too_early_is_refused(tmp_path: Path) -> None:
    whole = write_nifti(tmp_path / "a.nii", scan_voxels())
    whole.write_bytes(whole.read_bytes()[:-1])
    with pytest.raises(Refused, match="ends too early"):
        nifti.read_image(whole)
    packed = write_nifti(tmp_path / "b.nii.gz", scan_voxels())
    packed.write_bytes(packed.read_bytes()[:-200])
    with pytest.raises(Refused, match="damaged"):
        nifti.read_image(packed)


def test_metres_are_refused(tmp_path: Path) -> None:
    image = nib.Nifti1Image(scan_voxels(), RAS_2MM)
    image.header.set_xyzt_units("meter")
    nib.save(image, tmp_path / "a.nii.gz")
    with pytest.raises(Refused, match="millimetres are needed"):
        nifti.read_image(tmp_path / "a.nii.gz")


def test_impossible_spacing_is_refused(tmp_path: Path) -> None:
    path = write_nifti(tmp_path / "a.nii.gz", scan_voxels(), np.diag([2.0, 2.0, 80.0, 1.0]))
    with pytest.raises(Refused, match="2 × 2 × 80 mm"):
        nifti.read_image(path)


def test_text_is_no_image(tmp_path: Path) -> None:
    path = tmp_path / "a.nii.gz"
    path.write_text("this is no image")
    with pytest.raises(Refused, match=r"a\.nii\.gz is damaged or not a NIfTI file"):
        nifti.read_image(path)


def test_inspection_tells_label_maps_from_images_and_compares_grids(tmp_path: Path) -> None:
    labels = np.zeros((12, 10, 6), np.uint8)
    labels[3:5, 2:4, 1:3] = 7
    drawn = nifti.inspect(write_nifti(tmp_path / "a.nii.gz", labels), with_values=True)
    scan = nifti.inspect(write_nifti(tmp_path / "b.nii.gz", scan_voxels()), with_values=True)
    assert (drawn.values, scan.values) == ((7,), None)
    assert drawn.same_grid(scan)
    turned = RAS_2MM.copy()
    turned[0] = [-2, 0, 0, 22]  # the same voxels, stored from the other end
    assert nifti.inspect(write_nifti(tmp_path / "c.nii.gz", labels, turned), with_values=False).same_grid(
        scan
    )
    turned[0, 3] = 24
    assert not nifti.inspect(write_nifti(tmp_path / "d.nii.gz", labels, turned), with_values=False).same_grid(
        scan
    )
