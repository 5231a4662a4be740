"""What an adjudicator decides: where two reads differ, ranked, with the edits to take a side.

Worked out once for two revisions and kept in the store, because the distances of a large scan take seconds.
"""

import base64
import gzip
import hashlib
import json
import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from annotation import chunks, store
from annotation.agreement.scoring import Target, spacing_of, targets_of
from annotation.errors import StoreFailed
from annotation.models import Assignment, Mask, StartFrom
from annotation.reviews.components import Component, Ints, components
from training.raters import MAJORITY_RULE, staple

FORMAT = 2
logger = logging.getLogger(__name__)

_VOXELS = (1.0, 1.0, 1.0)  # where nobody knows how large a voxel is, distances are counted in voxels
MOST_COMPONENTS = 300  # the others go with the rest of their structure

Labels = NDArray[np.uint8]


@dataclass(frozen=True)
class _Votes:
    """One layer as a, b and, where both began from one prediction, that prediction have it."""

    a: Labels
    b: Labels
    third: Labels | None

    def edits(self, side: str, layer: int, voxels: Ints, grid: chunks.Grid) -> str | None:
        """What turns the voxels into how one side, or the majority, has them: as a save, in base64."""
        value = self._values(side, voxels)
        if value is None:
            return None
        return base64.b64encode(chunks.encode_runs(layer, voxels, value, grid)).decode()

    def _values(self, side: str, voxels: Ints) -> Labels | None:
        a, b = self.a.ravel("F")[voxels], self.b.ravel("F")[voxels]
        if side != "majority":
            return a if side == "a" else b
        if self.third is None:
            return None
        third = self.third.ravel("F")[voxels]
        # Of three votes, whatever two agree on; where all differ nothing has more than half.
        return np.where((a == b) | (a == third), a, np.where(b == third, b, 0)).astype(np.uint8)


@dataclass(frozen=True)
class _Found:
    target: Target
    component: Component


def packed(a: Assignment, b: Assignment, keys: Sequence[str], connectivity: int) -> bytes:
    """The disagreement of two final reads in the structures `keys`: JSON, gzipped."""
    targets = [target for target in targets_of(a.case.project_id) if target.key in keys]
    key = _store_key(a, b, targets, connectivity)
    if store.exists(key):
        return store.read(key)
    body = gzip.compress(json.dumps(_worked_out(a, b, targets, connectivity)).encode(), mtime=0)
    with suppress(FileExistsError):  # somebody else worked it out meanwhile
        try:
            store.put(key, body)
        except StoreFailed as failed:  # kept to be quicker next time: the answer does not need it
            logger.warning("A difference of two reads could not be kept: %s", failed.__cause__)
    return body


def _store_key(a: Assignment, b: Assignment, targets: Sequence[Target], connectivity: int) -> str:
    spacing = spacing_of(a.case.volume) if a.case.volume.spacing_known else None
    of = (FORMAT, a.mask_id, a.mask.head, b.mask_id, b.mask.head, connectivity, [*targets], spacing)
    return f"adjudications/{a.case_id}/{hashlib.sha256(repr(of).encode()).hexdigest()[:32]}.json.gz"


def _worked_out(a: Assignment, b: Assignment, targets: Sequence[Target], connectivity: int) -> dict[str, Any]:
    left, right, third = _layers(a.mask), _layers(b.mask), _common_start(a, b)
    known = a.case.volume.spacing_known
    grid, spacing = chunks.grid_of(a.mask), spacing_of(a.case.volume) if known else _VOXELS
    found: list[_Found] = []
    rates: list[dict[str, Any]] = []
    votes = {
        layer: _Votes(left[layer], right[layer], None if third is None else third[layer])
        for layer in {target.layer for target in targets}
    }
    for target in targets:
        mine = votes[target.layer]
        masks = mine.a == target.value, mine.b == target.value
        # A tolerance in millimetres says nothing then: all that differs is looked at.
        pieces = components(*masks, spacing, target.tolerance_mm if known else 0.0, connectivity)
        found += [_Found(target, piece) for piece in pieces]
        rates += _rates(target, mine)
    voxel_ml = float(np.prod(spacing)) / 1000 if known else None
    worst_first = _rank if known else _size
    ranked = sorted((one for one in found if not one.component.rest), key=worst_first, reverse=True)
    listed, small = ranked[:MOST_COMPONENTS], ranked[MOST_COMPONENTS:]
    rest = small + [one for one in found if one.component.rest]
    return {
        "connectivity": connectivity,
        "components": [_component(one, votes, grid, voxel_ml) for one in listed],
        "rest": [_rest(target, rest, votes, grid, voxel_ml) for target in targets if _any(rest, target)],
        "rates": rates,
        "majority_of": 0 if third is None else 3,
        "majority_rule": MAJORITY_RULE,
    }


