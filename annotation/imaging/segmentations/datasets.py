"""One label map of many layers, as nnU-Net and the Medical Segmentation Decathlon want it.

Structures that share voxels become nnU-Net regions: every combination that occurs has a value of its own,
and a structure is the list of the values it is part of.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from annotation.errors import Refused
from annotation.imaging.segmentations.layers import IGNORED, Labels, Segmentation
from training.labels import HIGHEST_VALUE, IGNORE

Combination = tuple[str, ...]  # keys of the structures that share a voxel, in the order of the schema


@dataclass(frozen=True)
class Values:
    """Which value stands for which combination, and for what nobody looked at (None: there is nothing)."""

    keys: tuple[str, ...]
    of: dict[Combination, int]
    ignored: int | None

    @property
    def has_regions(self) -> bool:
        """Whether any structures share voxels."""
        return any(len(combination) > 1 for combination in self.of)

    def labels(self) -> dict[str, Any]:
        """Return nnU-Net's table: a value for each structure, or the list of values of its region."""
        table: dict[str, Any] = {"background": 0}
        for key in self.keys:
            values = sorted(value for combination, value in self.of.items() if key in combination)
            table[key] = values if self.has_regions else values[0]
        return table | ({IGNORED: self.ignored} if self.ignored is not None else {})

    def class_order(self) -> list[int]:
        """Return the value that nnU-Net writes where it predicts a region; later ones are painted over."""
        order = []
        for key in self.keys:
            mine = [(len(combination), value) for combination, value in self.of.items() if key in combination]
            order.append(min(mine)[1])
        return order


def values_for(keys: Sequence[str], seen: Iterable[Combination], *, ignoring: bool) -> Values:
    """Number the combinations: structures alone first, in order; a structure never alone needs no such value.

    Raises Refused when there are more than a byte holds.
    """
    combinations = set(seen)
    met = {key for combination in combinations for key in combination}
    alone = [(key,) for key in keys if (key,) in combinations or key not in met]
    rest = sorted(combinations - set(alone) - {()}, key=lambda c: (len(c), [keys.index(key) for key in c]))
    numbered = {combination: value for value, combination in enumerate([*alone, *rest], start=1)}
    if len(numbered) + ignoring > HIGHEST_VALUE:
        raise Refused(
            f"The structures overlap in {len(numbered)} ways; a label map holds {HIGHEST_VALUE}. Export "
            "fewer structures, or one file for each."
        )
    return Values(tuple(keys), numbered, len(numbered) + 1 if ignoring else None)


def combinations(found: Segmentation) -> set[Combination]:
    """Return which structures share voxels, each combination that occurs; the background is none."""
    ids, rows = _joined(found.labels)
    return {combination for combination in (_keys(found, rows[n]) for n in np.unique(ids)) if combination}


def unknown(found: Segmentation, looked_at: Iterable[str]) -> NDArray[np.bool_]:
    """Return the voxels (i, j, k) of which nobody can say what they are.

    They are marked so, or are of no structure on a layer where a structure was not looked at.
    """
    looked = set(looked_at)
    result: NDArray[np.bool_] = (found.labels == IGNORE).any(axis=0)
    for layer, voxels in enumerate(found.labels):
        if any(segment.layer == layer and segment.key not in looked for segment in found.segments):
            result |= voxels == 0
    return result


def flat(found: Segmentation, values: Values, ignored: NDArray[np.bool_]) -> Labels:
    """Return one label map (i, j, k) of all layers. `ignored` are voxels that get the ignore value."""
    ids, rows = _joined(found.labels)
    table = np.zeros(len(rows), np.uint8)
    for number, row in enumerate(rows):
        combination = _keys(found, row)
        table[number] = values.of.get(combination, 0)
    result: Labels = table[ids]
    if ignored.any():
        result[ignored] = 0 if values.ignored is None else values.ignored
    return result


def region_masks(labels: Labels, table: dict[str, Any]) -> dict[str, NDArray[np.bool_]]:
    """Return the voxels of each structure of nnU-Net's table, regions too; the inverse of `flat`."""
    return {
        name: np.isin(labels, value) for name, value in table.items() if name != "background" and value != 0
    }


def nnunet_json(values: Values, *, cases: int, about: dict[str, Any]) -> dict[str, Any]:
    """Return nnU-Net v2's dataset.json of CT in .nii.gz."""
    regions = {"regions_class_order": values.class_order()} if values.has_regions else {}
    return {
        "channel_names": {"0": "CT"},
        "labels": values.labels(),
        **regions,
        "numTraining": cases,
        "file_ending": ".nii.gz",
        **about,
    }


def decathlon_json(
    values: Values, *, training: Sequence[str], test: Sequence[str], about: dict[str, Any]
) -> dict[str, Any]:
    """Return the Decathlon's dataset.json. Raises Refused when structures share voxels."""
    check_no_regions(values)
    named = {str(value): name for name, value in values.labels().items()}
    return {
        "tensorImageSize": "3D",
        "modality": {"0": "CT"},
        "labels": dict(sorted(named.items(), key=lambda item: int(item[0]))),
        "numTraining": len(training),
        "numTest": len(test),
        "training": [
            {"image": f"./imagesTr/{name}.nii.gz", "label": f"./labelsTr/{name}.nii.gz"} for name in training
        ],
        "test": [f"./imagesTs/{name}.nii.gz" for name in test],
        **about,
    }


def check_no_regions(values: Values) -> None:
    """Refuse structures that share voxels, for formats with one label map."""
    if values.has_regions:
        shared = next(combination for combination in values.of if len(combination) > 1)
        raise Refused(
            f"{shared[0]} and {shared[1]} share voxels, which a label map of the Decathlon cannot say; "
            "export as nnU-Net raw, or one file for each structure."
        )


def _joined(labels: Labels) -> tuple[NDArray[np.int32], list[tuple[int, ...]]]:
    """Return for each voxel (i, j, k) which of the rows, values layer by layer, it has."""
    ids: NDArray[np.int32] = np.zeros(labels.shape[1:], np.int32)
    rows: list[tuple[int, ...]] = [()]
    for voxels in labels:
        joined = ids * 256 + voxels
        present = np.flatnonzero(np.bincount(joined.ravel(), minlength=256 * len(rows)))
        number = np.zeros(256 * len(rows), np.int32)
        number[present] = np.arange(len(present))
        rows = [(*rows[int(one) // 256], int(one) % 256) for one in present]
        ids = number[joined]
    return ids, rows


def _keys(found: Segmentation, row: Sequence[int]) -> Combination:
    return tuple(segment.key for segment in found.segments if row[segment.layer] == segment.value)
