"""Give volumes that came in before there were signatures one, so that copies of them are found.

Can be stopped and begun again: it goes on where it was. Prints how many volumes were signed.
"""

from typing import Any

from django.core.management.base import BaseCommand
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from annotation import ingest
from training.progress import Progress


class Command(BaseCommand):
    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Bar(*columns, console=Console(stderr=True)) as bar:
            task = bar.add_task("Signing volumes", total=None)

            def show(progress: Progress) -> None:
                bar.update(task, completed=progress.done, total=progress.total)

            signed = ingest.sign_volumes(show)
        self.stdout.write("1 volume signed." if signed == 1 else f"{signed} volumes signed.")
