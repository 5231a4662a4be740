"""What has still to be compared, what could not be, and how to have it tried again."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from annotation import jobs
from annotation.agreement import work
from annotation.models import Case, Job, JobKind, JobState, Project

MOST_NAMED = 50


@dataclass(frozen=True)
class Failure:
    """A case whose comparison failed for good; `case` None = the job that goes through the whole project."""

    case: int | None
    number: int | None
    name: str
    sentence: str
    at: datetime | None


@dataclass(frozen=True)
class Backlog:
    """Jobs that have still to end, failures.

    `done` of `total`: cases that the job for the whole project has gone through, 0 where there is none.
    `failures` are the newest ones; `failed` is how many there are.
    """

    waiting: int
    done: int
    total: int
    failed: int
    failures: list[Failure]


def backlog(project: Project) -> Backlog:
    """What a lead is told of comparisons that are under way or went wrong."""
    mine = Job.objects.filter(project=project, kind=JobKind.SCORE)
    unfinished = mine.filter(state__in=jobs.UNFINISHED)
    whole = unfinished.filter(ids__has_key=work.ALL).order_by("-pk").first()
    failed = {job.ids.get("case"): job for job in _failed(project).order_by("pk")}
    newest = sorted(failed.values(), key=lambda job: -job.pk)[:MOST_NAMED]
    cases = Case.objects.in_bulk([job.ids["case"] for job in newest if "case" in job.ids])
    progress: dict[str, Any] = {} if whole is None else whole.progress
    counted = progress if progress.get("stage") == "score" else {}
    return Backlog(
        unfinished.count(),
        counted.get("done", 0),
        counted.get("total", 0),
        len(failed),
        [_failure(job, cases.get(job.ids.get("case", 0))) for job in newest],
    )


def _failure(job: Job, case: Case | None) -> Failure:
    if case is None:
        return Failure(None, None, "", job.error, job.finished_at)
    return Failure(case.pk, case.number, case.name, job.error, job.finished_at)


def _failed(project: Project) -> QuerySet[Job]:
    """Jobs that failed for good, unless a later one did the same work or is about to."""
    later = Job.objects.filter(
        project=project,
        kind=JobKind.SCORE,
        pk__gt=OuterRef("pk"),
        state__in=[JobState.SUCCEEDED, *jobs.UNFINISHED],
    ).filter(Q(ids__has_key=work.ALL) | Q(ids__case=OuterRef("ids__case")))
    return Job.objects.filter(~Exists(later), project=project, kind=JobKind.SCORE, state=JobState.FAILED)


@transaction.atomic
def score_again(project: Project) -> int:
    """Have everything that failed tried again; returns how many jobs that takes.

    Asking twice changes nothing: what waits already does not count as failed. Scores that an attempt had
    stored stay.
    """
    Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    failed = list(_failed(project))
    if any(work.ALL in job.ids for job in failed):
        work.request_all(project)
        return 1
    cases = Case.objects.filter(project=project, pk__in={job.ids["case"] for job in failed})
    asked = [work.request(case) for case in cases.select_related("project").order_by("number")]
    return len(asked)
