"""Every table there is, by name, and what may be asked of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from annotation.dashboards import (
    acceptability,
    agreement,
    arms,
    behind,
    benched,
    calibration,
    course,
    dataset,
    learning,
    pairs,
    progress,
    published,
    saved,
    scans,
    scores,
    structure_counts,
    verdicts,
)
from annotation.dashboards.tables import Table
from annotation.models import Project

Asked = Mapping[str, Any]
Rows = Callable[[Project, Asked], Sequence[Any]]


@dataclass(frozen=True)
class Source:
    """What a table holds, the type of its rows, where they come from; what can and what must be asked."""

    about: str
    row: type
    rows: Rows
    may: tuple[str, ...] = ()
    must: tuple[str, ...] = ()


def _simple(rows: Callable[[Project], Sequence[Any]]) -> Rows:
    return lambda project, _: rows(project)


def _asked(rows: Callable[..., Sequence[Any]]) -> Rows:
    return lambda project, asked: rows(project, **asked)


SOURCES: dict[str, Source] = {
    "states": Source("Cases of the pool by state.", progress.StateRow, _simple(progress.state_rows)),
    "weeks": Source(
        "Accepted cases, week by week.",
        progress.WeekRow,
        lambda project, _: progress.week_rows(project, timezone.now()),
    ),
    "months": Source("Reads and hours by reader and month.", progress.MonthRow, _simple(progress.month_rows)),
    "pools": Source(
        "Which scores may be pooled: kinds and starting points.",
        agreement.PoolRow,
        _simple(agreement.pool_rows),
    ),
    "agreement": Source(
        "Mean agreement by structure: everybody, each reader, the models.",
        agreement.MarkRow,
        _asked(agreement.mark_rows),
        may=("structure", "kind", "starts", "metric"),
    ),
    "published": Source(
        "Published agreement of human readers, with its sources.",
        published.PublishedRow,
        _simple(published.published_rows),
    ),
    "pairs": Source(
        "Mean agreement of every pair of readers in one structure.",
        pairs.PairRow,
        _asked(pairs.pair_rows),
        may=("metric",),
        must=("structure",),
    ),
    "volume_points": Source(
        "Volumes of two readers, or of a reader and a model, case by case.",
        pairs.PointRow,
        _asked(pairs.point_rows),
        may=("other", "model"),
        must=("structure", "reader"),
    ),
    "volume_limits": Source(
        "Bias and limits of agreement of these volumes (Bland and Altman).",
        pairs.LimitsRow,
        _asked(pairs.limits_rows),
        may=("other", "model"),
        must=("structure", "reader"),
    ),
    "calibration": Source(
        "Reliability of volumes, conformity and presence on cases that everybody reads.",
        calibration.CalibrationRow,
        _asked(calibration.calibration_rows),
        may=("structure", "starts"),
    ),
    "reader_rates": Source(
        "Who marks too much and who too little: rates by STAPLE on cases that everybody reads.",
        calibration.RateRow,
        _asked(calibration.rate_rows),
        may=("structure", "starts"),
    ),
    "anchoring": Source(
        "Agreement of reads from a prediction, less that of reads from scratch.",
        agreement.AnchoringRow,
        _asked(agreement.anchoring_rows),
        may=("metric",),
    ),
    "drift": Source(
        "Drift charts: every read after the start reads.",
        course.DriftRow,
        _asked(course.drift_rows),
        may=("reader",),
    ),
    "drift_states": Source(
        "Drift charts: how far each is, or why there is none.",
        course.DriftStateRow,
        _simple(course.drift_state_rows),
    ),
    "rounds": Source(
        "Time and effort per read, by what reads began from.",
        course.RoundRow,
        _asked(course.round_rows),
        may=("reader",),
    ),
    "tools": Source(
        "Time, edits and voxels by tool, by what reads began from.",
        course.ToolRow,
        _asked(course.tool_rows),
        may=("reader",),
    ),
    "minutes_saved": Source(
        "Minutes that reads from a model's prediction take less than those from scratch, by model.",
        saved.SavedRow,
        _simple(saved.saved_rows),
    ),
    "learning_points": Source(
        "What the project's models reached on the test cases, by training cases; those on no curve, too.",
        learning.LearningPointRow,
        _asked(learning.point_rows),
        may=("metric",),
    ),
    "learning_curves": Source(
        "Learning curves fitted through these, with their bands.",
        learning.LearningCurveRow,
        _asked(learning.curve_rows),
        may=("metric",),
    ),
    "learning_forecasts": Source(
        "What more cases are expected to buy, and what goals would cost.",
        learning.LearningForecastRow,
        _asked(learning.forecast_rows),
        may=("metric",),
    ),
    "arms": Source(
        "What accepted cases cost and how wrong predictions were, by why they were chosen.",
        arms.ArmRow,
        _simple(arms.arm_rows),
    ),
    "first_pass": Source(
        "First verdicts on reads, by reader.",
        verdicts.FirstPassRow,
        _asked(verdicts.first_pass_rows),
        may=("reader",),
    ),
    "acceptability": Source(
        "How usable reviewers found structures, and how far two of them agree.",
        acceptability.AcceptabilityRow,
        _simple(acceptability.acceptability_rows),
    ),
    "errors": Source(
        "Pins by reader, structure and error code.",
        verdicts.ErrorRow,
        _asked(verdicts.error_rows),
        may=("reader",),
    ),
    "scores": Source(
        "Every score of a kind, one by one.",
        scores.ScoreRow,
        _asked(scores.score_rows),
        may=("structure",),
        must=("kind",),
    ),
    "scored_cases": Source(
        "The cases behind a mark of agreement, worst first; 100 at most.",
        behind.BehindRow,
        _asked(behind.scored),
        may=("reader", "other", "metric"),
        must=("kind", "structure", "starts"),
    ),
    "pool_cases": Source(
        "Cases of the pool in a state, or accepted in a week; 100 at most.",
        behind.BehindRow,
        _asked(behind.plain),
        may=("state", "week", "ids"),
    ),
    "read_cases": Source(
        "Cases of reads that were handed in: of a reader, from a start, in a month; 100 at most.",
        behind.BehindRow,
        _asked(behind.read),
        may=("reader", "starts", "month"),
    ),
    "graded_cases": Source(
        "Cases of reads in which a structure was graded, or graded so; 100 at most.",
        behind.BehindRow,
        _asked(behind.graded),
        may=("grade",),
        must=("structure",),
    ),
    "arm_cases": Source(
        "Accepted cases of one arm of what was chosen; 100 at most.",
        behind.BehindRow,
        _asked(behind.chosen),
        must=("arm",),
    ),
    "tested_cases": Source(
        "Test cases of a model on the learning curve, worst first; 100 at most.",
        behind.BehindRow,
        _asked(behind.scored_by),
        may=("structure",),
        must=("model",),
    ),
    "networks_compared": Source(
        "Networks that were trained on one frozen set, by structure.",
        benched.BenchedRow,
        _asked(benched.benched_rows),
        must=("comparison",),
    ),
    "dataset_scans": Source(
        "Every case of the data set: where it came from, its scanner, its size.",
        scans.ScanRow,
        _asked(dataset.scan_rows),
        may=scans.NARROWING,
    ),
    "dataset_groups": Source(
        "Cases and patients by split, state, source, site, scanner, kernel, tube voltage and contrast.",
        dataset.GroupRow,
        _asked(dataset.group_rows),
        may=scans.NARROWING,
    ),
    "dataset_bars": Source(
        "Histograms of spacing and size.",
        dataset.BarRow,
        _asked(dataset.bar_rows),
        may=scans.NARROWING,
    ),
    "dataset_measures": Source(
        "Least, median and most of spacing and size.",
        dataset.MeasureRow,
        _asked(dataset.measure_rows),
        may=scans.NARROWING,
    ),
    "dataset_structures": Source(
        "Annotated cases by structure, with goals and published human agreement.",
        structure_counts.StructureCounts,
        _asked(dataset.structure_rows),
        may=scans.NARROWING,
    ),
    "dataset_sources": Source(
        "Data sets that cases came from, with licence and structures.",
        dataset.SourceRow,
        _asked(dataset.source_rows),
        may=scans.NARROWING,
    ),
    "judged_cases": Source(
        "Cases of reads that were reviewed, or that have a pin of this kind; 100 at most.",
        behind.BehindRow,
        _asked(behind.judged),
        may=("reader", "structure", "code"),
    ),
}


def table_named(project: Project, name: str, asked: Asked) -> Table:
    """The table with its rows; `asked` names nothing but what the source takes."""
    source = SOURCES[name]
    return Table(name, source.about, source.row, source.rows(project, asked))
