"""Questions that summaries and kept figures answer. All of one metric version, today's by default."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from django.db.models import Avg, Count, F, FloatField, Q, QuerySet, Sum
from django.db.models.functions import Cast, NullIf

from annotation.agreement.scale import HIGHER_IS_BETTER, SHOWN
from annotation.agreement.shapes import (
    Anchoring,
    Band,
    Basis,
    ByStructure,
    CaseRow,
    Cell,
    Figure,
    Matrix,
    Month,
    Person,
    Start,
    StructureMark,
    Who,
)
from annotation.agreement.summaries import MILLIONTHS
from annotation.models import (
    AgreementGroup,
    AgreementKind,
    AgreementScore,
    AgreementSummary,
    CaseSummary,
    Membership,
    Project,
    UndefinedReason,
)
from training.metrics import METRIC_VERSION

ONE_EMPTY = (UndefinedReason.A_EMPTY, UndefinedReason.B_EMPTY)
SUMS = tuple(f"{name}_{part}" for name in SHOWN for part in ("n", "sum"))


def groups(
    project: Project, *, version: str = METRIC_VERSION, kind: str | None = None, structure: str = ""
) -> QuerySet[AgreementGroup]:
    """The groups of a project, of one kind and structure if given."""
    found = AgreementGroup.objects.filter(project=project, metric_version=version)
    if kind is not None:
        found = found.filter(kind=kind)
    if structure:
        found = found.filter(structure=structure)
    return found.order_by("structure", "kind", "starts")


def people(project: Project) -> list[Person]:
    """Names for the readers' ids."""
    members = Membership.objects.filter(project=project).select_related("user").order_by("user__username")
    return [Person(one.user_id, one.user.get_username()) for one in members]


# ── By structure ─────────────────────────────────────────────────────────────


def by_structure(
    project: Project, *, version: str = METRIC_VERSION, structure: str = "", kind: str | None = None
) -> ByStructure:
    """Each reader's agreement with the others, with the models, with gold and review; and with themselves.

    A model is one more reader: against gold and review as itself, against the readers in the groups of kind
    "prediction". Every starting point has marks of its own. `kind` leaves out the marks of others; the bands
    of readers' agreement with themselves come always.
    """
    rows = [
        group
        for group in groups(project, version=version, structure=structure)
        if group.figures and (kind is None or group.kind in (kind, AgreementKind.INTRA))
    ]
    marks = [mark for group in rows if group.kind != AgreementKind.INTRA for mark in _marks(group)]
    bands = [_band(group) for group in rows if group.kind == AgreementKind.INTRA]
    return ByStructure(version, marks, [band for band in bands if any(_counts(band.figures))])


def _marks(group: AgreementGroup) -> Iterator[StructureMark]:
    start, basis = Start.of(group.starts), Basis.of(group)
    of_all = _figures(group.figures["all"])
    if not any(_counts(of_all)):
        return
    readers = group.figures["readers"]
    together = Who("all")
    if group.kind == AgreementKind.PREDICTION or not readers:
        together = Who("model", model_version=start.model_version)
    yield StructureMark(group.structure, group.kind, start, together, of_all, basis)
    for reader, kept in readers.items():
        who = Who("reader", reader=int(reader))
        yield StructureMark(group.structure, group.kind, start, who, _figures(kept), basis)


def _band(group: AgreementGroup) -> Band:
    within = group.figures["within"]
    return Band(
        group.structure,
        Start.of(group.starts),
        _figures(group.figures["all"]),
        Figure.of(within["volume_sd_ml"]),
        Figure.of(within["volume_cv"]),
        Basis.of(group),
    )


def _figures(kept: dict[str, Any]) -> dict[str, Figure]:
    return {name: Figure.of(kept[name]) for name in SHOWN}


def _counts(figures: dict[str, Figure]) -> list[int]:
    return [figure.values + figure.dropped for figure in figures.values()]


# ── Anchoring ────────────────────────────────────────────────────────────────


def anchoring(project: Project, *, version: str = METRIC_VERSION, structure: str = "") -> list[Anchoring]:
    """What a shared prediction adds to the agreement of readers, by structure and model."""
    rows = {
        (group.structure, group.starts): group
        for group in groups(project, version=version, kind=AgreementKind.INTER, structure=structure)
        if group.figures
    }
    found = []
    for (key, starts), group in rows.items():
        start, scratch = Start.of(starts), rows.get((key, "scratch"))
        kept = group.figures.get("anchoring") or {}
        if start.start_model_version is None or scratch is None or not kept:
            continue
        basis = Basis.of(group)
        behind = max(basis.behind, scratch.changes - kept["scratch_changes"])
        found.append(
            Anchoring(
                key,
                start.start_model_version,
                _figures(group.figures["all"]),
                _figures(scratch.figures["all"]),
                {name: Figure.of(kept[name]) for name in SHOWN},
                Basis(basis.at, behind),
            )
        )
    return found


# ── Reader by reader ─────────────────────────────────────────────────────────


