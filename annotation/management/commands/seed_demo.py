"""Make the demo project: 24 phantoms, or the user's own folder; the cast; and the first training."""

import os
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from annotation import catalogue, ingest, intake, learning, projects
from annotation.errors import Refused
from annotation.guidelines import write_guideline
from annotation.models import CaseState, LabelSchema, Membership, Project, Role, SchemaStructure, Split
from training.phantom import STRUCTURES, Phantom, make_phantom
from training.progress import Progress

CAST = {"ana": Role.ANNOTATOR, "ben": Role.ANNOTATOR, "rui": Role.REVIEWER, "lea": Role.LEAD}
PHANTOMS, DELINEATED, FROZEN = 24, 5, 4
LEAST_BUDGET_S = 10  # as of any project
PHANTOM_PROJECT = "Abdomen phantom"
NOTHING_TO_CORRECT = (
    "Every imported scan is delineated, so the readers have nothing to correct. Add scans without "
    "delineations to the folder, or start a new demo (make clean) with LABELLED=1."
)
GUIDELINE = (
    "Correct the pre-annotation of each organ to its outer border. Fat, vessels entering the organ and bowel "
    "are outside. When an organ is cut off by the scan, delineate what is there."
)


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--data", type=Path, help="Folder of scans; without it, synthetic phantoms.")
        parser.add_argument("--labelled", type=int, help="How many delineations to start from.")
        parser.add_argument("--budget", type=int, help="Seconds that one training may take.")

    def handle(self, *args: Any, **options: Any) -> None:
        console = Console(stderr=False)
        data: Path | None = options["data"]
        budget: int | None = options["budget"]
        if budget is not None and budget < LEAST_BUDGET_S:
            raise CommandError(
                f"BUDGET={budget} is too short for a training: give {LEAST_BUDGET_S} seconds or more."
            )
        name = PHANTOM_PROJECT if data is None else data.resolve().name
        if Project.objects.filter(name=name).exists():
            console.print(f"Project “{name}” is there already; going on with it.")
            return
        with _bar(console) as bar:
            if data is None:
                project = _phantom_project(name, bar)
            else:
                project = _folder_project(name, data, options["labelled"], bar, console)
        if budget is not None:
            projects.change(project=project, training_budget_s=budget)
        try:
            learning.request_run(project=project, requested_by=None)
        except Refused as refused:
            console.print(refused.sentence)


def _bar(console: Console) -> Bar:
    return Bar(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
    )


def _new_project(name: str) -> Project:
    catalogue.load()
    project = Project.objects.create(name=name)
    for user_name, role in CAST.items():
        user = User.objects.filter(username=user_name).first() or User.objects.create_user(
            user_name, password=user_name
        )
        Membership.objects.create(project=project, user=user, role=role)
        if role == Role.LEAD:
            write_guideline(project=project, author=user, base_version=0, text=GUIDELINE, structures={})
    return project


def _phantom_project(name: str, bar: Bar) -> Project:
    project = _new_project(name)
    schema = LabelSchema.objects.create(project=project)
    for spec in STRUCTURES:
        structure = catalogue.structure_named(spec.key)
        SchemaStructure.objects.create(schema=schema, structure=structure, layer=spec.layer, value=spec.value)
    task = bar.add_task("Making synthetic CT phantoms", total=PHANTOMS)
    with ProcessPoolExecutor(max_workers=os.cpu_count()) as pool:
        for number, phantom in enumerate(pool.map(make_phantom, range(PHANTOMS))):
            _add_phantom(project, number, phantom)
            bar.advance(task)
    return project


def _add_phantom(project: Project, number: int, phantom: Phantom) -> None:
    """The first few are delineated, the next few frozen for tests, the rest wait for a reader."""
    delineated = number < DELINEATED + FROZEN
    frozen = DELINEATED <= number < DELINEATED + FROZEN
    ingest.add_case(
        project=project,
        volume=phantom.image,
        name=f"phantom {number + 1:02d}",
        patient_key=f"phantom-{number + 1:02d}",
        split=Split.TEST if frozen else Split.POOL,
        labels=phantom.labels[None] if delineated else None,
        annotated=[spec.key for spec in STRUCTURES] if delineated else [],
    )


def _folder_project(name: str, folder: Path, labelled: int | None, bar: Bar, console: Console) -> Project:
    if not folder.is_dir():
        raise CommandError(f"There is no folder {folder}. Give make demo DATA=/path/to/scans.")
    project = _new_project(name)
    task = bar.add_task("Importing scans", total=None)

    def show(progress: Progress) -> None:
        bar.update(task, completed=progress.done, total=progress.total)

    try:
        report = intake.import_now(
            project=project, paths=[folder], delineated=labelled, leave_some=True, on_progress=show
        )
    except Refused as refused:
        project.delete()
        raise CommandError(refused.sentence) from refused
    for line in report.lines():
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    if not report.imported:
        project.delete()
        raise CommandError(f"Nothing in {folder} could be imported.")
    if not project.cases.filter(state=CaseState.WAITING).exists():
        console.print(NOTHING_TO_CORRECT, soft_wrap=True)
    return project
