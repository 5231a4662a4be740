"""Bring a backup back into an empty database and an empty store; anything else is refused and left as it is.

All of the backup is compared with its sums before, and the database with the backup's digests afterwards.
"""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotation import upkeep
from annotation.errors import Refused, StoreFailed
from annotation.management.bars import shown

_STAGES = {
    "checking": "Reading the backup",
    "files": "Bringing bytes back",
    "restoring": "Bringing rows back",
}


class Command(BaseCommand):
    help = __doc__
    requires_system_checks = ()  # there are no tables yet

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path)
        parser.add_argument("--at", default="", metavar="STAMP", help="This backup; default: the newest.")
        parser.add_argument(
            "--other-secret", action="store_true", help="SECRET_KEY is knowingly another one."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with shown(_STAGES) as on_progress:
                brought = upkeep.restore(
                    options["folder"],
                    stamp=options["at"],
                    other_secret=options["other_secret"],
                    on_progress=on_progress,
                )
        except (Refused, StoreFailed) as refused:
            raise CommandError(refused.sentence) from refused
        self.stdout.write(
            f"Backup {brought.stamp} is back: {len(brought.tables)} tables and {len(brought.files)} keys, "
            "all as they were. Now run migrate, then start the product."
        )
