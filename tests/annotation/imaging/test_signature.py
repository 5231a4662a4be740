"""The same scan is found again whatever was done to it; different patients are not taken for each other."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from annotation.imaging.signature import (
    SIDE,
    compare,
    find_copies,
    is_certain,
    is_copy,
    signature_of,
)
from training.phantom import make_phantom
from training.resampling import resample
from training.volume import Geometry, Volume, read_nifti

UPRIGHT = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
Change = Callable[[Volume], Volume]


@cache
def scan(seed: int) -> Volume:
    return make_phantom(seed, shape=(96, 96, 48), spacing_mm=(3.0, 3.0, 4.0)).image


def with_voxels(
    image: Volume, voxels: NDArray[Any], spacing_mm: tuple[float, float, float] | None = None
) -> Volume:
    ni, nj, nk = voxels.shape
    grid = Geometry((ni, nj, nk), spacing_mm or image.geometry.spacing_mm, (0.0, 0.0, 0.0), UPRIGHT)
    return Volume(voxels, grid)


def resampled(image: Volume, factor: float) -> Volume:
    shape = image.voxels.shape
    wanted = (round(shape[0] / factor), round(shape[1] / factor), round(shape[2] / factor))
    si, sj, sk = (s * n / m for s, n, m in zip(image.geometry.spacing_mm, shape, wanted, strict=True))
    return with_voxels(image, resample(image.voxels, wanted), (si, sj, sk))


def windowed(image: Volume, low: float, high: float) -> Volume:
    """As a picture of 256 greys."""
    grey = (image.voxels.astype(np.float32).clip(low, high) - low) / (high - low) * 255
    return with_voxels(image, np.rint(grey))


def cropped(image: Volume) -> Volume:
    n = image.voxels.shape[2]
    return with_voxels(image, image.voxels[:, :, n // 5 : n // 5 + n * 3 // 5])


def trimmed(image: Volume) -> Volume:
    """In plane, from every side, as much as is often cut off."""
    i, j = (max(1, n // 25) for n in image.voxels.shape[:2])
    return with_voxels(image, image.voxels[i:-i, j:-j])


def as_float(image: Volume) -> Volume:
    noise = np.random.default_rng(3).uniform(-0.3, 0.3, image.voxels.shape).astype(np.float32)
    return with_voxels(image, image.voxels.astype(np.float32) + noise)


CHANGES: dict[str, Change] = {
    "nothing": lambda image: image,
    "int16 to float": as_float,
    "mirrored left to right": lambda image: with_voxels(image, image.voxels[::-1]),
    "mirrored front to back": lambda image: with_voxels(image, image.voxels[:, ::-1]),
    "upside down": lambda image: with_voxels(image, image.voxels[:, :, ::-1]),
    "turned": lambda image: with_voxels(image, image.voxels.swapaxes(0, 1)),
    "cropped along the body": cropped,
    "air clipped": lambda image: with_voxels(image, image.voxels.clip(-1000, 1500)),
    "clipped to a window": lambda image: with_voxels(image, image.voxels.clip(-160, 240)),
    "cropped and clipped": lambda image: with_voxels(image, cropped(image).voxels.clip(-125, 225)),
    "trimmed in plane": trimmed,
    "resampled": lambda image: resampled(image, 1.4),
    "every other slice": lambda image: with_voxels(
        image, image.voxels[:, :, ::2], (*image.geometry.spacing_mm[:2], 2 * image.geometry.spacing_mm[2])
    ),
    "shifted by 1024 HU": lambda image: with_voxels(image, image.voxels + 1024),
    "as a picture of a wide window": lambda image: windowed(image, -1000, 400),
    "as a picture of a soft window": lambda image: windowed(image, -160, 240),
    "cropped and resampled": lambda image: resampled(cropped(image), 1.3),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("seed", [1, 2])
def test_a_copy_is_found_whatever_was_done_to_it(change: str, seed: int) -> None:
    figures = compare(signature_of(scan(seed)), signature_of(CHANGES[change](scan(seed))))
    assert is_copy(*figures), figures


@pytest.mark.parametrize("change", list(CHANGES)[:10])
def test_what_keeps_its_voxels_is_certain(change: str) -> None:
    figures = compare(signature_of(scan(1)), signature_of(CHANGES[change](scan(1))))
    assert is_certain(*figures)
    assert figures[0] == 1.0


def test_different_patients_share_no_slice() -> None:
    signatures = [signature_of(scan(seed)) for seed in range(1, 9)]
    for place, one in enumerate(signatures):
        for other in signatures[:place]:
            assert compare(one, other)[0] == 0.0


def test_copies_among_many_are_named_by_their_place() -> None:
    signatures = [signature_of(image) for image in (scan(1), scan(2), cropped(scan(1)), scan(3))]
    found = [(copy.first, copy.second) for copy in find_copies(signatures) if copy.same_slices]
    assert found == [(0, 2)]


def test_a_scan_of_nothing_is_nobodys_copy() -> None:
    empty = signature_of(with_voxels(scan(1), np.full((40, 40, 20), -1000, np.int16)))
    assert empty.hashes == frozenset()
    assert empty.profile.shape[1:] == (0, SIDE, SIDE)
    assert not is_copy(*compare(empty, empty))


def test_a_scan_of_few_slices_has_hashes_but_no_profile_to_compare() -> None:
    short = signature_of(with_voxels(scan(1), scan(1).voxels[:, :, 20:24]))
    assert compare(short, signature_of(scan(1))) == (1.0, 0.0)


@pytest.mark.shared_data
def test_real_copies_are_found_and_real_patients_are_told_apart(shared_data: Path) -> None:
    paths = [
        *sorted(shared_data.glob("openkbp/val/*_ct.nii.gz")),
        shared_data / "ts_abdomen" / "ct_full.nii.gz",
        shared_data / "ts_chest_vessels" / "ct.nii.gz",
        *sorted(shared_data.glob("ct_rtstruct/*/nifti/CT_image.nii.gz")),
    ]
    images = [read_nifti(path) for path in paths]
    signatures = [signature_of(image) for image in images]
    assert find_copies(signatures) == []
    crop = signature_of(read_nifti(shared_data / "ts_abdomen" / "ct.nii.gz"))
    assert [is_certain(*compare(crop, one)) for one in signatures] == [
        path.name == "ct_full.nii.gz" for path in paths
    ]
    for change in (
        "cropped along the body",
        "resampled",
        "mirrored left to right",
        "as a picture of a wide window",
    ):
        figures = [
            compare(one, signature_of(CHANGES[change](image)))
            for one, image in zip(signatures[::3], images[::3], strict=True)
        ]
        assert all(is_copy(*one) for one in figures), (change, figures)
