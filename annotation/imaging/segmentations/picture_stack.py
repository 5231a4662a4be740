"""Labels as pictures: one for each slice of a DICOM series, each put where its slice's own position says."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydicom import Dataset, dcmread

from annotation.errors import Refused
from annotation.imaging import checks
from annotation.imaging.segmentations.layers import Segmentation, Stack
from annotation.imaging.segmentations.placing import place
from training.volume import Geometry

_GREY = ("L", "1", "P")
_TAGS = ["ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "Rows", "Columns"]


def read(pictures: Sequence[Path], slices: Sequence[Path], grid: Geometry) -> Segmentation:
    """Read a stack of pictures onto the grid of its series; picture n is of file n.

    Segments have the grey values as numbers. Raises Refused: numbers or sizes differ, no grey picture.
    """
    if len(pictures) != len(slices):
        raise Refused(
            f"{len(pictures)} pictures of labels lie beside {len(slices)} DICOM files; each slice needs one."
        )
    numbers = np.zeros(grid.shape, np.uint8)
    for picture, path in zip(pictures, slices, strict=True):
        header = dcmread(path, stop_before_pixels=True, specific_tags=list(_TAGS), force=True)
        values = _picture(picture, header)
        placed = place(grid, _affine(header, grid), (values.shape[1], values.shape[0], 1), picture.name)
        part, corner = placed.onto(values.T[..., None], picture.name)
        box = tuple(slice(start, start + n) for start, n in zip(corner, part.shape, strict=True))
        np.maximum(numbers[box], part, out=numbers[box])
    stack = Stack(grid)
    for value in checks.present_values(numbers):
        stack.add(numbers == value, number=value)
    return stack.finished("Pictures were put on slices in the order of their names.")


def _picture(path: Path, header: Dataset) -> NDArray[np.uint8]:
    try:
        with Image.open(path, formats=["PNG"]) as image:
            size, mode = image.size, image.mode
            if mode not in _GREY or size != (int(header.Columns), int(header.Rows)):
                raise Refused(f"{path.name} is no grey picture of the size of its slice.")
            values: Any = np.asarray(image)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise Refused(f"{path.name} is damaged or not a PNG file.") from error
    return np.asarray(values, np.uint8)


def _affine(header: Dataset, grid: Geometry) -> NDArray[np.float64]:
    """Return a slice's affine (column, row, slice) in LPS mm; its slice step is the grid's own."""
    row, column = np.asarray(header.ImageOrientationPatient, np.float64).reshape(2, 3)
    affine = np.eye(4)
    affine[:3, 0] = row * float(header.PixelSpacing[1])
    affine[:3, 1] = column * float(header.PixelSpacing[0])
    affine[:3, 3] = np.asarray(header.ImagePositionPatient, np.float64)
    steps = grid.affine_lps()[:3, :3]
    along = np.abs(np.cross(row, column) @ (steps / grid.spacing_mm)).argmax()
    affine[:3, 2] = steps[:, int(along)]
    return affine
