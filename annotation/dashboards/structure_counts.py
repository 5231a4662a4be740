"""How many cases say something of a structure, show it, or lack it; beside it what a lead wants of it."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Annotated, Any

from django.db import connection

from annotation import catalogue
from annotation.dashboards.tables import Says
from annotation.models import Case, MaskKind, Project, SchemaStructure, Split, StructureGoal

SHOWN = ("annotated", "present", "absent", "uncounted", "not_annotated", "read", "imported")
"""States of a structure in a case that a list of cases can be asked for."""

# Delineations are grouped by what they say before anything is unpacked: data sets have few such lists.
_ANNOTATED = """
SELECT m.annotated, c.split, m.kind = %(imported)s, s.revision_id IS NULL, array_agg(c.id)
FROM annotation_case c
JOIN annotation_revision r ON r.id = c.accepted_revision_id
JOIN annotation_mask m ON m.id = r.mask_id
LEFT JOIN annotation_shownstructures s ON s.revision_id = r.id
WHERE c.project_id = %(project)s AND (%(all)s OR c.id = ANY(%(cases)s))
GROUP BY 1, 2, 3, 4
"""
_PRESENT = """
SELECT shown.key, count(*)
FROM annotation_case c
JOIN annotation_revision r ON r.id = c.accepted_revision_id
JOIN annotation_mask m ON m.id = r.mask_id
JOIN annotation_shownstructures s ON s.revision_id = r.id
CROSS JOIN LATERAL unnest(s.keys) AS shown(key)
WHERE c.project_id = %(project)s AND (%(all)s OR c.id = ANY(%(cases)s)) AND shown.key = ANY(m.annotated)
GROUP BY 1
"""


@dataclass(frozen=True)
class StructureCounts:
    """One structure of the project; all counts are of accepted delineations but `not_annotated`."""

    structure: Annotated[str, Says("Key of the structure")]
    name: Annotated[str, Says("Name of the structure")]
    annotated: Annotated[
        int, Says("Cases whose accepted delineation says where it is or that it is not", "cases")
    ]
    present: Annotated[int, Says("Cases of these that show it", "cases")]
    absent: Annotated[int, Says("Cases of these in which it is not there", "cases")]
    uncounted: Annotated[int, Says("Cases of these that a worker has still to look at", "cases")]
    not_annotated: Annotated[int, Says("Cases of which nobody says anything about it", "cases")]
    read: Annotated[int, Says("Annotated cases that were accepted here", "cases")]
    imported: Annotated[int, Says("Annotated cases whose delineation came with the scan", "cases")]
    pool: Annotated[int, Says("Annotated cases of the pool", "cases")]
    validation: Annotated[int, Says("Annotated validation cases", "cases")]
    test: Annotated[int, Says("Annotated test cases", "cases")]
    priority: Annotated[int, Says("How much a lack of it weighs when cases are chosen; 0 = as usual")]
    goal_cases: Annotated[int | None, Says("Accepted cases of the pool that a lead wants", "cases")]
    goal_dice: Annotated[float | None, Says("Test Dice that a lead wants")]
    published_kind: Annotated[str, Says("What was compared in the study beside it: inter, gold or intra")]
    published_low: Annotated[float | None, Says("Published human agreement (Dice), lower end")]
    published_high: Annotated[float | None, Says("Published human agreement (Dice), upper end")]
    published_what: Annotated[str, Says("What the band is: a range, mean ± SD, a mean alone")]
    published_source: Annotated[str, Says("The study; empty = none was found")]
    published_address: Annotated[str, Says("Where to read it")]


Group = tuple[Sequence[str], Sequence[int]]
"""Keys of structures that delineations say something of, and the cases (ids) whose accepted one says so."""


@dataclass(frozen=True)
class Counted:
    """The rows; what accepted delineations say something of; how many cases are still to be looked at."""

    rows: list[StructureCounts]
    says: list[Group]
    uncounted: int


@dataclass
class _Tally:
    """Counts by structure."""

    annotated: Counter[str]
    uncounted: Counter[str]
    imported: Counter[str]
    by_split: dict[str, Counter[str]]


def structure_counts(
    project: Project, cases: Sequence[int] | None = None, modalities: Set[str] | None = None
) -> Counted:
    """Count over these cases of the project (ids), or over all. Six queries.

    `modalities` are those of the project's scans, where they are known already: one query less.
    """
    asked: dict[str, Any] = {
        "project": project.pk,
        "all": cases is None,
        "cases": list(cases or ()),
        "imported": MaskKind.IMPORTED.value,
    }
    with connection.cursor() as cursor:
        cursor.execute(_ANNOTATED, asked)
        groups = cursor.fetchall()
        cursor.execute(_PRESENT, asked)
        present = dict(cursor.fetchall())
    tally = _Tally(Counter(), Counter(), Counter(), defaultdict(Counter))
    for keys, split, is_imported, waits, ids in groups:
        n = dict.fromkeys(keys, len(ids))
        tally.annotated.update(n)
        tally.by_split[split].update(n)
        if is_imported:
            tally.imported.update(n)
        if waits:
            tally.uncounted.update(n)
    number = project.cases.count() if cases is None else len(cases)
    return Counted(
        rows=_rows(
            project, number, tally, present, _modalities(project) if modalities is None else modalities
        ),
        says=[(keys, ids) for keys, _, _, _, ids in groups],
        uncounted=sum(len(ids) for _, _, _, waits, ids in groups if waits),
    )


def cases_with(project: Project, structure: str, shown: str) -> Set[int]:
    """Ids of the cases in which the structure is so (`SHOWN`)."""
    cases = Case.objects.filter(project=project)
    says = cases.filter(accepted_revision__mask__annotated__contains=[structure])
    counted = says.filter(accepted_revision__shown__isnull=False)
    with_key = {"accepted_revision__shown__keys__contains": [structure]}
    imported = {"accepted_revision__mask__kind": MaskKind.IMPORTED}
    found = {
        "annotated": says,
        "present": counted.filter(**with_key),
        "absent": counted.exclude(**with_key),
        "uncounted": says.filter(accepted_revision__shown__isnull=True),
        "not_annotated": cases.exclude(pk__in=says.values("pk")),
        "read": says.exclude(**imported),
        "imported": says.filter(**imported),
    }[shown or "annotated"]
    return set(found.values_list("pk", flat=True))


def _modalities(project: Project) -> Set[str]:
    found = Case.objects.filter(project=project).order_by().values_list("volume__modality", flat=True)
    return set(found.distinct())


def _rows(
    project: Project, cases: int, tally: _Tally, present: Mapping[str, int], modalities: Set[str]
) -> list[StructureCounts]:
    entries = SchemaStructure.objects.filter(schema__project=project).select_related("structure")
    goals = {goal.structure_id: goal for goal in StructureGoal.objects.filter(project=project)}
    rows = []
    for entry in entries.order_by("layer", "value"):
        key, goal = entry.structure.key, goals.get(entry.structure_id)
        annotated, uncounted, imported = (
            counts[key] for counts in (tally.annotated, tally.uncounted, tally.imported)
        )
        shows = present.get(key, 0)
        rows.append(
            StructureCounts(
                structure=key,
                name=entry.structure.name,
                annotated=annotated,
                present=shows,
                absent=annotated - uncounted - shows,
                uncounted=uncounted,
                not_annotated=cases - annotated,
                read=annotated - imported,
                imported=imported,
                pool=tally.by_split[Split.POOL][key],
                validation=tally.by_split[Split.VALIDATION][key],
                test=tally.by_split[Split.TEST][key],
                priority=entry.priority,
                goal_cases=goal.cases if goal else None,
                goal_dice=goal.dice if goal else None,
                **_published(key, modalities),
            )
        )
    return rows


_KINDS = ("inter", "gold", "intra")


def _published(key: str, modalities: Set[str]) -> dict[str, Any]:
    """The study that stands beside a structure: between readers before against gold, large ones first."""
    studies = [
        study
        for study in catalogue.published_agreement(key)
        if study.metric == "dice" and study.modality in modalities and study.kind in _KINDS
    ]
    found = min(studies, key=lambda study: (_KINDS.index(study.kind), -(study.cases or 0)), default=None)
    return {
        "published_kind": found.kind if found else "",
        "published_low": found.low if found else None,
        "published_high": found.high if found else None,
        "published_what": found.what if found else "",
        "published_source": found.source if found else "",
        "published_address": found.address if found else "",
    }
