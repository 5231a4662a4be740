"""Pool, validation and test: what a division would do is shown first, and done as shown or not at all."""

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from django.contrib.auth.models import AbstractBaseUser
from django.contrib.postgres.aggregates import ArrayAgg
from django.db import transaction
from django.db.models import Case as DbCase
from django.db.models import QuerySet, Value, When
from django.utils import timezone

from annotation import worklist
from annotation.errors import Conflict, Refused
from annotation.models import Case, Project, SchemaStructure, Split, SplitChange
from annotation.planning.dividing import WORDS, Division, divide
from annotation.planning.units import SENTENCES, Reason, Scan, Unit, units_of

MOST_PROBLEMS = 10
MOST_NUMBERS = 20
LEVELS = ("same", "new_scanner", "new_site", "not_known")


@dataclass(frozen=True)
class SplitCount:
    """Cases of each split that share a word, before and after; `what` is empty for all cases."""

    what: str
    word: str
    before: Mapping[str, int]
    after: Mapping[str, int]


@dataclass(frozen=True)
class StructureSplit:
    """In how many accepted delineations of each split a structure was looked at, afterwards."""

    structure: str
    name: str
    after: Mapping[str, int]


@dataclass(frozen=True)
class Staying:
    """Cases that cannot become cases that measure, or cannot move at all: why, how many, some numbers."""

    reason: str
    sentence: str
    cases: int
    numbers: tuple[int, ...]


@dataclass(frozen=True)
class Preview:
    """What a division would do.

    `patients` of each split afterwards; `levels`: how far test cases are from what is trained on (see
    `LEVELS`); `unlabelled`: cases that would leave the pool without a delineation; `digest` names exactly
    these moves.
    """

    moves: int
    problems: tuple[str, ...]
    counts: tuple[SplitCount, ...]
    patients: Mapping[str, int]
    structures: tuple[StructureSplit, ...]
    levels: Mapping[str, int]
    unlabelled: int
    staying: tuple[Staying, ...]
    digest: str


def preview_division(*, project: Project, asked: Division) -> Preview:
    """What would move where, in a handful of queries. Raises Refused for what makes no sense."""
    return _prepare(project, asked)[0]


@transaction.atomic
def apply_division(*, project: Project, asked: Division, digest: str, by: AbstractBaseUser) -> SplitChange:
    """Do what the preview with this digest showed, and write down who did; all of it or nothing.

    Raises Refused where something is against it, Conflict where it would do something else by now.
    """
    locked = Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    # Nobody opens a case, hands one in or freezes a training set meanwhile.
    list(Case.objects.filter(project=locked).select_for_update(no_key=True).order_by("pk").values_list("pk"))
    preview, moves, scans = _prepare(locked, asked)
    if preview.problems:
        raise Refused(preview.problems[0])
    if not moves:
        raise Refused("Every case is where it would go; nothing has to be done.")
    if digest != preview.digest:
        raise Conflict("The cases have changed since the preview. Look at it again, then apply it.")
    _move(moves)
    counts = Counter(moves.get(scan.case, scan.split) for scan in scans)
    return SplitChange.objects.create(
        project=locked,
        by_id=by.pk,
        method=asked.method,
        asked=asdict(asked),
        moves=_by_way(moves, scans),
        counts={split: counts[split] for split in Split.values},
    )


def split_changes(project: Project) -> QuerySet[SplitChange]:
    """How the splits came about, the newest first."""
    return SplitChange.objects.filter(project=project).select_related("by")


def _prepare(project: Project, asked: Division) -> tuple[Preview, dict[int, str], list[Scan]]:
    units = units_of(project, anchored=asked.anchored)
    divided = divide(asked, units)
    scans = [scan for unit in units for scan in unit.scans]
    after = {scan.case: divided.moves.get(scan.case, scan.split) for scan in scans}
    preview = Preview(
        moves=len(divided.moves),
        problems=divided.problems[:MOST_PROBLEMS],
        counts=_counts(scans, after),
        patients=_patients(scans, after),
        structures=_structures(project, after),
        levels=_levels(scans, after),
        unlabelled=sum(
            not scan.labelled and divided.moves.get(scan.case, Split.POOL) != Split.POOL for scan in scans
        ),
        staying=_staying(units),
        digest=_digest(asked, divided.moves),
    )
    return preview, divided.moves, scans


