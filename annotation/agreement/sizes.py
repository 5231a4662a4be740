"""Questions about volumes, and about the cases that everybody reads."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from annotation.agreement.figures import plain
from annotation.agreement.questions import groups
from annotation.agreement.shapes import (
    Calibration,
    Figure,
    Rate,
    Start,
    VolumePoint,
    Volumes,
    Who,
)
from annotation.models import (
    AgreementKind,
    AgreementScore,
    CalibrationCase,
    Project,
    ReaderRate,
    ReadSummary,
    SurfaceSpread,
)
from training.metrics import METRIC_VERSION
from training.raters import (
    Estimate,
    Level,
    Reads,
    Scale,
    SurfacePair,
    fleiss_kappa,
    icc_agreement,
    icc_consistency,
    krippendorff_alpha,
    limits_of_agreement,
    mean,
    project_tolerance,
)

MOST_POINTS = 2000

Table = np.ndarray[Any, np.dtype[np.float64]]


# ── Bland–Altman ─────────────────────────────────────────────────────────────


def volumes(
    project: Project,
    *,
    structure: str,
    reader: int,
    other: int | None = None,
    model_version: int | None = None,
    ratio: bool = False,
    version: str = METRIC_VERSION,
) -> list[Volumes]:
    """How the volumes of a reader differ from those of another reader, or of a model; by starting point.

    One pair of volumes per case: of several reads the first two that were compared. Without a model and
    another reader there is nothing to compare: ValueError.
    """
    if (other is None) == (model_version is None):
        raise ValueError("Name another reader, or a model.")
    kind = AgreementKind.INTER if other is not None else AgreementKind.PREDICTION
    against = Who("reader", reader=other) if other is not None else Who("model", model_version=model_version)
    found = []
    for group in groups(project, version=version, kind=kind, structure=structure):
        start = Start.of(group.starts)
        if start.model_version == model_version:
            pairs = _pairs(group.pk, reader, other)
            if pairs:
                found.append(_limits(structure, start, Who("reader", reader=reader), against, pairs, ratio))
    return found


def _pairs(group_id: int, reader: int, other: int | None) -> dict[int, tuple[float, float]]:
    """The reader's volume and the other's, by case."""
    rows = AgreementScore.objects.filter(group=group_id, stale=False)
    if other is None:
        rows = rows.filter(reader_a=reader)
    else:
        rows = rows.filter(reader_a=min(reader, other), reader_b=max(reader, other))
    turned = other is not None and reader > other
    pairs: dict[int, tuple[float, float]] = {}
    for case, a, b in rows.order_by("pk").values_list("case", "volume_a_ml", "volume_b_ml"):
        pairs.setdefault(case, (b, a) if turned else (a, b))
    return pairs


def _limits(
    structure: str, start: Start, a: Who, b: Who, pairs: Mapping[int, tuple[float, float]], ratio: bool
) -> Volumes:
    scale = Scale.RATIO if ratio else Scale.DIFFERENCE
    both = np.array(list(pairs.values()), np.float64)
    limits = limits_of_agreement(both[:, 0], both[:, 1], scale)
    return Volumes(
        structure,
        start,
        a,
        b,
        scale.value,
        _figure(limits.bias),
        _figure(limits.lower),
        _figure(limits.upper),
        limits.sd,
        len(pairs),
        _points(pairs, ratio),
        len(pairs) > MOST_POINTS,
    )


def _points(pairs: Mapping[int, tuple[float, float]], ratio: bool) -> list[VolumePoint]:
    """Up to `MOST_POINTS`, evenly taken over the cases in their order; those outside all others stay."""
    points = [
        VolumePoint(case, (a + b) / 2, a / b if ratio else a - b)
        for case, (a, b) in sorted(pairs.items())
        if not ratio or (a > 0 and b > 0)
    ]
    if len(points) <= MOST_POINTS:
        return points
    chosen = set(np.linspace(0, len(points) - 1, MOST_POINTS - 4).astype(int).tolist())
    for values in ([p.difference for p in points], [p.mean_ml for p in points]):
        chosen |= {int(np.argmin(values)), int(np.argmax(values))}
    return [points[place] for place in sorted(chosen)]


def _figure(found: Estimate) -> Figure:
    return Figure.of(plain(found))


# ── Calibration ──────────────────────────────────────────────────────────────


def calibration(project: Project, *, structure: str = "") -> list[Calibration]:
    """ICC, α and κ, STAPLE's rates and the project's own τ on the cases that everybody reads."""
    crossed = list(CalibrationCase.objects.filter(case__project=project).values_list("case", flat=True))
    tables = _tables(crossed)
    keys = sorted({key for key, _ in tables if not structure or key == structure})
    spreads, rates = _spreads(crossed, keys), _rates(crossed, keys)
    found = []
    for (key, starts), table in sorted(tables.items()):
        if key in keys:
            found.append(_calibration(key, starts, table, spreads[key, starts], rates[key, starts]))
    return found


def _tables(cases: list[int]) -> dict[tuple[str, str], dict[tuple[int, int], float]]:
    """Volumes (ml) by (case, reader), of each structure and starting point; a reader's first read counts."""
    tables: dict[tuple[str, str], dict[tuple[int, int], float]] = defaultdict(dict)
    rows = ReadSummary.objects.filter(case__in=cases).order_by("read_at", "pk")
    for case, reader, starts, sizes in rows.values_list("case", "reader", "starts", "volumes_ml"):
        for key, volume in sizes.items():
            tables[key, starts].setdefault((case, reader), volume)
    return tables


