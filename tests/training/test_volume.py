"""Orientation, NIfTI in and out, resampling."""

import gzip
import itertools
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import nibabel as nib
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from training.resampling import resample, resample_labels, resampled_shape
from training.volume import (
    Geometry,
    Volume,
    VolumeError,
    geometry_from_affine,
    read_label_map,
    read_nifti,
    to_canonical,
    write_nifti,
)

STRAIGHT = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))


def marked(shape: tuple[int, int, int] = (4, 5, 6)) -> NDArray[np.int16]:
    return np.arange(np.prod(shape), dtype=np.int16).reshape(shape)


def save(path: Path, voxels: NDArray[Any], affine_ras: NDArray[np.float64]) -> Path:
    nib.save(nib.Nifti1Image(voxels, affine_ras), path)
    return path


def test_a_voxel_keeps_its_place_in_the_patient_whatever_the_stored_orientation(tmp_path: Path) -> None:
    voxels = marked()
    for number, codes in enumerate(itertools.product("LR", "AP", "IS")):
        signs = [1 if code in "RAS" else -1 for code in codes]
        affine = np.diag([2.0 * signs[0], 3.0 * signs[1], 4.0 * signs[2], 1])
        affine[:3, 3] = (10, 20, 30)
        volume = read_nifti(save(tmp_path / f"{number}.nii", voxels, affine))
        place_ras = affine @ (1, 2, 3, 1)
        i, j, k = np.rint(volume.geometry.lps_to_index(place_ras[:3] * (-1, -1, 1))).astype(int)
        assert volume.voxels[i, j, k] == voxels[1, 2, 3]
        assert volume.geometry.direction == STRAIGHT
        assert volume.geometry.spacing_mm == (2.0, 3.0, 4.0)


@pytest.mark.parametrize("order", ["C", "F"])
def test_voxels_are_the_same_however_they_lie_in_memory(order: Literal["C", "F"]) -> None:
    affine = np.array([[0, -2.0, 0, 5], [0, 0, 3, 6], [-4, 0, 0, 7], [0, 0, 0, 1]])
    volume = to_canonical(marked(), affine, order=order)
    flags = volume.voxels.flags
    assert flags.c_contiguous if order == "C" else flags.f_contiguous
    np.testing.assert_array_equal(volume.voxels, to_canonical(marked(), affine).voxels)


def _scaled_file(path: Path, shape: tuple[int, int, int], inter: float) -> Path:
    """Write what scanners store: unsigned values, and what makes HU of them."""
    stored = np.random.default_rng(3).integers(0, 4000, shape).astype(np.uint16)
    image = nib.Nifti1Image(stored, np.diag([1.0, 1.0, 1.0, 1.0]))
    image.header.set_slope_inter(1.0, inter)
    nib.save(image, path)
    return path


@pytest.mark.parametrize("inter", [-1024.0, -1024.5, 0.25])
def test_scaled_values_are_those_of_all_at_once(tmp_path: Path, inter: float) -> None:
    path = _scaled_file(tmp_path / "a.nii.gz", (6, 5, 11), inter)
    image: Any = nib.load(path)
    wanted = np.rint(np.asarray(image.dataobj)).astype(np.int16)[::-1, ::-1]
    np.testing.assert_array_equal(read_nifti(path, order="F").voxels, wanted)


def test_a_value_that_is_no_hu_is_told_with_all_of_the_range(tmp_path: Path) -> None:
    stored = np.zeros((2, 2, 12), np.float32)
    stored[0, 0, 1], stored[0, 0, 10] = 1e6, -2000
    with pytest.raises(VolumeError, match=r"from -2000 to 1e\+06, which are not Hounsfield units"):
        read_nifti(save(tmp_path / "a.nii", stored, np.eye(4)))