def _layers(mask: Mask) -> Labels:
    return chunks.read_layers(mask, mask.head)


def _common_start(a: Assignment, b: Assignment) -> Labels | None:
    """The third vote: the prediction that both reads began from."""
    start = a.mask.base
    same = (a.mask.base_id, a.mask.base_revision) == (b.mask.base_id, b.mask.base_revision)
    if not same or start is None or a.start_from != StartFrom.PREDICTION:
        return None
    return chunks.read_layers(start, a.mask.base_revision)


def _rank(one: _Found) -> float:
    return one.component.rank(1)


def _size(one: _Found) -> int:
    return len(one.component.voxels)


def _component(
    one: _Found, votes: dict[int, _Votes], grid: chunks.Grid, voxel_ml: float | None
) -> dict[str, Any]:
    """Describe a piece; without `voxel_ml` nothing of it is in millimetres."""
    piece = one.component
    return {
        **_named(one.target),
        "centre_ijk": piece.centre,
        "low": piece.low,
        "high": piece.high,
        "voxels": len(piece.voxels),
        "only_a": piece.only_a,
        "only_b": piece.only_b,
        "volume_ml": None if voxel_ml is None else len(piece.voxels) * voxel_ml,
        "distance_mm": None if voxel_ml is None else piece.distance_mm,
        "beyond_mm": None if voxel_ml is None else piece.beyond_mm,
        **_edits(votes[one.target.layer], one.target.layer, piece.voxels, grid),
    }


def _rest(
    target: Target,
    rest: Sequence[_Found],
    votes: dict[int, _Votes],
    grid: chunks.Grid,
    voxel_ml: float | None,
) -> dict[str, Any]:
    mine = [one.component for one in rest if one.target == target]
    voxels = np.sort(np.concatenate([piece.voxels for piece in mine]))
    return {
        **_named(target),
        "voxels": len(voxels),
        "volume_ml": None if voxel_ml is None else len(voxels) * voxel_ml,
        "distance_mm": None if voxel_ml is None else max(piece.distance_mm for piece in mine),
        **_edits(votes[target.layer], target.layer, voxels, grid),
    }


def _any(rest: Sequence[_Found], target: Target) -> bool:
    return any(one.target == target for one in rest)


def _named(target: Target) -> dict[str, Any]:
    return {
        "structure": target.key,
        "layer": target.layer,
        "value": target.value,
        "tolerance_mm": target.tolerance_mm,
    }


def _edits(votes: _Votes, layer: int, voxels: Ints, grid: chunks.Grid) -> dict[str, str | None]:
    return {f"take_{side}": votes.edits(side, layer, voxels, grid) for side in ("a", "b", "majority")}


def _rates(target: Target, votes: _Votes) -> list[dict[str, Any]]:
    """STAPLE's sensitivity and specificity of a, b and the prediction; two votes alone cannot tell."""
    if votes.third is None:
        return []
    masks = [np.asarray(labels == target.value) for labels in (votes.a, votes.b, votes.third)]
    estimate = staple(masks)
    if estimate.sensitivity is None or estimate.specificity is None or estimate.region is None:
        return []
    return [
        {
            "structure": target.key,
            "of": of,
            "sensitivity": sensitivity,
            "specificity": specificity,
            "region": estimate.region.rule,
            "converged": estimate.converged,
        }
        for of, sensitivity, specificity in zip(
            ("a", "b", "prediction"), estimate.sensitivity, estimate.specificity, strict=True
        )
    ]
