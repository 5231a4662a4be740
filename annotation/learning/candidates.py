"""What strategies are told of a project: scans that could be read, what the model says, what is needed.

Nothing here changes a case; all of it may be slow (features of a scan are worked out once) and is done before
anything is locked.
"""

from collections.abc import Iterable, Mapping

import numpy as np
from django.db.models import Avg, QuerySet

from annotation import ingest
from annotation.learning.goals import goals
from annotation.models import (
    Assignment,
    AssignmentRole,
    Case,
    CaseState,
    Model,
    ModelScore,
    Prediction,
    Project,
    ScanFeatures,
    SchemaStructure,
    Split,
    StartFrom,
    Strategy,
    Volume,
)
from training.acquire import ALL, Candidate, Effort, Goal, Reached, fit_effort, need_of, scan_features

UNOPENED = (CaseState.WAITING, CaseState.READY)
BY_FEATURES = (Strategy.TYPICLUST, Strategy.KCENTER)
MOST_CORRECTIONS = 500  # the newest say what correcting costs


def unopened(project: Project) -> QuerySet[Case]:
    """Cases of the pool that nobody has opened: those that could be chosen."""
    cases = Case.objects.filter(project=project, split=Split.POOL, state__in=UNOPENED)
    return cases.filter(volume__spacing_known=True)


def candidates(
    project: Project, model: Model | None, strategy: str, *, compared: bool = False
) -> list[Candidate]:
    """Cases that could be chosen and were not yet for this model, with all that the strategy asks for.

    `compared`: with features whatever the strategy, so that a batch can be made diverse.
    """
    free = unopened(project).select_related("volume").order_by("number")
    if model is None:
        cases, known = list(free.filter(acquisitions__isnull=True)), dict[int, Prediction]()
    else:
        predictions = Prediction.objects.filter(model=model, case__in=unopened(project))
        known = {one.case_id: one for one in predictions}
        cases = list(free.filter(pk__in=known).exclude(acquisitions__model=model))
    by_features = compared or strategy in BY_FEATURES
    features = features_of(case.volume for case in cases) if by_features else {}
    effort = effort_of(project) if strategy == Strategy.EDIT_TIME else None
    return [
        Candidate(
            str(case.pk),
            known[case.pk].scores if case.pk in known else {},
            features.get(case.volume_id, ()),
            minutes_of(effort, known.get(case.pk)),
        )
        for case in cases
    ]


def read_features(project: Project, strategy: str) -> list[tuple[float, ...]]:
    """Features of the scans that were read or begun, or are to be read next."""
    if strategy not in BY_FEATURES:
        return []
    known = Case.objects.filter(project=project, split=Split.POOL, volume__spacing_known=True)
    begun = known.exclude(state__in=(*UNOPENED, CaseState.HELD))
    chosen = unopened(project).filter(acquisitions__isnull=False)
    volumes = Volume.objects.filter(cases__in=(begun | chosen).distinct()).distinct().order_by("pk")
    return list(features_of(volumes).values())


def features_of(volumes: Iterable[Volume]) -> dict[int, tuple[float, ...]]:
    """Features by volume; those that are not known are worked out and kept."""
    wanted = {volume.pk: volume for volume in volumes}
    kept = ScanFeatures.objects.filter(volume__in=wanted)
    found = {one.volume_id: tuple(one.values) for one in kept}
    for pk in wanted.keys() - found.keys():
        volume = wanted[pk]
        i, j, k = volume.spacing_mm
        values = scan_features(ingest.read_voxels(volume), (i, j, k), volume.modality)
        found[pk] = tuple(values.tolist())
        ScanFeatures.objects.bulk_create(
            [ScanFeatures(volume=volume, values=values.tolist())], ignore_conflicts=True
        )
    return {pk: found[pk] for pk in wanted}


# ── What correcting costs ────────────────────────────────────────────────────


def effort_of(project: Project) -> Effort | None:
    """What corrections of this project's predictions took, in minutes; None before the first one."""
    reads = (
        Assignment.objects.filter(
            case__project=project,
            role=AssignmentRole.ANNOTATE,
            start_from=StartFrom.PREDICTION,
            submitted_at__isnull=False,
            active_seconds__gt=0,
            mask__base__prediction__isnull=False,
            case__region__isnull=True,  # a part takes less than what the whole prediction says
        )
        .select_related("mask__base__prediction")
        .order_by("-submitted_at")[:MOST_CORRECTIONS]
    )
    rows = [(read.mask.base.prediction, read.active_seconds / 60) for read in reads if read.mask.base]
    return fit_effort([_costs(prediction) for prediction, _ in rows], [minutes for _, minutes in rows])


def minutes_of(effort: Effort | None, prediction: Prediction | None) -> float | None:
    """What correcting this prediction is expected to take."""
    if effort is None or prediction is None:
        return None
    return float(effort.expected(np.array([_costs(prediction)]))[0])


def _costs(prediction: Prediction) -> tuple[float, ...]:
    """What the cost of a correction may depend on: how much was drawn, how sure the model was."""
    drawn = prediction.scores.get("drawn_ml", {})
    shown = [value for value in drawn.values() if value > 0]
    surface = prediction.scores.get("surface_cm2", {}).get(ALL, 0.0)
    doubt = prediction.structure_uncertainty.values()
    return (
        float(np.log1p(sum(shown))),
        float(np.log1p(surface)),
        float(len(shown)),
        prediction.uncertainty,
        max(doubt, default=prediction.uncertainty),
    )


# ── What is needed ───────────────────────────────────────────────────────────


def need_in(project: Project, model: Model | None, structures: Iterable[str]) -> dict[str, float]:
    """Weight of each structure: what is missing to its goal, twice as much for each step of its priority."""
    wanted = {goal.structure: Goal(goal.dice, goal.cases) for goal in goals(project)}
    dice = _dice(model) if wanted else {}
    cases = _cases(project) if wanted else {}
    reached = {key: Reached(dice.get(key), cases.get(key, 0)) for key in wanted}
    entries = SchemaStructure.objects.filter(schema__project=project).exclude(priority=0)
    steps = dict(entries.values_list("structure__key", "priority"))
    need = need_of(structures, wanted, reached)
    return {key: weight * 2.0 ** steps.get(key, 0) for key, weight in need.items()}


def _dice(model: Model | None) -> dict[str, float]:
    if model is None:
        return {}
    rows = ModelScore.objects.filter(model=model, dice__isnull=False).values("structure")
    return {row["structure"]: row["mean"] for row in rows.annotate(mean=Avg("dice"))}


def _cases(project: Project) -> Mapping[str, int]:
    """Accepted cases of the pool in which a structure was looked at."""
    accepted = Case.objects.filter(project=project, split=Split.POOL, state=CaseState.ACCEPTED)
    counts: dict[str, int] = {}
    for annotated in accepted.values_list("accepted_revision__mask__annotated", flat=True):
        for key in annotated or ():
            counts[key] = counts.get(key, 0) + 1
    return counts
