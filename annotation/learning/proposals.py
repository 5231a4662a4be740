"""What newer models make of a case that is being read: on demand, beside the read, never in place of it.

The reader of a blinded read gets none, and is told what everybody is told who asks in vain.
"""

from collections.abc import Collection
from dataclasses import dataclass

from django.db import transaction
from django.db.models import QuerySet

from annotation import access, corrections, jobs
from annotation.errors import Conflict, NotFound
from annotation.learning.runs import lock, serving_model
from annotation.models import (
    Assignment,
    Branch,
    Case,
    Job,
    JobKind,
    JobState,
    Mask,
    Model,
    ModelState,
    Prediction,
    Queue,
    StartFrom,
)

NOTHING_NEWER = "There is no newer proposal for this read."
FROM_SCRATCH = "This read began from scratch, so that no proposal sways it. There is none for it."
NOTHING_ASKED = "Nothing is being predicted for this read."


@dataclass(frozen=True)
class Proposals:
    """The job that was asked for, while it matters, and the pre-annotations to choose from, newest first."""

    job: Job | None
    predictions: list[Prediction]


def proposals(read: Assignment, *, to_reader: bool) -> Proposals:
    """What was made of the case since the read began; for leads, all that was ever made of it.

    `to_reader` asks for what whoever reads may see of it: nothing where the read is blinded.
    """
    if to_reader and not access.may_have_proposals(read):
        return Proposals(None, [])
    rows = history(read.case)
    if to_reader:
        rows = rows.filter(mask__in=access.proposed_masks(read))
    job = _jobs(read).first()
    return Proposals(job if job is not None and _matters(job) else None, list(rows))


def history(case: Case) -> QuerySet[Prediction]:
    """Every pre-annotation that was made of a case, the newest first."""
    rows = Prediction.objects.filter(case=case.pk, mask__head__gte=1).select_related("model", "mask")
    return rows.order_by("-created_at", "-pk")


def request_proposal(*, read: Assignment, to_reader: bool) -> Job | None:
    """Ask for the serving model's prediction of the case, whatever became of the case since.

    Asked twice, done once; None where it is there already. Raises Conflict, with a sentence that is the same
    for every read that gets none, but for one that is known to have begun from scratch.
    """
    if to_reader:
        _require_open(read)
    with transaction.atomic():
        lock(read.case.project)
        model = serving_model(read.case.project) if read.case.volume.spacing_known else None
        there = model is not None and Prediction.objects.filter(case=read.case_id, model=model).exists()
        if there and (not to_reader or proposals(read, to_reader=True).predictions):
            return None
        if model is None or there:
            raise Conflict(NOTHING_NEWER)
        waiting = _jobs(read).filter(state__in=jobs.UNFINISHED).first()
        if waiting is not None:
            return waiting
        ids = {"case": read.case_id, "assignment": read.pk}
        return jobs.enqueue(kind=JobKind.PROPOSE, queue=Queue.INFER, ids=ids, project=read.case.project)


def cancel_proposal(*, read: Assignment, to_reader: bool) -> Job:
    """Raises NotFound where nothing is being predicted."""
    blinded = to_reader and not access.may_have_proposals(read)
    waiting = None if blinded else _jobs(read).filter(state__in=jobs.UNFINISHED).first()
    if waiting is None:
        raise NotFound(NOTHING_ASKED)
    return jobs.cancel(waiting)


def proposal_due(job: Job) -> tuple[Case, Model] | None:
    """The case of a job, and the model that serves by now; None when there is nothing to predict any more."""
    case = Case.objects.select_related("volume", "project").get(pk=job.ids["case"])
    model = Model.objects.filter(project=case.project_id, state=ModelState.SERVING).first()
    if model is None or Prediction.objects.filter(case=case, model=model).exists():
        return None
    return case, model


def proposals_waiting() -> list[int]:
    """Jobs that readers wait for, in any project: they go before pools, for which nobody waits."""
    waiting = Job.objects.filter(kind=JobKind.PROPOSE, state=JobState.QUEUED, cancel_requested=False)
    return list(waiting.order_by("pk").values_list("pk", flat=True))


def keep_as_branch(*, read: Assignment, mask: Mask, structures: Collection[str], to_reader: bool) -> Branch:
    """The structures (by key; none = all of the read) as a newer pre-annotation has them, on the read's mask.

    A branch, to look at, to compare and to put on the mask. Raises NotFound for a mask that is none of the
    read's proposals.
    """
    if mask.pk not in {one.mask_id for one in proposals(read, to_reader=to_reader).predictions}:
        raise NotFound("There is no such proposal for this read.")
    return corrections.keep_proposal(assignment=read, proposed=mask, structures=structures)


def _require_open(read: Assignment) -> None:
    if read.start_from == StartFrom.SCRATCH:
        raise Conflict(FROM_SCRATCH)
    if not access.may_have_proposals(read) or not corrections.is_editable(read):
        raise Conflict(NOTHING_NEWER)


def _jobs(read: Assignment) -> QuerySet[Job]:
    mine = Job.objects.filter(project=read.case.project_id, kind=JobKind.PROPOSE, ids__assignment=read.pk)
    return mine.order_by("-pk")


def _matters(job: Job) -> bool:
    """One that succeeded shows in what it made."""
    return job.state != JobState.SUCCEEDED
