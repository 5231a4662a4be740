"""Do the slices of a CT series form one straight, even grid? Readers that do not ask build wrong ones.

Slices of different orientation, size or pixel spacing are refused, as are slices shifted at random against
each other within their plane. A tilted gantry is undone by resampling, gaps are where that is allowed.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import atan, degrees

import numpy as np
from numpy.typing import NDArray

from annotation.imaging.findings import Cause, Mark, Outcome, Rejected

Floats = NDArray[np.float64]

# Writers round directions to about six decimals.
DIRECTION_TOLERANCE = 1e-3
SPACING_TOLERANCE_MM = 1e-3
# A slice may be off the even grid by this share of the spacing.
TOLERANCE = 0.01
SAME_POSITION_MM = 0.01
STEEPEST_TILT = 45.0
# Over more than this many usual gaps interpolation would invent anatomy.
WIDEST_BRIDGE = 5.0
_COARSEST_DECIMAL = 0.1  # mm: who writes positions with one decimal rounds by up to half of it
_FINEST_DECIMALS = 6
_ROUNDING = 0.6  # of the last decimal: half of it, and what fitting a line adds


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
    """The order of the slices along their normal, and the affine (4×4, LPS mm) of (column, row, slice).

    `planes` are the slices' places along the normal in units of the affine's step, None where they are
    0, 1, 2, …; `depth` is how many steps the even grid has. `shifts_px` (slice, 2) says how many columns and
    rows each slice lies off the first one within the plane, None where it does not. `marks` say what was
    noticed. Where `planes` or `shifts_px` is given the slices have to be resampled.
    """

    order: tuple[int, ...]
    affine_lps: Floats
    depth: int
    planes: Floats | None = None
    shifts_px: Floats | None = None
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True)
class _Stack:
    """Slices of one kind in the order of their heights along the normal (mm above the first)."""

    row: Floats
    column: Floats
    normal: Floats
    positions: Floats
    heights: Floats
    names: list[str]
    pixel_mm: Floats  # along a row, along a column
    last_decimal_mm: float
    direction_error: float


def grid_of(slices: Sequence[Slice], *, resample: bool = False) -> Grid:
    """Check the slices' geometry and return their grid; with `resample`, gaps are bridged.

    Raises Rejected with its cause and one sentence that says where.
    """
    if len(slices) < 2:
        raise Rejected(
            Cause.TOO_FEW_SLICES, "The series has only one slice; a case needs a volume of at least two."
        )
    order, stack = _stack_of(slices)
    _check_unique(stack)
    shifts, tilted = _shifts(stack)
    step, depth, planes, marks = _steps(stack, resample=resample)
    affine = np.eye(4)
    affine[:3, 0] = stack.row * stack.pixel_mm[0]
    affine[:3, 1] = stack.column * stack.pixel_mm[1]
    affine[:3, 2] = stack.normal * step
    affine[:3, 3] = stack.positions[0]
    return Grid(tuple(int(i) for i in order), affine, depth, planes, shifts, (*marks, *tilted))


def same_places(slices: Sequence[Slice]) -> list[tuple[int, ...]]:
    """Return the indices of slices that lie at one position, two or more each. Raises Rejected."""
    if len(slices) < 2:
        return []
    order, stack = _stack_of(slices)
    groups: list[list[int]] = [[int(order[0])]]
    for index, gap in zip(order[1:], np.diff(stack.heights), strict=True):
        if gap >= SAME_POSITION_MM:
            groups.append([])
        groups[-1].append(int(index))
    return [tuple(sorted(group)) for group in groups if len(group) > 1]


def _stack_of(slices: Sequence[Slice]) -> tuple[NDArray[np.intp], _Stack]:
    _check_one_kind(slices)
    row, column, normal = _axes(slices)
    positions = np.array([s.position_lps for s in slices])
    heights = positions @ normal
    order = np.argsort(heights, kind="stable")
    directions = np.array([slices[0].along_row, slices[0].along_column])
    stack = _Stack(
        *(row, column, normal),
        positions=positions[order],
        heights=heights[order] - heights[order[0]],
        names=_slice_names([slices[i] for i in order]),
        pixel_mm=np.array(slices[0].spacing_mm[::-1]),
        last_decimal_mm=_last_decimal(positions),
        direction_error=_last_decimal(directions),
    )
    return order, stack


def _last_decimal(values: Floats) -> float:
    """Return the unit of the last decimal that numbers were written with; 0: whole numbers, or all digits."""
    for digits in range(_FINEST_DECIMALS + 1):
        if np.abs(values - np.round(values, digits)).max() <= 1e-9:
            return float(10**-digits) if digits else 0.0
    return 0.0


def _check_one_kind(slices: Sequence[Slice]) -> None:
    sizes = Counter((s.columns, s.rows) for s in slices)
    if len(sizes) > 1:
        parts = " and ".join(f"{n} of {c} × {r}" for (c, r), n in sizes.most_common(3))
        raise Rejected(
            Cause.MIXED_SIZES,
            f"The series mixes slices of different size ({parts}). Import each part by itself.",
        )
    spacings = np.array([s.spacing_mm for s in slices])
    if not np.isfinite(spacings).all() or spacings.min() <= 0:
        raise Rejected(Cause.NO_PIXEL_SPACING, "The series has slices without a usable pixel spacing.")
    if np.ptp(spacings, axis=0).max() > SPACING_TOLERANCE_MM:
        low, high = spacings.min(), spacings.max()
        raise Rejected(
            Cause.MIXED_SPACING,
            f"The series mixes slices of different pixel spacing ({low:g} to {high:g} mm). "
            "Import each part by itself.",
        )


def _axes(slices: Sequence[Slice]) -> tuple[Floats, Floats, Floats]:
    """Return the unit vectors along a row, along a column, and their normal, which all slices must share."""
    directions = np.array([[*s.along_row, *s.along_column] for s in slices])
    positions = np.array([s.position_lps for s in slices])
    if not np.isfinite(directions).all() or not np.isfinite(positions).all():
        raise Rejected(
            Cause.NO_POSITION, "The series has slices whose position or orientation is not a number."
        )
    apart = np.abs(directions - directions[0]).max(axis=1) > DIRECTION_TOLERANCE
    if apart.any():
        raise Rejected(
            Cause.MIXED_ORIENTATION,
            f"The series mixes slices of different orientation ({int((~apart).sum())} and "
            f"{int(apart.sum())}), such as a localiser among axial slices. Import each part by itself.",
        )
    row, column = directions.mean(axis=0).reshape(2, 3)
    lengths = np.array([np.linalg.norm(row), np.linalg.norm(column)])
    if np.abs(lengths - 1).max() > DIRECTION_TOLERANCE or abs(row @ column) > DIRECTION_TOLERANCE:
        raise Rejected(
            Cause.NO_POSITION,
            "The series has an impossible orientation: rows and columns are not at right angles.",
        )
    row, column = row / lengths[0], column / lengths[1]
    normal = np.cross(row, column)
    return row, column, normal / np.linalg.norm(normal)


def _slice_names(ordered: Sequence[Slice]) -> list[str]:
    """Return what to call each slice: its Instance Number where these are unique, else its place."""
    numbers = [s.number for s in ordered]
    if None not in numbers and len(set(numbers)) == len(numbers):
        return [str(number) for number in numbers]
    return [str(place) for place in range(1, len(ordered) + 1)]


def _check_unique(stack: _Stack) -> None:
    same = np.flatnonzero(np.diff(stack.heights) < SAME_POSITION_MM)
    if same.size:
        first, second = stack.names[same[0]], stack.names[same[0] + 1]
        more = f" (and {same.size - 1} more such pairs)" if same.size > 1 else ""
        raise Rejected(
            Cause.DUPLICATES_DIFFER,
            f"Slices {first} and {second} lie at the same position{more} and differ. "
            "Import each phase or reconstruction by itself.",
        )


def _shifts(stack: _Stack) -> tuple[Floats | None, tuple[Mark, ...]]:
    """Return how slices are shifted within their plane by a tilted gantry, in pixels; None: they are not.

    Raises Rejected where the shifts are no tilt (a moved table, another field of view).
    """
    offsets = stack.positions - stack.positions[0]
    in_plane = np.stack([offsets @ stack.row, offsets @ stack.column], axis=1)
    slope = stack.heights @ in_plane / (stack.heights @ stack.heights)
    crooked = np.linalg.norm(in_plane - np.outer(stack.heights, slope), axis=1).max()
    smallest = TOLERANCE * float(stack.pixel_mm.min())
    rounding = 2 * _ROUNDING * min(stack.last_decimal_mm, _COARSEST_DECIMAL)
    if crooked > max(smallest, rounding):
        steps = np.linalg.norm(np.diff(in_plane, axis=0), axis=1)
        worst = int(steps.argmax())
        raise Rejected(
            Cause.SHIFTED_SLICES,
            f"Slices {stack.names[worst]} and {stack.names[worst + 1]} are shifted by {steps[worst]:.3g} mm "
            "against each other within their plane. Import each part by itself.",
        )
    drift = float(np.linalg.norm(slope)) * stack.heights[-1]
    if drift <= max(smallest, rounding, stack.direction_error * stack.heights[-1]):
        return None, ()
    angle = degrees(atan(float(np.linalg.norm(slope))))
    if angle > STEEPEST_TILT:
        raise Rejected(
            Cause.SHIFTED_SLICES,
            f"The slices are sheared by {angle:.1f}°, which no gantry is tilted by; check their positions.",
        )
    message = f"The gantry was tilted by {angle:.1f}°; the slices were shifted onto a straight grid."
    return in_plane / stack.pixel_mm, (Mark(Outcome.RESAMPLED, Cause.GANTRY_TILT, message),)


def _steps(stack: _Stack, *, resample: bool) -> tuple[float, int, Floats | None, tuple[Mark, ...]]:
    """Return step (mm) and depth of the even grid, the slices' places on it if they are uneven, and marks."""
    count = np.arange(len(stack.heights))
    step, start = (float(x) for x in np.polyfit(count, stack.heights, 1))
    off = np.abs(stack.heights - start - step * count).max()
    gaps = np.diff(stack.heights)
    if off <= TOLERANCE * step and np.abs(gaps - step).max() <= TOLERANCE * step * (1 + 1e-6):
        return step, len(count), None, ()
    last = stack.last_decimal_mm
    if 0 < last <= _COARSEST_DECIMAL and off <= _ROUNDING * last and last < step:
        message = (
            f"Positions were written with steps of {last:g} mm, so slices {step:.3g} mm apart are off by up "
            f"to {off:.2g} mm; they were taken as even."
        )
        return step, len(count), None, (Mark(Outcome.WARNED, Cause.ROUNDED_POSITIONS, message),)
    return _bridged(stack, gaps, resample=resample)


