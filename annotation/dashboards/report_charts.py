"""The charts of the reliability report, drawn from the rows that its tables show."""

from collections.abc import Iterable, Mapping, Sequence

from django.db.models import Sum

from annotation import agreement
from annotation.agreement.shapes import Drift, Start, Volumes
from annotation.dashboards.acceptability import AcceptabilityRow
from annotation.dashboards.agreement import AnchoringRow, MarkRow, names_of
from annotation.dashboards.drawings import BAND, OWN_BAND, Drawing
from annotation.dashboards.plots import Axis, Band, Interval, Panel, Row, Stack, panels, stacks, strips
from annotation.dashboards.published import PublishedRow
from annotation.models import AgreementKind, AgreementSummary, Project
from training.metrics import METRIC_VERSION

DRAWN = {"dice": "Dice", "surface_dice": "surface Dice at the tolerance"}
MOST_PANELS = 36
FEWEST_CASES = 3
LONGEST_NAME = 12
Names = Mapping[str, str]  # of structures, by key


def interval_words(one: MarkRow | AnchoringRow, estimate: float | None, digits: int = 3) -> str:
    """`0.931 (0.921–0.940)`."""
    if estimate is None:
        return ""
    numbers = [
        f"{value:.{digits}f}".replace("-", "−")
        for value in (estimate, one.low, one.high)
        if value is not None
    ]
    return f"{numbers[0]} ({numbers[1]} to {numbers[2]})" if len(numbers) == 3 else numbers[0]


def agreement_charts(
    marks: Sequence[MarkRow], bands: Sequence[PublishedRow], names: Names
) -> tuple[Drawing, ...]:
    """One for every starting point and overlap: all pairs, single readers, own and published bands."""
    inter = [row for row in marks if row.kind == "inter"]
    found: list[Drawing] = []
    for starts in dict.fromkeys(row.starts for row in inter):
        for metric, name in DRAWN.items():
            mine = [row for row in inter if (row.starts, row.metric) == (starts, metric)]
            own = [
                row
                for row in marks
                if (row.kind, row.starts, row.metric, row.who) == ("intra", starts, metric, "all")
            ]
            theirs = [band for band in bands if (band.kind, band.metric) == ("inter", metric)]
            legend = sorted({row.name for row in mine if row.who == "reader"})
            # Of two readers each agrees with the other as both do.
            legend = legend if len(legend) > 2 else []
            rows = [_row(key, mine, own, theirs, legend, names) for key in names]
            title = f"Reads {Start.of(starts).label}: {name}"
            found += strips(title, [row for row in rows if row.all is not None], Axis(name, most=1.0), legend)
    return tuple(found)


def _row(
    key: str,
    marks: Iterable[MarkRow],
    own: Iterable[MarkRow],
    theirs: Iterable[PublishedRow],
    legend: Sequence[str],
    names: Names,
) -> Row:
    mine = [row for row in marks if row.structure == key]
    everybody = next((_interval(row) for row in mine if row.who == "all"), None)
    single = [
        (legend.index(row.name), row.estimate)
        for row in mine
        if row.who == "reader" and row.name in legend and row.estimate is not None
    ]
    bands = [Band(band.low, band.high, BAND) for band in theirs if band.structure == key]
    bands += [
        Band(row.low, row.high, OWN_BAND)
        for row in own
        if row.structure == key and row.low is not None and row.high is not None
    ]
    return Row(names[key], everybody, single, bands)


def _interval(row: MarkRow) -> Interval | None:
    if row.estimate is None:
        return None
    return Interval(row.estimate, row.low, row.high, interval_words(row, row.estimate))


def anchoring_charts(rows: Sequence[AnchoringRow], names: Names) -> tuple[Drawing, ...]:
    """The difference in Dice, structure by structure; 0 is on the axis."""
    drawn = [
        Row(
            f"{names.get(row.structure, row.structure)}, model {row.model_version}",
            Interval(row.difference, row.low, row.high, interval_words(row, row.difference)),
        )
        for row in rows
        if row.metric == "dice" and row.difference is not None
    ]
    ends = [0.0, *(end for row in drawn if row.all for end in (row.all.low, row.all.high) if end is not None)]
    axis = Axis("Dice from the prediction, less Dice from scratch", min(ends), max(ends))
    return tuple(strips("What a common prediction adds", drawn, axis))


