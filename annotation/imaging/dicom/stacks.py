"""One series may hold several stacks of slices: other orientations, phases, reconstructions, passes."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from annotation.imaging.dicom.headers import Frame
from annotation.imaging.findings import Cause, Outcome, Rejected
from annotation.imaging.grid import DIRECTION_TOLERANCE, SPACING_TOLERANCE_MM, Slice, grid_of

FEWEST_SLICES = 3  # of a part: two slices are always even
MOST_PARTS = 20

# What may tell stacks apart that lie in one direction, the surest first, and what to call it.
_KEYS = {
    "StackID": "stack",
    "TemporalPositionIdentifier": "time point",
    "TemporalPositionIndex": "time point",
    "AcquisitionNumber": "acquisition",
    "FrameAcquisitionNumber": "acquisition",
    "ConvolutionKernel": "kernel",
    "SliceThickness": "slice thickness",
    "KVP": "tube voltage",
    "ContrastBolusAgent": "contrast agent",
    "ImageType": "image type",
    "SeriesDescription": "description",
    "AcquisitionTime": "time of acquisition",
}


@dataclass(frozen=True)
class Stack:
    """Frames that belong together, and what sets them apart from the rest of their series ("" = nothing)."""

    frames: tuple[Frame, ...]
    differs_in: str = ""


def separate(frames: Sequence[Frame]) -> tuple[list[Stack], list[Frame]]:
    """Return the stacks of a series, and single slices that lie across them.

    Slices that do not say where they lie stay with the others, so that reading them is refused.
    """
    groups = _by_orientation(frames)
    if len(groups) > 1 and max(len(group) for group in groups) == 1:
        return [Stack(tuple(frames))], []
    lone = [group[0] for group in groups if len(groups) > 1 and len(group) == 1]
    kept = [group for group in groups if len(groups) == 1 or len(group) > 1]
    turned = "orientation" if len(kept) > 1 else ""
    return [part for group in kept for part in _parted(Stack(tuple(group), turned))], lone


def _by_orientation(frames: Sequence[Frame]) -> list[list[Frame]]:
    groups: list[tuple[np.ndarray, list[Frame]]] = []
    unknown: list[Frame] = []
    for frame in frames:
        if frame.orientation is None:
            unknown.append(frame)
            continue
        own = np.array(frame.orientation)
        near = (group for first, group in groups if np.abs(first - own).max() <= DIRECTION_TOLERANCE)
        group = next(near, None)
        if group is None:
            groups.append((own, group := []))
        group.append(frame)
    found = [group for _, group in groups] or [[]]
    max(found, key=len).extend(unknown)
    return found


def _parted(stack: Stack) -> list[Stack]:
    """Split a stack by whatever makes an even grid of every part; as it is where nothing does.

    A stack that is even as it is stays whole, unless its parts lie in each other: then its evenness is that
    of two reconstructions between each other's slices.
    """
    places = [frame.place for frame in stack.frames if frame.place is not None]
    if len(places) < max(len(stack.frames), 2 * FEWEST_SLICES) or not _of_one_size(places):
        return [stack]
    is_even = _is_even(places)
    varying = [key for key in _KEYS if len({frame.telling.get(key, "") for frame in stack.frames}) > 1]
    for keys in [*((key,) for key in varying), *combinations(varying, 2)]:
        parts = _by_keys(stack.frames, keys)
        if len(parts) > MOST_PARTS or min(len(part) for part in parts) < FEWEST_SLICES:
            continue
        part_places = [[frame.place for frame in part if frame.place is not None] for part in parts]
        if all(_is_even(part) for part in part_places) and (not is_even or _interleave(part_places)):
            named = dict.fromkeys(_KEYS[key] for key in keys)
            words = " and ".join(filter(None, [stack.differs_in, *named]))
            return [Stack(tuple(part), words) for part in parts]
    return [stack]


def _by_keys(frames: Iterable[Frame], keys: tuple[str, ...]) -> list[list[Frame]]:
    parts: dict[tuple[str, ...], list[Frame]] = defaultdict(list)
    for frame in frames:
        parts[tuple(frame.telling.get(key, "") for key in keys)].append(frame)
    return [parts[values] for values in sorted(parts)]


def _of_one_size(places: Sequence[Slice]) -> bool:
    """Whether size and pixel spacing are one; a mixture is refused when it is read, not sorted out."""
    spacings = np.array([place.spacing_mm for place in places])
    sizes = {(place.columns, place.rows) for place in places}
    return len(sizes) == 1 and bool(np.ptp(spacings, axis=0).max() <= SPACING_TOLERANCE_MM)


def _is_even(places: Sequence[Slice]) -> bool:
    try:
        marks = grid_of(places).marks
    except Rejected:
        return False
    return all(mark.outcome is not Outcome.RESAMPLED or mark.cause is Cause.GANTRY_TILT for mark in marks)


def _interleave(parts: Sequence[Sequence[Slice]]) -> bool:
    """Whether two parts share more than half of what the shorter one covers."""
    first = parts[0][0]
    normal = np.cross(first.along_row, first.along_column)
    reach = [(min(heights), max(heights)) for part in parts for heights in [_heights(part, normal)]]
    for (low, high), (other_low, other_high) in combinations(reach, 2):
        shared = min(high, other_high) - max(low, other_low)
        if shared > 0.5 * min(high - low, other_high - other_low):
            return True
    return False


def _heights(places: Sequence[Slice], normal: np.ndarray) -> list[float]:
    return [float(np.dot(place.position_lps, normal)) for place in places]
