"""How large structures usually are: measured in the cases that a model learns from."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.labels import IGNORE
from training.manifest import Manifest

LOWEST, HIGHEST = 1, 99  # percentiles between which a volume is usual


@dataclass(frozen=True)
class Usual:
    """A structure in the training cases that had it annotated: in `drawn` of `cases` there was any of it.

    `low_ml` and `high_ml` are the 1st and 99th percentile of its volume where there was, 0 where there never
    was.
    """

    cases: int
    drawn: int
    low_ml: float
    high_ml: float


def usual_volumes(manifest: Manifest) -> dict[str, Usual]:
    """Return what is usual in the manifest's training cases, by structure key.

    A scan of which a part was not looked at (255) says nothing of how large its structures are.
    """
    volumes: dict[str, list[float]] = {spec.key: [] for spec in manifest.structures}
    for case in manifest.train:
        labels = np.load(case.labels, mmap_mode="r")
        counts = np.array([_counts(layer) for layer in labels])
        voxel_ml = float(np.prod(case.spacing_mm)) / 1000
        for spec in manifest.structures:
            if spec.key in case.annotated and not counts[spec.layer, IGNORE]:
                volumes[spec.key].append(int(counts[spec.layer, spec.value]) * voxel_ml)
    return {key: _usual(np.array(found)) for key, found in volumes.items()}


def _counts(layer: NDArray[np.uint8]) -> NDArray[np.int64]:
    # Slice by slice: counting casts to eight bytes a voxel.
    total = np.zeros(256, np.int64)
    for part in layer:
        total += np.bincount(part.ravel(), minlength=256)
    return total


def _usual(volumes: NDArray[np.float64]) -> Usual:
    there = volumes[volumes > 0]
    if len(there) == 0:
        return Usual(len(volumes), 0, 0.0, 0.0)
    low, high = np.percentile(there, (LOWEST, HIGHEST))
    return Usual(len(volumes), len(there), float(low), float(high))
