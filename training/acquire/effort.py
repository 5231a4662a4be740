"""What a correction will cost, learned from the corrections that were made.

The logarithm of the minutes (or of any other amount, such as voxels changed) is regressed on features of the
prediction by ridge regression: edit times are skewed, and effects multiply.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from training.acquire.maps import Floats

FEWEST = 8
"""With fewer observations than this everything is expected to cost the median."""
RIDGE = 1.0


@dataclass(frozen=True)
class Effort:
    """A fitted cost: `weights` of standardised features, `offset` the mean logarithm; None = nothing known.

    Answers stay between half the lowest and twice the highest cost that was seen.
    """

    weights: Floats
    middle: Floats
    spread: Floats
    offset: float
    low: float
    high: float
    observations: int

    def expected(self, features: Floats) -> Floats:
        """Return the expected cost of items with these features (item, f)."""
        at = (np.asarray(features, np.float64) - self.middle) / self.spread
        logs = (self.offset + at @ self.weights).clip(np.log(self.low), np.log(self.high))
        found: Floats = np.exp(logs)
        return found


def fit_effort(features: Sequence[Sequence[float]], costs: Sequence[float]) -> Effort | None:
    """Fit costs on features (item, f); costs of 0 and less are left out. None without any observation.

    The penalty RIDGE applies to standardised features and leaves the mean alone. With fewer than FEWEST
    observations the weights are 0, so that the geometric mean, or rather the median, is expected of all.
    """
    kept = [(row, cost) for row, cost in zip(features, costs, strict=True) if cost > 0]
    if not kept:
        return None
    x = np.array([row for row, _ in kept], np.float64).reshape(len(kept), -1)
    logs = np.log([cost for _, cost in kept])
    middle, spread = x.mean(axis=0), x.std(axis=0)
    spread = np.where(spread > 1e-12, spread, 1.0)
    weights, offset = np.zeros(x.shape[1]), float(np.median(logs))
    if len(kept) >= FEWEST:
        at = (x - middle) / spread
        offset = float(logs.mean())
        weights = np.linalg.solve(at.T @ at + RIDGE * np.eye(x.shape[1]), at.T @ (logs - offset))
    seen = np.exp(logs)
    return Effort(weights, middle, spread, offset, float(seen.min()) / 2, 2 * float(seen.max()), len(kept))


def surface_cm2(labels: NDArray[np.uint8], spacing_mm: tuple[float, float, float]) -> float:
    """Return the area of all voxel faces between different values of labels (layer, i, j, k), in cm²."""
    total = 0.0
    for axis in range(3):
        area = float(np.prod([mm for other, mm in enumerate(spacing_mm) if other != axis])) / 100
        first = np.moveaxis(labels, axis + 1, 0)
        total += area * sum(int(np.count_nonzero(a != b)) for a, b in pairwise(first))
    return total
