"""One row per budget, and how a row is printed."""

import json
import sys
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from statistics import median
from time import perf_counter


@dataclass(frozen=True)
class Row:
    """What was measured against what was promised; `met` is None where nothing can be said here."""

    work: str
    measured: str
    budget: str
    met: bool | None


def hand_over(rows: Iterable[Row]) -> None:
    """Print rows as JSON lines for `bench.__main__`, which ran this module as a process of its own."""
    for row in rows:
        sys.stdout.write(json.dumps(asdict(row)) + "\n")
        sys.stdout.flush()


def seconds(work: Callable[[], object]) -> float:
    """Wall time of one call."""
    started = perf_counter()
    work()
    return perf_counter() - started


def median_ms(times_s: Iterable[float]) -> float:
    """The median in milliseconds."""
    return 1000 * median(times_s)


def percentile_ms(times_s: Iterable[float], percent: float) -> float:
    """A percentile in milliseconds, nearest rank."""
    ordered = sorted(times_s)
    return 1000 * ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]
