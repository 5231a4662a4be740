"""Which structures accepted delineations show: looked at once, after they were accepted."""

import time

import numpy as np
from django.db.models import QuerySet

from annotation.chunks.grid import decompress
from annotation.chunks.rows import read_chunks
from annotation.models import Case, Revision, SchemaStructure, ShownStructures

AT_ONCE = 50
LIMIT_S = 20.0


def shown_in(revision: Revision) -> list[str]:
    """Keys of the structures of which the revision has a voxel, in their order."""
    entries = SchemaStructure.objects.filter(schema__project=revision.mask.case.project_id)
    rows = entries.values_list("structure__key", "layer", "value")
    places = {(layer, value): key for key, layer, value in rows}
    found: set[str] = set()
    for row in read_chunks(revision.mask, revision.number):
        values = np.flatnonzero(np.bincount(decompress(row.data), minlength=1))
        found |= {places[row.layer, int(value)] for value in values if (row.layer, int(value)) in places}
    return sorted(found)


def count_shown(*, limit_s: float = LIMIT_S) -> int:
    """Look at accepted delineations that nobody has looked at yet, and say at how many; stop after `limit_s`.

    A revision never changes, so that each is looked at once.
    """
    until = time.monotonic() + limit_s
    counted = 0
    while waiting := list(_waiting()[:AT_ONCE]):
        for revision in waiting:
            if time.monotonic() >= until:
                return counted
            ShownStructures.objects.bulk_create(
                [ShownStructures(revision=revision, keys=shown_in(revision))], ignore_conflicts=True
            )
            counted += 1
    return counted


def _waiting() -> QuerySet[Revision]:
    accepted = Case.objects.filter(accepted_revision__isnull=False).values("accepted_revision")
    waiting = Revision.objects.filter(pk__in=accepted, shown__isnull=True)
    return waiting.select_related("mask__case").order_by("-pk")
