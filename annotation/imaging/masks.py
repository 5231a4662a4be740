"""Masks of single structures: NIfTI and NRRD, anything but 0 is inside."""

from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from annotation.errors import Refused
from annotation.imaging import checks, nifti
from training.volume import Volume, VolumeError, to_canonical

NRRD = ".nrrd"


def read_mask(path: Path) -> Volume:
    """Read one structure's mask as uint8 (i, j, k), 1 inside, canonical LPS.

    Whatever the type of its numbers, 0 is outside and one other value inside. Raises Refused with one
    sentence: damaged, not 3-D, more than one value beside 0.
    """
    return _read_nrrd(path) if path.suffix.lower() == NRRD else nifti.read_mask(path, inside_of)


def inside_of(values: NDArray[Any], name: str) -> NDArray[np.uint8]:
    """Return 1 where a mask is not 0. Raises Refused where it holds more than one value besides."""
    inside: NDArray[np.bool_] = values != 0
    if inside.any():
        others = values[inside]
        if not np.isfinite(others).all():
            raise Refused(f"{name} is not a mask: it holds values that are not numbers.")
        if (others != others[0]).any():
            raise Refused(
                f"{name} is not a mask of one structure: it holds more values than 0 and one other."
            )
    return inside.view(np.uint8)


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
        return to_canonical(inside_of(voxels, path.name), _affine_lps(image))
    except VolumeError as error:
        raise Refused(str(error)) from error
    except RuntimeError as error:  # ITK's only one
        raise Refused(f"{path.name} is damaged or not an NRRD file.") from error


def _affine_lps(image: Any) -> Any:
    affine = np.eye(4)
    affine[:3, :3] = np.reshape(image.GetDirection(), (3, 3)) * np.asarray(image.GetSpacing())
    affine[:3, 3] = image.GetOrigin()
    return affine
