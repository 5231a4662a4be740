"""What an operator looks at: whether the parts answer, what waits, who works, how full it is, what failed."""

from annotation.operations.counts import Counts, count
from annotation.operations.disks import Disk, Disks, database_bytes, store_is_writable
from annotation.operations.disks import look as look_at_disks
from annotation.operations.failures import failed_jobs, failed_since, job_for, start_again
from annotation.operations.queues import OLDEST_SIGN_S, QueueState
from annotation.operations.queues import look as look_at_queues
from annotation.operations.versions import versions

__all__ = [
    "OLDEST_SIGN_S",
    "Counts",
    "Disk",
    "Disks",
    "QueueState",
    "count",
    "database_bytes",
    "failed_jobs",
    "failed_since",
    "job_for",
    "look_at_disks",
    "look_at_queues",
    "start_again",
    "store_is_writable",
    "versions",
]