def _peak_of(read: Callable[[], Volume]) -> float:
    """The most memory that is traced while a file is read, in volumes."""
    tracemalloc.start()
    try:
        volume = read()
        return float(tracemalloc.get_traced_memory()[1] / volume.voxels.nbytes)
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("dtype", [np.int16, np.float32, np.float64])
def test_reading_holds_one_volume_however_it_is_stored(tmp_path: Path, dtype: type[np.generic]) -> None:
    shape = (128, 128, 128)
    scan = save(tmp_path / "b.nii.gz", marked(shape).clip(-1000, 1000).astype(dtype), np.diag([-2, -2, 2, 1]))
    scaled = _scaled_file(tmp_path / "a.nii.gz", shape, -1024.0)
    labels = save(tmp_path / "s.nii.gz", (marked(shape) % 50).astype(dtype), np.diag([-2, -2, 2, 1]))
    assert _peak_of(lambda: read_nifti(scan, order="F")) < 1.6
    assert _peak_of(lambda: read_nifti(scaled, order="F")) < 1.6
    assert _peak_of(lambda: read_label_map(labels)) < 2.2, "of one byte a voxel; a slab takes eight"


def test_axes_are_put_in_order_without_resampling(tmp_path: Path) -> None:
    voxels = marked()
    affine = np.zeros((4, 4))  # array axes run Superior, Left, Posterior
    affine[2, 0], affine[0, 1], affine[1, 2], affine[3, 3] = 4, -2, -3, 1
    volume = read_nifti(save(tmp_path / "permuted.nii.gz", voxels, affine))
    assert volume.geometry.shape == (5, 6, 4)
    assert volume.geometry.spacing_mm == (2.0, 3.0, 4.0)
    np.testing.assert_array_equal(volume.voxels, voxels.transpose(1, 2, 0))


def test_oblique_scan_keeps_its_direction(tmp_path: Path) -> None:
    angle = np.deg2rad(20)
    turn = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
    affine = np.eye(4)
    affine[:3, :3] = np.diag([-1, -1, 1]) @ turn * 2
    geometry = read_nifti(save(tmp_path / "oblique.nii", marked(), affine)).geometry
    np.testing.assert_allclose(np.asarray(geometry.direction), turn, atol=1e-6)


def test_write_then_read_gives_the_same_volume(tmp_path: Path) -> None:
    geometry = Geometry((4, 5, 6), (1.5, 2.0, 2.5), (-10.0, 5.0, 7.0), STRAIGHT)
    write_nifti(tmp_path / "a.nii.gz", Volume(marked(), geometry))
    back = read_nifti(tmp_path / "a.nii.gz")
    np.testing.assert_array_equal(back.voxels, marked())
    assert back.geometry.is_close(geometry, tolerance=1e-5)
    assert back.voxels.dtype == np.int16


def test_scale_factor_is_applied(tmp_path: Path) -> None:
    image: Any = nib.Nifti1Image(np.array([[[0, 10, 100]]], np.int16), np.eye(4))
    image.header.set_slope_inter(0.5, -1000)
    nib.save(image, tmp_path / "scaled.nii")
    assert sorted(read_nifti(tmp_path / "scaled.nii").voxels.ravel()) == [-1000, -995, -950]


