"""Import scans from files, folders and zips into a project: DICOM CT series, NIfTI, NRRD, MetaImage.

Says of every series found what became of it. Ends with status 0 when all are in the project, 1 when something
was refused, 2 when nothing could be done. The project's page lists it among its imports, with its report.
"""

import json
import sys
from argparse import Action, ArgumentParser, BooleanOptionalAction
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from annotation import ingest, intake
from annotation.errors import NotFound, Refused
from annotation.imaging.findings import Cause, Finding, Outcome
from annotation.management.projects import NOTHING_DONE, SOME_REFUSED, project_named
from annotation.models import Project
from annotation.recipes import shipped
from training.progress import Progress

_STAGES = {"looking": "Looking at the files", "importing": "Importing scans"}


class ListRecipes(Action):
    """Prints key, title and licence of every public data set; needs neither project nor path."""

    def __init__(self, option_strings: Sequence[str], dest: str, **about: Any) -> None:
        super().__init__(option_strings, dest, nargs=0, **about)

    def __call__(self, parser: ArgumentParser, *_: Any) -> None:
        for recipe in shipped().values():
            nc = ", not for commercial use" if recipe.source.non_commercial else ""
            disabled = f"; cannot be used: {recipe.disabled}" if recipe.disabled else ""
            sys.stdout.write(f"{recipe.key:24} {recipe.title} ({recipe.source.licence}{nc}){disabled}\n")
        parser.exit()


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("project", help="Name or number of the project.")
        parser.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="File, folder or zip.")
        parser.add_argument("--create", action="store_true", help="Make the project if there is none.")
        parser.add_argument("--lead", default="", metavar="USER", help="Who leads the project from now on.")
        parser.add_argument(
            "--resample",
            action=BooleanOptionalAction,
            default=None,
            help="Interpolate gaps between slices, or refuse them. Default: as the project says.",
        )
        parser.add_argument("--site", default="", metavar="NAME", help="Where all of it was scanned.")
        parser.add_argument(
            "--by-number", action="store_true", help="Call cases and files by numbers: keep no file's name."
        )
        parser.add_argument("--allow-burned-in", action="store_true", help="Take scans with text in them.")
        parser.add_argument(
            "--recipe",
            default="",
            metavar="NAME",
            help="Read labels by this recipe: a data set's key, name or number of a saved one, or “none” for "
            "their own names. Default: that of the data set that the files are, if any.",
        )
        parser.add_argument("--list-recipes", action=ListRecipes, help="Print the public data sets and end.")
        parser.add_argument(
            "--delineated",
            type=int,
            metavar="N",
            help="Keep so many delineations to start from.",
        )
        parser.add_argument("--json", action="store_true", help="One JSON object per series, one per line.")

    def handle(self, *args: Any, **options: Any) -> None:
        project = project_named(options["project"], create=options["create"], lead=options["lead"])
        resample = project.resamples_gaps if options["resample"] is None else options["resample"]
        allowed = ingest.Allowed(resample=resample, burned_in=options["allow_burned_in"])
        how: ingest.Options = {
            "allowed": allowed,
            "recipe": options["recipe"],
            "site": options["site"],
            "by_number": options["by_number"],
            "delineated": options["delineated"],
        }
        try:
            report = _with_bar(project, options["paths"], how)
        except (Refused, NotFound) as refused:
            raise CommandError(refused.sentence, returncode=NOTHING_DONE) from refused
        if options["json"]:
            for finding in report.findings:
                self.stdout.write(json.dumps(finding.as_json(), ensure_ascii=False))
        out = self.stderr if options["json"] else self.stdout
        for line in (report.lines()[0], *report.notes):
            out.write(line)
        if not options["json"]:
            for finding in report.findings:
                self.stdout.write("\n          ".join([_line(finding), *finding.notes]))
        status = _status(report.findings)
        if status:
            sys.exit(status)


def _line(finding: Finding) -> str:
    where = f" → case {finding.case}" if finding.case is not None else ""
    words = finding.cause.value.replace("_", " ")
    return f"{finding.outcome.value:9} {finding.source}{where} ({words}) {finding.message}".rstrip()


def _status(findings: list[Finding]) -> int:
    there = [one for one in findings if one.case is not None or one.cause is Cause.ALREADY_THERE]
    if not there:
        return NOTHING_DONE
    return SOME_REFUSED if any(one.outcome is Outcome.REFUSED for one in findings) else 0


def _with_bar(project: Project, paths: list[Path], how: ingest.Options) -> ingest.ImportReport:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Bar(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(_STAGES["looking"], total=None)

        def show(progress: Progress) -> None:
            bar.update(
                task,
                description=_STAGES[progress.stage],
                completed=progress.done,
                total=progress.total,
            )

        return intake.import_now(project=project, paths=paths, on_progress=show, **how)