# ── Acceptability ────────────────────────────────────────────────────────────

GRADE_WORDS = ("1 unusable", "2 major edits", "3 minor edits", "4 matter of taste", "5 as it is")


def acceptability_charts(rows: Sequence[AcceptabilityRow], names: Names) -> tuple[Drawing, ...]:
    """How many grades of each kind, and the share of 4 and 5 beside the bar."""
    drawn = [
        Stack(
            names.get(row.structure, row.structure),
            (row.grade_1, row.grade_2, row.grade_3, row.grade_4, row.grade_5),
            f"{percent(row.share, row.share_low, row.share_high)}, n = {row.grades}",
        )
        for row in rows
    ]
    title = "Grades of structures as they were handed in; beside the bar: share of 4 and 5"
    return tuple(stacks(title, drawn, "% of grades", GRADE_WORDS))


def percent(share: float, low: float, high: float) -> str:
    """`83 % (61–94)`."""
    return f"{100 * share:.0f} % ({100 * low:.0f}–{100 * high:.0f})"


# ── Volumes ──────────────────────────────────────────────────────────────────


def volume_charts(project: Project, names: Names) -> tuple[Drawing, ...]:
    """Bland and Altman: for every structure the two readers who share most cases, from their start."""
    people = names_of(project)
    found = [
        _volumes(one, names, people)
        for structure, starts, a, b in _fullest_pairs(project, names)[:MOST_PANELS]
        for one in agreement.volumes(project, structure=structure, reader=a, other=b)
        if one.start.key == starts and one.cases >= FEWEST_CASES
    ]
    return tuple(panels(found, 3, "mean, mL", "difference, mL", 180))


def _fullest_pairs(project: Project, names: Names) -> list[tuple[str, str, int, int]]:
    """Structure, starting point and two readers, structure by structure."""
    rows = (
        AgreementSummary.objects.filter(
            group__project=project,
            group__kind=AgreementKind.INTER,
            group__metric_version=METRIC_VERSION,
            reader_a__isnull=False,
            reader_b__isnull=False,
        )
        .order_by()
        .values_list("group__structure", "group__starts", "reader_a", "reader_b")
        .annotate(scores=Sum("n"))
    )
    best: dict[str, tuple[int, str, int, int]] = {}
    for structure, starts, a, b, scores in sorted(rows, key=lambda row: (-row[-1], row[1], row[2], row[3])):
        best.setdefault(structure, (scores, starts, a, b))
    return [(key, *best[key][1:]) for key in names if key in best]


def _volumes(one: Volumes, names: Names, people: Mapping[int, str]) -> Panel:
    lines = [
        Interval(line.estimate, line.low, line.high, words)
        for line, words in ((one.bias, "bias"), (one.lower, "limit"), (one.upper, "limit"))
        if line.estimate is not None
    ]
    who = " − ".join(people.get(side.reader or 0, "")[:LONGEST_NAME] for side in (one.a, one.b))
    about = f"{who}; {one.start.key}; n = {one.cases}"
    return Panel(
        names[one.structure], about, [(point.mean_ml, point.difference) for point in one.points], lines
    )


# ── Drift ────────────────────────────────────────────────────────────────────


def drift_charts(project: Project) -> tuple[Drawing, ...]:
    """Each reader's average after the start reads, its limit dashed, alarms red."""
    people = names_of(project)
    found = [_drift(one, people) for one in agreement.drift(project) if len(one.marks) > 1]
    return tuple(panels(found[:MOST_PANELS], 2, "reads after the first", "average, SD", 160))


def _drift(one: Drift, people: Mapping[int, str]) -> Panel:
    places = range(1 + one.left_out, 1 + one.left_out + len(one.marks))
    return Panel(
        people.get(one.reader, str(one.reader)),
        f"against {one.kind}, reads from {one.start}",
        [(float(place), mark.ewma) for place, mark in zip(places, one.marks, strict=True)],
        (),
        steps=[(float(place), mark.limit) for place, mark in zip(places, one.marks, strict=True)],
        joined=True,
        marked=frozenset(place for place, mark in enumerate(one.marks) if mark.alarm),
    )
