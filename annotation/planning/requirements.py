"""What agreement must reach for a read to be accepted without somebody looking at it."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from django.db import transaction
from django.db.models import QuerySet

from annotation.errors import Refused
from annotation.models import Comparator, Metric, Project, Requirement, SchemaStructure

DISTANCES = (Metric.HD95, Metric.ASSD)
MOST = 1000


@dataclass(frozen=True)
class DraftRequirement:
    """At least `threshold` for overlaps, at most for distances in mm; no structure = each of them."""

    metric: str
    threshold: float
    structure: str = ""
    comparator: str = Comparator.INTER


def requirements(project: Project) -> QuerySet[Requirement]:
    return Requirement.objects.filter(project=project)


@transaction.atomic
def change_requirements(*, project: Project, drafts: Sequence[DraftRequirement]) -> QuerySet[Requirement]:
    """Replace the requirements of the project."""
    if len(drafts) > MOST:
        raise Refused(f"A project has at most {MOST} requirements.")
    entries = SchemaStructure.objects.filter(schema__project=project)
    known = set(entries.values_list("structure__key", flat=True)) | {""}
    seen = set()
    for draft in drafts:
        name = (draft.structure, draft.metric, draft.comparator)
        if draft.structure not in known:
            raise Refused(f"This project has no structure called {draft.structure}.")
        if name in seen:
            metric = Metric(draft.metric).label
            raise Refused(f"{metric} of {draft.structure or 'all structures'} is required twice.")
        if draft.threshold < 0 or (draft.metric not in DISTANCES and draft.threshold > 1):
            raise Refused(f"A Dice can be 0 to 1, and a distance 0 mm or more, not {draft.threshold:g}.")
        seen.add(name)
    Requirement.objects.filter(project=project).delete()
    Requirement.objects.bulk_create(Requirement(project=project, **asdict(draft)) for draft in drafts)
    return requirements(project)