@pytest.mark.parametrize(
    ("voxels", "sentence"),
    [
        (np.zeros((4, 4, 4, 2), np.int16), "one 3-D image is needed"),
        (np.zeros((4, 4), np.int16), "one 3-D image is needed"),
        (np.full((2, 2, 2), np.nan, np.float32), "not numbers"),
        (np.full((2, 2, 2), 1e6, np.float32), "not Hounsfield units"),
        (np.zeros((2, 2, 2), np.complex64), "complex"),
    ],
)
def test_an_unusable_image_is_refused(tmp_path: Path, voxels: NDArray[Any], sentence: str) -> None:
    with pytest.raises(VolumeError, match=sentence):
        read_nifti(save(tmp_path / "bad.nii", voxels, np.eye(4)))


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    whole = save(tmp_path / "whole.nii.gz", marked((20, 20, 20)), np.eye(4)).read_bytes()
    for name, content in (
        ("cut.nii.gz", whole[: len(whole) // 2]),
        ("text.nii.gz", gzip.compress(b"hello")),
        ("text.nii", b"hello"),
        ("empty.nii.gz", b""),
    ):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(VolumeError, match=name):
            read_nifti(tmp_path / name)
    with pytest.raises(VolumeError, match="does not exist"):
        read_nifti(tmp_path / "absent.nii")


def test_an_image_that_does_not_say_how_the_patient_lies_is_refused(tmp_path: Path) -> None:
    image: Any = nib.Nifti1Image(marked(), np.eye(4))
    image.set_qform(None, code=0)
    image.set_sform(None, code=0)
    nib.save(image, tmp_path / "lost.nii")
    with pytest.raises(VolumeError, match="how the patient lies"):
        read_nifti(tmp_path / "lost.nii")


def test_a_sheared_or_flat_grid_is_refused() -> None:
    sheared = np.eye(4)
    sheared[0, 2] = 0.3
    with pytest.raises(VolumeError, match="right angles"):
        to_canonical(marked(), sheared)
    with pytest.raises(VolumeError, match="singular"):
        to_canonical(marked(), np.diag([1.0, 1.0, 0.0, 1.0]))
    with pytest.raises(VolumeError, match="voxel size"):
        geometry_from_affine((2, 2, 2), np.diag([1.0, 1.0, 5000.0, 1.0]))


def test_label_maps_hold_small_whole_numbers(tmp_path: Path) -> None:
    good = read_label_map(save(tmp_path / "g.nii", np.array([[[0.0, 3.0, 255.0]]], np.float32), np.eye(4)))
    assert good.voxels.dtype == np.uint8
    assert sorted(good.voxels.ravel()) == [0, 3, 255]
    for value, sentence in ((1.5, "whole numbers"), (-1, "outside 0 to 255"), (300, "outside 0 to 255")):
        path = save(tmp_path / "bad.nii", np.full((2, 2, 2), value, np.float32), np.eye(4))
        with pytest.raises(VolumeError, match=sentence):
            read_label_map(path)


def test_points_and_indices_are_inverse() -> None:
    geometry = Geometry((4, 5, 6), (1.0, 2.0, 3.0), (5.0, 6.0, 7.0), ((0, -1, 0), (1, 0, 0), (0, 0, 1)))
    np.testing.assert_allclose(geometry.index_to_lps((1, 1, 1)), (5 - 2, 6 + 1, 7 + 3))
    points = np.array([[1.0, 2.0, 3.0], [-4.0, 0.5, 9.0]])
    np.testing.assert_allclose(geometry.lps_to_index(geometry.index_to_lps(points)), points)


def test_grids_are_close_only_when_every_corner_is() -> None:
    geometry = Geometry((100, 100, 100), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0), STRAIGHT)
    assert geometry.is_close(Geometry((100, 100, 100), (1.0, 1.0, 1.0), (0.05, 0.0, 0.0), STRAIGHT))
    assert not geometry.is_close(Geometry((100, 100, 100), (1.01, 1.0, 1.0), (0.0, 0.0, 0.0), STRAIGHT))
    assert not geometry.is_close(Geometry((100, 100, 99), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0), STRAIGHT))


def test_resampling_does_not_shift_the_image() -> None:
    # A ramp in millimetres must read the same at the same place on any grid.
    ramp = np.broadcast_to(((np.arange(20) + 0.5) * 2.0)[:, None, None], (20, 8, 8)).astype(np.float32)
    fine = resample(ramp, (40, 8, 8))
    places_mm = np.arange(40) + 0.5
    np.testing.assert_allclose(fine[2:-2, 4, 4], places_mm[2:-2], atol=1e-4)
    assert resampled_shape((20, 8, 8), (2.0, 1.0, 1.0), (1.0, 2.0, 100.0)) == (40, 4, 1)


def test_resampled_labels_keep_their_values_and_volume() -> None:
    labels = np.zeros((24, 24, 24), np.uint8)
    labels[4:12, 4:20, 4:20] = 3
    labels[12:20, 4:20, 4:20] = 200
    finer = resample_labels(labels, (36, 36, 36))
    assert set(np.unique(finer)) == {0, 3, 200}
    for value in (3, 200):
        assert (finer == value).sum() == pytest.approx((labels == value).sum() * 1.5**3, rel=0.06)


def test_single_precision_of_a_turned_affine_does_not_change_the_voxel_size() -> None:
    turn = Rotation.from_euler("xyz", (7, -11, 23), degrees=True).as_matrix()
    affine = np.eye(4)
    affine[:3, :3] = turn @ np.diag((1.5, 0.9765, 2.5))
    geometry = geometry_from_affine((4, 5, 6), affine.astype(np.float32).astype(float))
    assert geometry.spacing_mm == (1.5, 0.9765, 2.5)
