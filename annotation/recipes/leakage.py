"""The same scan in two places: found by content when it comes in, and listed for leads.

A scan that is in two splits of a project makes every figure of the test set too good, and names do not tell.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from django.db.models import Count, Q

from annotation.imaging import signature
from annotation.imaging.signature import SIDE, Signature
from annotation.imaging.signature_words import asked_words, words_of
from annotation.models import (
    Case,
    Project,
    ScanCopy,
    SignatureWord,
    Split,
    Volume,
    VolumeSignature,
)

Figures = tuple[float, float]  # same_slices, same_look
LEAST_WORDS = 3
"""So many words are shared by scans that are compared; fewer is chance."""
MOST_COMPARED = 100
"""So many scans at most are compared for their words, those that share most of them."""
_WORDS_AT_ONCE = 2000
_SIGNATURES_AT_ONCE = 50
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


class Search:
    """Looks for copies of one scan. Asked again, it compares only with what came meanwhile.

    The database finds the few scans that share slices, or words of their profiles; these alone are read and
    compared, one at a time.
    """

    def __init__(self, of: Signature) -> None:
        self._of = of
        self._words = sorted(asked_words(of))
        self._compared: dict[int, Figures] = {}

    def found(self) -> dict[int, Figures]:
        """Return which volumes of this installation show the same scan, and their figures, by id."""
        for volume_id, other in _signatures(self._near() - self._compared.keys()):
            self._compared[volume_id] = signature.compare(self._of, other)
        copies = {one: both for one, both in self._compared.items() if signature.is_copy(*both)}
        there = set(VolumeSignature.objects.filter(pk__in=copies).values_list("pk", flat=True))
        return {one: both for one, both in copies.items() if one in there}

    def _near(self) -> set[int]:
        """Return the volumes that may be copies: all that share slices, and those that share most words."""
        same = VolumeSignature.objects.filter(
            version=signature.VERSION, hashes__overlap=sorted(self._of.hashes)
        )
        shared = SignatureWord.objects.filter(word__in=self._words).values("signature").order_by()
        alike = shared.annotate(n=Count("*")).filter(n__gte=LEAST_WORDS).order_by("-n", "signature")
        of_words = alike.values_list("signature", flat=True)[:MOST_COMPARED] if self._words else ()
        return {*(same.values_list("pk", flat=True) if self._of.hashes else ()), *of_words}


def add_signature(volume: Volume, of: Signature, copies: Mapping[int, Figures]) -> None:
    """Keep a new scan's signature and what a search found for it, in the caller's transaction."""
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


def certain(copies: Mapping[int, Figures]) -> list[int]:
    """Return the volumes that are copies beyond doubt; a new scan has to join their split."""
    return [one for one, figures in copies.items() if signature.is_certain(*figures)]


def _store(volume: Volume, of: Signature) -> None:
    row, _ = VolumeSignature.objects.update_or_create(
        volume=volume,
        defaults={
            "version": signature.VERSION,
            "hashes": sorted(of.hashes),
            "slices": of.profile.shape[1],
            "profile": of.profile.tobytes(),
        },
    )
    keep_words(row, of)


def keep_words(row: VolumeSignature, of: Signature) -> None:
    """Write the words of a signature anew."""
    SignatureWord.objects.filter(signature=row).delete()
    words = (SignatureWord(word=word, signature=row) for word in sorted(words_of(of)))
    SignatureWord.objects.bulk_create(words, batch_size=_WORDS_AT_ONCE)


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


def _signatures(volume_ids: Collection[int]) -> Iterator[tuple[int, Signature]]:
    """Yield the signatures of volumes, a few in memory at a time."""
    rows = VolumeSignature.objects.filter(version=signature.VERSION, pk__in=volume_ids)
    for row in rows.iterator(chunk_size=_SIGNATURES_AT_ONCE) if volume_ids else ():
        yield row.pk, signature_in(row)


def signature_in(row: VolumeSignature) -> Signature:
    """Return what a row holds."""
    profile = np.frombuffer(bytes(row.profile), np.uint8)
    views = len(profile) // (row.slices * SIDE * SIDE) if row.slices else 1
    return Signature(frozenset(row.hashes), profile.reshape(views, row.slices, SIDE, SIDE))
