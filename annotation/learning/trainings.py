"""What is known of a project's trainings: what asked for each, what it learns from, how far it has come."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, QuerySet

from annotation import worklist
from annotation.errors import NotFound
from annotation.models import Model, Project, SchemaStructure, SnapshotUse, TrainingRun


@dataclass(frozen=True)
class Training:
    """A run, the model that came of it, and how many cases of its frozen set serve which use.

    `number` counts the project's trainings from 1.
    """

    number: int
    run: TrainingRun
    model: Model | None
    cases: Mapping[str, int]

    @property
    def structures(self) -> QuerySet[SchemaStructure]:
        """What the project delineates."""
        return worklist.structures(self.run.project)


def trainings(project: Project) -> list[Training]:
    """All of a project, the newest first."""
    return _described(TrainingRun.objects.filter(project=project), 1)


def training(run_id: int) -> Training:
    """One run. Raises NotFound."""
    runs = TrainingRun.objects.filter(pk=run_id)
    project = runs.values_list("project", flat=True).first()
    if project is None:
        raise NotFound("There is no such job, or it is not yours to see.")
    earlier = TrainingRun.objects.filter(project=project, pk__lt=run_id).count()
    return _described(runs, earlier + 1)[0]


def _described(runs: QuerySet[TrainingRun], first: int) -> list[Training]:
    """Describe runs, the newest first; the oldest of them has the number `first`."""
    rows = list(runs.select_related("job", "snapshot", "parent", "requested_by", "project").order_by("-pk"))
    models = {model.run_id: model for model in Model.objects.filter(run__in=rows)}
    counted = (
        TrainingRun.objects.filter(pk__in=[run.pk for run in rows])
        .order_by()
        .values_list("pk", "snapshot__items__use")
        .annotate(n=Count("snapshot__items"))
    )
    cases: dict[int, dict[str, Any]] = {run.pk: {use: 0 for use in SnapshotUse.values} for run in rows}
    for pk, use, n in counted:
        if use is not None:
            cases[pk][use] = n
    newest = first + len(rows) - 1
    return [
        Training(newest - place, run, models.get(run.pk), cases[run.pk]) for place, run in enumerate(rows)
    ]
