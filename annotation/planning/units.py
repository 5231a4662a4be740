"""Cases that have to be in one split, and what keeps them from moving.

All scans of a patient go together, and so do certain copies of a scan: one that is learned from and measured
on makes every figure too good.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from django.db.models import F, Q
from django.db.models.fields.json import KeyTextTransform

from annotation.imaging import signature
from annotation.models import (
    CalibrationCase,
    Case,
    CaseState,
    GoldCase,
    MaskKind,
    Part,
    Project,
    ScanCopy,
    SnapshotItem,
    SnapshotUse,
)

AT_REST = (CaseState.WAITING, CaseState.READY, CaseState.ACCEPTED)
PRE_ANNOTATED = (MaskKind.MODEL, MaskKind.ATLAS)
_BASES = ("", "base__", "base__base__", "base__base__base__")


class Reason(StrEnum):
    """What keeps a case where it is, or out of the cases that measure."""

    TRAINED_ON = "trained_on"
    MEASURED_ON = "measured_on"
    HELD = "held"
    BEING_READ = "being_read"
    IN_PART = "in_part"
    CALIBRATION = "calibration"
    GOLD = "gold"
    ANCHORED = "anchored"
    SPACING_UNKNOWN = "spacing_unknown"
    NO_DELINEATION = "no_delineation"


FROZEN = frozenset({Reason.TRAINED_ON, Reason.MEASURED_ON})
"""With one of these a case stays in its split for good."""
SENTENCES = {
    Reason.TRAINED_ON: "a model was trained on it",
    Reason.MEASURED_ON: "models were measured on it",
    Reason.HELD: "it is held until a lead has looked at it",
    Reason.BEING_READ: "somebody reads or reviews it",
    Reason.IN_PART: "only a part of it is read",
    Reason.CALIBRATION: "it is a calibration case, which every reader reads",
    Reason.GOLD: "it is a gold case, which readers are given",
    Reason.ANCHORED: "its delineation began from a prediction, so that a model would be measured by a model",
    Reason.SPACING_UNKNOWN: "its spacing is not known, so that nothing can be measured in it",
    Reason.NO_DELINEATION: "it has no accepted delineation, and nobody reads cases outside the pool",
}


@dataclass(frozen=True)
class Scan:
    """A case as the splits see it. `words`: its source, site and scanner; empty = not known."""

    case: int
    number: int
    volume: int
    patient: str
    split: str
    labelled: bool
    words: Mapping[str, str]
    reasons: frozenset[Reason] = frozenset()


@dataclass(frozen=True)
class Unit:
    """Scans that go together. They are in one split, but where copies were found after they were frozen."""

    scans: tuple[Scan, ...]
    split: str
    reasons: frozenset[Reason] = field(default_factory=frozenset)

    @property
    def labelled(self) -> int:
        return sum(scan.labelled for scan in self.scans)

    @property
    def stays(self) -> bool:
        return bool(self.reasons & FROZEN)

    def word(self, what: str) -> str:
        """What its first scan says."""
        return self.scans[0].words.get(what, "")


def scanner_word(manufacturer: str, model: str) -> str:
    """What a scanner is called; empty = not known."""
    return f"{manufacturer} {model}".strip()


def units_of(project: Project, *, anchored: bool) -> list[Unit]:
    """Every case of the project, in units by their first number.

    `anchored`: whether delineations that began from a prediction may measure models all the same.
    """
    scans = _scans(project, anchored)
    by_volume = {scan.volume: scan.case for scan in scans}
    together = _Together(scan.case for scan in scans)
    first_of: dict[str, int] = {}
    for scan in scans:
        together.join(scan.case, first_of.setdefault(scan.patient, scan.case))
    for first, second in _copies(by_volume):
        together.join(by_volume[first], by_volume[second])
    members: dict[int, list[Scan]] = defaultdict(list)
    for scan in scans:
        members[together.root(scan.case)].append(scan)
    return [_unit(found) for found in members.values()]


def _unit(scans: Sequence[Scan]) -> Unit:
    reasons: set[Reason] = set()
    for scan in scans:
        reasons |= scan.reasons
    if not any(scan.labelled for scan in scans):
        reasons.add(Reason.NO_DELINEATION)
    frozen = next((scan for scan in scans if scan.reasons & FROZEN), scans[0])
    return Unit(tuple(scans), frozen.split, frozenset(reasons))


class _Together:
    """Union–find over ids."""

    def __init__(self, ids: Iterable[int]) -> None:
        self._parent = {one: one for one in ids}

    def root(self, one: int) -> int:
        while self._parent[one] != one:
            self._parent[one] = self._parent[self._parent[one]]
            one = self._parent[one]
        return one

    def join(self, one: int, other: int) -> None:
        first, second = sorted((self.root(one), self.root(other)))
        self._parent[second] = first


def _copies(by_volume: Mapping[int, int]) -> list[tuple[int, int]]:
    """Pairs of volumes that are copies beyond doubt."""
    pairs = ScanCopy.objects.filter(first__in=list(by_volume), second__in=list(by_volume))
    return [
        (pair.first_id, pair.second_id)
        for pair in pairs
        if signature.is_certain(pair.same_slices, pair.same_look)
    ]


def _scans(project: Project, anchored: bool) -> list[Scan]:
    reasons = _reasons(project, anchored)
    rows = Case.objects.filter(project=project).order_by("number")
    found = rows.annotate(
        manufacturer=KeyTextTransform("manufacturer", F("volume__header")),
        model=KeyTextTransform("model", F("volume__header")),
    ).values_list(
        *("pk", "number", "volume", "patient_key", "split", "state", "region", "site"),
        *("volume__spacing_known", "came_from__source__title", "manufacturer", "model"),
    )
    return [_scan(row, reasons) for row in found]


def _scan(row: tuple[Any, ...], reasons: Mapping[int, set[Reason]]) -> Scan:
    pk, number, volume, patient, split, state, region, site, spacing_known, source, maker, model = row
    own = set(reasons.get(pk, ()))
    if state == CaseState.HELD:
        own.add(Reason.HELD)
    elif state not in AT_REST:
        own.add(Reason.BEING_READ)
    if region is not None:
        own.add(Reason.IN_PART)
    if not spacing_known:
        own.add(Reason.SPACING_UNKNOWN)
    words = {"source": source or "", "site": site, "scanner": scanner_word(maker or "", model or "")}
    return Scan(pk, number, volume, patient, split, state == CaseState.ACCEPTED, words, frozenset(own))


def _reasons(project: Project, anchored: bool) -> dict[int, set[Reason]]:
    """What other tables say against moving a case."""
    found: dict[int, set[Reason]] = defaultdict(set)
    items = SnapshotItem.objects.filter(case__project=project).values_list("case", "use").distinct()
    for case, use in items:
        found[case].add(Reason.TRAINED_ON if use == SnapshotUse.TRAIN else Reason.MEASURED_ON)
    for case in CalibrationCase.objects.filter(case__project=project).values_list("case", flat=True):
        found[case].add(Reason.CALIBRATION)
    for case in GoldCase.objects.filter(case__project=project).values_list("case", flat=True):
        found[case].add(Reason.GOLD)
    if not anchored:
        for case in _anchored(project):
            found[case].add(Reason.ANCHORED)
    return found


def _anchored(project: Project) -> set[int]:
    """Cases of whose accepted delineation some part began from a prediction."""
    began = Q()
    for base in _BASES:
        began |= Q(**{f"accepted_revision__mask__{base}kind__in": PRE_ANNOTATED})
    return set(Part.objects.filter(began, case__project=project).values_list("case", flat=True))
