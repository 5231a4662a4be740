"""What reviewers said of readers' work: first-pass acceptance and error codes."""

from collections import Counter
from dataclasses import dataclass
from typing import Annotated

from django.db.models import Count, F

from annotation.dashboards.agreement import names_of
from annotation.dashboards.shares import share_of
from annotation.dashboards.tables import Says
from annotation.models import AssignmentRole, AssignmentState, Pin, Project, Review, Verdict


@dataclass(frozen=True)
class FirstPassRow:
    """The first verdict on every read of one reader that was reviewed."""

    reader_id: Annotated[int, Says("Id of the reader")]
    reader: Annotated[str, Says("User name of the reader")]
    reads: Annotated[int, Says("Reads that were reviewed", "reads")]
    accepted: Annotated[int, Says("Accepted at once as they were", "reads")]
    fixed: Annotated[int, Says("Accepted at once, with a fix by the reviewer", "reads")]
    returned: Annotated[int, Says("Returned first", "reads")]
    share: Annotated[float, Says("Accepted at once as they were, of those reviewed")]
    low: Annotated[float, Says("Lower end of the share's 95 % interval (Wilson)")]
    high: Annotated[float, Says("Upper end of the share's 95 % interval (Wilson)")]


@dataclass(frozen=True)
class ErrorRow:
    """Pins of one error code in one structure of one reader's reads."""

    reader_id: Annotated[int, Says("Id of the reader")]
    reader: Annotated[str, Says("User name of the reader")]
    structure: Annotated[str, Says("Key of the structure")]
    code: Annotated[str, Says("Error code: missing, leak, level, swap, boundary, artefact or other")]
    pins: Annotated[int, Says("Pins of reviews that have ended", "pins")]
    cases: Annotated[int, Says("Cases that they are in", "cases")]


def first_pass_rows(project: Project, *, reader: int | None = None) -> list[FirstPassRow]:
    """Reader by reader."""
    reviews = Review.objects.filter(assignment__case__project=project, assignment__role=AssignmentRole.REVIEW)
    if reader is not None:
        reviews = reviews.filter(assignment__subject__reader=reader)
    first = (
        reviews.order_by("assignment__subject_id", "created_at", "pk")
        .distinct("assignment__subject_id")
        .values_list("assignment__subject__reader", "verdict")
    )
    counts: dict[int, Counter[str]] = {}
    for reader_id, verdict in first:
        counts.setdefault(reader_id, Counter())[verdict] += 1
    names = names_of(project)
    rows = [_first_pass(one, names.get(one, str(one)), found) for one, found in counts.items()]
    return sorted(rows, key=lambda row: row.reader)


def _first_pass(reader: int, name: str, found: Counter[str]) -> FirstPassRow:
    reads = sum(found.values())
    accepted = found[Verdict.ACCEPT]
    at_once = share_of(accepted, reads)
    return FirstPassRow(
        reader,
        name,
        reads,
        accepted,
        found[Verdict.FIX],
        found[Verdict.RETURN],
        at_once.share,
        at_once.low,
        at_once.high,
    )


def error_rows(project: Project, *, reader: int | None = None) -> list[ErrorRow]:
    """The most frequent first. Those of reviews that go on do not count: readers do not know of them."""
    pins = Pin.objects.filter(assignment__case__project=project, review__state=AssignmentState.DONE)
    if reader is not None:
        pins = pins.filter(assignment__reader=reader)
    found = (
        pins.order_by()
        .values_list("assignment__reader", "structure", "error_code")
        .annotate(pins=Count("pk"), cases=Count(F("assignment__case"), distinct=True))
    )
    names = names_of(project)
    rows = [
        ErrorRow(who, names.get(who, str(who)), key, code, n, cases) for who, key, code, n, cases in found
    ]
    return sorted(rows, key=lambda row: (-row.pins, row.reader, row.structure, row.code))
