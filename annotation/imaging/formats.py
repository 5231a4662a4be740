"""Images and label maps in one file, whatever its format: NIfTI, NRRD, MetaImage."""

from pathlib import Path

import numpy as np

from annotation.errors import Refused
from annotation.imaging import checks, nifti, rasters, voxel_lists
from annotation.imaging.nifti import MOST_LABELS, Inspection
from annotation.imaging.segmentations import seg_nrrd
from training.volume import Volume

_LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])


def is_image_file(path: Path) -> bool:
    """Tell by the name whether a file may hold an image or a label map."""
    return nifti.is_nifti(path) or rasters.is_raster(path)


def read_image(path: Path) -> Volume:
    """Read a CT as int16 HU (i, j, k), canonical LPS. Raises Refused, TooLarge."""
    if path.suffix.lower() == voxel_lists.SUFFIX:
        return voxel_lists.read_image(path)
    return rasters.read_image(path) if rasters.is_raster(path) else nifti.read_image(path)


def read_labels(path: Path) -> Volume:
    """Read a label map as uint8 (i, j, k) with values 0–254, canonical LPS. Raises Refused, TooLarge."""
    return rasters.read_labels(path) if rasters.is_raster(path) else nifti.read_labels(path)


def inspect(path: Path, *, with_values: bool) -> Inspection:
    """Return a file's grid, and with `with_values` the label values in it (None: it is no label map).

    Files of several structures (4-D NIfTI, .seg.nrrd) are told by their header alone.
    """
    several = _several(path) if with_values else None
    if several is not None:
        return several
    if not rasters.is_raster(path):
        return nifti.inspect(path, with_values=with_values)
    shape, affine_lps = rasters.stored_grid(path)
    affine = tuple(float(x) for x in (_LPS_TO_RAS @ affine_lps).ravel())
    if not with_values:
        return Inspection(shape, affine)
    try:
        values = checks.present_values(np.asarray(rasters.read_labels(path).voxels, np.uint8))
    except Refused:
        return Inspection(shape, affine)
    return Inspection(shape, affine, values if len(values) <= MOST_LABELS else None)


def _several(path: Path) -> Inspection | None:
    """Return the grid of a file of several structures, with their number; None: it is none."""
    if not rasters.is_raster(path):
        return nifti.inspect_several(path)
    described = seg_nrrd.described(path) if path.suffix.lower() == ".nrrd" else None
    if described is None:
        return None
    affine = tuple(float(x) for x in (_LPS_TO_RAS @ described.affine_lps).ravel())
    return Inspection(described.shape, affine, structures=max(1, len(described.names)))