def _bridged(
    stack: _Stack, gaps: Floats, *, resample: bool
) -> tuple[float, int, Floats | None, tuple[Mark, ...]]:
    """Return the even grid over uneven slices: the usual gap as far as the extent, which stays, divides."""
    usual = float(np.sort(gaps)[(len(gaps) - 1) // 2])  # the lower median: of 3 and 6 mm, 6 is the gap
    multiples = gaps / usual
    missing = bool(np.abs(multiples - np.round(multiples)).max() <= TOLERANCE * multiples.max())
    cause = Cause.MISSING_SLICES if missing and multiples.min() > 0.5 else Cause.UNEVEN_GAPS
    worst = int(np.abs(gaps - usual).argmax())
    where = (
        f"a gap of {gaps[worst]:.4g} mm between slices {stack.names[worst]} and {stack.names[worst + 1]} "
        f"(others {usual:.4g} mm)"
    )
    if not resample:
        raise Rejected(
            cause,
            f"This scan has {where}. Send the missing slices, or allow resampling to even gaps, then import "
            "it again.",
        )
    if gaps.max() > WIDEST_BRIDGE * usual:
        raise Rejected(
            cause, f"This scan has {where}, too wide to interpolate over. Send the missing slices."
        )
    depth = round(float(stack.heights[-1]) / usual) + 1
    step = float(stack.heights[-1]) / (depth - 1)
    message = f"This scan had {where}; it was interpolated to {depth} slices {step:.4g} mm apart."
    return step, depth, stack.heights / step, (Mark(Outcome.RESAMPLED, cause, message),)
