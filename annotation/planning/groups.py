"""Groups of structures: each case is read part by part, by readers who may differ."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import QuerySet

from annotation import worklist
from annotation.errors import Conflict, Refused
from annotation.models import (
    Assignment,
    Case,
    CaseState,
    Level,
    Part,
    Project,
    SchemaStructure,
    StructureGroup,
)


@dataclass(frozen=True)
class DraftGroup:
    """Structures, by their keys, that one reader of this level or above draws together."""

    name: str
    structures: Sequence[str]
    least_level: int = Level.JUNIOR


def groups(project: Project) -> QuerySet[StructureGroup]:
    return StructureGroup.objects.filter(project=project).order_by("pk")


@transaction.atomic
def change_groups(*, project: Project, drafts: Sequence[DraftGroup]) -> QuerySet[StructureGroup]:
    """Replace the groups; none = each case is one part. Only before the first read: parts follow.

    Later, structures that are in no group yet, because they were added since, can still be put into one:
    reads that begin from then on are about them, too.
    """
    Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    _check(project, drafts)
    if Assignment.objects.filter(case__project=project).exists():
        if _extend(project, drafts):
            return groups(project)
        raise Conflict("Cases of this project have been read already, so its groups cannot change any more.")
    cases = Case.objects.filter(project=project).exclude(state__in=(CaseState.ACCEPTED, CaseState.HELD))
    locked = list(cases.select_for_update(no_key=True).order_by("pk"))
    Part.objects.filter(case__in=locked).delete()
    StructureGroup.objects.filter(project=project).delete()
    StructureGroup.objects.bulk_create(
        StructureGroup(
            project=project,
            name=draft.name.strip(),
            structures=list(draft.structures),
            least_level=draft.least_level,
        )
        for draft in drafts
    )
    worklist.begin_parts(locked)
    for case in locked:
        worklist.settle(case)
    return groups(project)


def _extend(project: Project, drafts: Sequence[DraftGroup]) -> bool:
    """Put new structures into standing groups; False, and nothing is changed, if the drafts do more."""
    standing = list(groups(project))
    if not standing or len(standing) != len(drafts):
        return False
    for group, draft in zip(standing, drafts, strict=True):
        same = (group.name, group.least_level) == (draft.name.strip(), draft.least_level)
        if not same or not set(group.structures) <= set(draft.structures):
            return False
    for group, draft in zip(standing, drafts, strict=True):
        group.structures = list(draft.structures)
    StructureGroup.objects.bulk_update(standing, ["structures"])
    return True


def _check(project: Project, drafts: Sequence[DraftGroup]) -> None:
    entries = SchemaStructure.objects.filter(schema__project=project)
    known = set(entries.values_list("structure__key", flat=True))
    names = Counter(draft.name.strip() for draft in drafts)
    given = Counter(key for draft in drafts for key in draft.structures)
    unknown = sorted(set(given) - known)
    twice = sorted(key for key, count in given.items() if count > 1)
    missing = sorted(known - set(given))
    if unknown:
        raise Refused(f"This project has no structure called {unknown[0]}.")
    if twice:
        raise Refused(f"{twice[0]} is in two groups; each structure belongs to one.")
    if drafts and missing:
        raise Refused(f"{missing[0]} is in no group; each structure belongs to one.")
    if any(count > 1 or not name for name, count in names.items()):
        raise Refused("Each group needs a name of its own.")
    if any(not draft.structures for draft in drafts):
        raise Refused("Each group needs a structure.")
