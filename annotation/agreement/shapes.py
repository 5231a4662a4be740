"""What the questions about agreement are answered with. Ids of cases stand with every figure: open them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from annotation.agreement import scale
from annotation.models import AgreementGroup


@dataclass(frozen=True)
class Figure:
    """A statistic with its 95 % interval, what it rests on, and the cases where it is worst.

    `estimate` is None where it is undefined, `low` and `high` where the data do not tell its spread or a side
    has no bound; `reason` says why.
    """

    estimate: float | None
    low: float | None
    high: float | None
    method: str
    reason: str
    cases: int
    readers: int
    values: int
    dropped: int
    worst: tuple[int, ...] = ()

    @classmethod
    def of(cls, kept: Mapping[str, Any] | None) -> "Figure":
        if kept is None:  # worked out before there was such a figure
            return cls(None, None, None, "", "It is worked out with the next read.", 0, 0, 0, 0)
        return cls(**{**kept, "worst": tuple(kept.get("worst", ()))})


@dataclass(frozen=True)
class Who:
    """A reader, a model taken as one more reader, or everybody together (`kind` is "all")."""

    kind: str
    reader: int | None = None
    model_version: int | None = None


@dataclass(frozen=True)
class Start:
    """The starting point of the reads that a figure pools; figures of different ones are never pooled."""

    key: str
    label: str
    start_model_version: int | None
    model_version: int | None

    @classmethod
    def of(cls, starts: str) -> "Start":
        return cls(starts, scale.label(starts), scale.start_version(starts), scale.model_version(starts))


@dataclass(frozen=True)
class Basis:
    """When figures were worked out, and how many changes (pairs that came or went) came since."""

    at: datetime | None
    behind: int

    @classmethod
    def of(cls, group: AgreementGroup) -> "Basis":
        return cls(group.figured_at, group.changes - group.figured)


@dataclass(frozen=True)
class StructureMark:
    """One mark of the chart by structure: by metric name (dice, surface_dice, hd95_mm)."""

    structure: str
    kind: str
    start: Start
    who: Who
    figures: dict[str, Figure]
    basis: Basis


@dataclass(frozen=True)
class Band:
    """How far readers agree with themselves: `figures` by metric, and the spread of their volumes."""

    structure: str
    start: Start
    figures: dict[str, Figure]
    volume_sd_ml: Figure
    volume_cv: Figure
    basis: Basis


@dataclass(frozen=True)
class ByStructure:
    """Agreement by structure; marks and bands of one metric version."""

    metric_version: str
    marks: list[StructureMark]
    bands: list[Band]


@dataclass(frozen=True)
class Cell:
    """Two readers, or one with himself or herself: means of the scores that have the figure, and how many.

    Over all structures the means are of the structures' means, each counting the same.
    """

    reader_a: int
    reader_b: int
    structures: int
    scores: int
    both_empty: int
    dice: float | None
    surface_dice: float | None
    hd95_mm: float | None


@dataclass(frozen=True)
class Matrix:
    """Every pair of readers, from one starting point."""

    start: Start
    structure: str
    readers: list[int]
    cells: list[Cell]


@dataclass(frozen=True)
class VolumePoint:
    """One case of a Bland–Altman chart: mean of the two volumes, and a − b (or a / b)."""

    case: int
    mean_ml: float
    difference: float


@dataclass(frozen=True)
class Volumes:
    """Bland–Altman of two readers' volumes, or of a reader's and a model's.

    `points` may be fewer than `cases`: then `thinned` says so, and the figures rest on all of them.
    """

    structure: str
    start: Start
    a: Who
    b: Who
    scale: str
    bias: Figure
    lower: Figure
    upper: Figure
    sd: float | None
    cases: int
    points: list[VolumePoint]
    thinned: bool


@dataclass(frozen=True)
class Anchoring:
    """Agreement of reads begun from one prediction, less that of reads from scratch."""

    structure: str
    model_version: int
    from_prediction: dict[str, Figure]
    from_scratch: dict[str, Figure]
    difference: dict[str, Figure]
    basis: Basis


@dataclass(frozen=True)
class DriftMark:
    """One read of a drift chart, with the average and limit in standard deviations."""

    read: int
    case: int
    at: datetime
    model_version: int | None
    value: float
    ewma: float
    limit: float
    alarm: bool


@dataclass(frozen=True)
class Drift:
    """A reader's chart. `value` is Dice above the reader's usual; `usual_sd` that of the start reads.

    `marks` are the newest; `left_out` says how many came before them. `at` is when it was charted.
    """

    reader: int
    kind: str
    start: str
    start_reads: int
    usual_sd: float | None
    marks: list[DriftMark]
    left_out: int
    reason: str
    at: datetime


@dataclass(frozen=True)
class Alarm:
    """An alarm as it was raised."""

    reader: int
    kind: str
    start: str
    read: int
    case: int
    value: float
    ewma: float
    limit: float
    at: datetime


@dataclass(frozen=True)
class Rate:
    """STAPLE's sensitivity and specificity of a reader, over calibration cases."""

    reader: int
    sensitivity: Figure
    specificity: Figure


@dataclass(frozen=True)
class Calibration:
    """What the cases that everybody reads say of one structure, from one starting point."""

    structure: str
    start: Start
    cases: list[int]
    icc_agreement: Figure
    icc_consistency: Figure
    share_case: Figure
    share_reader: Figure
    share_residual: Figure
    conformity: Figure
    presence_alpha: Figure
    presence_kappa: Figure
    tolerance_mm: Figure
    rates: list[Rate]
    rate_region: str
    basis: Basis


@dataclass(frozen=True)
class Effort:
    """Reads of one reader in one month or round, from one starting point. Times in seconds per read.

    `tools` holds, by tool, the seconds, edits and voxels of all these reads together.
    """

    reader: int
    month: date | None
    round: int | None
    start: Start
    reads: int
    cases: list[int]
    active_seconds: float
    idle_seconds: float
    changed_voxels: float
    moved_share: float | None
    moved_mm: float | None
    tools: dict[str, dict[str, float]]


@dataclass(frozen=True)
class CaseRow:
    """A case behind a figure: mean of its scores of one group."""

    case: int
    number: int
    structure: str
    start: Start
    scores: int
    both_empty: int
    one_empty: int
    dice: float | None
    surface_dice: float | None
    hd95_mm: float | None


@dataclass(frozen=True)
class Month:
    """The mean of one structure, kind and starting point in one month, from exact sums."""

    structure: str
    kind: str
    start: Start
    month: date
    scores: int
    means: dict[str, float | None]


@dataclass(frozen=True)
class Person:
    """A name for an id."""

    id: int
    name: str


def plainly(value: Any) -> Any:
    """Any of these as dictionaries and lists, for JSON."""
    if isinstance(value, list | tuple):
        return [plainly(one) for one in value]
    if isinstance(value, dict):
        return {key: plainly(one) for key, one in value.items()}
    fields = getattr(value, "__dataclass_fields__", None)
    return value if fields is None else {name: plainly(getattr(value, name)) for name in fields}
