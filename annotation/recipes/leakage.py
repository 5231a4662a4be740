"""The same scan in two places: found by content when it comes in, and listed for leads.

A scan that is in two splits of a project makes every figure of the test set too good, and names do not tell.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from django.db.models import Q

from annotation.imaging import signature
from annotation.imaging.signature import SIDE, Signature
from annotation.models import Case, Project, ScanCopy, Split, Volume, VolumeSignature

Figures = tuple[float, float]  # same_slices, same_look
_STRICTEST = (Split.TEST, Split.VALIDATION, Split.POOL)


@dataclass(frozen=True)
class Suspected:
    """Two cases that show one scan. `split_apart`: they are in different splits of one project.

    `same_slices` and `same_look` are the figures of `annotation.imaging.signature.compare`.
    """

    case: Case
    other: Case
    same_slices: float
    same_look: float

    @property
    def split_apart(self) -> bool:
        return self.case.project_id == self.other.project_id and self.case.split != self.other.split


class Library:
    """The signatures of all scans of this installation, read once and kept up while an import adds more."""

    def __init__(self) -> None:
        self._known: dict[int, Signature] = {}
        self.refresh()

    def refresh(self) -> set[int]:
        """Take in what others added meanwhile, and forget what is gone or was never committed.

        Returns the volumes that are new.
        """
        rows = VolumeSignature.objects.filter(version=signature.VERSION)
        there = set(rows.values_list("pk", flat=True))
        self._known = {one: of for one, of in self._known.items() if one in there}
        new = there - self._known.keys()
        for row in rows.filter(pk__in=new).order_by("pk").iterator(chunk_size=500) if new else ():
            self._known[row.pk] = _signature(row)
        return new

    def __contains__(self, volume_id: object) -> bool:
        return volume_id in self._known

    def __len__(self) -> int:
        return len(self._known)

    def of(self, volume_id: int) -> Signature | None:
        """Return the signature of a volume, or None where it has none."""
        return self._known.get(volume_id)

    def copies_of(self, of: Signature, among: Collection[int] | None = None) -> dict[int, Figures]:
        """Return which volumes (`among` these, None = all) show the same scan, and their figures, by id."""
        known = self._known if among is None else {one: self._known[one] for one in among}
        figures = {one: signature.compare(of, other) for one, other in known.items()}
        return {one: both for one, both in figures.items() if signature.is_copy(*both)}

    def add(self, volume: Volume, of: Signature, copies: Mapping[int, Figures]) -> None:
        """Keep a new scan's signature and what `copies_of` found for it, in the caller's transaction."""
        _store(volume, of)
        ScanCopy.objects.bulk_create(
            (
                ScanCopy(
                    first_id=min(one, volume.pk),
                    second_id=max(one, volume.pk),
                    same_slices=same_slices,
                    same_look=same_look,
                )
                for one, (same_slices, same_look) in copies.items()
                if one != volume.pk
            ),
            ignore_conflicts=True,
        )
        self._known[volume.pk] = of


def certain(copies: Mapping[int, Figures]) -> list[int]:
    """Return the volumes that are copies beyond doubt; a new scan has to join their split."""
    return [one for one, figures in copies.items() if signature.is_certain(*figures)]


def _store(volume: Volume, of: Signature) -> None:
    VolumeSignature.objects.update_or_create(
        volume=volume,
        defaults={
            "version": signature.VERSION,
            "hashes": sorted(of.hashes),
            "slices": of.profile.shape[1],
            "profile": of.profile.tobytes(),
        },
    )


def split_of_copies(project: Project, volume_ids: Iterable[int]) -> str | None:
    """Return the split in which a project has one of these volumes, the strictest first; None: it has none.

    A copy has to join it: all copies of a scan are in one split.
    """
    splits = set(project.cases.filter(volume__in=list(volume_ids)).values_list("split", flat=True))
    return next((str(split) for split in _STRICTEST if split in splits), None)


def suspected_copies(project: Project) -> list[Suspected]:
    """Return the pairs of cases with one scan, of which at least one is the project's; worst first."""
    mine = project.cases.values("volume")
    pairs = list(ScanCopy.objects.filter(Q(first__in=mine) | Q(second__in=mine)))
    cases = Case.objects.filter(volume__in={one for p in pairs for one in (p.first_id, p.second_id)})
    by_volume: dict[int, list[Case]] = {}
    for case in cases:
        by_volume.setdefault(case.volume_id, []).append(case)
    found = [
        _ordered(project, first, second, (pair.same_slices, pair.same_look))
        for pair in pairs
        for first in by_volume.get(pair.first_id, ())
        for second in by_volume.get(pair.second_id, ())
        if project.pk in (first.project_id, second.project_id)
    ]
    return sorted(found, key=lambda s: (not s.split_apart, -s.same_slices, -s.same_look, s.case.number))


def _ordered(project: Project, first: Case, second: Case, figures: tuple[float, float]) -> Suspected:
    """Put the project's own case first."""
    if first.project_id != project.pk:
        first, second = second, first
    return Suspected(first, second, *figures)


def _signature(row: VolumeSignature) -> Signature:
    profile = np.frombuffer(bytes(row.profile), np.uint8)
    views = len(profile) // (row.slices * SIDE * SIDE) if row.slices else 1
    return Signature(frozenset(row.hashes), profile.reshape(views, row.slices, SIDE, SIDE))
