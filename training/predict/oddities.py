"""Regions that the shape of what was drawn gives away: pieces, gaps, jumps, odd volumes, sides mixed up.

Every reason says what was measured, and nothing more: a separate piece may be right.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.labels import StructureSpec
from training.predict.drawn import Drawn
from training.predict.usual import Usual

LEAST_PIECE_ML = 0.05
LONGEST_GAP_MM = 15.0  # beyond it, two things rather than one with a hole
JUMP = 2.0  # times the area of the neighbouring slice …
STEADY = 1.3  # … where the slices beside them change by less than this
LEAST_JUMP_MM2 = 100.0
MOST_OF_A_KIND = 3  # of one structure
FEWEST_CASES = 5  # before anything is called usual
EXPECTED = 0.9  # share of the training cases that have a structure which is then missed
LEAST_APART_MM = 5.0  # middles of the two sides, before they are called mixed up
LEAST_DISAGREEMENT = 0.2  # 1 minus the mean pairwise Dice of an ensemble's members
DOUBT = 0.5  # bits with which facts of shape are weighed, for which no entropy speaks

Triple = tuple[int, int, int]
_SIDE = re.compile(r"(?<![a-z])left(?![a-z])")


@dataclass(frozen=True)
class Region:
    """A place to look at. Voxels (i, j, k), `low` and `high` inclusive; None where there is no place.

    `kind`: unsure, piece, gap, jump, missing, volume, sides or disagreement. `structure` is its value on
    `layer`, 0 where nothing is drawn near. `uncertainty` 0 (sure) to 1 (a coin toss, or worse), None where it
    was not measured.
    """

    kind: str
    centre_ijk: Triple | None
    low: Triple | None
    high: Triple | None
    layer: int
    structure: int
    volume_ml: float
    uncertainty: float | None
    reason: str

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return asdict(self)


@dataclass(frozen=True)
class Shape:
    """One structure of a prediction: where it may be, what was drawn of it (None: nothing), what is usual."""

    spec: StructureSpec
    labels: NDArray[np.uint8]  # of its layer, (i, j, k)
    spacing_mm: tuple[float, float, float]
    drawn: Drawn | None
    usual: Usual | None

    @property
    def voxel_ml(self) -> float:
        """Volume of a voxel."""
        return float(np.prod(self.spacing_mm)) / 1000


def oddities(shape: Shape) -> Iterator[tuple[float, Region]]:
    """Yield regions, each with its weight: mL times bits, as those that entropy gives away."""
    if shape.drawn is None:
        yield from _missing(shape)
        return
    yield from _pieces(shape, shape.drawn)
    yield from _gaps(shape, shape.drawn)
    yield from _jumps(shape, shape.drawn)
    yield from _volume(shape, shape.drawn)


def sides(shapes: Sequence[Shape]) -> Iterator[tuple[float, Region]]:
    """Yield pairs of which the left one lies to the right of the right one, by their middles along i.

    i rises to the patient's left in every scan, so that the labels, or the scan's own geometry, are mixed up.
    """
    drawn = {(shape.spec.key, shape.spec.side): shape for shape in shapes if shape.drawn is not None}
    for (key, side), left in drawn.items():
        right = drawn.get((_SIDE.sub("right", key), "right")) if side == "left" else None
        if right is None or right.drawn is None or left.drawn is None:
            continue
        apart_mm = (right.drawn.middle[0] - left.drawn.middle[0]) * left.spacing_mm[0]
        if apart_mm > LEAST_APART_MM:
            for one, other in ((left, right), (right, left)):
                yield _swapped(one, other)


def _swapped(shape: Shape, other: Shape) -> tuple[float, Region]:
    drawn = shape.drawn
    if drawn is None:
        raise ValueError("Nothing was drawn of it, so that it is on no side.")
    volume = drawn.voxels * shape.voxel_ml
    which = "right" if shape.spec.side == "left" else "left"
    reason = f"the {shape.spec.name} lies to the {which} of the {other.spec.name}: sides may be mixed up"
    return volume, _region("sides", shape, reason, volume, (drawn.pieces[0].centre, drawn.low, drawn.high))


def disagreed(shape: Shape, disagreement: float) -> Iterator[tuple[float, Region]]:
    """Yield a structure on which the members of an ensemble differ: 1 minus their mean pairwise Dice."""
    drawn = shape.drawn
    if disagreement < LEAST_DISAGREEMENT:
        return
    reason = (
        f"the networks of the model differ on the {shape.spec.name}: their Dice is {1 - disagreement:.2f}"
    )
    if drawn is None:
        spec = shape.spec
        yield 0.0, Region("disagreement", None, None, None, spec.layer, spec.value, 0.0, None, reason)
        return
    volume = drawn.voxels * shape.voxel_ml
    place = (drawn.pieces[0].centre, drawn.low, drawn.high)
    yield volume * disagreement, _region("disagreement", shape, reason, volume * disagreement, place)


def millilitres(volume: float) -> str:
    """Return a volume in words, with as many digits as mean something."""
    if volume >= 100:
        return f"{volume:.0f} mL"
    return f"{volume:.1f} mL" if volume >= 1 else f"{volume:.2f} mL"


def _pieces(shape: Shape, drawn: Drawn) -> Iterator[tuple[float, Region]]:
    for rank, piece in enumerate(drawn.pieces[1:], start=2):
        volume = piece.voxels * shape.voxel_ml
        if volume < LEAST_PIECE_ML:
            return
        which = "a separate piece" if drawn.count == 2 else f"piece {rank} of {drawn.count} by size"
        reason = f"{which} of the {shape.spec.name}, {millilitres(volume)}"
        yield (
            volume * DOUBT,
            _region("piece", shape, reason, volume, (piece.centre, piece.low, piece.high)),
        )


def _gaps(shape: Shape, drawn: Drawn) -> Iterator[tuple[float, Region]]:
    """Slices without the structure between slices that have it."""
    own = np.flatnonzero(drawn.areas)
    thickness = shape.spacing_mm[2]
    steps = np.diff(own)
    widths = steps - 1
    for n in np.flatnonzero((steps > 1) & (widths * thickness <= LONGEST_GAP_MM))[:MOST_OF_A_KIND].tolist():
        below, above, slices = int(own[n]), int(own[n + 1]), int(widths[n])
        volume = float(drawn.areas[[below, above]].mean()) * slices * shape.voxel_ml
        place = _on_slice(shape, drawn, below)
        (i, j, _), low, high = place
        span = (low[0], low[1], below + 1), (high[0], high[1], above - 1)
        slices_said = "on one slice" if slices == 1 else f"on {slices} slices"
        reason = f"the {shape.spec.name} is missing {slices_said} between slices that have it"
        where = (i, j, below + 1 + (slices - 1) // 2), *span
        yield volume * DOUBT, _region("gap", shape, reason, volume, where)


def _jumps(shape: Shape, drawn: Drawn) -> Iterator[tuple[float, Region]]:
    """A sudden change of area between two slices while those beside them hardly change."""
    own = np.flatnonzero(drawn.areas)
    pixel = shape.spacing_mm[0] * shape.spacing_mm[1]
    areas = drawn.areas[own[0] : own[-1] + 1] * pixel
    if len(areas) < 4 or not areas.all():
        return
    ratio = np.maximum(areas[1:] / areas[:-1], areas[:-1] / areas[1:])
    found = []
    for n in range(1, len(ratio) - 1):
        change = abs(areas[n + 1] - areas[n])
        steady = ratio[n - 1] < STEADY and ratio[n + 1] < STEADY
        if ratio[n] >= JUMP and steady and change >= LEAST_JUMP_MM2:
            found.append((float(change), n))
    for change, n in sorted(found, reverse=True)[:MOST_OF_A_KIND]:
        larger = n if areas[n] > areas[n + 1] else n + 1
        volume = change * shape.spacing_mm[2] / 1000
        one, other = areas[larger] / 100, areas[2 * n + 1 - larger] / 100
        reason = f"the {shape.spec.name} has {one:.1f} cm² on one slice and {other:.1f} cm² on the next"
        place = _on_slice(shape, drawn, int(own[0]) + larger)
        yield volume * DOUBT, _region("jump", shape, reason, volume, place)


def _missing(shape: Shape) -> Iterator[tuple[float, Region]]:
    usual = shape.usual
    if usual is None or usual.cases < FEWEST_CASES or usual.drawn < EXPECTED * usual.cases:
        return
    name = shape.spec.name
    reason = f"no {name} was drawn; {usual.drawn} of {usual.cases} training cases have one"
    weight = DOUBT * (usual.low_ml + usual.high_ml) / 2
    yield weight, Region("missing", None, None, None, shape.spec.layer, shape.spec.value, 0.0, None, reason)


def _volume(shape: Shape, drawn: Drawn) -> Iterator[tuple[float, Region]]:
    usual, volume = shape.usual, drawn.voxels * shape.voxel_ml
    if usual is None or usual.drawn < FEWEST_CASES or usual.low_ml <= volume <= usual.high_ml:
        return
    small = volume < usual.low_ml
    if small and _is_cut_off(shape, drawn):
        return  # the scan ends within the structure: of course it is small
    excess = usual.low_ml - volume if small else volume - usual.high_ml
    reason = (
        f"the {shape.spec.name} has {millilitres(volume)}, {'less' if small else 'more'} than usual "
        f"({millilitres(usual.low_ml)} to {millilitres(usual.high_ml)} in {usual.drawn} training cases)"
    )
    place = drawn.pieces[0].centre, drawn.low, drawn.high
    yield excess * DOUBT, _region("volume", shape, reason, volume, place)


def _is_cut_off(shape: Shape, drawn: Drawn) -> bool:
    at_end = (high == n - 1 for high, n in zip(drawn.high, shape.labels.shape, strict=True))
    return 0 in drawn.low or any(at_end)


def _on_slice(shape: Shape, drawn: Drawn, k: int) -> tuple[Triple, Triple, Triple]:
    """Return the voxel nearest the middle, and the box, of what is drawn on slice k."""
    i, j = slice(drawn.low[0], drawn.high[0] + 1), slice(drawn.low[1], drawn.high[1] + 1)
    voxels = np.argwhere(shape.labels[i, j, k] == shape.spec.value) + drawn.low[:2]
    centre = voxels[((voxels - voxels.mean(0)) ** 2).sum(1).argmin()]
    low, high = voxels.min(0), voxels.max(0)
    return (
        (int(centre[0]), int(centre[1]), k),
        (int(low[0]), int(low[1]), k),
        (int(high[0]), int(high[1]), k),
    )


def _region(
    kind: str, shape: Shape, reason: str, volume_ml: float, place: tuple[Triple, Triple, Triple]
) -> Region:
    centre, low, high = place
    return Region(
        kind, centre, low, high, shape.spec.layer, shape.spec.value, round(volume_ml, 3), None, reason
    )
