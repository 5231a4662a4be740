"""The training loop: runs for a given time, can be stopped and killed, and goes on where it was."""

from training.fit.loop import OPTIMISERS, Fit, State, fit, learning_rate

__all__ = ["OPTIMISERS", "Fit", "State", "fit", "learning_rate"]
