"""What a training tells of itself: where it is, and what each epoch ended with."""

from training.fit.state import State
from training.fit.validation import mean_dice
from training.progress import EpochReport, OnEpoch, Progress


def progress_of(state: State, seconds_left: float, kept: int) -> Progress:
    """Report where a run is; `dice` is the last validation's mean, `dice:<structure>` that of each."""
    values = {"loss": state.loss, "epoch": float(len(state.epochs))}
    message = f"Training, step {state.step} of {state.steps}"
    mean = mean_dice(state.dice or {})
    if mean is not None:
        values["dice"] = mean
        values |= {f"dice:{key}": d for key, d in (state.dice or {}).items() if d is not None}
        message += f", validation Dice {mean:.3f}"
    return Progress(
        stage="train",
        done=state.steps if state.stopped else state.step,
        total=state.steps,
        message=message,
        seconds_left=seconds_left,
        values=values,
        kept=kept,
    )


def tell_epochs(state: State, on_epoch: OnEpoch, since: int = 0) -> None:
    """Tell of all epochs but the first `since`; of which network of an ensemble they are, others know."""
    for number, epoch in enumerate(state.epochs[since:], start=since):
        dice = epoch.structures or {}
        on_epoch(EpochReport(0, number, epoch.step, epoch.loss, epoch.seconds, dice))
