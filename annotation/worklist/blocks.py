"""Which of a reader's reads are gold, repeats, overlaps and routine: permuted blocks of twenty.

The order within a block follows from the plan's seed, the reader and the number of the block, so that asking
twice changes nothing. Shares that are no whole number of a block are carried to the next one, as are reads
that a block owed but had no case for.
"""

import hashlib
import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, QuerySet

from annotation.models import (
    ENDED_STATES,
    Assignment,
    AssignmentRole,
    AssignmentState,
    Project,
    Purpose,
    ReliabilityPlan,
)
from annotation.prepared import Prepared

BLOCK = 20
SPECIAL = (Purpose.GOLD, Purpose.REPEAT, Purpose.OVERLAP)
MOST_DEBT = 2  # blocks' worth: who had no gold case for months does not get ten in a row


@dataclass(frozen=True)
class Place:
    """How many reads the blocks gave a reader, and how many of which kind before the block at hand."""

    position: int
    before_block: Mapping[str, int]


def place_of(reader: int, project: Project) -> Place:
    """From the reads that the blocks have given so far; what was given back or skipped does not count."""
    rows = _COUNTED.columns(reader=reader, project=project.pk)
    counts = Counter({purpose: n for purpose, n, _ in rows})
    position = sum(counts.values())
    newest = rows[0][2][: position % BLOCK] if rows else []
    return Place(position, counts - Counter(newest))


def _given(reader: int, project: int) -> QuerySet[Assignment]:
    reads = Assignment.objects.filter(
        reader=reader,
        case__project=project,
        role=AssignmentRole.ANNOTATE,
        rival__isnull=True,
        assigned_by__isnull=True,
    )
    standing = reads.exclude(state__in=(*ENDED_STATES, AssignmentState.PLANNED))
    return standing.exclude(purpose=Purpose.CALIBRATION)


def _counted(reader: int, project: int) -> "QuerySet[Assignment, Any]":
    """Of each purpose how many; and with each the purposes of the newest reads of all, newest first."""
    given = _given(reader, project)
    newest = ArraySubquery(given.order_by("-pk").values("purpose")[:BLOCK])
    return given.order_by().values_list("purpose").annotate(n=Count("pk"), newest=newest)


_COUNTED = Prepared(Assignment, _counted, reader=int, project=int)


def purpose_at(place: Place, plan: ReliabilityPlan, reader: int) -> Purpose:
    """What the reader's next read is to be, if there is a case for it."""
    number = place.position // BLOCK
    return block(number, place.before_block, plan, reader)[place.position % BLOCK]


def block(number: int, given: Mapping[str, int], plan: ReliabilityPlan, reader: int) -> list[Purpose]:
    """The purposes of one block, in their order; `given` counts what the blocks before it gave."""
    shares = {
        Purpose.GOLD: plan.gold_share,
        Purpose.REPEAT: plan.repeat_share,
        Purpose.OVERLAP: plan.double_share,
    }
    order: list[Purpose] = []
    for purpose in SPECIAL:
        owed = round(shares[purpose] * BLOCK * (number + 1)) - given.get(purpose, 0)
        most = round(shares[purpose] * BLOCK * MOST_DEBT + 0.5)
        order += [purpose] * max(0, min(owed, most, BLOCK - len(order)))
    order += [Purpose.ROUTINE] * (BLOCK - len(order))
    random.Random(draw(plan.seed, "block", reader, number)).shuffle(order)  # noqa: S311 - no secret
    return order


def draw(*of: object) -> int:
    """A number that looks random and follows from its arguments alone."""
    return int.from_bytes(hashlib.sha256(repr(of).encode()).digest()[:8], "big")
