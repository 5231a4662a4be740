"""What a patient's deletion would take, what it would leave, and what stands in its way."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from annotation import jobs
from annotation.errors import NotFound
from annotation.models import (
    Assignment,
    AssignmentState,
    Case,
    Export,
    GuidelineImage,
    Job,
    JobKind,
    Mask,
    Model,
    Prediction,
    Project,
    Revision,
    SnapshotItem,
    SnapshotUse,
    StoredSum,
    TrainingRun,
    Upload,
)

_LEARNED = (SnapshotUse.TRAIN, SnapshotUse.VALIDATION)


@dataclass(frozen=True)
class LearnedModel:
    """A model that learned from the patient, or (`through`) began from one that did. It stays."""

    version: int
    state: str
    through: int | None


@dataclass(frozen=True)
class Found:
    """What a project has of a patient. `in_the_way`: why it cannot be deleted now, a sentence each."""

    cases: Sequence[Case]
    counts: Mapping[str, int]
    exports: Sequence[Export]
    models: Sequence[LearnedModel]
    in_the_way: Sequence[str]

    @property
    def case_ids(self) -> list[int]:
        return [case.pk for case in self.cases]


def projects_of(case: Case) -> QuerySet[Project]:
    """All projects that have scans of the case's patient: for the operator's eyes alone."""
    return Project.objects.filter(cases__patient_key=case.patient_key).distinct().order_by("pk")


def look(project: Project, number: int) -> Found:
    """Look at all that a project has of the patient of one of its cases. Raises NotFound."""
    case = Case.objects.filter(project=project, number=number).first()
    if case is None:
        raise NotFound(f"This project has no case {number}.")
    cases = list(
        Case.objects.filter(project=project, patient_key=case.patient_key)
        .select_related("volume")
        .order_by("number")
    )
    ids = [one.pk for one in cases]
    exports = [export for export in _exports(project) if holds(export.job, ids)]
    return Found(
        cases=cases,
        counts=_counts(project, cases, exports),
        exports=exports,
        models=_learned(project, ids),
        in_the_way=[*_readers(ids), *_jobs(project, ids)],
    )


def holds(job: Job, case_ids: Sequence[int]) -> bool:
    """Whether an export's job names one of the cases."""
    wanted = set(case_ids)
    return any(item[0] in wanted for item in job.ids.get("items", []))


def _exports(project: Project) -> QuerySet[Export]:
    return Export.objects.filter(project=project).select_related("job", "requested_by").order_by("pk")


def _counts(project: Project, cases: Sequence[Case], exports: Sequence[Export]) -> dict[str, int]:
    """`uploads` and `pictures` are not searched: a lead has to look at them."""
    keys = [case.volume.store_key for case in cases]
    scans = StoredSum.objects.filter(key__in=keys).values_list("bytes", flat=True)
    revisions = Revision.objects.filter(mask__case__in=cases)
    return {
        "cases": len(cases),
        "reads": Assignment.objects.filter(case__in=cases).exclude(state=AssignmentState.PLANNED).count(),
        "masks": Mask.objects.filter(case__in=cases).count(),
        "revisions": revisions.count(),
        "scan_bytes": sum(scans),
        "exports": len(exports),
        "export_bytes": sum(export.bytes or 0 for export in exports),
        "frozen_sets": SnapshotItem.objects.filter(case__in=cases).values("snapshot").distinct().count(),
        "drawn_from": Prediction.objects.filter(
            atlas_revisions__overlap=list(revisions.values_list("pk", flat=True))
        )
        .exclude(case__in=cases)
        .count(),
        "uploads": Upload.objects.filter(project=project, job=None).count(),
        "pictures": GuidelineImage.objects.filter(project=project).count(),
    }


def _learned(project: Project, ids: Sequence[int]) -> list[LearnedModel]:
    """Models trained on the cases, and all that began from these."""
    items = SnapshotItem.objects.filter(case__in=ids, use__in=_LEARNED)
    runs = TrainingRun.objects.filter(snapshot__in=items.values("snapshot"))
    models = {model.pk: model for model in Model.objects.filter(project=project).order_by("version")}
    through: dict[int, int | None] = {
        pk: None for pk, model in models.items() if model.run_id in set(runs.values_list("pk", flat=True))
    }
    for pk, model in models.items():  # a child's version is above its parent's
        if pk not in through and model.parent_id in through:
            through[pk] = models[model.parent_id].version
    return [
        LearnedModel(models[pk].version, models[pk].state, through[pk])
        for pk in sorted(through, key=lambda one: models[one].version)
    ]


def _readers(ids: Sequence[int]) -> list[str]:
    open_now = Assignment.objects.filter(
        case__in=ids, state=AssignmentState.OPEN, lease_until__gt=timezone.now()
    ).select_related("reader", "case")
    return [
        f"{read.reader.get_username()} has case {read.case.number} open. Wait, or withdraw the read."
        for read in open_now.order_by("case__number", "pk")
    ]


def _jobs(project: Project, ids: Sequence[int]) -> list[str]:
    waiting = Job.objects.filter(project=project, state__in=jobs.UNFINISHED).exclude(kind=JobKind.LOOK)
    return [
        f"Job {job.pk} ({job.get_kind_display()}) may use the patient's cases. "
        "Wait for its end, or cancel it."
        for job in waiting.order_by("pk")
        if _uses(job, ids)
    ]


def _uses(job: Job, case_ids: Sequence[int]) -> bool:
    """Whether a job may touch one of the cases; what cannot be told from its ids may."""
    asked: dict[str, Any] = job.ids
    if job.kind == JobKind.EXPORT:
        return holds(job, case_ids)
    if "snapshot" in asked:
        items = SnapshotItem.objects.filter(Q(snapshot=asked["snapshot"]), case__in=case_ids)
        return items.exists()
    if "case" in asked:
        return asked["case"] in case_ids
    return True
