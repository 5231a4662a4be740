"""Images as OME-Zarr 0.5 (Zarr v3), which Python, napari and neuroglancer can open and browsers can fetch.

A folder holds three arrays "0", "1", "2" with axes z, y, x, so that an array's shape is (nk, nj, ni): the
full image, and means of 2 × 2 × 2 and 4 × 4 × 4 voxels. A chunk is 8 whole slices: its file is one zstd frame
of int16 little endian, i fastest, filled up with −1024 (air) behind the last slice.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from numpy.typing import NDArray
from zarr.codecs import BytesCodec, ZstdCodec

from training.volume import Geometry, Volume

CHUNK_SLICES = 8
FILL_HU = -1024
LEVELS = 3
_ZSTD_LEVEL = 3
_AXES = [{"name": name, "type": "space", "unit": "millimeter"} for name in "zyx"]

Voxels = NDArray[np.int16]


@dataclass(frozen=True)
class Level:
    """One resolution: the folder of its array, its shape (ni, nj, nk) and its voxel size (i, j, k)."""

    path: str
    shape: tuple[int, int, int]
    spacing_mm: tuple[float, float, float]


def levels(shape: tuple[int, int, int], spacing_mm: tuple[float, float, float]) -> tuple[Level, ...]:
    """Return what `write_image` makes: each level halves every axis of 2 or more voxels, rounded up."""
    found = [Level("0", shape, spacing_mm)]
    for number in range(1, LEVELS):
        last = found[-1]
        halved = [(n + 1) // 2 for n in last.shape]
        wider = [s * 2 if n >= 2 else s for n, s in zip(last.shape, last.spacing_mm, strict=True)]
        found.append(Level(str(number), (halved[0], halved[1], halved[2]), (wider[0], wider[1], wider[2])))
    return tuple(found)


def write_image(folder: Path, volume: Volume) -> None:
    """Write int16 (i, j, k) HU as OME-Zarr into `folder`, which must not exist yet.

    Raises ValueError when the voxels are not int16 or do not have the geometry's shape.
    """
    if volume.voxels.dtype != np.int16 or volume.voxels.shape != volume.geometry.shape:
        raise ValueError("An image needs int16 voxels of the shape that its geometry gives.")
    resolutions = levels(volume.geometry.shape, volume.geometry.spacing_mm)
    group = zarr.create_group(str(folder), zarr_format=3, attributes=_metadata(volume.geometry, resolutions))
    slices = volume.voxels.T
    for number, level in enumerate(resolutions):
        slices = slices if number == 0 else _halved(slices)
        nk, nj, ni = slices.shape
        array = group.create_array(
            level.path,
            shape=(nk, nj, ni),
            chunks=(CHUNK_SLICES, nj, ni),
            dtype="int16",
            fill_value=FILL_HU,
            serializer=BytesCodec(endian="little"),
            compressors=[ZstdCodec(level=_ZSTD_LEVEL, checksum=False)],
            chunk_key_encoding={"name": "default", "separator": "/"},
            dimension_names=["z", "y", "x"],
            config={"write_empty_chunks": True},  # a slab of nothing but air is fetched like any other
        )
        for first in range(0, nk, CHUNK_SLICES):  # one chunk in memory at a time, beside the volume
            array[first : first + CHUNK_SLICES] = slices[first : first + CHUNK_SLICES]


def copy_image(source: Path, folder: Path, geometry: Geometry) -> None:
    """Write the voxels of an image folder into another one, which must not exist yet, with other geometry."""
    shutil.copytree(source, folder)
    group = zarr.open_group(str(folder), mode="r+")
    group.attrs.put(_metadata(geometry, levels(geometry.shape, geometry.spacing_mm)))


def read_slice(folder: Path, k: int) -> Voxels:
    """Return one full-resolution slice of an image folder: int16 HU (i, j)."""
    array: Any = zarr.open_array(str(folder / "0"), mode="r")
    return np.asarray(array[k], np.int16).T


def read_image(folder: Path) -> Voxels:
    """Return the full-resolution voxels of an image folder: int16 HU (i, j, k)."""
    array: Any = zarr.open_array(str(folder / "0"), mode="r")
    return np.asarray(array[:], np.int16).T


def _halved(slices: Voxels) -> Voxels:
    """Return the means of 2 × 2 × 2 voxels of (nk, nj, ni); an odd last voxel counts twice."""
    made = np.empty([(n + 1) // 2 for n in slices.shape], np.int16)
    for first in range(0, len(made), CHUNK_SLICES):
        last = first + CHUNK_SLICES
        made[first:last] = _means(slices[2 * first : 2 * last])
    return made


def _means(slices: Voxels) -> Voxels:
    pads = [(0, n % 2 if n > 1 else 0) for n in slices.shape]
    even = np.pad(slices, pads, mode="edge") if any(after for _, after in pads) else slices
    total: NDArray[np.signedinteger] = even
    for axis, size in enumerate(even.shape):  # whole slices first: what lies together is added fastest
        if size > 1:
            pairs = np.moveaxis(total, axis, 0)
            total = np.moveaxis(np.add(pairs[::2], pairs[1::2], dtype=np.int32), 0, axis)
    return np.asarray(np.rint(total / 2 ** sum(n > 1 for n in even.shape)), np.int16)


def _metadata(geometry: Geometry, resolutions: tuple[Level, ...]) -> dict[str, Any]:
    """Return the group's attributes: OME-Zarr's multiscales, and where the image lies in the patient."""
    full = resolutions[0].spacing_mm
    datasets = []
    for level in resolutions:
        # The first voxel's centre moves inwards when voxels are joined.
        shift = [(wide - fine) / 2 for wide, fine in zip(level.spacing_mm, full, strict=True)]
        transforms = [
            {"type": "scale", "scale": list(level.spacing_mm[::-1])},
            {"type": "translation", "translation": shift[::-1]},
        ]
        datasets.append({"path": level.path, "coordinateTransformations": transforms})
    image = {"name": "image", "axes": _AXES, "datasets": datasets, "type": "mean"}
    return {
        "ome": {"version": "0.5", "multiscales": [image]},
        "delineate": {
            "origin_lps": list(geometry.origin_lps),
            "direction": [list(row) for row in geometry.direction],
        },
    }
