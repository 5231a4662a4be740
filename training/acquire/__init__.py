"""What to read next: strategies of active learning as pure functions of arrays, seeded, without torch."""

from training.acquire.choosing import (
    CONTROL,
    CONTROL_ARM,
    STRATEGY_ARM,
    WHOLE_ONLY,
    Candidate,
    Pick,
    Query,
    choose,
    choose_patches,
)
from training.acquire.effort import Effort, fit_effort, surface_cm2
from training.acquire.features import scan_features
from training.acquire.maps import ALL, ENTROPY, Box, ScoreMaps, cells_of, volume_scores
from training.acquire.need import Goal, Reached, need_of
from training.acquire.places import SizeMm
from training.acquire.rankers import NEEDS_MAPS, NEEDS_MEMBERS, RANKERS

STRATEGIES = tuple(RANKERS)

__all__ = [
    "ALL",
    "CONTROL",
    "CONTROL_ARM",
    "ENTROPY",
    "NEEDS_MAPS",
    "NEEDS_MEMBERS",
    "STRATEGIES",
    "STRATEGY_ARM",
    "WHOLE_ONLY",
    "Box",
    "Candidate",
    "Effort",
    "Goal",
    "Pick",
    "Query",
    "Reached",
    "ScoreMaps",
    "SizeMm",
    "cells_of",
    "choose",
    "choose_patches",
    "fit_effort",
    "need_of",
    "scan_features",
    "surface_cm2",
    "volume_scores",
]
