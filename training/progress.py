"""How long work reports where it is, and how it is stopped."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Progress:
    """One report of a running piece of work.

    `done` of `total` counts the units of `stage` (steps, windows, cases); `values` holds figures worth
    plotting, such as the loss. `kept` of the units are on disk and outlive the process.
    """

    stage: str
    done: int
    total: int
    message: str = ""
    seconds_left: float | None = None
    values: Mapping[str, float] = field(default_factory=dict)
    kept: int = 0

    @property
    def part(self) -> str:
        """What `kept` counts in: the stage, and the network of an ensemble."""
        member = self.values.get("member")
        return self.stage if member is None else f"{self.stage}-{member:.0f}"


@dataclass(frozen=True)
class EpochReport:
    """A finished epoch of a training, the `epoch`-th (from 0) of the network `member` of an ensemble.

    `step` steps and `seconds` of training were done by then; `loss` is the smoothed one, `dice` that of the
    validation by structure key (None = not applicable), empty where there was none.
    """

    member: int
    epoch: int
    step: int
    loss: float
    seconds: float
    dice: Mapping[str, float | None] = field(default_factory=dict)


class Cancelled(Exception):  # noqa: N818 - it is an outcome that was asked for, not an error
    """The caller asked to stop; what was finished so far lies in the checkpoint."""


class TrainingError(Exception):
    """Work cannot go on; the message is one sentence for the person who asked for it."""


class AbandonedError(TrainingError):
    """Another of the processes that train together has ended; what was wrong is that one's to say."""


OnProgress = Callable[[Progress], None]
ShouldStop = Callable[[], bool]
OnEpoch = Callable[[EpochReport], None]
OnNote = Callable[[str], None]


class Repeating:
    """Hands reports on, and the last one anew while a step takes long: it goes on, or is to stop."""

    def __init__(self, on_progress: OnProgress, first: Progress) -> None:
        self._on_progress, self._last = on_progress, first

    def __call__(self, progress: Progress) -> None:
        """Report where the work is."""
        self._last = progress
        self._on_progress(progress)

    def again(self) -> None:
        """Report the same once more."""
        self._on_progress(self._last)


def ignore_progress(_: Progress) -> None:
    """Report to nobody."""


def ignore_epoch(_: EpochReport) -> None:
    """Keep no epochs."""


def ignore_note(_: str) -> None:
    """Keep no notes."""


def never_stop() -> bool:
    """Run to the end."""
    return False


@dataclass(frozen=True)
class Listener:
    """Who asked for work: is told where it is, what its epochs gave and what should be known of it."""

    on_progress: OnProgress = ignore_progress
    should_stop: ShouldStop = never_stop
    on_epoch: OnEpoch = ignore_epoch
    on_note: OnNote = ignore_note

    def silent(self) -> "Listener":
        """Return one that is told nothing and may still ask to stop."""
        return Listener(should_stop=self.should_stop)
