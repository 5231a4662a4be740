"""Pre-annotations: what the serving model still has to predict, and how a prediction becomes a mask.

A case that somebody has opened is never touched: its state is looked at under a lock, in the transaction that
stores the prediction.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from numpy.typing import NDArray

from annotation import chunks, jobs, worklist
from annotation.learning.guidance import Guidance, stored
from annotation.learning.runs import lock, serving_model
from annotation.models import (
    Case,
    CaseState,
    Job,
    JobKind,
    JobState,
    Mask,
    MaskKind,
    Model,
    ModelState,
    Prediction,
    Project,
    Queue,
    RevisionKind,
    Split,
)

UNOPENED = (CaseState.WAITING, CaseState.READY)
PAUSE_AFTER_FAILURE = timedelta(minutes=10)


@dataclass(frozen=True)
class Due:
    """What a predict job is about: the model, and how many cases it has left."""

    model: Model
    cases: int


def enqueue_predictions(model: Model) -> Job:
    """One job walks through every case that nobody has opened and that this model has not predicted."""
    return jobs.enqueue(
        kind=JobKind.PREDICT, queue=Queue.INFER, ids={"model": model.pk}, project=model.project
    )


def enqueue_predictions_if_due(project: Project) -> Job | None:
    """For cases that came after the serving model was promoted. Safe to call at any time."""
    with transaction.atomic():
        lock(project)
        model = serving_model(project)
        if model is None or not _unpredicted(model).filter(state=CaseState.WAITING).exists():
            return None
        mine = Job.objects.filter(project=project, kind=JobKind.PREDICT, ids__model=model.pk)
        # After a failure try again, but not at every tick of the clock.
        recent = mine.exclude(state=JobState.SUCCEEDED).filter(finished_at__gt=Now() - PAUSE_AFTER_FAILURE)
        if mine.filter(state__in=jobs.UNFINISHED).exists() or recent.exists():
            return None
        return enqueue_predictions(model)


def predictions_due(job: Job) -> Due:
    """The model and the amount of work of a predict job."""
    model = Model.objects.select_related("project").get(pk=job.ids["model"])
    return Due(model, _unpredicted(model).count())


def next_to_predict(model: Model, *, leaving_out: Collection[int] = ()) -> Case | None:
    """The next case to predict, waiting ones first; None when all is done or another model serves."""
    if not Model.objects.filter(pk=model.pk, state=ModelState.SERVING).exists():
        return None
    cases = _unpredicted(model).exclude(pk__in=leaving_out).select_related("volume")
    # "waiting" sorts after "ready": nobody can read those before they are predicted.
    return cases.order_by("-state", "number").first()


def store_prediction(
    *,
    case: Case,
    model: Model,
    labels: NDArray[np.uint8],
    annotated: Iterable[str],
    uncertainty: float,
    lease: jobs.Lease,
    guidance: Guidance | None = None,
) -> Prediction | None:
    """Make `labels` (layer, i, j, k) the model's mask of the case, which a reader can then start from.

    `annotated` names the structures that the model knows. None when somebody opened the case meanwhile, or
    another model serves by now. A prediction that is there already is returned. Raises LeaseLost when
    the job is somebody else's. `guidance` says where in the prediction a reader should look first.
    """
    with stored(guidance, case, model, lease) as map_fields, transaction.atomic():
        jobs.hold(lease)
        serving = Model.objects.filter(pk=model.pk, state=ModelState.SERVING).exists()
        locked = Case.objects.select_for_update(no_key=True).get(pk=case.pk)
        there = Prediction.objects.filter(case=locked, model=model).first()
        if there is not None or not serving or locked.state not in UNOPENED:
            return there
        mask = Mask.objects.create(
            case=locked,
            kind=MaskKind.MODEL,
            model=model,
            annotated=list(annotated),
        )
        chunks.write_labels(mask=mask, labels=labels, kind=RevisionKind.PREDICTION)
        _offer(locked)
        # What the model is least sure of teaches it most: it is read first, after what is due or preferred.
        Case.objects.filter(pk=locked.pk).update(acquisition=uncertainty)
        return Prediction.objects.create(
            case=locked, model=model, mask=mask, uncertainty=uncertainty, **map_fields
        )


def offer_without_prediction(*, case: Case, lease: jobs.Lease) -> None:
    """The model cannot predict this case: a reader gets it with what is there, rather than nobody."""
    with transaction.atomic():
        jobs.hold(lease)
        locked = Case.objects.select_for_update(no_key=True).get(pk=case.pk)
        if locked.state in UNOPENED:
            _offer(locked)


def pending(project: Project) -> int:
    """Cases that nobody has opened and that the serving model has not predicted."""
    model = serving_model(project)
    return 0 if model is None else _unpredicted(model).count()


def _unpredicted(model: Model) -> QuerySet[Case]:
    unopened = Case.objects.filter(project=model.project_id, split=Split.POOL, state__in=UNOPENED)
    return unopened.exclude(predictions__model=model)


def _offer(case: Case) -> None:
    worklist.make_ready(case)
