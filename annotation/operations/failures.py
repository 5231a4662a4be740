"""Jobs that failed, for whoever may start them again: the staff of the installation."""

from datetime import timedelta

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db.models import QuerySet
from django.db.models.functions import Now

from annotation import jobs
from annotation.errors import NotFound
from annotation.models import Job, JobState

MOST_LISTED = 50
LISTED_FOR = timedelta(days=30)
LARGEST_ID = 2**63 - 1


def failed_jobs() -> QuerySet[Job]:
    """Failed jobs of the last 30 days, the newest first, at most 50."""
    return _failed(LISTED_FOR).select_related("project").order_by("-finished_at")[:MOST_LISTED]


def failed_since(age: timedelta) -> int:
    """How many jobs failed within this time."""
    return _failed(age).count()


def job_for(user: AbstractBaseUser | AnonymousUser, job_id: int) -> Job:
    """Any job of any project, for staff; to everybody else there is none."""
    may = bool(getattr(user, "is_staff", False)) and job_id <= LARGEST_ID
    job = Job.objects.select_related("project").filter(pk=job_id).first() if may else None
    if job is None:
        raise NotFound("There is no such job, or it is not yours to start again.")
    return job


def start_again(job: Job) -> Job:
    """Let a job that failed or was cancelled wait again; one that waits or runs stays as it is.

    Raises Conflict where it succeeded, or where another one took its place.
    """
    return jobs.start_again(job)


def _failed(age: timedelta) -> QuerySet[Job]:
    return Job.objects.filter(state=JobState.FAILED, finished_at__gt=Now() - age)
