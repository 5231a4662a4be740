"""What a run takes of the machine, told with its progress."""

import time
from dataclasses import replace

from training.networks import usage
from training.progress import OnProgress, Progress

_EVERY_S = 1.0


def with_usage(on_progress: OnProgress) -> OnProgress:
    """Return what reports progress with this process's use of the machine among its values.

    These are `memory_gb`, `cores` (busy on average since the last look) of `cpus`, and with a graphics card
    `gpu_memory_gb` of `gpu_total_gb`.
    """
    looked, found = time.monotonic(), _with_cores(usage(), 0.0)

    def tell(progress: Progress) -> None:
        nonlocal looked, found
        clock = time.monotonic()
        if clock - looked >= _EVERY_S:
            now = usage()
            cores = (now["cpu_seconds"] - found["cpu_seconds"]) / (clock - looked)
            looked, found = clock, _with_cores(now, cores)
        shown = {name: round(value, 3) for name, value in found.items() if name != "cpu_seconds"}
        on_progress(replace(progress, values={**progress.values, **shown}))

    return tell


def _with_cores(found: dict[str, float], cores: float) -> dict[str, float]:
    return found | {"cores": cores}
