"""Whether structures lie where they do in people: what a swapped label map or a flipped header gives away.

Only centroids in patient space are looked at (LPS mm: +x left, +y back, +z head). Relations are those of
`anatomy.csv`, and left of right for every pair of keys with sides. Nothing is ever turned; a person is told.
"""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from annotation.recipes.pieces import Piece
from training.volume import Geometry

RELATIONS = Path(__file__).with_name("anatomy.csv")
_AXES = {
    "left of": (0, 1),
    "right of": (0, -1),
    "behind": (1, 1),
    "in front of": (1, -1),
    "above": (2, 1),
    "below": (2, -1),
}
_OPPOSITE = {
    **{"left of": "right of", "right of": "left of", "above": "below", "below": "above"},
    **{"in front of": "behind", "behind": "in front of"},
}
_SIDED_MARGIN_MM = 1.0
_SIDED_CERTAINTY = 0.999
_MOST_SHOWN = 3

Point = tuple[float, float, float]


class Verdict(StrEnum):
    """What all relations of a case together say."""

    UNKNOWN = "unknown"  # nothing that could be compared
    PLAUSIBLE = "plausible"
    ODD = "odd"  # single relations are wrong
    SIDES_SWAPPED = "sides_swapped"  # labels of left and right, the rest is in place
    MIRRORED = "mirrored"  # left and right of the patient
    BACK_TO_FRONT = "back_to_front"
    UPSIDE_DOWN = "upside_down"


@dataclass(frozen=True)
class Relation:
    """`first` lies `how` `second` in a share of people that is `certainty`, by more than `margin_mm`."""

    first: str
    how: str
    second: str
    margin_mm: float
    certainty: float
    sided: bool = False


@dataclass(frozen=True)
class Finding:
    """A relation that a case contradicts: by how much, and how sure it is that something is wrong."""

    relation: Relation
    wrong_by_mm: float
    confidence: float

    @property
    def sentence(self) -> str:
        one = self.relation
        return (
            f"{one.first} lies {_OPPOSITE[one.how]} {one.second} by {self.wrong_by_mm:.0f} mm; "
            f"it should lie {one.how} it."
        )


@dataclass(frozen=True)
class Anatomy:
    """What became of the check: how many relations were decided, which contradicted, and what it means."""

    verdict: Verdict
    checked: int
    findings: tuple[Finding, ...]
    confidence: float

    def sentences(self) -> list[str]:
        """Return what to tell a lead: what it means, then the clearest findings."""
        if not self.findings:
            return []
        shown = [finding.sentence for finding in self.findings[:_MOST_SHOWN]]
        more = len(self.findings) - len(shown)
        tail = [f"{more} more of {self.checked} relations are wrong."] if more else []
        return [f"{_MEANING[self.verdict]} ({self.confidence:.0%} sure).", *shown, *tail]


_MEANING = {
    Verdict.ODD: "Structures do not lie as in most people: look at the case and the numbers of its labels",
    Verdict.SIDES_SWAPPED: "Left and right seem swapped in the label map, while the rest is in place",
    Verdict.MIRRORED: "The patient's left and right are exchanged: header or label map may be flipped",
    Verdict.BACK_TO_FRONT: "The patient's front and back are exchanged: the header may be flipped",
    Verdict.UPSIDE_DOWN: "The patient is upside down: the header may be flipped",
}


def check_anatomy(centroids_lps: Mapping[str, Point]) -> Anatomy:
    """Compare centroids (key → LPS mm) with what is known of people; the surest findings come first."""
    checked = [one for one in _relations(centroids_lps) if {one.first, one.second} <= centroids_lps.keys()]
    findings, decided = [], []
    for relation in checked:
        right_by = _distance(relation, centroids_lps)
        if abs(right_by) < relation.margin_mm:
            continue
        decided.append(relation)
        if right_by < 0:
            findings.append(Finding(relation, -right_by, _confidence(relation, -right_by)))
    findings.sort(key=lambda one: (-one.confidence, -one.wrong_by_mm, one.relation.first))
    verdict = _verdict(decided, {one.relation for one in findings})
    doubt = float(np.prod([1 - one.confidence for one in findings])) if findings else 0.0
    return Anatomy(verdict, len(decided), tuple(findings), 1 - doubt if findings else 0.0)


