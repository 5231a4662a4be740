"""Import what readers delineated elsewhere as their reads, and compare them.

FOLDER holds, in any mixture, CASE/READER/STRUCTURE.nrrd (or .nii.gz; one mask each, which may overlap),
CASE/READER.bits.nii.gz with a JSON list of names (one structure per bit), or CASE/READER.nii.gz with
labels.json (a label map). READER/CASE/… is understood, too.

A case that the project has no scan of is made of the masks alone: their geometry, no image. Agreement is
worked out by the score queue. The same command again imports only what is missing.

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

_STAGES = {"decoding": "Reading the masks", "importing": "Importing reads"}


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("project", help="Name or number of the project.")
        parser.add_argument("folder", type=Path, metavar="FOLDER", help="Folder of readers' delineations.")
        parser.add_argument("--create", action="store_true", help="Make the project if there is none.")
        parser.add_argument("--lead", default="", metavar="USER", help="Who leads the project from now on.")
        parser.add_argument(
            "--readers", nargs="+", default=[], metavar="NAME", help="Which folder or file names are readers."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        project = project_named(options["project"], create=options["create"], lead=options["lead"])
        try:
            report = _with_bar(project, options["folder"], options["readers"])
        except Refused as refused:
            raise CommandError(refused.sentence, returncode=NOTHING_DONE) from refused
        for line in report.lines():
            self.stdout.write(line)
        if report.refused:
            sys.exit(SOME_REFUSED if report.reads else NOTHING_DONE)


def _with_bar(project: Project, folder: Path, readers: list[str]) -> ingest.ReadsReport:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Bar(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(_STAGES["decoding"], total=None)

        def show(progress: Progress) -> None:
            description = _STAGES[progress.stage]
            bar.update(task, description=description, completed=progress.done, total=progress.total)

        return ingest.import_reads(project=project, folder=folder, readers=readers, on_progress=show)
