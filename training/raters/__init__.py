"""Statistics of reader studies: agreement, reliability, consensus, drift (docs/reference/reliability.md).

numpy and scipy alone. Every number comes with its interval, what it rests on, and what was left out.
"""

from training.raters.alpha import Level, krippendorff_alpha
from training.raters.bland_altman import (
    LimitsOfAgreement,
    Scale,
    limits_constant,
    limits_of_agreement,
    limits_varying,
)
from training.raters.bounds import FEWEST_CASES, Group, Limits, interval_within, mean_of_groups
from training.raters.components import VarianceShares, variance_shares
from training.raters.conformity import conformity_index, conformity_of_pairs, conformity_of_votes
from training.raters.consensus import MAJORITY_RULE, Region, majority, region_of
from training.raters.drift import Baseline, DriftChart, DriftPoint, baseline, drift_chart, first_alarms
from training.raters.estimate import CONFIDENCE, Counts, Estimate
from training.raters.icc import Interval, icc_agreement, icc_consistency, icc_one_way
from training.raters.kappa import Weights, cohen_kappa, fleiss_kappa
from training.raters.planning import (
    Expected,
    ReliabilityPlan,
    Spread,
    expected,
    icc_half_width,
    mean_half_width,
    within_sd_half_width,
)
from training.raters.reads import Reads
from training.raters.repeatability import repeatability_coefficient, within_reader_cv, within_reader_sd
from training.raters.staple import Staple, staple
from training.raters.tolerance import SurfacePair, project_tolerance, surface_pieces
from training.raters.two_way import difference, mean

__all__ = [
    "CONFIDENCE",
    "FEWEST_CASES",
    "MAJORITY_RULE",
    "Baseline",
    "Counts",
    "DriftChart",
    "DriftPoint",
    "Estimate",
    "Expected",
    "Group",
    "Interval",
    "Level",
    "Limits",
    "LimitsOfAgreement",
    "Reads",
    "Region",
    "ReliabilityPlan",
    "Scale",
    "Spread",
    "Staple",
    "SurfacePair",
    "VarianceShares",
    "Weights",
    "baseline",
    "cohen_kappa",
    "conformity_index",
    "conformity_of_pairs",
    "conformity_of_votes",
    "difference",
    "drift_chart",
    "expected",
    "first_alarms",
    "fleiss_kappa",
    "icc_agreement",
    "icc_consistency",
    "icc_half_width",
    "icc_one_way",
    "interval_within",
    "krippendorff_alpha",
    "limits_constant",
    "limits_of_agreement",
    "limits_varying",
    "majority",
    "mean",
    "mean_half_width",
    "mean_of_groups",
    "project_tolerance",
    "region_of",
    "repeatability_coefficient",
    "staple",
    "surface_pieces",
    "variance_shares",
    "within_reader_cv",
    "within_reader_sd",
    "within_sd_half_width",
]
