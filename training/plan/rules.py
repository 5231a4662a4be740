"""nnU-Net v2's rules: spacing, patch, batch and depth of the network from a fingerprint and a memory target.

Source: Isensee et al., Nature Methods 2021 and arXiv 2404.09556, and the behaviour of nnunetv2 2.8.1, which a
test compares. nnU-Net orders axes (k, j, i) before it puts the coarsest first; so do the functions here,
which decides between axes that are alike. What leaves this module is (i, j, k).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.plan.fingerprint import Fingerprint, triple
from training.plan.schema import Shape, Triple
from training.plan.topology import Architecture, Topology, feature_map_voxels, topology
from training.progress import TrainingError

ANISOTROPY = 3  # an axis is coarse when its spacing is beyond this many times the others'
COVER_FOR_ONE = 0.25  # of the median scan by a patch; below it there is a low-resolution configuration
WORTHWHILE = 2  # times fewer voxels than at full resolution, else the low resolution is dropped
COARSER = 1.03
FIRST_PATCH_VOXELS, FIRST_PATCH_PIXELS = 256**3, 2048**2
FEATURES, MOST_FEATURES, MOST_FEATURES_2D = 32, 320, 512
FEWEST_STAGES = 2
REFERENCE_BATCH = SMALLEST_BATCH = 2
REFERENCE_BATCH_2D = 12


@dataclass(frozen=True)
class Budget:
    """What fits on a card: the reference value of the estimate and the memory it stands for.

    `most_of_dataset` is the largest share of all voxels that one batch may hold; `flat` is the reference
    value of a slice, `flat_patch` how many times that the estimate of a single slice may be.
    """

    residual: bool
    reference: float
    reference_gb: float
    most_of_dataset: float
    flat: float
    flat_patch: float = 1.0


PLAIN = Budget(False, 560e6, 8, 0.05, 85e6, REFERENCE_BATCH_2D / SMALLEST_BATCH)
RESIDUAL = {
    "": Budget(True, 680e6, 8, 0.05, 135e6),
    "m": Budget(True, 680e6, 8, 1.0, 135e6),
    "l": Budget(True, 2100e6, 24, 1.0, 380e6),
    "xl": Budget(True, 3600e6, 40, 1.0, 560e6),
}


@dataclass(frozen=True)
class Configuration:
    """Grid, patch, batch and depth at one resolution, axes (i, j, k)."""

    spacing_mm: Triple
    median_shape: Shape
    axis_order: tuple[int, int, int]
    patch_size: Shape
    batch_size: int
    strides: list[list[int]]
    kernels: list[list[int]]
    architecture: Architecture

    @property
    def dummy_2d(self) -> bool:
        """Tell whether the patch is so flat that augmentation leaves the coarsest axis alone."""
        return max(self.patch_size) / self.patch_size[self.axis_order[0]] > ANISOTROPY


def budget_for(network: str, preset: str) -> Budget:
    """Return what the network is measured by. Raises TrainingError for a preset that it does not have."""
    if network != "resenc_unet":
        if preset:
            raise TrainingError(f"The preset {preset} belongs to resenc_unet; {network} has none.")
        return PLAIN
    if preset not in RESIDUAL:
        known = ", ".join(name for name in RESIDUAL if name)
        raise TrainingError(f"There is no preset {preset} of resenc_unet; known are {known}.")
    return RESIDUAL[preset]


def architecture(stages: int, *, residual: bool, first: int, most: int) -> Architecture:
    """Return features doubled per stage up to `most`, and nnU-Net's numbers of blocks."""
    features = [min(first * 2**stage, most) for stage in range(stages)]
    if residual:
        return Architecture(True, features, [1, 3, 4, *[6] * stages][:stages], [1] * (stages - 1))
    return Architecture(False, features, [2] * stages, [2] * (stages - 1))


