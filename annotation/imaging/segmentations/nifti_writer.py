"""Label maps in NIfTI with a table of names, and one file for each structure."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from annotation.errors import Refused
from annotation.imaging.segmentations.layers import IGNORED, Labels, Segmentation, looked_at
from training.labels import HIGHEST_VALUE, IGNORE
from training.volume import Volume, write_nifti


def write_image(path: Path, image: Volume) -> None:
    """Write int16 HU."""
    write_nifti(path, image)


def write_layer(path: Path, found: Segmentation, layer: int, ignore_value: int) -> None:
    """Write one layer as uint8; what nobody looked at (255 here) gets `ignore_value`."""
    voxels = np.where(found.labels[layer] == IGNORE, np.uint8(ignore_value), found.labels[layer])
    write_nifti(path, Volume(voxels.astype(np.uint8), found.geometry))


def write_labels(path: Path, labels: Labels, like: Segmentation) -> None:
    """Write one label map (i, j, k) that lies where a segmentation does."""
    write_nifti(path, Volume(labels, like.geometry))


def ignore_value(values: Sequence[int]) -> int:
    """Return what stands for "nobody looked" beside these values: the one behind the highest."""
    value = max([0, *values]) + 1
    if value > HIGHEST_VALUE:
        raise Refused("The structures use all values up to 254; none is left for what nobody looked at.")
    return value


def write_each(folder: Path, found: Segmentation) -> None:
    """Write `<key>.nii.gz` per structure, 1 inside; a structure that is absent gives an empty mask."""
    folder.mkdir(parents=True, exist_ok=True)
    for segment in found.segments:
        said = looked_at(segment.layer)
        _write_mask(folder / f"{segment.key}.nii.gz", found.mask(segment), found, said)
    for name, mask in found.ignored():
        _write_mask(folder / f"{name.replace(' ', '_')}.nii.gz", mask, found)


def table(names: dict[int, str], cases: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the content of a labels.json: names by value, and per case what was not drawn."""
    return {"labels": {str(value): name for value, name in sorted(names.items())}, "cases": list(cases)}


def with_ignored(names: dict[int, str], value: int) -> dict[int, str]:
    """Return the names with that of what nobody looked at."""
    return {**names, value: IGNORED}


def _write_mask(path: Path, mask: Any, found: Segmentation, said: str = "") -> None:
    write_nifti(path, Volume(mask.astype(np.uint8), found.geometry), said)
