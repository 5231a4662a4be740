"""The stages of a run: its plan, its cases on the plan's grid, its networks, each in the memory there is."""

from training.stages.cases import sample_of
from training.stages.fitting import Trained, trained
from training.stages.plans import OWN_CHECKPOINT, Planned, order_of, plans_of
from training.stages.resources import with_usage
from training.stages.start import start_notes
from training.stages.together import processes, train_together
from training.stages.turns import first_then_all

__all__ = [
    "OWN_CHECKPOINT",
    "Planned",
    "Trained",
    "first_then_all",
    "order_of",
    "plans_of",
    "processes",
    "sample_of",
    "start_notes",
    "train_together",
    "trained",
    "with_usage",
]
