"""Request a training of a project now, whatever its threshold; with --wait, follow it to its end."""

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotation import learning
from annotation.errors import Refused
from annotation.jobs import UNFINISHED
from annotation.models import Job, JobState, Project

LOOK_SECONDS = 1.0


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("project", help="Name of the project, in quotes if it has spaces.")
        parser.add_argument("--wait", action="store_true", help="Return when the training is over.")

    def handle(self, *args: Any, **options: Any) -> None:
        project = Project.objects.filter(name=options["project"]).first()
        if project is None:
            names = ", ".join(Project.objects.values_list("name", flat=True)) or "none yet"
            raise CommandError(f"There is no project “{options['project']}”. Projects: {names}.")
        try:
            run = learning.request_run(project=project, requested_by=None)
        except Refused as refused:
            raise CommandError(refused.sentence) from refused
        self.stdout.write(f"Training is queued as job {run.job_id}.")
        if options["wait"]:
            self._follow(run.job)

    def _follow(self, job: Job) -> None:
        shown = ""
        while job.state in UNFINISHED:
            time.sleep(LOOK_SECONDS)
            job.refresh_from_db()
            message = job.progress.get("message", "")
            if message and message != shown:
                self.stdout.write(shown := message)
        if job.state != JobState.SUCCEEDED:
            raise CommandError(job.error or "The training was cancelled.")
        self.stdout.write(job.result["sentence"])