def _digest(asked: Division, moves: Mapping[int, str]) -> str:
    text = json.dumps([asdict(asked), sorted(moves.items())], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _counts(scans: Sequence[Scan], after: Mapping[int, str]) -> tuple[SplitCount, ...]:
    before_of: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    after_of: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for scan in scans:
        for key in (("", ""), *((what, scan.words[what]) for what in WORDS)):
            before_of[key][scan.split] += 1
            after_of[key][after[scan.case]] += 1
    return tuple(
        SplitCount(*key, _every_split(before_of[key]), _every_split(after_of[key]))
        for key in sorted(before_of)
    )


def _every_split(counts: Mapping[str, int]) -> dict[str, int]:
    return {split: counts.get(split, 0) for split in Split.values}


def _patients(scans: Sequence[Scan], after: Mapping[int, str]) -> dict[str, int]:
    return _every_split(Counter(split for _, split in {(scan.patient, after[scan.case]) for scan in scans}))


def _structures(project: Project, after: Mapping[int, str]) -> tuple[StructureSplit, ...]:
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    accepted = Case.objects.filter(project=project, accepted_revision__isnull=False).order_by()
    groups = accepted.values_list("accepted_revision__mask__annotated").annotate(ids=ArrayAgg("pk"))
    for annotated, ids in groups:
        of_group = Counter(after[pk] for pk in ids)
        for key in annotated:
            counts[key].update(of_group)
    entries = SchemaStructure.objects.filter(schema__project=project).select_related("structure")
    return tuple(
        StructureSplit(entry.structure.key, entry.structure.name, _every_split(counts[entry.structure.key]))
        for entry in entries.order_by("layer", "value")
    )


def _levels(scans: Sequence[Scan], after: Mapping[int, str]) -> dict[str, int]:
    """How far the test cases are from the pool: another patient only, another scanner, another site."""
    pool = [scan for scan in scans if after[scan.case] == Split.POOL]
    sites = {scan.words["site"] for scan in pool}
    scanners = {scan.words["scanner"] for scan in pool}
    tests = (scan.words for scan in scans if after[scan.case] == Split.TEST)
    found = Counter(_level(words["site"], words["scanner"], sites, scanners) for words in tests)
    return {level: found[level] for level in LEVELS}


def _level(site: str, scanner: str, sites: set[str], scanners: set[str]) -> str:
    if site and site not in sites:
        return "new_site"
    if scanner and scanner not in scanners:
        return "new_scanner"
    return "same" if site and scanner else "not_known"


def _staying(units: Sequence[Unit]) -> tuple[Staying, ...]:
    found = []
    for reason in Reason:
        # Of a unit without any delineation no single scan says so.
        numbers = [
            scan.number
            for unit in units
            if reason in unit.reasons
            for scan in unit.scans
            if reason in scan.reasons or reason == Reason.NO_DELINEATION
        ]
        if numbers:
            shown = tuple(sorted(numbers)[:MOST_NUMBERS])
            found.append(Staying(reason.value, SENTENCES[reason], len(numbers), shown))
    return tuple(found)


def _move(moves: Mapping[int, str]) -> None:
    """In one statement: no patient is in two splits at the end of any."""
    ways = [
        When(pk__in=[pk for pk, to in moves.items() if to == split], then=Value(split))
        for split in Split.values
    ]
    Case.objects.filter(pk__in=list(moves)).update(split=DbCase(*ways), updated_at=timezone.now())
    worklist.offer_again(list(moves))


def _by_way(moves: Mapping[int, str], scans: Sequence[Scan]) -> dict[str, dict[str, list[int]]]:
    ways: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for scan in scans:
        if scan.case in moves:
            ways[scan.split][moves[scan.case]].append(scan.case)
    return ways