def matrix(project: Project, *, version: str = METRIC_VERSION, structure: str = "") -> list[Matrix]:
    """Every pair of readers, and every reader with himself or herself; one matrix per starting point.

    Without a structure: over all that the two have, each structure counting the same. From exact sums, so it
    is never behind.
    """
    kinds = (AgreementKind.INTER, AgreementKind.INTRA)
    rows = (
        AgreementSummary.objects.filter(group__in=groups(project, version=version, structure=structure))
        .filter(group__kind__in=kinds)
        .values_list("group__starts", "reader_a", "reader_b", "group__structure")
        .annotate(Sum("n"), Sum("both_empty"), *(Sum(name) for name in SUMS))
        .order_by("group__starts", "reader_a", "reader_b", "group__structure")
    )
    pairs: dict[str, dict[tuple[int, int], list[tuple[Any, ...]]]] = defaultdict(lambda: defaultdict(list))
    for starts, a, b, _, *sums in rows:
        pairs[starts][min(a, b), max(a, b)].append(tuple(sums))
    return [
        Matrix(
            Start.of(starts),
            structure,
            sorted({reader for pair in cells for reader in pair}),
            [_cell(pair, parts) for pair, parts in cells.items()],
        )
        for starts, cells in pairs.items()
    ]


def _cell(pair: tuple[int, int], parts: list[tuple[Any, ...]]) -> Cell:
    means = [_mean(part[2 + 2 * place : 4 + 2 * place] for part in parts) for place in range(len(SHOWN))]
    return Cell(*pair, len(parts), sum(p[0] for p in parts), sum(p[1] for p in parts), *means)


def _mean(sums: Iterable[tuple[Any, ...]]) -> float | None:
    """The mean of means: numbers and sums in millionths."""
    each = [total / number / MILLIONTHS for number, total in sums if number]
    return sum(each) / len(each) if each else None


# ── Over time ────────────────────────────────────────────────────────────────


def by_month(
    project: Project, *, version: str = METRIC_VERSION, structure: str = "", reader: int | None = None
) -> list[Month]:
    """The means of every structure, kind and starting point month by month, of one reader if given."""
    rows = AgreementSummary.objects.filter(group__in=groups(project, version=version, structure=structure))
    if reader is not None:
        rows = rows.filter(Q(reader_a=reader) | Q(reader_b=reader))
    sums = (
        rows.values_list("group__structure", "group__kind", "group__starts", "month")
        .annotate(Sum("n"), *(Sum(name) for name in SUMS))
        .order_by("group__structure", "group__kind", "group__starts", "month")
    )
    return [
        Month(
            key,
            kind,
            Start.of(starts),
            month,
            number,
            {name: _mean([tuple(parts[2 * place : 2 * place + 2])]) for place, name in enumerate(SHOWN)},
        )
        for key, kind, starts, month, number, *parts in sums
    ]


# ── The cases behind a figure ────────────────────────────────────────────────


def cases(
    project: Project,
    *,
    kind: str,
    structure: str,
    starts: str,
    version: str = METRIC_VERSION,
    reader: int | None = None,
    other: int | None = None,
    figure: str = "dice",
    first: int = 0,
    most: int = 100,
) -> tuple[int, list[CaseRow]]:
    """How many cases a figure rests on, and a page of them, worst first. Cases without the figure come last.

    Without a reader from the sums of cases; with one, or two, from their scores.
    """
    if figure not in SHOWN:
        raise ValueError(f"{figure} is none of {', '.join(SHOWN)}.")
    group = groups(project, version=version, kind=kind, structure=structure).filter(starts=starts).first()
    if group is None:
        return 0, []
    found = _of_everybody(group) if reader is None else _of_readers(group, reader, other)
    mean = F(figure)
    order = mean.asc(nulls_last=True) if HIGHER_IS_BETTER[figure] else mean.desc(nulls_last=True)
    page = found.order_by(order, "case")[first : first + most]
    start = Start.of(starts)
    return found.count(), [CaseRow(structure=structure, start=start, **row) for row in page]


def _of_everybody(group: AgreementGroup) -> QuerySet[Any, Any]:
    means = {
        # Two whole numbers divided by each other would be a whole number.
        name: Cast(F(f"{name}_sum"), FloatField()) / NullIf(F(f"{name}_n"), 0) / MILLIONTHS
        for name in SHOWN
    }
    rows = CaseSummary.objects.filter(group=group).annotate(number=F("case__number"), scores=F("n"), **means)
    found: QuerySet[Any, Any] = rows.values("case", "number", "scores", "both_empty", "one_empty", *SHOWN)
    return found


def _of_readers(group: AgreementGroup, reader: int, other: int | None) -> QuerySet[Any, Any]:
    rows = AgreementScore.objects.filter(group=group, stale=False)
    rows = rows.filter(Q(reader_a=reader) | Q(reader_b=reader))
    if other is not None:
        rows = rows.filter(Q(reader_a=other) | Q(reader_b=other))
    found: QuerySet[Any, Any] = rows.values("case", number=F("case__number")).annotate(
        scores=Count("pk"),
        both_empty=Count("pk", filter=Q(undefined=UndefinedReason.BOTH_EMPTY)),
        one_empty=Count("pk", filter=Q(undefined__in=ONE_EMPTY)),
        **{name: Avg(name) for name in SHOWN},
    )
    return found
