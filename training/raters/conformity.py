"""Generalised conformity index of several delineations (Kouwenhoven et al. 2009, Phys Med Biol 54:6305).

    CI_gen = Σ over pairs |A_i ∩ A_j| / Σ over pairs |A_i ∪ A_j|

For two readers it is the Jaccard index. It pools the pairs of one case; means over cases, with intervals, are
those of `two_way.mean`.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from training.raters.estimate import as_floats

Mask = NDArray[np.bool_]


def conformity_index(masks: Sequence[Mask]) -> float | None:
    """Return the index of one structure in one case; None where every mask is empty.

    `masks`: bool (i, j, k), one per reader, on one grid. Raises ValueError for fewer than two masks, or
    masks of different shapes.
    """
    if len(masks) < 2 or len({mask.shape for mask in masks}) > 1:
        raise ValueError("Two or more masks of one shape are needed.")
    votes = np.zeros(masks[0].shape, np.uint16)
    for mask in masks:
        votes += np.asarray(mask, np.bool_)
    return conformity_of_votes(np.bincount(votes.ravel(), minlength=len(masks) + 1))


def conformity_of_votes(voxels: ArrayLike) -> float | None:
    """Return the index from the number of voxels that 0, 1, …, k readers marked: (k + 1,), k ≥ 2."""
    counts = as_floats(voxels, 1, "Numbers of voxels")
    if counts.size < 3:
        raise ValueError("Numbers of voxels for 0, 1 and 2 readers, or more, are needed.")
    k = counts.size - 1
    marked = np.arange(k + 1)
    shared = float((counts * marked * (marked - 1)).sum())
    either = float((counts * (k * (k - 1) - (k - marked) * (k - marked - 1))).sum())
    return shared / either if either > 0 else None


def conformity_of_pairs(overlaps: ArrayLike) -> float | None:
    """Return the index from |A ∩ B|, |A| and |B| of every pair of readers: (pairs, 3), in voxels or ml."""
    rows = as_floats(overlaps, 2, "Overlaps")
    if rows.shape[1] != 3:
        raise ValueError("An overlap is the common volume and the two volumes.")
    shared = float(rows[:, 0].sum())
    either = float((rows[:, 1] + rows[:, 2] - rows[:, 0]).sum())
    return shared / either if either > 0 else None
