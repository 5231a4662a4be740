"""Where a prediction deserves a look first: a coarse map of its uncertainty, and ranked regions with reasons.

Every reason is a measured fact. *Unsure* is told from the entropy, in bits: 1 is a coin toss between two
structures, whatever their number. A border of ordinary softness is a thin shell: blurred over a few
millimetres it fades, while a place where the model really does not know stays. What the shape of the labels
gives away is in `training.predict.oddities`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import cc3d
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from training.labels import IGNORE, StructureSpec
from training.predict.drawn import Drawn, measure
from training.predict.oddities import Region, Shape, Triple, disagreed, millilitres, oddities, sides
from training.predict.usual import Usual

CELLS = 128  # at most, along each axis of the map
BLUR_MM = 2.5  # standard deviation: an ordinary border is thinner
LEAST_BITS, MOST_BITS = 0.5, 0.9  # unsure begins between these, whatever the model's ordinary border is like
ABOVE_BORDER = 1.5  # times the ordinary border
LEAST_ML = 0.1
SPREAD_MM = 60.0  # a longer region is cut into parts, each about a most unsure place
PART_MM = 30.0  # least distance between these places
NEAR_MM = 10.0
SHARED = 0.3  # of the larger neighbour's voxels, and a second structure is named as well
INSIDE = 0.9  # of a region's cells
END = 0.1  # of a structure's extent
MOST_REGIONS = 40

Cells = NDArray[np.float32]
Spacing = tuple[float, float, float]

_SIDES = (("right", "left"), ("front", "back"), ("lower", "upper"))  # low and high end of i, j, k in LPS


@dataclass(frozen=True)
class UncertaintyMap:
    """`values` uint8 (i, j, k): mean entropy over cells of `factor` voxels, 255 for 1 bit and more.

    Where structures may overlap (several layers), it is the most unsure layer's. The last cell of an axis
    holds what is left of the scan.
    """

    values: NDArray[np.uint8]
    factor: Triple


@dataclass(frozen=True)
class _Layer:
    """One layer on the map's grid: entropy in bits, the same blurred, and the label amid each cell."""

    number: int
    bits: Cells
    blurred: Cells
    labels: NDArray[np.uint8]
    names: dict[int, str]
    drawn: dict[int, Drawn]
    factor: NDArray[np.int64]
    spacing_mm: NDArray[np.float64]
    shape: tuple[int, ...]

    @property
    def cell_mm(self) -> NDArray[np.float64]:
        return self.factor * self.spacing_mm


