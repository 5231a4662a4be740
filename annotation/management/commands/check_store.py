"""Compare the store with the database: bytes that nothing names, rows without their bytes, wrong sums.

Safe while the product runs: bytes younger than --hours are left alone. Ends with status 0 when nothing is
amiss (or all of it was mended), else 1.
"""

import json
import sys
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotation import upkeep
from annotation.errors import StoreFailed
from annotation.management.bars import shown
from annotation.management.projects import NOTHING_DONE
from annotation.upkeep.checking import SENTENCES, Fault, Report

_STAGES = {"looking": "Looking at the store", "sums": "Comparing sums"}
_LEFT = 1


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--repair", action="store_true", help="Mend what can be mended.")
        parser.add_argument("--read", action="store_true", help="Read all bytes and compare their sums.")
        parser.add_argument(
            "--hours", type=float, default=24.0, help="How old unnamed bytes have to be (24)."
        )
        parser.add_argument("--json", action="store_true", help="The whole report as one JSON object.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with shown(_STAGES) as on_progress:
                report = upkeep.check_store(
                    older_than=timedelta(hours=options["hours"]),
                    read=options["read"],
                    repair=options["repair"],
                    on_progress=on_progress,
                )
        except StoreFailed as failed:
            raise CommandError(failed.sentence, returncode=NOTHING_DONE) from failed
        if options["json"]:
            self.stdout.write(json.dumps(report.as_json(), indent=1))
        else:
            self._tell(report)
        if report.left:
            sys.exit(_LEFT)

    def _tell(self, report: Report) -> None:
        for fault in report.faults:
            self.stdout.write(_line(fault))
        young = f" {report.young} too young to judge." if report.young else ""
        self.stdout.write(
            f"{report.keys} keys, {report.bytes / 2**30:.2f} GiB: {len(report.faults)} faults, "
            f"{len(report.left)} left.{young}"
        )


def _line(fault: Fault) -> str:
    what = f" ({fault.what})" if fault.what else ""
    after = " Mended." if fault.mended else f" {fault.advice or 'Run again with --repair.'}"
    return f"{fault.key}{what}: {SENTENCES[fault.kind]}{after}"
