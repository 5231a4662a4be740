"""Pre-annotations from labelled cases: for a project that has no model yet, or a structure that none knows.

Only accepted cases of the pool are laid onto others: what a model is tested on must not come back as labels.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Now
from numpy.typing import NDArray

from annotation import chunks, ingest, jobs
from annotation.errors import Conflict, Refused
from annotation.learning.guidance import Guidance, stored
from annotation.learning.manifests import spacing_of
from annotation.learning.predictions import PAUSE_AFTER_FAILURE, UNOPENED, Sureness, in_turn, keep
from annotation.learning.runs import lock, serving_model
from annotation.models import (
    NO_IMAGE,
    Case,
    CaseState,
    Job,
    JobKind,
    JobState,
    LearningPolicy,
    Mask,
    MaskKind,
    Prediction,
    PredictionSource,
    Project,
    Queue,
    Revision,
    Split,
)
from training.labelled import Atlas, describe, nearest

USUAL_ATLASES, MOST_ATLASES = 3, 8
MOST_CANDIDATES = 40  # labelled cases that are looked at, the newest ones

Features = dict[int, NDArray[np.float64]]


@dataclass(frozen=True)
class Sources:
    """Labelled cases for one case, and the revisions of theirs that are used, both nearest first."""

    cases: list[Case]
    revisions: list[Revision]


def request_atlases(*, project: Project, cases: Sequence[int] = (), atlases: int = USUAL_ATLASES) -> Job:
    """Pre-annotate cases (by number; none = all that wait) from the labelled cases most like each.

    Raises Conflict while that is being done already, Refused where nothing is to be done or is labelled.
    """
    with transaction.atomic():
        lock(project)
        waiting = _jobs(project).filter(state__in=jobs.UNFINISHED).first()
        if waiting is not None:
            raise Conflict("Cases are being pre-annotated from labelled ones already.", job=waiting.pk)
        if not labelled(project).exists():
            raise Refused("No case of the pool is accepted yet: there is none to pre-annotate others from.")
        chosen = list(_named(project, cases).values_list("pk", flat=True)) if cases else []
        if not (chosen or _without_any(project).exists()):
            raise Refused("No case waits for a pre-annotation. Name cases that nobody has opened.")
        return _enqueue(project, chosen, atlases)


def enqueue_atlases_if_due(project: Project) -> Job | None:
    """Where the policy says so, and no model serves. Safe to call at any time."""
    policy = LearningPolicy.objects.filter(project=project).first()
    if policy is None or policy.atlases == 0:
        return None
    with transaction.atomic():
        lock(project)
        mine = _jobs(project)
        recent = mine.exclude(state=JobState.SUCCEEDED).filter(finished_at__gt=Now() - PAUSE_AFTER_FAILURE)
        busy = mine.filter(state__in=jobs.UNFINISHED).exists() or recent.exists()
        if busy or serving_model(project) is not None or not _without_any(project).exists():
            return None
        if labelled(project).count() < policy.atlases or _tried(project):
            return None
        return _enqueue(project, [], policy.atlases)


def labelled(project: Project) -> QuerySet[Case]:
    """Cases that others can be pre-annotated from, those accepted last first."""
    accepted = Case.objects.filter(project=project, split=Split.POOL, state=CaseState.ACCEPTED)
    whole = accepted.filter(region__isnull=True, volume__spacing_known=True)
    rows = whole.exclude(volume__modality=NO_IMAGE).select_related("volume", "accepted_revision__mask")
    return rows.order_by("-accepted_at", "-pk")


def left_for_atlases(job: Job) -> QuerySet[Case]:
    """What is left to do of a job, in the order in which readers get the cases."""
    chosen: list[int] = job.ids["cases"]
    cases = _unopened(job.project).filter(pk__in=chosen) if chosen else _without_any(job.project)
    since = Prediction.objects.filter(
        case=OuterRef("pk"), source=PredictionSource.ATLAS, created_at__gte=job.created_at
    )
    return in_turn(cases.exclude(Exists(since)))


def atlases_for(case: Case, job: Job, known: Features) -> Sources:
    """The labelled cases most like this one; `known` keeps what they are like from one case to the next."""
    candidates = {one.pk: one for one in labelled(job.project).exclude(pk=case.pk)[:MOST_CANDIDATES]}
    for pk, one in candidates.items():
        if pk not in known:
            known[pk] = _features(one)
    there = {pk: known[pk] for pk in candidates}
    chosen = [candidates[pk] for pk in nearest(_features(case), there, job.ids["atlases"])]
    revisions = [one.accepted_revision for one in chosen if one.accepted_revision is not None]
    return Sources(chosen, revisions)


def atlas_of(case: Case, revision: Revision) -> Atlas:
    """A labelled case as it was accepted, with everything that laying it onto another one takes."""
    revision.mask.case = case
    labels = chunks.read_layers(revision.mask, revision.number)
    voxels = ingest.read_voxels(case.volume)
    return Atlas(voxels, spacing_of(case.volume), labels, tuple(revision.mask.annotated))


def store_atlas(
    *,
    case: Case,
    chosen: Sources,
    labels: NDArray[np.uint8],
    annotated: Iterable[str],
    sureness: Sureness,
    lease: jobs.Lease,
    guidance: Guidance | None = None,
) -> Prediction | None:
    """Make `labels` (layer, i, j, k) a pre-annotation of the case that says which revisions it is made of.

    None when somebody opened the case meanwhile. One of the same revisions that is there already is returned.
    Raises LeaseLost when the job is somebody else's.
    """
    used = sorted(revision.pk for revision in chosen.revisions)
    with stored(guidance, case, "atlas", lease) as map_fields, transaction.atomic():
        jobs.hold(lease)
        locked = Case.objects.select_for_update(no_key=True).get(pk=case.pk)
        there = Prediction.objects.filter(case=locked, source=PredictionSource.ATLAS, atlas_revisions=used)
        if there.exists() or locked.state not in UNOPENED:
            return there.first()
        mask = Mask.objects.create(case=locked, kind=MaskKind.ATLAS, annotated=list(annotated))
        made = Prediction(case=locked, source=PredictionSource.ATLAS, atlas_revisions=used, **map_fields)
        return keep(made, mask, labels, sureness)


def numbers_of(predictions: Iterable[Prediction]) -> dict[int, list[int]]:
    """By prediction: the numbers of the cases that it was propagated from."""
    rows = list(predictions)
    wanted = {pk for row in rows for pk in row.atlas_revisions}
    numbers = dict(Revision.objects.filter(pk__in=wanted).values_list("pk", "mask__case__number"))
    return {row.pk: sorted(numbers[pk] for pk in row.atlas_revisions if pk in numbers) for row in rows}


def _features(case: Case) -> NDArray[np.float64]:
    return describe(ingest.read_voxels(case.volume), spacing_of(case.volume))


def _jobs(project: Project) -> QuerySet[Job]:
    return Job.objects.filter(project=project, kind=JobKind.ATLAS)


def _enqueue(project: Project, cases: Collection[int], atlases: int) -> Job:
    ids = {"cases": list(cases), "atlases": atlases}
    return jobs.enqueue(kind=JobKind.ATLAS, queue=Queue.INFER, ids=ids, project=project)


def _tried(project: Project) -> bool:
    """Whether the last job left cases that no labelled case fits, and none was labelled since."""
    last = _jobs(project).filter(state=JobState.SUCCEEDED).order_by("-pk").first()
    if last is None or not last.result.get("refused"):
        return False
    return not labelled(project).filter(accepted_at__gt=last.created_at).exists()


def _unopened(project: Project) -> QuerySet[Case]:
    cases = Case.objects.filter(project=project, split=Split.POOL, state__in=UNOPENED)
    return cases.filter(volume__spacing_known=True).exclude(volume__modality=NO_IMAGE)


def _without_any(project: Project) -> QuerySet[Case]:
    """Cases that wait, without any pre-annotation; not those chosen to be read from scratch."""
    chosen = Q(acquisitions__arm="cold_start", acquisitions__model__isnull=True)
    waiting = _unopened(project).filter(state=CaseState.WAITING, predictions__isnull=True)
    return waiting.exclude(pk__in=Case.objects.filter(chosen, project=project).values("pk"))


def _named(project: Project, numbers: Sequence[int]) -> QuerySet[Case]:
    """Raises Refused for a case that is not there, or that somebody has opened."""
    there = Case.objects.filter(project=project, number__in=numbers)
    missing = sorted(set(numbers) - set(there.values_list("number", flat=True)))
    if missing:
        raise Refused(f"This project has no case {missing[0]}.")
    free = _unopened(project).filter(number__in=numbers)
    opened = sorted(set(numbers) - set(free.values_list("number", flat=True)))
    if opened:
        raise Refused(
            f"Case {opened[0]} was opened, is no case of the pool, or its spacing is not known. Choose cases "
            "that nobody has opened."
        )
    return free.order_by(F("number"))