def guide(
    labels: NDArray[np.uint8],
    entropy: NDArray[np.uint8],
    spacing_mm: Spacing,
    structures: Sequence[StructureSpec],
    usual: Mapping[str, Usual] | None = None,
    disagreement: Mapping[str, float] | None = None,
) -> tuple[UncertaintyMap, tuple[Region, ...]]:
    """Return the map and the regions of a prediction, most suspicious first.

    `labels` and `entropy` are uint8 (layer, i, j, k), the latter 255 where all channels of its layer are
    alike, as in `PredictionResult`. Regions are ranked by their volume in mL times their mean entropy in
    bits; for facts of shape, of which entropy says nothing, 0.5 stands for the latter. `usual` tells of the
    training cases, `disagreement` of an ensemble's members, by structure key as in `PredictionResult`. At
    most `MOST_REGIONS` are returned.
    """
    factor = np.array([-(-n // CELLS) for n in labels.shape[1:]])
    ranked: list[tuple[float, Region]] = []
    shapes: list[Shape] = []
    most = np.zeros([-(-n // f) for n, f in zip(labels.shape[1:], factor, strict=True)], np.float32)
    for number, of_layer in enumerate(labels):
        specs = [spec for spec in structures if spec.layer == number]
        bits = _pooled(entropy[number], factor) * np.float32(np.log2(1 + len(specs)) / 255)
        np.maximum(most, bits, out=most)
        drawn = measure(of_layer)
        for spec in specs:
            known = (usual or {}).get(spec.key)
            shapes.append(Shape(spec, of_layer, spacing_mm, drawn.get(spec.value), known))
            ranked += oddities(shapes[-1])
            ranked += disagreed(shapes[-1], (disagreement or {}).get(spec.key, 0.0))
        layer = _Layer(
            number=number,
            bits=bits,
            blurred=ndimage.gaussian_filter(bits, BLUR_MM / (factor * spacing_mm), truncate=2.5),
            labels=_amid(of_layer, factor),
            names={spec.value: spec.name for spec in specs},
            drawn=drawn,
            factor=factor,
            spacing_mm=np.array(spacing_mm),
            shape=of_layer.shape,
        )
        ranked += _unsure(layer)
    ranked += sides(shapes)
    ranked.sort(key=lambda one: -one[0])
    values = np.round(most.clip(0, 1) * 255).astype(np.uint8)
    found = tuple(region for _, region in ranked[:MOST_REGIONS])
    return UncertaintyMap(values, (int(factor[0]), int(factor[1]), int(factor[2]))), found


def _pooled(volume: NDArray[np.uint8], factor: NDArray[np.int64]) -> Cells:
    """Return the mean over cells of factor voxels; at the far edges, over the voxels that there are."""
    sums: NDArray[Any] = volume
    for axis, f in enumerate(factor.tolist()):
        if f > 1:
            sums = _summed(sums, axis, f)
    means = sums.astype(np.float32)
    for axis, (f, n) in enumerate(zip(factor.tolist(), volume.shape, strict=True)):
        size = np.full(means.shape[axis], f, np.float32)
        size[-1] = n - f * (len(size) - 1)
        means /= size.reshape([-1 if a == axis else 1 for a in range(3)])
    return means


def _summed(values: NDArray[Any], axis: int, f: int) -> NDArray[Any]:
    """Return sums of f neighbours along an axis."""
    along = np.moveaxis(values, axis, 0)
    fits = values.dtype == np.uint8 and f <= 257
    total: NDArray[Any] = along[::f].astype(np.uint16 if fits else np.uint32)
    for shift in range(1, f):
        part = along[shift::f]
        np.add(total[: len(part)], part, out=total[: len(part)])
    return np.moveaxis(total, 0, axis)


def _amid(labels: NDArray[np.uint8], factor: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Return the label amid each cell."""
    at = [
        np.minimum(np.arange(-(-n // f)) * f + f // 2, n - 1)
        for n, f in zip(labels.shape, factor.tolist(), strict=True)
    ]
    found = labels[np.ix_(*at)]
    return np.where(found == IGNORE, 0, found).astype(np.uint8)


# ── Places of which the model is unsure ──────────────────────────────────────


def _unsure(layer: _Layer) -> Iterator[tuple[float, Region]]:
    """Yield connected cells above what is ordinary for this model, long ones in parts."""
    parts = cc3d.connected_components(layer.blurred >= _threshold(layer), connectivity=26)
    cell_ml = float(np.prod(layer.cell_mm)) / 1000
    for number, box in enumerate(ndimage.find_objects(parts), start=1):
        cells = np.argwhere(parts[box] == number) + [side.start for side in box]
        if len(cells) * cell_ml < LEAST_ML:
            continue
        for part, peak in _parts(cells, layer):
            volume = len(part) * cell_ml
            if volume >= LEAST_ML:
                bits = float(layer.bits[tuple(part.T)].mean())
                yield volume * bits, _region(part, peak, volume, bits, layer)


def _threshold(layer: _Layer) -> float:
    """Return what counts as unsure: well above this prediction's ordinary border, within limits."""
    drawn = layer.labels > 0
    border = drawn & ~ndimage.binary_erosion(drawn, border_value=1)
    ordinary = float(np.median(layer.blurred[border])) if border.any() else 0.0
    return min(max(ABOVE_BORDER * ordinary, LEAST_BITS), MOST_BITS)


def _parts(cells: NDArray[np.int64], layer: _Layer) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Yield cells and the one where the model is least sure.

    A long region is cut: each cell goes to the nearest of its most unsure places, which are PART_MM apart.
    """
    extent = (cells.max(0) - cells.min(0) + 1) * layer.cell_mm
    left = layer.blurred[tuple(cells.T)].copy()
    if extent.max() <= SPREAD_MM:
        yield cells, cells[left.argmax()]
        return
    at_mm = cells * layer.cell_mm
    nearest = np.full(len(cells), np.inf)
    owner = np.zeros(len(cells), np.int64)
    peaks: list[int] = []
    while left.max() > 0:
        peak = int(left.argmax())
        away = np.linalg.norm(at_mm - at_mm[peak], axis=1)
        closer = away < nearest
        owner[closer], nearest[closer] = len(peaks), away[closer]
        left[away < PART_MM] = 0
        peaks.append(peak)
    for n, peak in enumerate(peaks):
        yield cells[owner == n], cells[peak]


def _region(
    cells: NDArray[np.int64], peak: NDArray[np.int64], volume: float, bits: float, layer: _Layer
) -> Region:
    """Describe a region; its centre is where the model is least sure."""
    centre = np.minimum(peak * layer.factor + layer.factor // 2, np.array(layer.shape) - 1)
    high = np.minimum((cells.max(0) + 1) * layer.factor, layer.shape) - 1
    counts = _neighbours(cells, layer)
    return Region(
        kind="unsure",
        centre_ijk=_triple(centre),
        low=_triple(cells.min(0) * layer.factor),
        high=_triple(high),
        layer=layer.number,
        structure=int(counts.argmax()) if counts.any() else 0,
        volume_ml=round(volume, 3),
        uncertainty=round(min(bits, 1.0), 3),
        reason=f"{_reason(cells, counts, layer)}, {millilitres(volume)}",
    )


def _neighbours(cells: NDArray[np.int64], layer: _Layer) -> NDArray[np.int64]:
    """Return how many cells of each structure lie in or about a region: beside it, else within NEAR_MM."""
    far = np.maximum(1, np.ceil(NEAR_MM / layer.cell_mm)).astype(np.int64)
    low, high = np.maximum(cells.min(0) - far, 0), cells.max(0) + far + 1
    box = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
    labels = layer.labels[box]
    near = np.zeros(labels.shape, np.bool_)
    near[tuple((cells - low).T)] = True
    for steps in (1, int(far.max()) - 1):
        if steps > 0:
            near = ndimage.binary_dilation(near, ndimage.generate_binary_structure(3, 3), steps)
        counts = np.bincount(labels[near], minlength=256)
        counts[0] = 0
        if counts.any():
            break
    return counts


def _reason(cells: NDArray[np.int64], counts: NDArray[np.int64], layer: _Layer) -> str:
    if not counts.any():
        return f"unsure, and nothing is drawn within {NEAR_MM:.0f} mm"
    main, second = np.argsort(-counts, kind="stable")[:2].tolist()
    name = layer.names.get(main, "structure")
    if counts[second] >= SHARED * counts[main]:
        return f"unsure where the {name} meets the {layer.names.get(second, 'next structure')}"
    if np.mean(layer.labels[tuple(cells.T)] == main) >= INSIDE:
        return f"unsure inside the {name}"
    drawn = layer.drawn.get(main)
    if drawn is None:
        return f"unsure about the {name}"
    middle = (cells.mean(0) + 0.5) * layer.factor
    along = (middle[2] - drawn.low[2]) / max(1, drawn.high[2] + 1 - drawn.low[2])
    if along < END or along > 1 - END:
        return f"unsure where the {name} ends at its {_SIDES[2][int(along > 0.5)]} end"
    return f"unsure about the border of the {name} {_side(middle, drawn)}"


def _side(middle: NDArray[np.float64], drawn: Drawn) -> str:
    """Say on which side of a structure a place lies, by the axis along which it is farthest out."""
    half = (np.array(drawn.high) + 1 - drawn.low) / 2
    out = (middle - drawn.middle) / np.maximum(half, 0.5)
    axis = int(np.abs(out).argmax())
    word = _SIDES[axis][int(out[axis] > 0)]
    return f"at its {word}" if axis == 1 else f"on its {word} side"


def _triple(values: NDArray[np.int64]) -> Triple:
    return int(values[0]), int(values[1]), int(values[2])
