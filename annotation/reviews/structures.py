"""Verdicts on single structures: given while the review is open, settled when it ends."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db import transaction

from annotation import chunks
from annotation.errors import Refused
from annotation.models import (
    Assignment,
    Mask,
    SchemaStructure,
    StructureVerdict,
    Verdict,
)
from annotation.reviews.locks import lock, require_open


@dataclass(frozen=True)
class Judgement:
    """Accept or return, or None while only the acceptability was said; that one is 1 to 5, or None."""

    verdict: Verdict
    acceptability: int | None = None


def read_structures(read: Assignment) -> list[str]:
    """Keys of the structures that the read is about, layer by layer."""
    entries = SchemaStructure.objects.filter(schema__project=read.case.project_id)
    keys = entries.order_by("layer", "value").values_list("structure__key", flat=True)
    return [key for key in keys if not read.structures or key in read.structures]


def judgements(review: Assignment) -> list[StructureVerdict]:
    return list(review.structure_verdicts.order_by("structure"))


@transaction.atomic
def judge_structures(
    *, assignment: Assignment, structures: Mapping[str, Judgement]
) -> list[StructureVerdict]:
    """Say what the reviewer thinks of single structures so far; replaces what was said before.

    Raises Refused for a structure that the read is not about, Conflict when the review is over.
    """
    review, _ = lock(assignment)
    require_open(review)
    replace(review, structures)
    return judgements(review)


def replace(review: Assignment, structures: Mapping[str, Judgement]) -> None:
    """The caller has locked the review."""
    foreign = sorted(set(structures) - set(read_structures(review)))
    if foreign:
        raise Refused(f"This read has no structure called {foreign[0]}.")
    review.structure_verdicts.exclude(structure__in=structures).delete()
    known = {row.structure: row for row in review.structure_verdicts.all()}
    for key, said in structures.items():
        row = known.get(key) or StructureVerdict(assignment=review, structure=key)
        if row.pk is None or (row.verdict, row.acceptability) != (said.verdict, said.acceptability):
            row.verdict, row.acceptability = said.verdict, said.acceptability
            row.save()


def require_none_returned(review: Assignment) -> None:
    """A read with a structure that goes back goes back as a whole."""
    back = review.structure_verdicts.filter(verdict=Verdict.RETURN).values_list("structure", flat=True)
    if back:
        raise Refused(
            f"{sorted(back)[0]} is marked to go back. Return the read, or accept that structure too."
        )


def settle_accepted(review: Assignment, completed: list[str]) -> None:
    """Every structure that was looked at is accepted, or accepted with a fix where the reviewer drew."""
    looked_at = review.subject.mask.annotated if review.subject is not None else []
    fixed = changed_structures(review.mask) | set(completed)
    said = {row.structure: row.acceptability for row in review.structure_verdicts.all()}
    keys = [key for key in read_structures(review) if key in looked_at or key in fixed]
    replace(
        review,
        {key: Judgement(Verdict.FIX if key in fixed else Verdict.ACCEPT, said.get(key)) for key in keys},
    )


def changed_structures(mask: Mask) -> set[str]:
    """Keys of the structures that gained or lost a voxel against what the mask began from."""
    entries = SchemaStructure.objects.filter(schema__project=mask.case.project_id)
    rows = entries.values_list("layer", "value", "structure__key")
    keys = {(layer, value): key for layer, value, key in rows}
    gains = chunks.gains(mask, chunks.as_it_was(mask, 0))
    return {keys[gain.layer, gain.structure] for gain in gains if (gain.layer, gain.structure) in keys}
