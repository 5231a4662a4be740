"""Pre-annotations: what the serving model still has to predict, and how a prediction becomes a mask.

A case that somebody has opened is never touched: its state is looked at under a lock, in the transaction that
stores the prediction.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np
from django.db import transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Now
from numpy.typing import NDArray

from annotation import agreement, chunks, jobs, worklist
from annotation.learning.cells import keep_cells
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
    """What a predict job is about: the model, how many cases it has left, and how many it has predicted."""

    model: Model
    cases: int
    predicted: int


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
    return Due(model, _unpredicted(model).count(), Prediction.objects.filter(model=model).count())


def next_to_predict(model: Model, *, leaving_out: Collection[int] = ()) -> Case | None:
    """The next case to predict; None when all is done or another model serves."""
    if not Model.objects.filter(pk=model.pk, state=ModelState.SERVING).exists():
        return None
    return in_turn(_unpredicted(model).exclude(pk__in=leaving_out)).first()


def in_turn(cases: QuerySet[Case]) -> QuerySet[Case]:
    """Cases as readers get them; of those alike, first the ones that nobody can read before."""
    due, chosen = F("due_at").asc(nulls_last=True), F("acquisition").desc(nulls_last=True)
    return cases.select_related("volume").order_by(due, "-priority", chosen, "-state", "number")


@dataclass(frozen=True)
class Sureness:
    """How sure a pre-annotation is: overall and by structure key (0 to 1), and what strategies rank by.

    `cells` is what parts of the scan are ranked by (`cells_of`); empty = it is read as a whole.
    """

    overall: float
    structures: Mapping[str, float]
    scores: Mapping[str, Any]
    cells: bytes = b""


def store_prediction(
    *,
    case: Case,
    model: Model,
    labels: NDArray[np.uint8],
    annotated: Iterable[str],
    sureness: Sureness,
    lease: jobs.Lease,
    guidance: Guidance | None = None,
    asked_for: bool = False,
) -> Prediction | None:
    """Make `labels` (layer, i, j, k) the model's mask of the case, which a reader can then start from.

    `annotated` names the structures that the model knows. None when somebody opened the case meanwhile (but
    for one that was `asked_for` all the same), or when another model serves by now. A prediction that is
    there already is returned. Raises LeaseLost when the job is somebody else's. `guidance` says where in the
    prediction a reader should look first.
    """
    with stored(guidance, case, f"model-{model.pk}", lease) as map_fields, transaction.atomic():
        jobs.hold(lease)
        serving = Model.objects.filter(pk=model.pk, state=ModelState.SERVING).exists()
        locked = Case.objects.select_for_update(no_key=True).get(pk=case.pk)
        there = Prediction.objects.filter(case=locked, model=model).first()
        if there is not None or not serving or not (asked_for or locked.state in UNOPENED):
            return there
        mask = Mask.objects.create(case=locked, kind=MaskKind.MODEL, model=model, annotated=list(annotated))
        made = Prediction(case=locked, model=model, **map_fields)
        return keep(made, mask, labels, sureness)


def keep(made: Prediction, mask: Mask, labels: NDArray[np.uint8], sureness: Sureness) -> Prediction:
    """Store the voxels and the row; a case that nobody has opened is offered. The caller locked the case."""
    chunks.write_labels(mask=mask, labels=labels, kind=RevisionKind.PREDICTION)
    made.mask, made.uncertainty = mask, sureness.overall
    made.structure_uncertainty, made.scores = dict(sureness.structures), dict(sureness.scores)
    made.save(force_insert=True)
    if made.model is not None:
        agreement.predicted(made.case)
    if made.case.state in UNOPENED:
        worklist.make_ready(made.case)
    if made.case.state in UNOPENED and made.model is not None:
        keep_cells(made, sureness.cells)
        # What is least sure teaches most: it is read first, after what is due or preferred.
        Case.objects.filter(pk=made.case_id).update(acquisition=sureness.overall)
    return made


def offer_without_prediction(*, case: Case, lease: jobs.Lease) -> None:
    """The model cannot predict this case: a reader gets it with what is there, rather than nobody."""
    with transaction.atomic():
        jobs.hold(lease)
        locked = Case.objects.select_for_update(no_key=True).get(pk=case.pk)
        if locked.state in UNOPENED:
            worklist.make_ready(locked)


def pending(project: Project) -> int:
    """Cases that nobody has opened and that the serving model has not predicted."""
    model = serving_model(project)
    return 0 if model is None else _unpredicted(model).count()


def _unpredicted(model: Model) -> QuerySet[Case]:
    unopened = Case.objects.filter(project=model.project_id, split=Split.POOL, state__in=UNOPENED)
    return unopened.filter(volume__spacing_known=True).exclude(predictions__model=model)
