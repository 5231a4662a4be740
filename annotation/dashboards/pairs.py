"""Reader against reader in one structure: means of every pair, volumes of two readers side by side."""

from dataclasses import dataclass
from typing import Annotated, Any

from django.db.models import Q, Sum

from annotation import agreement
from annotation.agreement.scale import WITHIN
from annotation.agreement.shapes import Volumes
from annotation.agreement.summaries import MILLIONTHS
from annotation.dashboards.agreement import name_of, names_of
from annotation.dashboards.tables import Says
from annotation.errors import Refused
from annotation.models import AgreementKind, AgreementSummary, Project
from training.metrics import METRIC_VERSION
from training.raters import Estimate, Group, mean_of_groups


@dataclass(frozen=True)
class PairRow:
    """Two readers, or one with himself or herself, in one structure from one starting point."""

    starts: Annotated[str, Says("Where both reads began")]
    reader_a_id: Annotated[int, Says("Id of the first reader")]
    reader_a: Annotated[str, Says("User name of the first reader")]
    reader_b_id: Annotated[int, Says("Id of the second reader")]
    reader_b: Annotated[str, Says("User name of the second reader")]
    metric: Annotated[str, Says("dice, surface_dice or hd95_mm")]
    scores: Annotated[int, Says("Scores that have the metric", "scores")]
    mean: Annotated[float | None, Says("Their mean")]
    low: Annotated[
        float | None,
        Says("Lower end of its 95 % interval (t within the limits of the metric; these two readers)"),
    ]
    high: Annotated[float | None, Says("Upper end of its 95 % interval")]
    reason: Annotated[str, Says("Why there is no mean, or no interval")]


@dataclass(frozen=True)
class PointRow:
    """One case in two readers' volumes, or in a reader's and a model's."""

    starts: Annotated[str, Says("Where the reads began")]
    case_id: Annotated[int, Says("Id of the case")]
    mean_ml: Annotated[float, Says("Mean of the two volumes", "mL")]
    difference_ml: Annotated[float, Says("The first one's volume less the second one's", "mL")]


@dataclass(frozen=True)
class LimitsRow:
    """Bias and limits of agreement of two readers' volumes from one starting point."""

    starts: Annotated[str, Says("Where the reads began")]
    label: Annotated[str, Says("The starting point in words")]
    first: Annotated[str, Says("Whose volume comes first")]
    second: Annotated[str, Says("Whose volume is taken away")]
    line: Annotated[str, Says("bias, lower or upper")]
    estimate: Annotated[float | None, Says("Of the line", "mL")]
    low: Annotated[float | None, Says("Lower end of its 95 % interval", "mL")]
    high: Annotated[float | None, Says("Upper end of its 95 % interval", "mL")]
    cases: Annotated[int, Says("Cases that it rests on", "cases")]
    points: Annotated[int, Says("Points that are listed; fewer than cases where they were thinned", "points")]
    method: Annotated[str, Says("Statistic and interval by name")]
    reason: Annotated[str, Says("Why there is no estimate, or no interval")]


def pair_rows(project: Project, *, structure: str, metric: str = "dice") -> list[PairRow]:
    """Every pair, from exact sums: never behind. Intra-reader pairs have the same reader twice."""
    sums = (
        AgreementSummary.objects.filter(
            group__project=project,
            group__structure=structure,
            group__metric_version=METRIC_VERSION,
            group__kind__in=(AgreementKind.INTER, AgreementKind.INTRA),
        )
        .filter(Q(reader_a__isnull=False) & Q(reader_b__isnull=False))
        .values_list("group__starts", "reader_a", "reader_b")
        .annotate(Sum(f"{metric}_n"), Sum(f"{metric}_sum"), Sum(f"{metric}_squares"))
        .order_by("group__starts", "reader_a", "reader_b")
    )
    names = names_of(project)
    return [
        PairRow(
            starts,
            a,
            names.get(a, str(a)),
            b,
            names.get(b, str(b)),
            metric,
            n,
            found.estimate,
            found.low,
            found.high,
            found.reason,
        )
        for starts, a, b, n, total, squares in sums
        for found in [_mean(n, total, squares, metric)]
    ]


def _mean(n: int, total: int, squares: Any, metric: str) -> Estimate:
    """From a sum and a sum of squares, in millionths."""
    exact = (total / MILLIONTHS, float(squares) / MILLIONTHS**2) if n else None
    return mean_of_groups([] if exact is None else [Group.of_sums(n, *exact)], WITHIN[metric])


def point_rows(
    project: Project, *, structure: str, reader: int, other: int | None = None, model: int | None = None
) -> list[PointRow]:
    """Case by case, from every starting point that the two share."""
    return [
        PointRow(one.start.key, point.case, point.mean_ml, point.difference)
        for one in _volumes(project, structure, reader, other, model)
        for point in one.points
    ]


def limits_rows(
    project: Project, *, structure: str, reader: int, other: int | None = None, model: int | None = None
) -> list[LimitsRow]:
    """Three lines for every starting point that the two share."""
    names = names_of(project)
    found = _volumes(project, structure, reader, other, model)
    return [
        LimitsRow(
            starts=one.start.key,
            label=one.start.label,
            first=name_of(one.a, names),
            second=name_of(one.b, names),
            line=line,
            estimate=figure.estimate,
            low=figure.low,
            high=figure.high,
            cases=one.cases,
            points=len(one.points),
            method=figure.method,
            reason=figure.reason,
        )
        for one in found
        for line, figure in (("bias", one.bias), ("lower", one.lower), ("upper", one.upper))
    ]


def _volumes(
    project: Project, structure: str, reader: int, other: int | None, model: int | None
) -> list[Volumes]:
    if (other is None) == (model is None):
        raise Refused("Name another reader (other), or the version of a model (model).")
    if other == reader:
        raise Refused("Name two readers who are not the same.")
    return agreement.volumes(project, structure=structure, reader=reader, other=other, model_version=model)
