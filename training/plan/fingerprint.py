"""What the rules need to know of the training scans, found by looking at every one of them once."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.labels import IGNORE, StructureSpec, layer_values
from training.plan.reading import read_dataclass
from training.plan.schema import Shape, Triple, keys_by_layer
from training.plan.writing import to_json
from training.progress import TrainingError

_LOWEST, _HIGHEST = np.iinfo(np.int16).min, np.iinfo(np.int16).max
_ROUNDING = 1e-9  # of added shares; it must not decide which voxel is the median


@dataclass(frozen=True)
class Sample:
    """One scan to look at: int16 HU (i, j, k), uint8 (layer, i, j, k), and the keys that were annotated."""

    image: NDArray[np.int16]
    labels: NDArray[np.uint8]
    spacing_mm: Triple
    annotated: frozenset[str]


@dataclass(frozen=True)
class Intensities:
    """HU of the voxels that belong to any structure, every scan counting the same.

    `lower` and `upper` are the 0.5 and 99.5 percentiles.
    """

    lower: float
    upper: float
    mean: float
    std: float
    median: float
    minimum: float
    maximum: float


@dataclass(frozen=True)
class Fingerprint:
    """The training scans in figures.

    `shapes` are those of the boxes around all voxels that are not 0, in the order of `spacings_mm`;
    `relative_size` is the median share of a scan that its box takes. `shares[layer][c]` is the share of
    annotated voxels that hold channel c (0 = background) of that layer.
    """

    spacings_mm: tuple[Triple, ...]
    shapes: tuple[Shape, ...]
    relative_size: float
    modality: str
    intensities: Intensities
    shares: tuple[tuple[float, ...], ...]

    @property
    def spacing_mm(self) -> Triple:
        """Median spacing per axis."""
        return triple(np.median(self.spacings_mm, axis=0))

    @property
    def median_mm(self) -> Triple:
        """Median extent per axis."""
        return triple(np.median(np.asarray(self.shapes) * np.asarray(self.spacings_mm), axis=0))

    def to_json(self) -> str:
        """Write the fingerprint as JSON text."""
        return to_json(asdict(self))

    @staticmethod
    def from_json(text: str) -> "Fingerprint":
        """Read what `to_json` wrote. Raises TrainingError with one sentence."""
        try:
            content = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise TrainingError(f"The fingerprint is not JSON: {error}.") from error
        return read_dataclass(Fingerprint, content, "The fingerprint")


def take_fingerprint(
    samples: Iterable[Sample], structures: Sequence[StructureSpec], *, modality: str = "CT"
) -> Fingerprint:
    """Look at every training scan once. Raises TrainingError when there is none or nothing is drawn.

    nnU-Net draws as many foreground voxels of every scan, with replacement, and takes percentiles of them;
    adding up histograms in which every scan weighs the same gives what such draws tend to, without chance.
    """
    keys, values = keys_by_layer(structures), layer_values(structures)
    spacings, shapes, kept = [], [], []
    histogram = np.zeros(_HIGHEST - _LOWEST + 1)
    counts = [np.zeros((len(layer), 2)) for layer in keys]
    for sample in samples:
        box = _box(sample.image)
        spacings.append(sample.spacing_mm)
        shapes.append(box)
        kept.append(float(np.prod(box, dtype=float) / sample.image.size))
        histogram += _foreground_histogram(sample)
        for layer, table in enumerate(counts):
            annotated = [
                (c, v) for c, v in enumerate((0, *values[layer])) if keys[layer][c] in sample.annotated
            ]
            _count(sample.labels[layer], annotated, table)
    if not spacings:
        raise TrainingError("There is no case to train on.")
    if not histogram.any():
        raise TrainingError("Nothing is drawn in any of the training cases; at least one structure must be.")
    return Fingerprint(
        spacings_mm=tuple(triple(s) for s in spacings),
        shapes=tuple(shapes),
        relative_size=float(np.median(kept)),
        modality=modality,
        intensities=_intensities(histogram),
        shares=tuple(_shares(table) for table in counts),
    )


def triple(values: Any) -> Triple:
    """Return three floats of any sequence."""
    x, y, z = (float(v) for v in values)
    return x, y, z


def _slabs(rows: int) -> Iterator[slice]:
    """Yield pieces of a scan's first axis, so that no mask of the whole scan is held."""
    for first in range(0, rows, 32):
        yield slice(first, first + 32)


def _box(image: NDArray[np.int16]) -> Shape:
    """Return the size of the box around all voxels that are not 0; of the whole scan where all are."""
    lines = [np.zeros(n, bool) for n in image.shape]
    for slab in _slabs(image.shape[0]):
        drawn = image[slab] != 0
        lines[0][slab] = drawn.any(axis=(1, 2))
        plane = drawn.any(axis=0)
        lines[1] |= plane.any(axis=1)
        lines[2] |= plane.any(axis=0)
    if not lines[0].any():
        return image.shape[0], image.shape[1], image.shape[2]
    i, j, k = (int(np.ptp(np.flatnonzero(line))) + 1 for line in lines)
    return i, j, k


def _foreground_histogram(sample: Sample) -> NDArray[np.float64]:
    """Return the shares of HU values among the voxels of any structure; zeros where none is drawn."""
    histogram = np.zeros(_HIGHEST - _LOWEST + 1)
    for slab in _slabs(sample.image.shape[0]):
        labels = sample.labels[:, slab]
        drawn = sample.image[slab][((labels > 0) & (labels != IGNORE)).any(axis=0)]
        histogram += np.bincount(drawn.astype(np.int64) - _LOWEST, minlength=histogram.size)
    return np.asarray(histogram / max(float(histogram.sum()), 1.0))


def _intensities(histogram: NDArray[np.float64]) -> Intensities:
    weight = histogram / histogram.sum()
    seen = np.flatnonzero(weight)
    hu, share = (seen + _LOWEST).astype(float), weight[seen]
    mean = float((hu * share).sum())
    std = float(np.sqrt((share * (hu - mean) ** 2).sum()))
    rising = share.cumsum()
    places = np.searchsorted(rising, np.array((0.005, 0.5, 0.995)) - _ROUNDING).clip(max=len(hu) - 1)
    lower, median, upper = (float(value) for value in hu[places])
    return Intensities(lower, upper, mean, max(std, 1.0), median, float(hu[0]), float(hu[-1]))


def _count(labels: NDArray[np.uint8], annotated: list[tuple[int, int]], table: NDArray[np.float64]) -> None:
    """Add the voxels of each annotated (channel, value), and all looked at, to the table (channel, 2)."""
    counts = np.bincount(labels.ravel(), minlength=256)
    looked_at = counts.sum() - counts[IGNORE]
    for channel, value in annotated:
        table[channel] += counts[value], looked_at
    table[0] += counts[0], looked_at


def _shares(table: NDArray[np.float64]) -> tuple[float, ...]:
    return tuple(float(n / max(of, 1)) for n, of in table)
