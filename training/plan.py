"""A fingerprint of the training scans gives a plan: everything training does, as data.

The rules are nnU-Net's (Isensee et al., Nature Methods 2021) with one change: the patch is a fixed number of
voxels that a processor can train on, and scans too large for it are seen more coarsely. A plan is a frozen
dataclass written as JSON beside the weights; network, loss and optimiser are looked up by name.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.labels import IGNORE, StructureSpec, layer_values
from training.progress import TrainingError
from training.volume import resampled_shape

Triple = tuple[float, float, float]
Shape = tuple[int, int, int]

PATCH_VOXELS = 64**3
MIN_COVER = 0.2  # of the median scan by one patch; a lower share makes the grid coarser
MIN_STEPS, MAX_STEPS = 40, 20_000
_SAMPLES_PER_CASE = 50_000
_FEWEST_STAGES, _MOST_STAGES = 3, 5
_SMALLEST_EDGE = 4  # voxels that an axis keeps at the bottom of the network


@dataclass(frozen=True)
class Sample:
    """One scan to look at: int16 HU (i, j, k), uint8 (layer, i, j, k), and the keys that were annotated."""

    image: NDArray[np.int16]
    labels: NDArray[np.uint8]
    spacing_mm: Triple
    annotated: frozenset[str]


@dataclass(frozen=True)
class Fingerprint:
    """What the plan needs to know of the training scans.

    `shares[layer][c]` is the share of annotated voxels that hold channel c (0 = background) of that layer.
    """

    spacing_mm: Triple
    median_mm: Triple
    lower: float
    upper: float
    mean: float
    std: float
    shares: tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class Normalisation:
    """CT intensities: clip HU to [lower, upper], subtract `mean`, divide by `std`."""

    lower: float
    upper: float
    mean: float
    std: float

    def __call__(self, hu: NDArray[Any]) -> NDArray[np.float32]:
        """Return normalised float32 of the same shape."""
        return ((hu.astype(np.float32).clip(self.lower, self.upper) - self.mean) / self.std).astype(
            np.float32
        )

    @property
    def air(self) -> float:
        """What lies outside the scan."""
        return (self.lower - self.mean) / self.std


@dataclass(frozen=True)
class Plan:
    """All choices of one training run.

    `layers` holds the values of each layer and `channels` the key of every output channel, in order: for each
    layer its background ("background:<layer>") and its structures by value. `strides` are per stage and axis.
    """

    network: str
    network_args: dict[str, Any]
    spacing_mm: Triple
    patch_size: Shape
    batch_size: int
    normalisation: Normalisation
    loss: str
    class_weights: tuple[tuple[float, ...], ...]
    optimiser: str
    learning_rate: float
    weight_decay: float
    clip_norm: float
    warmup_steps: int
    min_steps: int
    max_steps: int
    budget_s: float
    foreground_share: float
    mirror_axes: tuple[int, ...]
    layers: tuple[tuple[int, ...], ...]
    channels: tuple[str, ...]
    version: int = 1

    def to_dict(self) -> dict[str, Any]:
        """Return the plan as plain JSON types."""
        content: dict[str, Any] = json.loads(json.dumps(asdict(self)))
        return content

    def to_json(self) -> str:
        """Write the plan as JSON text."""
        return json.dumps(asdict(self), indent=1)

    @staticmethod
    def from_dict(content: dict[str, Any]) -> "Plan":
        """Read what `to_dict` wrote. Raises TrainingError with one sentence."""
        try:
            if content["version"] != 1:
                raise TrainingError(f"The plan has version {content['version']}; only version 1 is known.")
            fields = {name: _frozen(value) for name, value in content.items()}
            fields["network_args"] = content["network_args"]
            fields["normalisation"] = Normalisation(**content["normalisation"])
            return Plan(**fields)
        except (KeyError, TypeError, ValueError) as error:
            raise TrainingError(f"The plan cannot be read: {error!r}.") from error

    @staticmethod
    def from_json(text: str) -> "Plan":
        """Read what `to_json` wrote. Raises TrainingError with one sentence."""
        try:
            return Plan.from_dict(json.loads(text))
        except ValueError as error:
            raise TrainingError(f"The plan is not JSON: {error}.") from error


def take_fingerprint(
    samples: Iterable[Sample], structures: Sequence[StructureSpec], seed: int
) -> Fingerprint:
    """Look at every training scan once. Raises TrainingError when there is none or nothing is drawn."""
    rng = np.random.default_rng([seed, 1234])
    keys, values = _keys_by_layer(structures), layer_values(structures)
    spacings, extents, drawn = [], [], []
    counts = [np.zeros((len(layer), 2)) for layer in keys]
    for sample in samples:
        spacings.append(sample.spacing_mm)
        extents.append([n * s for n, s in zip(sample.image.shape, sample.spacing_mm, strict=True)])
        foreground = sample.image[((sample.labels > 0) & (sample.labels != IGNORE)).any(axis=0)]
        drawn.append(rng.choice(foreground, min(len(foreground), _SAMPLES_PER_CASE), replace=False))
        for layer, table in enumerate(counts):
            annotated = [
                (c, v) for c, v in enumerate((0, *values[layer])) if keys[layer][c] in sample.annotated
            ]
            _count(sample.labels[layer], annotated, table)
    if not spacings:
        raise TrainingError("There is no case to train on.")
    hu = np.concatenate(drawn).astype(float)
    if hu.size == 0:
        raise TrainingError("Nothing is drawn in any of the training cases; at least one structure must be.")
    lower, upper = np.percentile(hu, (0.5, 99.5))
    clipped = hu.clip(lower, upper)
    return Fingerprint(
        spacing_mm=_triple(np.median(spacings, axis=0)),
        median_mm=_triple(np.median(extents, axis=0)),
        lower=float(lower),
        upper=float(upper),
        mean=float(clipped.mean()),
        std=float(max(clipped.std(), 1.0)),
        shares=tuple(_shares(table) for table in counts),
    )


def plan_for(
    fingerprint: Fingerprint,
    structures: Sequence[StructureSpec],
    *,
    budget_s: float,
    parent: Plan | None = None,
    patch_voxels: int = PATCH_VOXELS,
) -> Plan:
    """Choose everything from the fingerprint.

    With a `parent`, grid, intensities, patch and network are the parent's, so that its weights fit.
    """
    spacing_mm, shape = _target_grid(fingerprint, patch_voxels)
    patch_size, strides = _patch_and_strides(spacing_mm, shape, patch_voxels)
    stages = len(strides)
    normalisation = Normalisation(fingerprint.lower, fingerprint.upper, fingerprint.mean, fingerprint.std)
    keys = _keys_by_layer(structures)
    sides = any(s.side for s in structures)
    return Plan(
        network=parent.network if parent else "plain_unet",
        network_args=parent.network_args
        if parent
        else {"strides": strides, "features": [min(16 * 2**i, 128) for i in range(stages)]},
        spacing_mm=parent.spacing_mm if parent else spacing_mm,
        patch_size=parent.patch_size if parent else patch_size,
        batch_size=1,
        normalisation=parent.normalisation if parent else normalisation,
        loss="dice_ce",
        class_weights=tuple(_class_weights(shares) for shares in fingerprint.shares),
        optimiser="adamw",
        learning_rate=4e-3 if parent else 8e-3,
        weight_decay=3e-5,
        clip_norm=12.0,
        warmup_steps=20,
        min_steps=MIN_STEPS,
        max_steps=MAX_STEPS,
        budget_s=budget_s,
        foreground_share=0.6,
        mirror_axes=() if sides else (0,),
        layers=layer_values(structures),
        channels=tuple(key for layer in keys for key in layer),
    )


def _keys_by_layer(structures: Sequence[StructureSpec]) -> list[list[str]]:
    """Return the keys of all output channels, layer by layer."""
    by_place = {(s.layer, s.value): s.key for s in structures}
    return [
        [f"background:{layer}", *(by_place[layer, value] for value in values)]
        for layer, values in enumerate(layer_values(structures))
    ]


def channel_table(plan: Plan, layer: int, annotated: frozenset[str]) -> NDArray[np.uint8]:
    """Return a table from voxel value to channel of this layer (256 entries).

    Values of structures that were not annotated become channel 0: with the marginal loss that means
    "background or something nobody looked for". Everything unknown is IGNORE.
    """
    first = sum(1 + len(values) for values in plan.layers[:layer])
    table = np.full(256, IGNORE, np.uint8)
    table[0] = 0
    for channel, value in enumerate(plan.layers[layer], start=1):
        table[value] = channel if plan.channels[first + channel] in annotated else 0
    return table


def _count(labels: NDArray[np.uint8], annotated: list[tuple[int, int]], table: NDArray[np.float64]) -> None:
    """Add the voxels of each annotated (channel, value), and all looked at, to the table (channel, 2)."""
    counts = np.bincount(labels.ravel(), minlength=256)
    looked_at = counts.sum() - counts[IGNORE]
    for channel, value in annotated:
        table[channel] += counts[value], looked_at
    table[0] += counts[0], looked_at


def _shares(table: NDArray[np.float64]) -> tuple[float, ...]:
    return tuple(float(n / max(of, 1)) for n, of in table)


def _class_weights(shares: Sequence[float]) -> tuple[float, ...]:
    """Return cross-entropy weights: the inverse cube root of how often a channel occurs, background = 1.

    Small structures would otherwise be lost in the background; a full inverse would let a handful of voxels
    rule the gradient. A structure that is hardly there is capped.
    """
    floor = 1e-5
    weights = [(max(share, floor) / max(shares[0], floor)) ** (-1 / 3) for share in shares]
    return tuple(round(min(w, 12.0), 4) for w in weights)


def _target_grid(fingerprint: Fingerprint, patch_voxels: int) -> tuple[Triple, Shape]:
    """Return the spacing to work at and the median shape there, coarse enough for the patch to see enough."""
    spacing = np.asarray(fingerprint.spacing_mm)
    while True:
        shape = resampled_shape((1, 1, 1), fingerprint.median_mm, tuple(spacing))
        if patch_voxels >= MIN_COVER * np.prod(shape):
            return _triple(spacing), shape
        finer = spacing < spacing.max() / 2  # nnU-Net: first bring the axes within a factor of two
        spacing = np.where(finer, spacing * 1.03, spacing) if finer.any() else spacing * 1.03


def _patch_and_strides(spacing_mm: Triple, shape: Shape, voxels: int) -> tuple[Shape, list[list[int]]]:
    """Return the patch, about `voxels` large with equal sides in mm, and the strides of each stage."""
    side_mm = float((voxels * np.prod(spacing_mm)) ** (1 / 3))
    limits = np.asarray(shape)
    size = np.minimum(np.ceil(side_mm / np.asarray(spacing_mm)), limits)
    for _ in range(8):  # what an axis too short leaves over goes to the others
        room = size < limits
        if not room.any() or np.prod(size) >= 0.98 * voxels:
            break
        size = np.minimum(np.where(room, size * (voxels / np.prod(size)) ** (1 / room.sum()), size), limits)
    strides = _strides(size, np.asarray(spacing_mm))
    multiple = np.prod(strides, axis=0)
    rounded = np.maximum(np.round(size / multiple), 1) * multiple
    return (int(rounded[0]), int(rounded[1]), int(rounded[2])), strides


def _strides(size: NDArray[np.float64], spacing_mm: NDArray[np.float64]) -> list[list[int]]:
    """Halve an axis while enough voxels are left and it is not much coarser than the others (nnU-Net)."""
    strides = [[1, 1, 1]]
    size, spacing = size.copy(), spacing_mm.copy()
    while len(strides) < _MOST_STAGES:
        large = size >= 2 * _SMALLEST_EDGE
        if not large.any():
            break
        pool = large & (spacing < 2 * spacing[large].min())
        step = np.where(pool, 2, 1)
        strides.append([int(s) for s in step])
        size, spacing = size / step, spacing * step
    return strides + [[1, 1, 1]] * (_FEWEST_STAGES - len(strides))


def _triple(values: Any) -> Triple:
    x, y, z = (float(v) for v in values)
    return x, y, z


def _frozen(value: Any) -> Any:
    return tuple(_frozen(v) for v in value) if isinstance(value, list) else value
