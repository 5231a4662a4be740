"""How long work reports where it is, and how it is stopped."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Progress:
    """One report of a running piece of work.

    `done` of `total` counts the units of `stage` (steps, windows, cases); `values` holds figures worth
    plotting, such as the loss.
    """

    stage: str
    done: int
    total: int
    message: str = ""
    seconds_left: float | None = None
    values: Mapping[str, float] = field(default_factory=dict)


class Cancelled(Exception):  # noqa: N818 - it is an outcome that was asked for, not an error
    """The caller asked to stop; what was finished so far lies in the checkpoint."""


class TrainingError(Exception):
    """Work cannot go on; the message is one sentence for the person who asked for it."""


class AbandonedError(TrainingError):
    """Another of the processes that train together has ended; what was wrong is that one's to say."""


OnProgress = Callable[[Progress], None]
ShouldStop = Callable[[], bool]


def ignore_progress(_: Progress) -> None:
    """Report to nobody."""


def never_stop() -> bool:
    """Run to the end."""
    return False
