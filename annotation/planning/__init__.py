"""What is read for reliability: the plan and what it costs, groups, requirements, cases set apart."""

from annotation.planning.forecast import Assumed, Forecast, assumed, forecast
from annotation.planning.groups import DraftGroup, change_groups, groups
from annotation.planning.plan import DraftPlan, change_plan, draft_of
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
from annotation.planning.tolerances import Tolerance, change_tolerance, tolerances

__all__ = [
    "Assumed",
    "DraftCalibration",
    "DraftGold",
    "DraftGroup",
    "DraftPlan",
    "DraftRequirement",
    "Forecast",
    "Tolerance",
    "assumed",
    "calibration",
    "change_calibration",
    "change_gold",
    "change_groups",
    "change_plan",
    "change_requirements",
    "change_tolerance",
    "draft_of",
    "draw_calibration",
    "forecast",
    "gold",
    "groups",
    "requirements",
    "tolerances",
]