def target_spacing(fingerprint: Fingerprint) -> Triple:
    """Return the median spacing (i, j, k); of a coarse axis with few slices the 10th percentile.

    That axis never becomes finer than the others.
    """
    spacings = np.asarray(fingerprint.spacings_mm)
    spacing, shape = np.median(spacings, axis=0), np.median(fingerprint.shapes, axis=0)
    worst = _worst(spacing)
    others = [axis for axis in range(3) if axis != worst]
    coarsest = max(spacing[others])
    thick = spacing[worst] > ANISOTROPY * coarsest
    few = shape[worst] * ANISOTROPY < min(shape[others])
    if thick and few:
        finer = np.percentile(spacings[:, worst], 10)
        spacing[worst] = finer if finer >= coarsest else coarsest + 1e-5
    return triple(spacing)


def axis_order(spacing_mm: Triple) -> tuple[int, int, int]:
    """Return the axes with the coarsest first, the others from k to i; of axes alike k is the coarsest."""
    worst = _worst(spacing_mm)
    a, b = (axis for axis in (2, 1, 0) if axis != worst)
    return worst, a, b


def separate_z(spacing_mm: Triple) -> bool:
    """Tell whether slices are resampled singly: one axis alone is coarsest, beyond three times the finest."""
    coarsest = max(spacing_mm)
    return coarsest / min(spacing_mm) > ANISOTROPY and spacing_mm.count(coarsest) == 1


def _worst(spacing_mm: Sequence[float] | NDArray[np.float64]) -> int:
    return max((2, 1, 0), key=lambda axis: spacing_mm[axis])


def median_shape(fingerprint: Fingerprint, spacing_mm: Triple) -> tuple[float, ...]:
    """Return the median of the scans' shapes at this spacing; a half where their number is even."""
    resampled = [
        [round(s / to * n) for s, to, n in zip(spacing, spacing_mm, shape, strict=True)]
        for spacing, shape in zip(fingerprint.spacings_mm, fingerprint.shapes, strict=True)
    ]
    return tuple(float(n) for n in np.median(resampled, axis=0))


def full_configuration(
    fingerprint: Fingerprint, budget: Budget, memory_gb: float, channels: int
) -> Configuration:
    """Return the configuration at the target spacing."""
    spacing = target_spacing(fingerprint)
    order = axis_order(spacing)
    shape = median_shape(fingerprint, spacing)
    voxels = prod(shape) * len(fingerprint.shapes)
    return _configuration(_Rules(budget, memory_gb, channels, order), spacing, shape, voxels)


def low_configuration(
    fingerprint: Fingerprint, full: Configuration, budget: Budget, memory_gb: float, channels: int
) -> Configuration | None:
    """Return a coarser configuration when the patch covers little of the median scan at full resolution.

    The coarsest axes are left alone until the others have come within a factor of two.
    """
    spacing, order = np.asarray(full.spacing_mm), full.axis_order
    shape = np.asarray(median_shape(fingerprint, full.spacing_mm))
    rules, found, voxels = _Rules(budget, memory_gb, channels, order), full, float(prod(shape))
    while prod(found.patch_size) / voxels < COVER_FOR_ONE:
        finer = spacing.max() / spacing > 2
        spacing = np.where(finer, spacing * COARSER, spacing) if finer.any() else spacing * COARSER
        exact = np.asarray(full.spacing_mm) / spacing * shape
        voxels = float(prod(exact))
        rounded = tuple(float(round(n)) for n in exact)
        found = _configuration(rules, triple(spacing), rounded, voxels * len(fingerprint.shapes))
    return found if prod(shape) / voxels >= WORTHWHILE else None


def flat_configuration(
    fingerprint: Fingerprint, full: Configuration, budget: Budget, memory_gb: float, channels: int
) -> Configuration:
    """Return the configuration of single slices: the two finer axes of the full one.

    Between slices nothing is resampled: a patch one slice thick stands for that.
    """
    shape = median_shape(fingerprint, full.spacing_mm)
    voxels = prod(shape) * len(fingerprint.shapes)
    rules = _Rules(budget, memory_gb, channels, full.axis_order, flat=True)
    return _configuration(rules, full.spacing_mm, shape, voxels)


