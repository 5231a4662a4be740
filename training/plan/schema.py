"""The plan: everything one training does, as data that a person may edit.

Names of networks, losses, samplers, augmentations, optimisers and schedules are those of the registries in
which they are looked up; what such a name does with its `…_args` is documented there.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.labels import IGNORE, StructureSpec, layer_values
from training.plan.reading import read_dataclass
from training.plan.writing import to_json
from training.progress import TrainingError

VERSION = 2

Triple = tuple[float, float, float]
Shape = tuple[int, int, int]


@dataclass(frozen=True)
class Resampling:
    """How scans come onto the plan's grid and predictions back: spline orders 0, 1 or 3.

    With `separate_z` the slices along the coarsest axis (the first of `axis_order`) are resampled each in its
    plane, and between slices with `out_of_plane_order`.
    """

    image_order: int = 3
    label_order: int = 1
    logits_order: int = 1
    separate_z: bool = False
    out_of_plane_order: int = 0


@dataclass(frozen=True)
class Normalisation:
    """Intensities: "ct" clips HU to [lower, upper], subtracts `mean` and divides by `std` of all scans.

    "ct_soft_tissue" does so too, but between SOFT_TISSUE_HU a unit is SOFT_TISSUE_STD at most: where bone and
    air belong to the structures, `std` is several hundred HU, in which soft tissues hardly differ.
    "z_score" subtracts each scan's own mean and divides by its own standard deviation; "z_score_nonzero" does
    so over the voxels that are not 0 and leaves the others at 0.
    """

    scheme: str
    lower: float
    upper: float
    mean: float
    std: float

    def __call__(self, hu: NDArray[Any]) -> NDArray[np.float32]:
        """Return normalised float32 of the same shape. Raises TrainingError for an unknown scheme."""
        if self.scheme not in SCHEMES:
            raise TrainingError(
                f"There is no normalisation called {self.scheme}; known are {', '.join(SCHEMES)}."
            )
        values = hu.astype(np.float32)
        if self.scheme in CT_SCHEMES:
            return self._of_hu(values)
        inside = values != 0 if self.scheme == "z_score_nonzero" else np.ones(values.shape, bool)
        if not inside.any():
            return values
        seen = values[inside].astype(float)
        scaled = (values - seen.mean()) / max(float(seen.std()), 1e-8)
        return np.where(inside, scaled, 0).astype(np.float32)

    def _of_hu(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        scaled = (values.clip(self.lower, self.upper) - self.mean) / self.std
        if self.scheme == "ct_soft_tissue":
            steeper = max(0.0, 1 / SOFT_TISSUE_STD - 1 / self.std)
            scaled += (values.clip(*SOFT_TISSUE_HU) - sum(SOFT_TISSUE_HU) / 2) * steeper
        return scaled.astype(np.float32)

    @property
    def reads_hu(self) -> bool:
        """Whether the numbers of an image must be HU."""
        return self.scheme in CT_SCHEMES

    @property
    def air(self) -> float:
        """What lies outside the scan: the lowest CT value, or the mean where scans are normalised singly."""
        return float(self._of_hu(np.array([self.lower], np.float32))[0]) if self.reads_hu else 0.0


CT_SCHEMES = ("ct", "ct_soft_tissue")
SCHEMES = (*CT_SCHEMES, "z_score", "z_score_nonzero")
SOFT_TISSUE_HU = (-120.0, 200.0)  # fat to enhanced organs
SOFT_TISSUE_STD = 100.0  # HU


@dataclass(frozen=True)
class Step:
    """One step of augmentation: a registry name and its arguments."""

    name: str
    args: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """All choices of one training run. Arrays are (i, j, k); spacing in millimetres, the budget in seconds.

    `layers` holds the values of each layer and `channels` the key of every output channel, in order: for each
    layer its background ("background:<layer>") and its structures by value. `axis_order` lists the axes with
    the coarsest first. `deep_supervision` is the weight of each output head, the finest first; () = off.
    `class_weights` has one tuple per layer, one weight per channel; () = all alike. `ema` 0 and `patience` 0
    (epochs without gain before stopping) mean off. `postprocessing` names structures of which the largest
    component alone is kept, "all" for all of them together.
    """

    version: int = VERSION
    name: str = "full"
    network: str
    network_args: dict[str, Any]
    deep_supervision: tuple[float, ...] = ()
    spacing_mm: Triple
    axis_order: tuple[int, int, int] = (0, 1, 2)
    patch_size: Shape
    batch_size: int
    resampling: Resampling
    normalisation: Normalisation
    loss: str
    loss_args: dict[str, Any]
    class_weights: tuple[tuple[float, ...], ...] = ()
    sampler: str
    sampler_args: dict[str, Any]
    augmentation: tuple[Step, ...]
    mirror_axes: tuple[int, ...] = ()
    optimiser: str
    optimiser_args: dict[str, Any]
    learning_rate: float
    weight_decay: float
    clip_norm: float
    schedule: str
    schedule_args: dict[str, Any]
    warmup_steps: int
    ema: float = 0.0
    min_steps: int
    max_steps: int
    budget_s: float
    epoch_steps: int
    patience: int = 0
    layers: tuple[tuple[int, ...], ...]
    channels: tuple[str, ...]
    postprocessing: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the plan as plain JSON types."""
        content: dict[str, Any] = json.loads(json.dumps(asdict(self)))
        return content

    def to_json(self) -> str:
        """Write the plan as JSON text."""
        return to_json(asdict(self))

    @staticmethod
    def from_dict(content: Any) -> "Plan":
        """Read what `to_dict` wrote, perhaps edited by hand. Raises TrainingError with one sentence."""
        if isinstance(content, dict) and content.get("version", VERSION) != VERSION:
            raise TrainingError(
                f"The plan has version {content['version']!r}; only version {VERSION} is known."
            )
        return read_dataclass(Plan, content, "The plan")

    @staticmethod
    def from_json(text: str) -> "Plan":
        """Read what `to_json` wrote. Raises TrainingError with one sentence."""
        try:
            content = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise TrainingError(f"The plan is not JSON: {error}.") from error
        return Plan.from_dict(content)


def keys_by_layer(structures: Sequence[StructureSpec]) -> list[list[str]]:
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
