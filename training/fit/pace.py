"""How many steps a budget pays for: decided once, before the first one, so that a resumed run keeps to it."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean, median

FEWEST_TIMED, MOST_TIMED, WARMING = 10, 40, 2
TIMING_SHARE = 0.02  # of the budget goes into timing, beyond the fewest steps
_MOST_MEDIANS = 3.0
SAVING_SHARE = 0.05  # of the time, at most, goes into checkpoints


@dataclass(frozen=True)
class Pace:
    """What was measured, in seconds: a step, a checkpoint, a validation, and what measuring took.

    The first steps, which warm up (on an accelerator: compile), count neither as steps nor as time taken.
    """

    step_s: float
    saving_s: float
    validating_s: float
    spent_s: float

    def steps(self, budget_s: float, epoch_steps: int, pause_s: float) -> int:
        """Return the steps that a budget pays for, with a validation and a checkpoint after each epoch.

        Between them a checkpoint is written every `pause_s` seconds, or less often where it takes long.
        """
        each_epoch = self.saving_s + self.validating_s
        saving = self.saving_s / pause(self.saving_s, pause_s)
        per_step = self.step_s * (1 + saving) + each_epoch / max(1, epoch_steps)
        return max(0, int((budget_s - self.spent_s - each_epoch) / max(per_step, 1e-4)))


def pause(saving_s: float, least_s: float) -> float:
    """Return the seconds between checkpoints, so that writing takes no more than its share."""
    return max(least_s, saving_s / SAVING_SHARE)


def timed_steps(
    step: Callable[[int], None], budget_s: float, agreed: Callable[[float], float]
) -> list[float]:
    """Take and time steps until there are many, or few and their share of the budget is spent.

    `agreed` turns a number of this process into the one of all that train together. Those that warm up are
    not in the list.
    """
    times: list[float] = []
    for number in range(MOST_TIMED):
        began = time.monotonic()
        step(number)
        times.append(time.monotonic() - began)
        if number + 1 >= FEWEST_TIMED and agreed(sum(times[WARMING:])) > TIMING_SHARE * budget_s:
            break
    return times[WARMING:]


def usual(times: Sequence[float]) -> float:
    """Return the mean, in which none counts for more than so many times the median.

    Steps differ (turned crops take longer), so that any quantile would be off where the mean is not; a single
    burst of a neighbour's work must not shorten a run.
    """
    most = _MOST_MEDIANS * median(times)
    return fmean(min(seconds, most) for seconds in times)
