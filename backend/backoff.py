"""When a process that ended may start again: at once, then later and later while it keeps ending."""

import time
from collections.abc import Callable

STEADY_SECONDS = 10.0
"""What has run for so long was a good start; its end is a new mishap."""
LONGEST_WAIT_SECONDS = 16.0
MOST_FALSE_STARTS = 7
"""In a row; then waiting mends nothing, somebody has to look. About a minute."""


class Backoff:
    """The starts of one process; `clock` counts seconds, and nobody sets it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._started = clock()
        self._false_starts = 0
        self._due: float | None = None

    def started(self) -> None:
        """Note that it was started just now."""
        self._started = self._clock()
        self._due = None

    def may_start(self) -> bool:
        """Ask whether it is time, of a process that has ended; the first question notes the end."""
        now = self._clock()
        if self._due is None:
            steady = now - self._started >= STEADY_SECONDS
            self._false_starts = 0 if steady else self._false_starts + 1
            self._due = now + _wait_seconds(self._false_starts)
        return now >= self._due

    @property
    def is_hopeless(self) -> bool:
        """Whether it ended soon after its start too often."""
        return self._false_starts >= MOST_FALSE_STARTS


def _wait_seconds(false_starts: int) -> float:
    """0, 1, 2, 4, 8, 16 s: a single kill right after a start costs nobody a second."""
    return 0.0 if false_starts < 2 else min(2.0 ** (false_starts - 2), LONGEST_WAIT_SECONDS)
