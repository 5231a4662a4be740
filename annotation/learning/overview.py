"""What the project page shows of the loop: cases by state, models with their scores, and the job at hand."""

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import fmean

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Avg, Count, F, Q

from annotation import jobs
from annotation.learning.predictions import pending
from annotation.learning.runs import accepted_since_last_run
from annotation.learning.tolerances import tolerances_of
from annotation.models import Case, CaseState, Job, Model, ModelScore, Project, SnapshotUse, Split


@dataclass(frozen=True)
class StructureMean:
    """Means over the `n` test cases where the Dice applies; None where it applies to none.

    `other_tolerance`: its surface Dice was measured at another tolerance than the one in force, and is None.
    """

    dice: float | None
    surface_dice: float | None
    n: int
    other_tolerance: bool = False


@dataclass(frozen=True)
class ModelSummary:
    """A model and what it reached on the test cases of its own run; `mean_dice` weighs structures alike."""

    model: Model
    mean_dice: float | None
    scores: dict[str, StructureMean]
    train_cases: int


@dataclass(frozen=True)
class Overview:
    """`job` is the one that runs, else the next that waits, else the last one that ended."""

    case_counts: dict[str, int]
    accepted_since_last_run: int
    models: tuple[ModelSummary, ...]
    job: Job | None
    predictions_pending: int


def overview(project: Project) -> Overview:
    """A handful of queries, however many cases and models there are."""
    return Overview(
        case_counts=_case_counts(project),
        accepted_since_last_run=accepted_since_last_run(project),
        models=_models(project),
        job=_job_at_hand(project),
        predictions_pending=pending(project),
    )


def _case_counts(project: Project) -> dict[str, int]:
    """Pool cases by state, and all test cases under `test`."""
    cases = Case.objects.filter(project=project)
    by_state = cases.filter(split=Split.POOL).order_by().values_list("state").annotate(n=Count("pk"))
    counts: dict[str, int] = {state.value: 0 for state in CaseState}
    counts.update(by_state)
    counts["test"] = cases.filter(split=Split.TEST).count()
    return counts


def _models(project: Project) -> tuple[ModelSummary, ...]:
    trained_on = Count("run__snapshot__items", filter=Q(run__snapshot__items__use=SnapshotUse.TRAIN))
    models = Model.objects.filter(project=project).annotate(train_cases=trained_on).order_by("-version")
    means = _means(project)
    return tuple(
        ModelSummary(
            model, _mean(means.get(model.pk, {}).values()), means.get(model.pk, {}), model.train_cases
        )
        for model in models
    )


def _means(project: Project) -> dict[int, dict[str, StructureMean]]:
    """Per model and structure, on the references of the model's own run; later scores serve the gate."""
    rows = (
        ModelScore.objects.filter(
            Q(model__run__snapshot__items__revision=F("revision")) | Q(model__run__isnull=True),
            model__project=project,
        )
        .order_by("structure")
        .values("model", "structure")
        .annotate(
            n=Count("dice"),
            dice=Avg("dice"),
            surface=Avg("surface_dice"),
            measured_mm=ArrayAgg("tolerance_mm", distinct=True),
        )
    )
    tolerances = tolerances_of(project)
    means: dict[int, dict[str, StructureMean]] = {}
    for row in rows:
        key = row["structure"]
        is_other = any(tolerances.is_other(key, mm) for mm in row["measured_mm"])
        means.setdefault(row["model"], {})[key] = StructureMean(
            row["dice"], None if is_other else row["surface"], row["n"], is_other
        )
    return means


def _mean(structures: Iterable[StructureMean]) -> float | None:
    dice = [structure.dice for structure in structures if structure.dice is not None]
    return fmean(dice) if dice else None


def _job_at_hand(project: Project) -> Job | None:
    unfinished = Job.objects.filter(project=project, state__in=jobs.UNFINISHED)
    # "running" sorts after "queued".
    at_hand = unfinished.order_by("-state", "pk").first()
    return at_hand or Job.objects.filter(project=project).order_by("-pk").first()
