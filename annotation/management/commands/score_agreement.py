"""Score whatever a project's reads lack by today's metric and tolerances, as a worker's job.

After a new version of the metric, or other tolerances. What is scored already stays, so asking again after
a cancelled job goes on where it stopped. With --wait, follow it; Ctrl-C cancels it. --recount makes the sums
anew, here and now.
"""

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from annotation import agreement, jobs
from annotation.errors import Refused
from annotation.models import Job, JobKind, JobState, Project

LOOK_SECONDS = 0.5


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("project", help="Name of the project, in quotes if it has spaces.")
        parser.add_argument("--wait", action="store_true", help="Follow the job to its end.")
        what = parser.add_mutually_exclusive_group()
        what.add_argument("--cancel", action="store_true", help="Stop the job that scores the project.")
        what.add_argument("--recount", action="store_true", help="Make all sums anew from the scores.")

    def handle(self, *args: Any, **options: Any) -> None:
        project = Project.objects.filter(name=options["project"]).first()
        if project is None:
            names = ", ".join(Project.objects.values_list("name", flat=True)) or "none yet"
            raise CommandError(f"There is no project “{options['project']}”. Projects: {names}.")
        if options["recount"]:
            wrong = agreement.recount(project)
            self.stdout.write("Sums were wrong and are right now." if wrong else "All sums were right.")
        elif options["cancel"]:
            self._cancel(project)
        else:
            self._score(project, wait=options["wait"])

    def _cancel(self, project: Project) -> None:
        mine = Job.objects.filter(project=project, kind=JobKind.SCORE, ids__has_key=agreement.ALL)
        job = mine.filter(state__in=jobs.UNFINISHED).first()
        if job is None:
            raise CommandError("No job scores this project.")
        jobs.cancel(job)
        self.stdout.write(f"Job {job.pk} is stopped; what it has scored stays.")

    def _score(self, project: Project, *, wait: bool) -> None:
        try:
            job = agreement.request_all(project)
        except Refused as refused:
            raise CommandError(refused.sentence) from refused
        self.stdout.write(f"Scoring is queued as job {job.pk}.")
        if not wait:
            return
        try:
            _follow(job)
        except KeyboardInterrupt:
            jobs.cancel(job)
            raise CommandError(f"Job {job.pk} is stopped; what it has scored stays.") from None
        if job.state != JobState.SUCCEEDED:
            raise CommandError(job.error or "The job was cancelled; what it has scored stays.")
        self.stdout.write(f"{job.result['scores']} scores of {job.result['cases']} cases were added.")


def _follow(job: Job) -> None:
    columns = (TextColumn("Scoring"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("score", total=None)
        while job.state in jobs.UNFINISHED:
            if job.progress.get("stage") == "score":
                bar.update(task, completed=job.progress["done"], total=job.progress["total"])
            time.sleep(LOOK_SECONDS)
            job.refresh_from_db()
