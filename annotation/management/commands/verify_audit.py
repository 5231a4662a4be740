"""Look whether the audit is as it was written."""

import json
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from annotation import audit

MOST_SHOWN = 100


class Command(BaseCommand):
    help = "Recompute the chain over the audit and name every event that was changed, removed or put in."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--known", default="", help="NUMBER:SHA256 that was printed or logged earlier.")
        parser.add_argument("--json", action="store_true", help="Print one JSON object.")

    def handle(self, *args: Any, **options: Any) -> None:
        verdict = audit.verify(options["known"])
        if options["json"]:
            self.stdout.write(json.dumps(asdict(verdict)))
        else:
            self.stdout.write(f"{verdict.links} events are sealed, {verdict.waiting} wait for the sealer.")
            self.stdout.write(f"Head: {verdict.head}")
            for fault in verdict.faults[:MOST_SHOWN]:
                self.stderr.write(fault.words())
        if verdict.faults:
            raise CommandError(f"{len(verdict.faults)} rows of the audit do not fit.")
