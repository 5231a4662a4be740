"""Label maps in NIfTI: one map, 4-D with one structure per last index, or a folder with a file for each."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
from nibabel.filebasedimages import ImageFileError

from annotation.errors import Refused
from annotation.imaging import checks, masks, naming, nifti, voxel_lists
from annotation.imaging.segmentations.layers import (
    MOST_SEGMENTS,
    Reference,
    Segmentation,
    Stack,
    exported_layer,
)
from annotation.imaging.segmentations.placing import place

_TO_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])
_AXES = 4


def read(path: Path, reference: Reference) -> Segmentation:
    """Read a label map, or a 4-D file whose last axis counts structures. Segments have numbers, no names."""
    if _has_structures_axis(path):
        return _read_one_hot(path, reference)
    found = nifti.read_labels(path)
    stack = Stack(reference.geometry)
    placed = place(reference.geometry, found.geometry.affine_lps(), found.geometry.shape, path.name)
    for value in checks.present_values(found.voxels):
        part, corner = placed.onto(found.voxels == value, path.name)
        stack.add(part, corner, number=value)
    return stack.finished(_BY_POSITION.format(path.name))


def read_each(paths: Sequence[Path], reference: Reference) -> Segmentation:
    """Read one file per structure (NIfTI, NRRD, list of voxels), called as its file. An empty one counts."""
    stack = Stack(reference.geometry)
    for number, path in enumerate(paths, start=1):
        found = voxel_lists.read_mask(path) if path.suffix == ".csv" else masks.read_mask(path)
        placed = place(reference.geometry, found.geometry.affine_lps(), found.geometry.shape, path.name)
        part, corner = placed.onto(found.voxels, path.name)
        name = naming.stem(path.name).removesuffix(".csv")
        stack.add(part, corner, name=name, number=number, exported_layer=_exported_layer(path))
    return stack.finished(_BY_POSITION.format("What was drawn"))


_BY_POSITION = "{} was matched to the scan by position alone."


def _exported_layer(path: Path) -> int | None:
    """Return the layer that a mask's header says it lay on, if it is one that the product wrote."""
    if not nifti.is_nifti(path):
        return None
    header: Any = nib.load(path).header
    return exported_layer(bytes(header["descrip"].item()).decode("ascii", "replace"))


def _has_structures_axis(path: Path) -> bool:
    try:
        image: Any = nib.load(path)
    except Exception as error:  # a damaged header raises errors of many types; all mean the same
        raise Refused(f"{path.name} is damaged or not a NIfTI file.") from error
    return len(image.shape) == _AXES and image.shape[3] > 1


def _read_one_hot(path: Path, reference: Reference) -> Segmentation:
    image: Any = nib.load(path)
    *shape, count = (int(n) for n in image.shape)
    if count > MOST_SEGMENTS:
        raise Refused(f"{path.name} has {count} volumes along its last axis; no file has so many structures.")
    checks.check_size([*shape, count], image.get_data_dtype().itemsize, path.name)
    stack = Stack(reference.geometry)
    affine = _TO_LPS @ np.asarray(image.affine, np.float64)
    placed = place(reference.geometry, affine, (shape[0], shape[1], shape[2]), path.name)
    for number in range(count):
        try:
            values = np.asarray(image.dataobj[..., number])
        except (ImageFileError, OSError, EOFError, ValueError) as error:
            raise Refused(f"{path.name} is damaged or not a NIfTI file.") from error
        part, corner = placed.onto(masks.inside_of(values, path.name), path.name)
        stack.add(part, corner, number=number)
    return stack.finished(_BY_POSITION.format(path.name))