def _calibration(
    key: str,
    starts: str,
    table: Mapping[tuple[int, int], float],
    spreads: list[SurfacePair],
    rates: list[tuple[int, int, float, float, str]],
) -> Calibration:
    volumes_ml = _as_array(table)
    # NaN stays NaN: not read is not the same as absent.
    present = np.where(np.isnan(volumes_ml), np.nan, (volumes_ml > 0).astype(np.float64))
    ratings = [[None if np.isnan(one) else bool(one) for one in row] for row in present]
    return Calibration(
        key,
        Start.of(starts),
        sorted({case for case, _ in table}),
        _figure(icc_agreement(volumes_ml)),
        _figure(icc_consistency(volumes_ml)),
        _figure(krippendorff_alpha(present, Level.NOMINAL)),
        _figure(fleiss_kappa(ratings)),
        _figure(project_tolerance(spreads)),
        _mean_rates(rates),
        rates[0][4] if rates else "",
    )


def _as_array(table: Mapping[tuple[int, int], float]) -> Table:
    """(cases, readers), NaN = not read."""
    cases = sorted({case for case, _ in table})
    readers = sorted({reader for _, reader in table})
    values = np.full((len(cases), len(readers)), np.nan)
    for (case, reader), volume in table.items():
        values[cases.index(case), readers.index(reader)] = volume
    return values


def _mean_rates(rates: Iterable[tuple[int, int, float, float, str]]) -> list[Rate]:
    by_reader: dict[int, list[tuple[int, float, float]]] = defaultdict(list)
    for case, reader, sensitivity, specificity, _ in rates:
        by_reader[reader].append((case, sensitivity, specificity))
    found = []
    for reader, rows in sorted(by_reader.items()):
        cases = [row[0] for row in rows]
        sides = [
            _figure(mean(Reads([row[at] for row in rows], cases, [reader] * len(rows)), within=(0, 1)))
            for at in (1, 2)
        ]
        found.append(Rate(reader, sides[0], sides[1]))
    return found


def _spreads(cases: list[int], keys: list[str]) -> dict[tuple[str, str], list[SurfacePair]]:
    found: dict[tuple[str, str], list[SurfacePair]] = defaultdict(list)
    rows = SurfaceSpread.objects.filter(
        score__case__in=cases,
        score__stale=False,
        score__group__structure__in=keys,
        score__group__metric_version=METRIC_VERSION,
    ).values_list(
        "score__group__structure",
        "score__group__starts",
        "score__case",
        "score__reader_a",
        "score__reader_b",
        "distances_mm",
        "areas_mm2",
    )
    for key, starts, case, a, b, distances, areas in rows.order_by("pk"):
        pair = SurfacePair(case, (a, b), np.array(distances, np.float64), np.array(areas, np.float64))
        found[key, starts].append(pair)
    return found


def _rates(
    cases: list[int], keys: list[str]
) -> dict[tuple[str, str], list[tuple[int, int, float, float, str]]]:
    found: dict[tuple[str, str], list[tuple[int, int, float, float, str]]] = defaultdict(list)
    rows = ReaderRate.objects.filter(case__in=cases, structure__in=keys).order_by("case", "read")
    columns = ("structure", "starts", "case", "reader", "sensitivity", "specificity", "region")
    for key, starts, case, reader, sensitivity, specificity, region in rows.values_list(*columns):
        found[key, starts].append((case, reader, sensitivity, specificity, region))
    return found
