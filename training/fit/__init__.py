"""The training loop: runs for a given time, can be stopped and killed, and goes on where it was."""

from training.fit.distributed import ALONE, World, joined
from training.fit.loop import CHECKPOINT_EVERY_S, Validation, accelerated, fit
from training.fit.optimise import OPTIMISERS, SCHEDULES, learning_rate
from training.fit.state import Epoch, State, fingerprint_of, learner_of
from training.fit.validation import dice_of, mean_dice

__all__ = [
    "ALONE",
    "CHECKPOINT_EVERY_S",
    "OPTIMISERS",
    "SCHEDULES",
    "Epoch",
    "State",
    "Validation",
    "World",
    "accelerated",
    "dice_of",
    "fingerprint_of",
    "fit",
    "joined",
    "learner_of",
    "learning_rate",
    "mean_dice",
]
