"""Follow the jobs on the terminal: a bar for the one that runs, a line for each new model, until Ctrl-C."""

import contextlib
import time
from typing import Any

from django.core.management.base import BaseCommand
from django.db import close_old_connections
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from annotation import learning
from annotation.models import Job, JobState, ModelState, Project

QUIET_SECONDS = 15.0  # without a terminal, one line in so many seconds


class Command(BaseCommand):
    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        watch = Watch(Console(highlight=False, soft_wrap=True))
        with contextlib.suppress(KeyboardInterrupt):
            while True:
                watch.look()
                time.sleep(1.0)


class Watch:
    """Looks at the job and model rows once a second."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.announced: set[int] = set()
        self.finished: set[int] = set(
            Job.objects.exclude(state__in=[JobState.QUEUED, JobState.RUNNING]).values_list("pk", flat=True)
        )
        self.bar: Progress | None = None
        self.last_line = 0.0

    def look(self) -> None:
        """Show what changed since the last look."""
        close_old_connections()
        self._show_job(Job.objects.filter(state=JobState.RUNNING).order_by("pk").first())
        for project in Project.objects.order_by("pk"):
            if project.models.exclude(pk__in=self.announced).exists():
                for summary in reversed(learning.overview(project).models):
                    self._announce(summary)
        for job in Job.objects.filter(state__in=[JobState.FAILED, JobState.SUCCEEDED]).order_by("pk"):
            self._tell_end(job)

    def _announce(self, summary: learning.ModelSummary) -> None:
        model = summary.model
        if model.pk in self.announced or model.state == ModelState.CANDIDATE:
            return
        self.announced.add(model.pk)
        self._end_bar()
        if model.state == ModelState.SERVING:
            dice = f", mean test Dice {summary.mean_dice:.3f}" if summary.mean_dice is not None else ""
            self.console.print(f"model {model.version} is serving{dice}")
        elif model.state == ModelState.REJECTED:
            self.console.print(model.gate["sentence"])

    def _tell_end(self, job: Job) -> None:
        if job.pk in self.finished:
            return
        self.finished.add(job.pk)
        self._end_bar()
        if job.state == JobState.FAILED:
            self.console.print(f"[red]{job.kind} job {job.pk} failed: {job.error}[/red]")
        else:
            self.console.print(f"{job.kind} job {job.pk} is done")

    def _show_job(self, job: Job | None) -> None:
        if job is None or not job.progress:
            self._end_bar()
            return
        done, total = job.progress.get("done", 0), job.progress.get("total", 0)
        text = f"{job.kind}: {job.progress.get('message') or job.progress.get('stage', '')}"
        left = job.progress.get("seconds_left")
        text += f", about {left / 60:.1f} min left" if left else ""
        if not self.console.is_terminal:
            if time.monotonic() - self.last_line > QUIET_SECONDS:
                self.last_line = time.monotonic()
                self.console.print(f"{text} ({done}/{total})")
            return
        if self.bar is None:
            self.bar = Progress(
                BarColumn(),
                TextColumn("{task.completed:.0f}/{task.total:.0f}"),
                TextColumn("{task.description}"),
                console=self.console,
                transient=True,
            )
            self.bar.add_task(text, total=total)
            self.bar.start()
        self.bar.update(self.bar.task_ids[0], description=text, completed=done, total=total or 1)

    def _end_bar(self) -> None:
        if self.bar is not None:
            self.bar.stop()
            self.bar = None
