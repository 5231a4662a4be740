"""What is read for reliability: the plan and what it costs, groups, requirements, cases set apart, splits."""

from annotation.planning.dividing import Division
from annotation.planning.forecast import Assumed, Forecast, assumed, forecast
from annotation.planning.groups import DraftGroup, change_groups, groups
from annotation.planning.plan import DraftPlan, change_plan, draft_of, usual
from annotation.planning.requirements import DraftRequirement, change_requirements, requirements
from annotation.planning.sets import (
    DraftCalibration,
    DraftGold,
    calibration,
    change_calibration,
    change_gold,
    draw_calibration,
    gold,
)
from annotation.planning.sites import change_site
from annotation.planning.splits import Preview, apply_division, preview_division, split_changes
from annotation.planning.tolerances import Tolerance, change_tolerance, tolerances
from annotation.planning.units import scanner_word

__all__ = [
    "Assumed",
    "Division",
    "DraftCalibration",
    "DraftGold",
    "DraftGroup",
    "DraftPlan",
    "DraftRequirement",
    "Forecast",
    "Preview",
    "Tolerance",
    "apply_division",
    "assumed",
    "calibration",
    "change_calibration",
    "change_gold",
    "change_groups",
    "change_plan",
    "change_requirements",
    "change_site",
    "change_tolerance",
    "draft_of",
    "draw_calibration",
    "forecast",
    "gold",
    "groups",
    "preview_division",
    "requirements",
    "scanner_word",
    "split_changes",
    "tolerances",
    "usual",
]
