"""Hold a project's scores against a table that was published for the same delineations.

TABLE is JSON (a list of rows, or {"rows": [...]}) or CSV. Its rows name "case" and "structure" (or "organ")
as they were imported; rows without a case are means over cases. Figures that are called otherwise than in
the table `scores` are named with --column. Every figure has to be equal to half a unit of the last published
digit; what is empty there has to be empty here, or an overlap of 0 because one of the two masks is empty.

Ends with status 0 when all are equal, 1 when something differs or lacks, 2 when nothing could be compared.
"""

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotation import dashboards
from annotation.errors import Refused
from annotation.management.projects import NOTHING_DONE, SOME_REFUSED, project_named
from annotation.models import AgreementKind


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("project", help="Name or number of the project.")
        parser.add_argument("table", type=Path, metavar="TABLE", help="The published table.")
        parser.add_argument(
            "--column",
            action="append",
            default=[],
            metavar="THEIRS=OURS",
            help="What a column of the table is called here; may be repeated.",
        )
        parser.add_argument(
            "--readers",
            nargs=2,
            default=[],
            metavar=("A", "B"),
            help="Which pair is meant, if there are more.",
        )
        parser.add_argument(
            "--reference",
            default="",
            metavar="READER",
            help="Leave out cases in which this reader marked nothing of the structure.",
        )
        parser.add_argument("--kind", choices=AgreementKind.values, default=AgreementKind.INTER)

    def handle(self, *args: Any, **options: Any) -> None:
        project = project_named(options["project"], create=False)
        try:
            outcome = dashboards.hold_against(
                project,
                options["table"],
                columns=_named(options["column"]),
                readers=options["readers"],
                reference=options["reference"],
                kind=options["kind"],
            )
        except Refused as refused:
            raise CommandError(refused.sentence, returncode=NOTHING_DONE) from refused
        for line in outcome.lines():
            self.stdout.write(line)
        if not outcome.equal:
            sys.exit(SOME_REFUSED if outcome.rows else NOTHING_DONE)


def _named(given: list[str]) -> dict[str, str]:
    pairs = [one.partition("=") for one in given]
    wrong = next(
        (one for one, (left, _, right) in zip(given, pairs, strict=True) if not (left and right)), None
    )
    if wrong is not None:
        raise CommandError(f"--column {wrong}: write it as THEIRS=OURS.", returncode=NOTHING_DONE)
    return {left: right for left, _, right in pairs}
