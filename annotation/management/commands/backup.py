"""Back up the database and the store into a folder; what an earlier backup brought there is not copied again.

The product may run meanwhile. SECRET_KEY and .env are not in a backup: keep them apart from it.
"""

from contextlib import suppress
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from redis.exceptions import RedisError

from annotation import signs, upkeep
from annotation.errors import Refused, StoreFailed
from annotation.management.bars import shown

_STAGES = {"dumping": "Dumping", "copying": "Copying bytes", "checking": "Reading the backup"}


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path, help="On another disk than the store.")
        parser.add_argument("--keep", type=int, help="Keep so many backups, the newest; remove the others.")
        parser.add_argument(
            "--check", action="store_true", help="Take none: read the newest and compare sums."
        )
        parser.add_argument("--at", default="", metavar="STAMP", help="With --check: of this backup.")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["keep"] is not None and options["keep"] < 1:
            raise CommandError("At least one backup has to stay: --keep 1.")
        try:
            with shown(_STAGES) as on_progress:
                if options["check"]:
                    amiss = upkeep.check_backup(options["folder"], options["at"], on_progress)
                else:
                    taken = upkeep.back_up(options["folder"], keep=options["keep"], on_progress=on_progress)
                    amiss = [f"{key}: not in the store. Run check_store." for key in taken.lacking]
                    with suppress(RedisError):  # the Operations page and an alert tell how old it is
                        signs.note_backup(taken.bytes)
        except (Refused, StoreFailed) as refused:
            raise CommandError(refused.sentence) from refused
        for one in amiss:
            self.stderr.write(one)
        if amiss:
            raise CommandError(f"{len(amiss)} of the backup's parts are missing or damaged.")
        if options["check"]:
            self.stdout.write("The backup is whole.")
        else:
            self.stdout.write(
                f"Backup {taken.stamp}: {len(taken.tables)} tables, {len(taken.files)} keys, "
                f"{taken.bytes / 2**20:.1f} MiB."
            )