@dataclass(frozen=True)
class _Rules:
    budget: Budget
    memory_gb: float
    channels: int
    order: tuple[int, int, int]
    flat: bool = False

    @property
    def axes(self) -> tuple[int, ...]:
        """The axes that a patch extends along."""
        return self.order[1:] if self.flat else self.order

    @property
    def reference(self) -> float:
        value = self.budget.flat if self.flat else self.budget.reference
        return value * self.memory_gb / self.budget.reference_gb

    @property
    def largest(self) -> float:
        """The most that the estimate of one patch may be."""
        return self.reference * (self.budget.flat_patch if self.flat else 1.0)

    @property
    def reference_batch(self) -> int:
        return REFERENCE_BATCH_2D if self.flat else REFERENCE_BATCH

    def size(self, shape: Topology) -> tuple[int, Architecture]:
        """Return the estimate for a patch, and the network it belongs to."""
        stages = len(shape.strides)
        most = MOST_FEATURES_2D if self.flat else MOST_FEATURES
        network = architecture(stages, residual=self.budget.residual, first=FEATURES, most=most)
        return feature_map_voxels(network, shape.patch, shape.strides, self.channels), network


def _configuration(
    rules: _Rules, spacing_mm: Triple, shape: tuple[float, ...], dataset_voxels: float
) -> Configuration:
    spacing, median = [spacing_mm[a] for a in rules.axes], [shape[a] for a in rules.axes]
    found = topology(spacing, _first_patch(spacing, median))
    if len(found.strides) < FEWEST_STAGES:
        raise TrainingError(
            f"The median scan of {' × '.join(f'{n:g}' for n in shape)} voxels is too small for a U-Net; "
            "leave out the memory for a plan that a processor can train."
        )
    estimate, network = rules.size(found)
    while estimate > rules.largest:
        smaller = _smaller(found, spacing, median)
        if smaller is None or len(smaller.strides) < FEWEST_STAGES:
            raise TrainingError(
                f"{rules.memory_gb:g} GB are too little for the smallest patch; give more memory or leave "
                "it out for a plan that a processor can train."
            )
        found = smaller
        estimate, network = rules.size(found)
    fitting = round(rules.reference / estimate * rules.reference_batch)
    allowed = round(dataset_voxels * rules.budget.most_of_dataset / prod(found.patch))
    return Configuration(
        spacing_mm=spacing_mm,
        median_shape=_shape(round(n) for n in shape),
        axis_order=rules.order,
        patch_size=_shape(_back(found.patch, rules.axes)),
        batch_size=max(min(fitting, allowed), SMALLEST_BATCH),
        strides=[_back(stride, rules.axes) for stride in found.strides],
        kernels=[_back(kernel, rules.axes) for kernel in found.kernels],
        architecture=network,
    )


def _first_patch(spacing: Sequence[float], median: Sequence[float]) -> list[float]:
    """Return a patch certainly too large, with equal sides in mm, but no larger than the median scan."""
    fineness = 1 / np.asarray(spacing)
    voxels = FIRST_PATCH_PIXELS if len(spacing) == 2 else FIRST_PATCH_VOXELS
    sides = fineness * (voxels / np.prod(fineness)) ** (1 / len(spacing))
    return [min(round(float(side)), n) for side, n in zip(sides, median, strict=True)]


def _smaller(found: Topology, spacing: Sequence[float], median: Sequence[float]) -> Topology | None:
    """Shrink the axis that is largest in proportion to the median scan by one step; None at the bottom.

    How large a step is depends on the depth after the step: 256 may shrink by 32, not only by 64.
    """
    cover = [n / m for n, m in zip(found.patch, median, strict=True)]
    axis = int(np.argsort(cover)[-1])
    tried = list(found.patch)
    tried[axis] -= found.multiple[axis]
    smaller = list(found.patch)
    smaller[axis] -= topology(spacing, tried).multiple[axis]
    return topology(spacing, smaller) if smaller[axis] > 0 else None


def _back(values: Sequence[int], order: tuple[int, ...]) -> list[int]:
    """Return values listed in `order` as (i, j, k), 1 for an axis that is not in it."""
    back = [1, 1, 1]
    for value, axis in zip(values, order, strict=True):
        back[axis] = int(value)
    return back


def _shape(values: Any) -> Shape:
    i, j, k = (int(n) for n in values)
    return i, j, k
