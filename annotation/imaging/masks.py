"""Masks of single structures: NIfTI and NRRD, anything but 0 is inside."""

from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from annotation.errors import Refused
from annotation.imaging import checks, nifti
from training.volume import Volume, VolumeError, to_canonical

NRRD = ".nrrd"


def read_mask(path: Path) -> Volume:
    """Read one structure's mask as uint8 (i, j, k), 1 inside, canonical LPS.

    Raises Refused with one sentence: damaged, not 3-D, more than one value beside 0.
    """
    found = _read_nrrd(path) if path.suffix.lower() == NRRD else nifti.read_labels(path)
    inside = found.voxels != 0
    if (found.voxels[inside] != found.voxels.max()).any():
        raise Refused(
            f"{path.name} is not a mask of one structure: it holds more values than 0 and one other."
        )
    return Volume(inside.view(np.uint8), found.geometry)


def read_bits(path: Path) -> Volume:
    """Read a NIfTI with one structure per bit as uint32 (i, j, k), canonical LPS. Raises Refused."""
    return nifti.read_bits(path)


def _read_nrrd(path: Path) -> Volume:
    """Read whole numbers; ITK gives spacing, origin and direction in LPS whatever space the header names."""
    sitk: Any = import_module("SimpleITK")  # slow to load, and few files are NRRD
    reader = sitk.ImageFileReader()
    reader.SetImageIO("NrrdImageIO")
    reader.SetFileName(str(path))
    try:
        reader.ReadImageInformation()
        size = reader.GetSize()
        if len(size) != 3 or reader.GetNumberOfComponents() != 1:
            raise Refused(f"{path.name} has {len(size)} axes; one mask with 3 axes is needed.")
        checks.check_size(size, 8, path.name)
        image = reader.Execute()
        voxels = np.transpose(sitk.GetArrayFromImage(image))
        return to_canonical(_whole_numbers(voxels, path.name), _affine_lps(image))
    except VolumeError as error:
        raise Refused(str(error)) from error
    except RuntimeError as error:  # ITK's only one
        raise Refused(f"{path.name} is damaged or not an NRRD file.") from error


def _whole_numbers(voxels: Any, name: str) -> Any:
    if voxels.dtype.kind not in "iu" and not (voxels == np.rint(voxels)).all():
        raise Refused(f"{name} is not a mask: it holds values that are not whole numbers.")
    if voxels.min() < 0 or voxels.max() > 255:
        raise Refused(f"{name} is not a mask: it holds values outside 0 to 255.")
    return voxels.astype(np.uint8)


def _affine_lps(image: Any) -> Any:
    affine = np.eye(4)
    affine[:3, :3] = np.reshape(image.GetDirection(), (3, 3)) * np.asarray(image.GetSpacing())
    affine[:3, 3] = image.GetOrigin()
    return affine
