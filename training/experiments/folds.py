"""Who is trained on and who is tested on: folds, a held-out share and growing subsets, always by patient.

All scans of a patient stay together. Folds are stratified by iterative stratification (Sechidis et al. 2011,
doi:10.1007/978-3-642-23808-6_10): the structure that the fewest remaining patients have annotated is handed
out first, each patient to the fold that lacks it most. The amount drawn, in thirds, counts as one more tag.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

import numpy as np

from training.progress import TrainingError


class Scan(Protocol):
    """What splitting needs to know of a case."""

    @property
    def id(self) -> str:
        """The case's name."""

    @property
    def patient(self) -> str:
        """Whose scan it is."""

    @property
    def annotated(self) -> tuple[str, ...]:
        """The structures that were looked at."""


S = TypeVar("S", bound=Scan)


@dataclass
class _Fold:
    need: dict[str, float]
    patients: list[str] = field(default_factory=list)


def stratified_folds(
    cases: Sequence[S], count: int, seed: int, drawn_ml: Mapping[str, float] | None = None
) -> tuple[tuple[S, ...], ...]:
    """Return `count` folds; numbers of patients differ by one at most.

    `drawn_ml` gives the volume drawn in each case by its id. Raises TrainingError for fewer than 2 folds or
    fewer patients than folds.
    """
    patients = _by_patient(cases)
    if count < 2:
        raise TrainingError(f"Cross-validation needs at least 2 folds, not {count}.")
    if len(patients) < count:
        raise TrainingError(
            f"{count} folds need at least {count} patients, there are {len(patients)}; ask for fewer folds."
        )
    tags = {name: _tags(name, scans, patients, drawn_ml or {}) for name, scans in patients.items()}
    folds = _handed_out(tags, count, np.random.default_rng([seed, 77]))
    chosen = [set(fold.patients) for fold in folds]
    return tuple(tuple(case for case in cases if case.patient in own) for own in chosen)


def held_out(cases: Sequence[S], share: float, seed: int) -> tuple[tuple[S, ...], tuple[S, ...]]:
    """Return the cases to train on and a share of the patients, at least one, to validate on.

    Raises TrainingError when `share` is not between 0 and 1, or there is only one patient.
    """
    if not 0 < share < 1:
        raise TrainingError(f"The share held out lies between 0 and 1, not at {share:g}.")
    patients = _by_patient(cases)
    if len(patients) < 2:
        raise TrainingError("Only one patient is there; nobody can be held out to check the result on.")
    folds = max(2, min(len(patients), round(1 / min(share, 1 - share))))
    parts = stratified_folds(cases, folds, seed)
    wanted = min(max(1, round(share * len(patients))), len(patients) - 1)
    order = [case.patient for part in parts for case in part]
    out = set(list(dict.fromkeys(order))[:wanted])
    return tuple(c for c in cases if c.patient not in out), tuple(c for c in cases if c.patient in out)


def nested_subsets(cases: Sequence[S], sizes: Sequence[int], seed: int) -> dict[int, tuple[S, ...]]:
    """Return random subsets of the given sizes, each a part of the next larger one.

    Raises TrainingError when a size is below 1, given twice, or above the number of cases.
    """
    for size in sizes:
        if not 1 <= size <= len(cases):
            raise TrainingError(f"A subset of {size} cases is not possible: there are {len(cases)}.")
    if len(set(sizes)) < len(sizes):
        raise TrainingError("A size is given twice; name every size once.")
    patients = _by_patient(cases)
    names = list(patients)
    np.random.default_rng([seed, 78]).shuffle(names)
    order = [case for name in names for case in patients[name]]
    return {size: tuple(order[:size]) for size in sorted(sizes)}


def _by_patient(cases: Sequence[S]) -> dict[str, list[S]]:
    patients: dict[str, list[S]] = {}
    for case in sorted(cases, key=lambda c: c.id):
        patients.setdefault(case.patient, []).append(case)
    return patients


def _tags(
    name: str, scans: Sequence[Scan], patients: Mapping[str, Sequence[Scan]], drawn_ml: Mapping[str, float]
) -> frozenset[str]:
    tags = {f"annotated:{key}" for scan in scans for key in scan.annotated}
    if drawn_ml:
        volume = {p: float(np.mean([drawn_ml.get(s.id, 0.0) for s in own])) for p, own in patients.items()}
        ordered = sorted(volume, key=lambda p: (volume[p], p))
        tags.add(f"third:{3 * ordered.index(name) // len(ordered)}")
    return frozenset(tags)


def _handed_out(tags: Mapping[str, frozenset[str]], count: int, rng: np.random.Generator) -> list[_Fold]:
    names = list(tags)
    rng.shuffle(names)
    total = Counter(tag for own in tags.values() for tag in own)
    folds = [_Fold({tag: n / count for tag, n in total.items()}) for _ in range(count)]
    while names:
        left = Counter(tag for name in names for tag in tags[name])
        rarest = min(left, key=lambda tag: (left[tag], tag)) if left else None
        for name in [name for name in names if rarest is None or rarest in tags[name]]:
            fold = _neediest(folds, rarest, len(tags))
            fold.patients.append(name)
            names.remove(name)
            for tag in tags[name]:
                fold.need[tag] -= 1
    return folds


def _neediest(folds: Sequence[_Fold], tag: str | None, patients: int) -> _Fold:
    """Return the fold with room that lacks the tag most; of equals the emptiest."""
    small, larger = divmod(patients, len(folds))
    full = sum(len(fold.patients) > small for fold in folds)
    limit = small + (1 if full < larger else 0)
    open_ = [fold for fold in folds if len(fold.patients) < limit]
    return max(open_, key=lambda fold: (fold.need[tag] if tag else 0.0, -len(fold.patients)))
