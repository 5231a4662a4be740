"""Sparse delineation: a few annotated slices along each axis, the rest of the scan unknown.

The setting of the 3-D U-Net (Çiçek et al. 2016, arXiv 1606.06650): a reader draws some orthogonal slices of a
scan instead of all of it.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.labels import IGNORE
from training.manifest import Case
from training.progress import TrainingError


def sparse_cases(cases: Sequence[Case], per_axis: int, folder: Path) -> tuple[Case, ...]:
    """Write label files with `per_axis` annotated slices along each axis, and 255 elsewhere."""
    if per_axis < 1:
        raise TrainingError(f"At least one slice per axis must be annotated, not {per_axis}.")
    folder.mkdir(parents=True, exist_ok=True)
    sparse = []
    for case in cases:
        path = folder / f"{case.id}-{per_axis}.npy"
        np.save(path, sparsely(np.load(case.labels), per_axis))
        sparse.append(replace(case, labels=path))
    return tuple(sparse)


def sparsely(labels: NDArray[np.uint8], per_axis: int) -> NDArray[np.uint8]:
    """Return labels (layer, i, j, k) with all but some slices set to 255.

    The slices lie evenly within the extent of what is drawn, where a reader would put them; in a scan without
    anything drawn, within the whole scan.
    """
    drawn = ((labels > 0) & (labels != IGNORE)).any(axis=0)
    sparse = np.full_like(labels, IGNORE)
    for axis, at in enumerate(_slices(drawn, per_axis)):
        where: list[slice | NDArray[np.int64]] = [slice(None)] * 4
        where[axis + 1] = at
        sparse[tuple(where)] = labels[tuple(where)]
    return sparse


def _slices(drawn: NDArray[np.bool_], per_axis: int) -> list[NDArray[np.int64]]:
    chosen = []
    for axis in range(3):
        others = tuple(other for other in range(3) if other != axis)
        there = np.flatnonzero(drawn.any(axis=others))
        first, last = (int(there[0]), int(there[-1])) if len(there) else (0, drawn.shape[axis] - 1)
        places = first + (np.arange(per_axis) + 0.5) / per_axis * (last - first + 1) - 0.5
        chosen.append(np.unique(np.rint(places).astype(np.int64)))
    return chosen