def centroids_of(masks: Mapping[str, Piece], geometry: Geometry) -> dict[str, Point]:
    """Return the centroids (LPS mm) of masks; empty ones have none."""
    found = {}
    for key, piece in masks.items():
        counts = piece.mask.sum()
        if counts:
            ijk = [
                float(
                    piece.mask.sum(axis=tuple(other for other in range(3) if other != axis))
                    @ np.arange(n)
                    / counts
                )
                + first
                for axis, (n, first) in enumerate(zip(piece.mask.shape, piece.start, strict=True))
            ]
            found[key] = _point(geometry, ijk)
    return found


def centroids_of_labels(
    labels: NDArray[np.uint8], names: Mapping[int, str], geometry: Geometry
) -> dict[str, Point]:
    """Return the centroids (LPS mm) of the values of a label map (i, j, k) that have a name."""
    sums = np.zeros((3, 256))
    for axis in range(3):
        for at in range(labels.shape[axis]):
            counts = np.bincount(labels.take(at, axis=axis).ravel(), minlength=256)
            sums[axis] += counts * at
    total = np.bincount(labels.ravel(), minlength=256)
    return {key: _point(geometry, list(sums[:, v] / total[v])) for v, key in names.items() if total[v]}


@cache
def relations() -> tuple[Relation, ...]:
    """Return the relations of the table."""
    with RELATIONS.open(encoding="utf-8", newline="") as file:
        return tuple(
            Relation(
                line["first"],
                line["relation"],
                line["second"],
                float(line["margin_mm"]),
                float(line["certainty"]),
            )
            for line in csv.DictReader(file)
        )


def _point(geometry: Geometry, ijk: list[float]) -> Point:
    x, y, z = geometry.index_to_lps((ijk[0], ijk[1], ijk[2]))
    return float(x), float(y), float(z)


def _relations(keys: Iterable[str]) -> list[Relation]:
    """Return the table, and left of right for every pair among the keys."""
    there = set(keys)
    pairs = [
        Relation(key, "left of", _other_side(key), _SIDED_MARGIN_MM, _SIDED_CERTAINTY, sided=True)
        for key in sorted(there)
        if key.endswith("_left") and _other_side(key) in there
    ]
    return [*pairs, *relations()]


def _other_side(key: str) -> str:
    return f"{key.removesuffix('_left')}_right"


def _distance(relation: Relation, centroids_lps: Mapping[str, Point]) -> float:
    """Return by how many millimetres a relation holds; below 0 where it does not."""
    axis, sign = _AXES[relation.how]
    return sign * (centroids_lps[relation.first][axis] - centroids_lps[relation.second][axis])


def _confidence(relation: Relation, wrong_by_mm: float) -> float:
    """Return the certainty, less where the distance is near the margin, at which it could be an accident."""
    return relation.certainty * (1 - 0.5 * float(np.exp(1 - wrong_by_mm / relation.margin_mm)))


def _verdict(decided: Iterable[Relation], wrong: set[Relation]) -> Verdict:
    """Tell what is exchanged: an axis is where most of its relations are wrong."""
    by_axis: dict[int, list[Relation]] = {0: [], 1: [], 2: []}
    for relation in decided:
        by_axis[_AXES[relation.how][0]].append(relation)
    if not any(by_axis.values()):
        return Verdict.UNKNOWN
    if not wrong:
        return Verdict.PLAUSIBLE
    for axis, verdict in ((2, Verdict.UPSIDE_DOWN), (1, Verdict.BACK_TO_FRONT)):
        if _most(by_axis[axis], wrong):
            return verdict
    sided = [relation for relation in by_axis[0] if relation.sided]
    others = [relation for relation in by_axis[0] if not relation.sided and not _names_a_side(relation)]
    if _most(sided, wrong) and others and not _most(others, wrong):
        return Verdict.SIDES_SWAPPED
    return Verdict.MIRRORED if _most(by_axis[0], wrong) else Verdict.ODD


def _names_a_side(relation: Relation) -> bool:
    """Tell whether swapped labels of sides would change this relation too."""
    return any(key.endswith(("_left", "_right")) for key in (relation.first, relation.second))


def _most(relations_there: list[Relation], wrong: set[Relation]) -> bool:
    return sum(relation in wrong for relation in relations_there) > len(relations_there) / 2
