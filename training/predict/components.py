"""Post-processing: keep the largest connected component, and choose on validation whether that helps.

The rules are nnU-Net's: keeping one component of all structures together is tried first and kept if the mean
Dice rises and no structure loses; then the same is tried for each structure alone and kept if its Dice rises.
Voxels are connected by faces, edges and corners (26 neighbours).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import cc3d
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from training.labels import IGNORE, StructureSpec
from training.plan import Plan
from training.progress import TrainingError

ALL = "all"

Labels = NDArray[np.uint8]
Place = tuple[int, int]


@dataclass(frozen=True)
class Validated:
    """A validation case: what was drawn and what was predicted, uint8 (layer, i, j, k), on one grid."""

    reference: Labels
    prediction: Labels
    annotated: frozenset[str]


def keep_largest(labels: Labels, postprocessing: Sequence[str], places: Mapping[str, Place]) -> Labels:
    """Return labels, uint8 (layer, i, j, k), with the largest component alone of what is named.

    "all" stands for the structures of all layers together and comes first. `places` gives each structure's
    layer and value. Raises TrainingError for a structure that is not among them.
    """
    unknown = [key for key in postprocessing if key != ALL and key not in places]
    if unknown:
        raise TrainingError(f"The plan's post-processing names {unknown[0]}, which the model does not draw.")
    result = labels.copy() if postprocessing else labels
    if ALL in postprocessing:
        kept = largest_component(((result > 0) & (result != IGNORE)).any(axis=0))
        result[:, ~kept] = 0
    boxes = [ndimage.find_objects(layer) for layer in result]
    for key in postprocessing:
        if key != ALL:
            layer, value = places[key]
            box = boxes[layer][value - 1] if value <= len(boxes[layer]) else None
            if box is not None:
                _keep_one(result[layer][box], value)
    return result


def places_of(plan: Plan) -> dict[str, Place]:
    """Return the layer and the value of every structure of the plan."""
    keys = [key for key in plan.channels if not key.startswith("background:")]
    places = [(layer, value) for layer, values in enumerate(plan.layers) for value in values]
    return dict(zip(keys, places, strict=True))


def largest_component(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the largest connected part of a mask (i, j, k); of equal ones the first by index."""
    box = ndimage.find_objects(mask.view(np.uint8))
    kept = np.zeros_like(mask)
    if box:
        components = cc3d.connected_components(mask[box[0]], connectivity=26)
        kept[box[0]] = components == 1 + int(np.bincount(components.ravel())[1:].argmax())
    return kept


def choose_postprocessing(cases: Iterable[Validated], structures: Sequence[StructureSpec]) -> tuple[str, ...]:
    """Choose on validation cases what `Plan.postprocessing` should be; () where nothing helps.

    Every case is looked at once. Structures that were not annotated in a case, and voxels that were not
    looked at, do not count. A structure's Dice is the mean over the cases where it was drawn or predicted.
    """
    places = {s.key: (s.layer, s.value) for s in structures}
    keys = tuple(places)
    tables: list[list[NDArray[np.float64]]] = []
    for case in cases:
        joint = keep_largest(case.prediction, (ALL,), places)
        variants = (
            case.prediction,
            joint,
            keep_largest(case.prediction, keys, places),
            keep_largest(joint, keys, places),
        )
        tables.append([_dice(case, variant, places) for variant in variants])
    if not tables:
        return ()
    plain, joint_dice, single, joint_single = (_mean(np.array(rows)) for rows in zip(*tables, strict=True))
    keep_joint = _total(joint_dice) > _total(plain) and not (joint_dice < plain).any()
    before, after = (joint_dice, joint_single) if keep_joint else (plain, single)
    if len(keys) < 2:  # then one structure alone is all of them together
        return (ALL,) if keep_joint else ()
    better = tuple(key for key, new, old in zip(keys, after, before, strict=True) if new > old)
    return (ALL, *better) if keep_joint else better


def _keep_one(labels: Labels, value: int) -> None:
    mask = labels == value
    labels[mask & ~largest_component(mask)] = 0


def _dice(case: Validated, labels: Labels, places: Mapping[str, Place]) -> NDArray[np.float64]:
    """Return each structure's Dice, NaN where it is not applicable."""
    result = np.full(len(places), np.nan)
    for layer, (reference, drawn) in enumerate(zip(case.reference, labels, strict=True)):
        found = np.where(reference == IGNORE, IGNORE, drawn)
        sizes = _counts(reference) + _counts(found)
        shared = _counts(reference[reference == found])
        for n, (key, (own_layer, value)) in enumerate(places.items()):
            if key in case.annotated and own_layer == layer and sizes[value]:
                result[n] = 2 * int(shared[value]) / int(sizes[value])
    return result


def _counts(labels: Labels) -> NDArray[np.int64]:
    return np.bincount(labels.ravel(), minlength=256)


def _mean(dice: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean over cases (case, structure), NaN where a structure never counted."""
    known = np.isfinite(dice)
    total = np.where(known, dice, 0).sum(axis=0)
    count = known.sum(axis=0)
    return np.asarray(np.divide(total, count, out=np.full(len(total), np.nan), where=count > 0))


def _total(dice: NDArray[np.float64]) -> float:
    """Return the mean over the structures that count, 0 where none does."""
    known = np.isfinite(dice)
    return float(dice[known].mean()) if known.any() else 0.0
