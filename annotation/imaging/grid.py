"""Do the slices of a DICOM series form one straight, even grid? Readers that do not ask build wrong ones.

A series is refused, with a sentence that says where, when slices differ in orientation, size or pixel
spacing, lie at one position twice, leave a gap, or are shifted against each other within their plane.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import atan, degrees

import numpy as np
from numpy.typing import NDArray

from annotation.errors import Refused

Floats = NDArray[np.float64]

# Writers round directions to about six decimals and positions to 0.1 mm at worst.
DIRECTION_TOLERANCE = 1e-3
SPACING_TOLERANCE_MM = 1e-3
POSITION_TOLERANCE_MM = 0.06
# A slice may be off the even grid by this share of the gap: less than interpolation would show.
GAP_TOLERANCE = 0.05
SAME_POSITION_MM = 0.01


@dataclass(frozen=True)
class Slice:
    """The place of one slice, from its DICOM header.

    `position_lps` is the centre of the first pixel, Image Position (0020,0032); `along_row` and
    `along_column` are the unit vectors of rising column and row index, Image Orientation (0020,0037);
    `spacing_mm` is the distance between rows, then between columns, Pixel Spacing (0028,0030); `number` is
    the Instance Number (0020,0013).
    """

    position_lps: tuple[float, float, float]
    along_row: tuple[float, float, float]
    along_column: tuple[float, float, float]
    rows: int
    columns: int
    spacing_mm: tuple[float, float]
    number: int | None = None


@dataclass(frozen=True)
class Grid:
    """The order of the slices along their normal, and the affine (4×4, LPS mm) of (column, row, slice)."""

    order: tuple[int, ...]
    affine_lps: Floats


def grid_of(slices: Sequence[Slice]) -> Grid:
    """Check the slices' geometry and return their grid. Raises Refused with one sentence that says where."""
    if len(slices) < 2:
        raise Refused("The series has only one slice; a case needs a volume of at least two.")
    _check_one_kind(slices)
    row, column, normal = _axes(slices)
    positions = np.array([s.position_lps for s in slices])
    heights = positions @ normal
    order = np.argsort(heights, kind="stable")
    names = _slice_names([slices[i] for i in order])
    gaps = np.diff(heights[order])
    _check_unique(gaps, names)
    _check_plane(positions[order], normal, names)
    step = _even_step(heights[order], gaps, names)
    affine = np.eye(4)
    affine[:3, 0] = row * slices[0].spacing_mm[1]
    affine[:3, 1] = column * slices[0].spacing_mm[0]
    affine[:3, 2] = normal * step
    affine[:3, 3] = positions[order[0]]
    return Grid(tuple(int(i) for i in order), affine)


def _check_one_kind(slices: Sequence[Slice]) -> None:
    sizes = Counter((s.columns, s.rows) for s in slices)
    if len(sizes) > 1:
        parts = " and ".join(f"{n} of {c} × {r}" for (c, r), n in sizes.most_common(3))
        raise Refused(f"The series mixes slices of different size ({parts}). Import each part by itself.")
    spacings = np.array([s.spacing_mm for s in slices])
    if not np.isfinite(spacings).all() or spacings.min() <= 0:
        raise Refused("The series has slices without a usable pixel spacing.")
    if np.ptp(spacings, axis=0).max() > SPACING_TOLERANCE_MM:
        low, high = spacings[:, 0].min(), spacings[:, 0].max()
        raise Refused(
            f"The series mixes slices of different pixel spacing ({low:g} to {high:g} mm). "
            "Import each part by itself."
        )


def _axes(slices: Sequence[Slice]) -> tuple[Floats, Floats, Floats]:
    """Return the unit vectors along a row, along a column, and their normal, which all slices must share."""
    directions = np.array([[*s.along_row, *s.along_column] for s in slices])
    positions = np.array([s.position_lps for s in slices])
    if not np.isfinite(directions).all() or not np.isfinite(positions).all():
        raise Refused("The series has slices whose position or orientation is not a number.")
    apart = np.abs(directions - directions[0]).max(axis=1) > DIRECTION_TOLERANCE
    if apart.any():
        raise Refused(
            f"The series mixes slices of different orientation ({int((~apart).sum())} and "
            f"{int(apart.sum())}), such as a localiser among axial slices. Import each part by itself."
        )
    row, column = directions.mean(axis=0).reshape(2, 3)
    lengths = np.array([np.linalg.norm(row), np.linalg.norm(column)])
    if np.abs(lengths - 1).max() > DIRECTION_TOLERANCE or abs(row @ column) > DIRECTION_TOLERANCE:
        raise Refused("The series has an impossible orientation: rows and columns are not at right angles.")
    row, column = row / lengths[0], column / lengths[1]
    normal = np.cross(row, column)
    return row, column, normal / np.linalg.norm(normal)


def _slice_names(ordered: Sequence[Slice]) -> list[str]:
    """Return what to call each slice: its Instance Number where these are unique, else its place."""
    numbers = [s.number for s in ordered]
    if None not in numbers and len(set(numbers)) == len(numbers):
        return [str(number) for number in numbers]
    return [str(place) for place in range(1, len(ordered) + 1)]


def _check_unique(gaps: Floats, names: Sequence[str]) -> None:
    same = np.flatnonzero(gaps < SAME_POSITION_MM)
    if same.size:
        first, second = names[same[0]], names[same[0] + 1]
        more = f" (and {same.size - 1} more such pairs)" if same.size > 1 else ""
        raise Refused(
            f"Slices {first} and {second} lie at the same position{more}. "
            "Import each phase or reconstruction by itself."
        )


def _check_plane(ordered: Floats, normal: Floats, names: Sequence[str]) -> None:
    """Refuse slices shifted against each other within their plane (a tilted gantry, a moved table)."""
    offsets = ordered - ordered[0]
    heights = offsets @ normal
    shifts = offsets - np.outer(heights, normal)
    if np.linalg.norm(shifts, axis=1).max() <= POSITION_TOLERANCE_MM:
        return
    slope = heights @ shifts / (heights @ heights)
    if np.linalg.norm(shifts - np.outer(heights, slope), axis=1).max() <= POSITION_TOLERANCE_MM:
        angle = degrees(atan(float(np.linalg.norm(slope))))
        raise Refused(
            f"The slices are sheared by {angle:.1f}°: the gantry was tilted. Resample the scan to a "
            "straight grid, then import it again."
        )
    steps = np.linalg.norm(np.diff(shifts, axis=0), axis=1)
    worst = int(steps.argmax())
    raise Refused(
        f"Slices {names[worst]} and {names[worst + 1]} are shifted by {steps[worst]:.3g} mm against each "
        "other within their plane. Import each part by itself."
    )


def _even_step(heights: Floats, gaps: Floats, names: Sequence[str]) -> float:
    """Return the distance between neighbours; every slice must lie on one even grid."""
    places = np.arange(len(heights))
    step, start = (float(x) for x in np.polyfit(places, heights, 1))
    off = np.abs(heights - start - step * places)
    if off.max() <= max(POSITION_TOLERANCE_MM, GAP_TOLERANCE * step):
        return step
    usual = float(np.sort(gaps)[(len(gaps) - 1) // 2])  # the lower median: of 3 and 6 mm, 6 is the gap
    worst = int(np.abs(gaps - usual).argmax())
    raise Refused(
        f"This scan has a gap of {gaps[worst]:.3g} mm between slices {names[worst]} and {names[worst + 1]} "
        f"(others {usual:.3g} mm). Send the missing slice, or resample the scan to even gaps, then import "
        "it again."
    )
