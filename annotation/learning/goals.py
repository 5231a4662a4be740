"""What a lead wants of each structure: a test Dice, a number of accepted cases, or both."""

from collections.abc import Collection
from dataclasses import dataclass

from django.db import transaction

from annotation.errors import Refused
from annotation.models import Project, SchemaStructure, StructureGoal


@dataclass(frozen=True)
class DraftGoal:
    """A goal that may not be stored yet, for the structure of that key."""

    structure: str
    dice: float | None = None
    cases: int | None = None


def goals(project: Project) -> list[DraftGoal]:
    """By the structure's key."""
    rows = StructureGoal.objects.filter(project=project).select_related("structure")
    return [DraftGoal(row.structure.key, row.dice, row.cases) for row in rows.order_by("structure__key")]


@transaction.atomic
def change_goals(*, project: Project, drafts: Collection[DraftGoal]) -> list[DraftGoal]:
    """Put these goals in place of all others. Raises Refused for what nobody could reach or tell."""
    locked = Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    entries = SchemaStructure.objects.filter(schema__project=locked).select_related("structure")
    structures = {entry.structure.key: entry.structure for entry in entries}
    keys = [draft.structure for draft in drafts]
    for draft in drafts:
        _check(draft, structures)
        if keys.count(draft.structure) > 1:
            raise Refused(f"There are two goals for {draft.structure}; one is enough.")
    StructureGoal.objects.filter(project=locked).delete()
    StructureGoal.objects.bulk_create(
        StructureGoal(
            project=locked, structure=structures[draft.structure], dice=draft.dice, cases=draft.cases
        )
        for draft in drafts
    )
    return goals(locked)


@transaction.atomic
def change_goal(*, project: Project, draft: DraftGoal) -> list[DraftGoal]:
    """Put one goal in place of the structure's own; one that says nothing takes it away. Then all goals."""
    locked = Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    others = [goal for goal in goals(locked) if goal.structure != draft.structure]
    says_something = draft.dice is not None or draft.cases is not None
    return change_goals(project=locked, drafts=[*others, draft] if says_something else others)


def _check(draft: DraftGoal, structures: Collection[str]) -> None:
    if draft.structure not in structures:
        raise Refused(f"The project has no structure {draft.structure}.")
    if draft.dice is None and draft.cases is None:
        raise Refused(f"Say what {draft.structure} should reach: a Dice, a number of cases, or both.")
    if draft.dice is not None and not 0 < draft.dice < 1:
        raise Refused(f"The Dice of {draft.structure} must lie between 0 and 1, not at {draft.dice:g}.")
    if draft.cases is not None and draft.cases < 1:
        raise Refused(f"{draft.structure} needs one case at least, not {draft.cases}.")
