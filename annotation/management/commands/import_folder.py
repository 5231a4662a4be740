"""Import a folder of scans into a project: NIfTI files, their label maps, and DICOM CT series.

Ends with status 0 when everything was imported, 1 when something was refused, 2 when nothing could be done.
"""

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from annotation import ingest
from annotation.errors import Refused
from annotation.management.projects import NOTHING_DONE, SOME_REFUSED, project_named
from annotation.models import Project
from training.progress import Progress

_STAGES = {"looking": "Looking at the files", "importing": "Importing scans"}


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("project", help="Name or number of the project.")
        parser.add_argument("folder", type=Path, help="Folder of scans; its subfolders are read, too.")
        parser.add_argument("--create", action="store_true", help="Make the project if there is none.")
        parser.add_argument("--lead", default="", metavar="USER", help="Who leads the project from now on.")
        parser.add_argument("--recipe", default="", metavar="NAME", help="As import_cases takes it.")
        parser.add_argument("--site", default="", metavar="NAME", help="Where all of it was scanned.")
        parser.add_argument("--delineated", type=int, help="How many delineations to start from.")

    def handle(self, *args: Any, **options: Any) -> None:
        project = project_named(options["project"], create=options["create"], lead=options["lead"])
        try:
            how = {name: options[name] for name in ("delineated", "recipe", "site")}
            report = _with_bar(project, options["folder"], how)
        except Refused as refused:
            raise CommandError(refused.sentence, returncode=NOTHING_DONE) from refused
        for line in report.lines():
            self.stdout.write(line)
        if not report.imported:
            sys.exit(NOTHING_DONE)
        if report.refused:
            sys.exit(SOME_REFUSED)


def _with_bar(project: Project, folder: Path, how: dict[str, Any]) -> ingest.ImportReport:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Bar(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(_STAGES["looking"], total=None)

        def show(progress: Progress) -> None:
            description = _STAGES[progress.stage]
            bar.update(task, description=description, completed=progress.done, total=progress.total)

        return ingest.import_folder(project=project, folder=folder, on_progress=show, **how)
