"""A fingerprint of the training scans gives a plan: everything training does, as data.

The rules are nnU-Net's (Isensee et al., Nature Methods 2021) where a GPU's memory is given. Without one the
patch is what a processor can train on in a given time, and scans too large for it are seen more coarsely.
"""

from training.plan.check import check
from training.plan.choose import UNETS, coarse_plan_for, configurations, plan_for
from training.plan.fingerprint import Fingerprint, Intensities, Sample, take_fingerprint
from training.plan.inherit import read_plan, read_plans, write_plans
from training.plan.schema import (
    Normalisation,
    Plan,
    Resampling,
    Shape,
    Step,
    Triple,
    channel_table,
)

__all__ = [
    "UNETS",
    "Fingerprint",
    "Intensities",
    "Normalisation",
    "Plan",
    "Resampling",
    "Sample",
    "Shape",
    "Step",
    "Triple",
    "channel_table",
    "check",
    "coarse_plan_for",
    "configurations",
    "plan_for",
    "read_plan",
    "read_plans",
    "take_fingerprint",
    "write_plans",
]
