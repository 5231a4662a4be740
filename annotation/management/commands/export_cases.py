"""Export delineations of a project: OUT is a new .zip file, or a new folder.

Ends with status 0 when everything was written, 2 when nothing could be done; then OUT is not there.
"""

import shutil
import tempfile
import zipfile
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from annotation import exports
from annotation.errors import Refused
from annotation.management.projects import NOTHING_DONE, project_named
from annotation.models import ExportFormat, ExportWhat, Project, Split
from training.progress import OnProgress, Progress

_STAGES = {"surveying": "Looking at delineations", "exporting": "Exporting"}


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("project", help="Name or number of the project.")
        parser.add_argument("out", type=Path, metavar="OUT", help="New .zip file or new folder.")
        parser.add_argument("--format", choices=ExportFormat.values, default=ExportFormat.NIFTI, dest="form")
        parser.add_argument("--select", choices=ExportWhat.values, default=ExportWhat.ACCEPTED, dest="what")
        for name, metavar, choices, says in (
            ("split", "SPLIT", Split.values, "Only this split; may be repeated."),
            ("reader", "USER", None, "Only this reader's; may be repeated."),
            ("structure", "KEY", None, "Only this structure; may be repeated."),
        ):
            parser.add_argument(
                f"--{name}", action="append", default=[], metavar=metavar, choices=choices, help=says
            )
        parser.add_argument("--model", type=int, metavar="VERSION", help="For training and predictions.")
        parser.add_argument(
            "--round",
            type=int,
            metavar="VERSION",
            help="Only what began from this model's prediction; 0: from no model's.",
        )
        parser.add_argument(
            "--original-uids",
            action="store_true",
            help="DICOM SEG and RTSTRUCT name the series that the scans came from, where that is kept.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        project = project_named(options["project"], create=False)
        order = exports.Order(
            options["form"],
            options["what"],
            splits=tuple(options["split"]),
            readers=tuple(options["reader"]),
            structures=tuple(options["structure"]),
            model=options["model"],
            original_uids=options["original_uids"],
            round=options["round"],
        )
        try:
            manifest = _with_bar(project, order, options["out"])
        except Refused as refused:
            raise CommandError(refused.sentence, returncode=NOTHING_DONE) from refused
        self.stdout.write(
            f"{len(manifest['delineations'])} delineations, {len(manifest['files'])} files: {options['out']}"
        )
        for note in manifest["notes"]:
            self.stdout.write(note)


def _with_bar(project: Project, order: exports.Order, out: Path) -> dict[str, Any]:
    if out.exists():
        raise Refused(f"{out.name} is there already; name a file or folder that is not.")
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Bar(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(_STAGES["exporting"], total=None)

        def show(progress: Progress) -> None:
            description = _STAGES[progress.stage]
            bar.update(task, description=description, completed=progress.done, total=progress.total)

        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=out.parent, prefix=".unfinished-") as place:
            return _written(project, order, out, Path(place), show)


def _written(
    project: Project, order: exports.Order, out: Path, place: Path, on_progress: OnProgress
) -> dict[str, Any]:
    """Write beside the final name and rename, so that what lies there is whole."""
    target, work = place / "out", place / "work"
    work.mkdir()
    about: dict[str, Any] = {
        "project": project,
        "order": order,
        "items": exports.chosen(project, order),
        "by": "",
        "work": work,
        "on_progress": on_progress,
    }
    if out.suffix.lower() == ".zip":
        with zipfile.ZipFile(target, "w") as packed:
            manifest = exports.build(sink=exports.ZipSink(packed), **about)
    else:
        target.mkdir(mode=0o755)
        manifest = exports.build(sink=exports.FolderSink(target), **about)
    shutil.move(target, out)
    return manifest
