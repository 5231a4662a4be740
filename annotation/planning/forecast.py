"""What a draft plan costs in hours, and how narrow its intervals will be, before anyone has read anything."""

from dataclasses import dataclass
from statistics import median

from annotation import worklist
from annotation.errors import Refused
from annotation.models import Assignment, AssignmentRole, Project, StartFrom
from annotation.planning.plan import DraftPlan, cases_to_read, check
from training import raters

Z = 1.959964
MEASURED_FROM = 5  # reads; fewer say nothing about how long one takes
NEWEST = 200


@dataclass(frozen=True)
class Assumed:
    """What the forecast rests on. SDs of Dice between cases, between readers, and of what is left."""

    cases: int
    readers: int
    minutes: float = 10.0
    minutes_scratch: float = 30.0
    minutes_measured: bool = False
    sd_case: float = 0.03
    sd_reader: float = 0.01
    sd_residual: float = 0.015
    icc: float = 0.85


@dataclass(frozen=True)
class Forecast:
    """Reads, hours of all readers together, half-widths of 95 % intervals; None = not measured by the plan.

    `mean_dice` and `icc` have no unit; `limits_of_agreement` is that of either limit as a share of the SD of
    the differences in volume; `within_reader` that of the SD within readers as a share of it.
    """

    assumed: Assumed
    calibration_reads: int
    scratch_reads: int
    double_reads: int
    repeat_reads: int
    gold_reads: int
    pairs: int
    routine_hours: float
    reliability_hours: float
    mean_dice: float | None
    icc: float | None
    limits_of_agreement: float | None
    within_reader: float | None
    within_each_reader: float | None


def assumed(project: Project) -> Assumed:
    """Cases and readers as they are, minutes as they were measured if there are enough reads."""
    usual = Assumed(
        cases=cases_to_read(project),
        readers=len(worklist.readers(project)),
    )
    drawn, scratch = _minutes(project, StartFrom.PREDICTION), _minutes(project, StartFrom.SCRATCH)
    return Assumed(
        cases=usual.cases,
        readers=usual.readers,
        minutes=drawn or usual.minutes,
        minutes_scratch=scratch or max(usual.minutes_scratch, drawn or 0.0),
        minutes_measured=drawn is not None,
    )


def forecast(*, draft: DraftPlan, given: Assumed) -> Forecast:
    """Raises Refused for a plan that cannot be carried out, or for assumptions that cannot be."""
    check(draft, readers=given.readers, cases=given.cases)
    plan, spread = _as_science(draft, given)
    try:
        expected = raters.expected(plan, spread, given.icc)
    except ValueError as error:
        raise Refused(str(error)) from error
    return Forecast(
        assumed=given,
        calibration_reads=expected.calibration_reads,
        scratch_reads=expected.scratch_reads,
        double_reads=expected.double_reads,
        repeat_reads=expected.repeat_reads,
        gold_reads=expected.gold_reads,
        pairs=expected.pairs,
        routine_hours=given.cases * given.minutes / 60,
        reliability_hours=expected.hours,
        mean_dice=expected.mean,
        icc=expected.icc,
        limits_of_agreement=limits_half_width(expected.double_reads),
        within_reader=expected.within_reader,
        within_each_reader=expected.within_each,
    )


def limits_half_width(differences: int) -> float | None:
    """That of a limit of agreement, in SDs of the differences.

    z √(1/n + z²/(2(n − 1))) (Bland & Altman 1999, Stat Methods Med Res 8:135).
    None with fewer than two differences.
    """
    if differences < 2:
        return None
    return float(Z * (1 / differences + Z**2 / (2 * (differences - 1))) ** 0.5)


def _as_science(draft: DraftPlan, given: Assumed) -> tuple[raters.ReliabilityPlan, raters.Spread]:
    try:
        plan = raters.ReliabilityPlan(
            cases=given.cases,
            readers=given.readers,
            calibration=draft.calibration_cases,
            scratch=draft.scratch_share,
            double=draft.double_share,
            repeat=draft.repeat_share,
            gold=draft.gold_share,
            minutes=given.minutes,
            minutes_scratch=given.minutes_scratch,
        )
    except ValueError as error:
        raise Refused(str(error)) from error
    return plan, raters.Spread(given.sd_case, given.sd_reader, given.sd_residual)


def _minutes(project: Project, start: StartFrom) -> float | None:
    reads = Assignment.objects.filter(
        case__project=project,
        role=AssignmentRole.ANNOTATE,
        start_from=start,
        submitted_at__isnull=False,
        active_seconds__gt=0,
    )
    seconds = list(reads.order_by("-submitted_at").values_list("active_seconds", flat=True)[:NEWEST])
    return median(seconds) / 60 if len(seconds) >= MEASURED_FROM else None
