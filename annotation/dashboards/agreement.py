"""How far readers and models agree: one estimate with its interval a row, never pooled over starts."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated

from django.contrib.auth import get_user_model
from django.db.models import Sum

from annotation import agreement
from annotation.agreement.shapes import Start, StructureMark, Who
from annotation.dashboards.tables import Says
from annotation.models import AgreementGroup, AgreementKind, Project
from training.metrics import METRIC_VERSION

Unit = Annotated[str, Says("Unit of the figures; empty = none")]


@dataclass(frozen=True)
class PoolRow:
    """Scores that may be pooled within a structure: of one kind and starting point."""

    kind: Annotated[str, Says("What reads are compared with: inter, intra, gold, prediction or review")]
    starts: Annotated[str, Says("Where reads began: scratch, prediction:N, revision; model:N = a side")]
    label: Annotated[str, Says("The starting point in words")]
    structures: Annotated[int, Says("Structures that have scores", "structures")]
    scores: Annotated[int, Says("Scores, not applicable ones among them", "scores")]
    metric_version: Annotated[str, Says("Definition of the metrics; versions are never pooled")]


@dataclass(frozen=True)
class MarkRow:
    """Mean agreement of one reader, model or everybody, in one structure by one metric."""

    structure: Annotated[str, Says("Key of the structure")]
    kind: Annotated[str, Says("What is compared: inter, intra, gold, prediction or review")]
    starts: Annotated[str, Says("Where the reads began")]
    who: Annotated[str, Says("reader, model, or all = everybody together")]
    reader_id: Annotated[int | None, Says("Id of the reader")]
    name: Annotated[str, Says("User name of the reader, or the model's number")]
    metric: Annotated[str, Says("dice, surface_dice or hd95_mm")]
    unit: Unit
    estimate: Annotated[float | None, Says("The mean; empty = undefined")]
    low: Annotated[float | None, Says("Lower end of the 95 % interval")]
    high: Annotated[float | None, Says("Upper end of the 95 % interval")]
    cases: Annotated[int, Says("Cases that it rests on", "cases")]
    readers: Annotated[int, Says("Readers that it rests on", "readers")]
    values: Annotated[int, Says("Scores that it rests on", "scores")]
    dropped: Annotated[int, Says("Scores left out: the metric does not apply to them", "scores")]
    method: Annotated[str, Says("Statistic and interval by name")]
    reason: Annotated[str, Says("Why there is no estimate, or no interval")]
    behind: Annotated[int, Says("Changes that came since it was worked out", "changes")]
    metric_version: Annotated[str, Says("Definition of the metric")]


@dataclass(frozen=True)
class AnchoringRow:
    """Agreement of reads from one prediction, less that of reads from scratch."""

    structure: Annotated[str, Says("Key of the structure")]
    model_version: Annotated[int, Says("Model whose prediction the reads began from")]
    metric: Annotated[str, Says("dice, surface_dice or hd95_mm")]
    unit: Unit
    from_prediction: Annotated[float | None, Says("Mean between reads from the prediction")]
    from_scratch: Annotated[float | None, Says("Mean between reads from scratch")]
    difference: Annotated[float | None, Says("The former less the latter")]
    low: Annotated[float | None, Says("Lower end of the difference's 95 % interval")]
    high: Annotated[float | None, Says("Upper end of the difference's 95 % interval")]
    cases: Annotated[int, Says("Cases that the difference rests on", "cases")]
    readers: Annotated[int, Says("Readers that the difference rests on", "readers")]
    method: Annotated[str, Says("Statistic and interval by name")]
    reason: Annotated[str, Says("Why there is no difference, or no interval")]
    behind: Annotated[int, Says("Changes that came since it was worked out", "changes")]


def names_of(project: Project) -> dict[int, str]:
    """User names of everybody who is or was a member, by id."""
    users = get_user_model().objects.filter(memberships__project=project)
    return dict(users.values_list("pk", "username"))


def pool_rows(project: Project) -> list[PoolRow]:
    """What there is to choose from, the fullest first."""
    found = (
        AgreementGroup.objects.filter(project=project, metric_version=METRIC_VERSION)
        .order_by()
        .values_list("kind", "starts", "structure")
        .annotate(n=Sum("summaries__n"))
    )
    pools: dict[tuple[str, str], list[int]] = {}
    for kind, starts, _, n in found:
        if n:
            pools.setdefault((kind, starts), []).append(n)
    rows = [
        PoolRow(kind, starts, Start.of(starts).label, len(each), sum(each), METRIC_VERSION)
        for (kind, starts), each in pools.items()
    ]
    return sorted(rows, key=lambda row: (-row.scores, row.kind, row.starts))


def mark_rows(
    project: Project, *, structure: str = "", kind: str = "", starts: str = "", metric: str = ""
) -> list[MarkRow]:
    """Structure by structure: everybody, each reader, the models. Empty = all."""
    found = agreement.by_structure(project, structure=structure, kind=kind or None)
    names = names_of(project)
    rows = [row for mark in found.marks for row in _marks(mark, names, found.metric_version)]
    for band in found.bands:
        mark = StructureMark(
            band.structure, AgreementKind.INTRA, band.start, Who("all"), band.figures, band.basis
        )
        rows += _marks(mark, names, found.metric_version)
    wanted = {"kind": kind, "starts": starts, "metric": metric}
    chosen = {name: value for name, value in wanted.items() if value}
    return [row for row in rows if all(getattr(row, name) == value for name, value in chosen.items())]


def _marks(mark: StructureMark, names: Mapping[int, str], version: str) -> Iterator[MarkRow]:
    for metric, figure in mark.figures.items():
        yield MarkRow(
            structure=mark.structure,
            kind=mark.kind,
            starts=mark.start.key,
            who=mark.who.kind,
            reader_id=mark.who.reader,
            name=name_of(mark.who, names),
            metric=metric,
            unit=agreement.UNITS[metric],
            behind=mark.basis.behind,
            metric_version=version,
            estimate=figure.estimate,
            low=figure.low,
            high=figure.high,
            cases=figure.cases,
            readers=figure.readers,
            method=figure.method,
            reason=figure.reason,
            values=figure.values,
            dropped=figure.dropped,
        )


def name_of(who: Who, names: Mapping[int, str]) -> str:
    """A reader's user name, or which model; everybody has none."""
    if who.reader is not None:
        return names.get(who.reader, f"reader {who.reader}")
    return "" if who.model_version is None else f"model {who.model_version}"


def anchoring_rows(project: Project, *, metric: str = "") -> list[AnchoringRow]:
    """Structure by structure and model by model. Empty = every metric."""
    return [
        AnchoringRow(
            structure=one.structure,
            model_version=one.model_version,
            metric=name,
            unit=agreement.UNITS[name],
            from_prediction=one.from_prediction[name].estimate,
            from_scratch=one.from_scratch[name].estimate,
            difference=figure.estimate,
            behind=one.basis.behind,
            low=figure.low,
            high=figure.high,
            cases=figure.cases,
            readers=figure.readers,
            method=figure.method,
            reason=figure.reason,
        )
        for one in agreement.anchoring(project)
        for name, figure in one.difference.items()
        if metric in ("", name)
    ]
