"""What an operator does for the bytes: checks that rows and store agree, takes backups, brings them back."""

from annotation.upkeep.backups import Backup, back_up, backups_in, check_backup
from annotation.upkeep.checking import Fault, FaultKind, Report, check_store
from annotation.upkeep.digests import Digest, table_digests
from annotation.upkeep.restoring import restore

__all__ = [
    "Backup",
    "Digest",
    "Fault",
    "FaultKind",
    "Report",
    "back_up",
    "backups_in",
    "check_backup",
    "check_store",
    "restore",
    "table_digests",
]
