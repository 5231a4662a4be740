"""What a simulated reader has read of each scan, looked up in the truth: all of it, or some boxes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.acquire import Box
from training.labels import IGNORE, StructureSpec
from training.manifest import Case


@dataclass(frozen=True)
class Reading:
    """What was read of one scan: the whole, or boxes of its voxels (i, j, k)."""

    whole: bool = False
    boxes: tuple[Box, ...] = ()

    def further(self, box: Box | None) -> "Reading":
        """Return the reading after one more box; None = the whole scan."""
        return Reading(whole=True) if box is None else replace(self, boxes=(*self.boxes, box))

    def to_list(self) -> list[list[int]]:
        """Return plain numbers: [begin, end] of i, j, k for each box; empty for a whole scan."""
        return [[n for side in box for n in (side.start, side.stop)] for box in self.boxes]


def read_cases(
    pool: Sequence[Case], structures: Sequence[StructureSpec], read: Mapping[str, Reading], folder: Path
) -> tuple[tuple[Case, ...], int]:
    """Return the cases as a training gets them, in the order of `pool`, and the foreground voxels in them.

    Of a scan that was read in parts the rest is 255, in a label file written to `folder`. Foreground is what
    belongs to a structure annotated in the case.
    """
    cases, foreground = [], 0
    for case in pool:
        if case.id not in read:
            continue
        labels = np.load(case.labels, mmap_mode="r")
        if not read[case.id].whole:
            labels = _within(np.asarray(labels), read[case.id].boxes)
            case = _kept(case, labels, folder)
        cases.append(case)
        foreground += drawn(labels, [s for s in structures if s.key in case.annotated])
    return tuple(cases), foreground


def drawn(labels: NDArray[np.uint8], structures: Sequence[StructureSpec]) -> int:
    """Return how many voxels of labels (layer, i, j, k) belong to one of these structures."""
    found = 0
    for layer in {s.layer for s in structures}:
        counts = np.bincount(np.asarray(labels[layer]).ravel(), minlength=256)
        found += int(sum(counts[s.value] for s in structures if s.layer == layer))
    return found


def _within(labels: NDArray[np.uint8], boxes: Sequence[Box]) -> NDArray[np.uint8]:
    found = np.full_like(labels, IGNORE)
    for i, j, k in boxes:
        found[:, i, j, k] = labels[:, i, j, k]
    return found


def _kept(case: Case, labels: NDArray[np.uint8], folder: Path) -> Case:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{case.id}.npy"
    unfinished = folder / f".{case.id}.npy"
    np.save(unfinished, labels)
    unfinished.replace(path)
    return replace(case, labels=path)
