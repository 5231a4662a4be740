"""Statistics of the cases that everybody reads: worked out with the figures of the readers' agreement."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from annotation.agreement.scale import Figure, plain
from annotation.models import AgreementGroup, CalibrationCase, ReaderRate, ReadSummary, SurfaceSpread
from training.raters import (
    Level,
    Reads,
    SurfacePair,
    fleiss_kappa,
    icc_agreement,
    icc_consistency,
    krippendorff_alpha,
    mean,
    project_tolerance,
)

STATISTICS = ("icc_agreement", "icc_consistency", "presence_alpha", "presence_kappa", "tolerance_mm")

Table = np.ndarray[Any, np.dtype[np.float64]]
Volumes = Mapping[tuple[int, int], float]


def crossed(group: AgreementGroup) -> dict[str, Any]:
    """ICC of volumes, α and κ of presence, STAPLE's mean rates and τ, of one structure and starting point.

    Empty where no case that everybody reads was read from there.
    """
    cases = list(
        CalibrationCase.objects.filter(case__project=group.project_id).values_list("case", flat=True)
    )
    table = _volumes(cases, group)
    if not table:
        return {}
    volumes_ml = _as_array(table)
    # NaN stays NaN: not read is not the same as absent.
    present = np.where(np.isnan(volumes_ml), np.nan, (volumes_ml > 0).astype(np.float64))
    ratings = [[None if np.isnan(one) else bool(one) for one in row] for row in present]
    rates, region = _rates(cases, group)
    return {
        "cases": sorted({case for case, _ in table}),
        "icc_agreement": plain(icc_agreement(volumes_ml)),
        "icc_consistency": plain(icc_consistency(volumes_ml)),
        "presence_alpha": plain(krippendorff_alpha(present, Level.NOMINAL)),
        "presence_kappa": plain(fleiss_kappa(ratings)),
        "tolerance_mm": plain(project_tolerance(_spreads(cases, group))),
        "rates": rates,
        "region": region,
    }


def _volumes(cases: list[int], group: AgreementGroup) -> dict[tuple[int, int], float]:
    """Volumes (ml) by (case, reader); a reader's first read counts."""
    rows = ReadSummary.objects.filter(
        case__in=cases, starts=group.starts, volumes_ml__has_key=group.structure
    ).order_by("read_at", "pk")
    found: dict[tuple[int, int], float] = {}
    for case, reader, sizes in rows.values_list("case", "reader", "volumes_ml"):
        found.setdefault((case, reader), sizes[group.structure])
    return found


def _as_array(table: Volumes) -> Table:
    """(cases, readers), NaN = not read."""
    cases = sorted({case for case, _ in table})
    readers = sorted({reader for _, reader in table})
    values = np.full((len(cases), len(readers)), np.nan)
    for (case, reader), volume in table.items():
        values[cases.index(case), readers.index(reader)] = volume
    return values


def _spreads(cases: list[int], group: AgreementGroup) -> list[SurfacePair]:
    rows = SurfaceSpread.objects.filter(score__group=group, score__case__in=cases, score__stale=False)
    columns = ("score__case", "score__reader_a", "score__reader_b", "distances_mm", "areas_mm2")
    return [
        SurfacePair(case, (a, b), np.array(distances, np.float64), np.array(areas, np.float64))
        for case, a, b, distances, areas in rows.order_by("pk").values_list(*columns)
    ]


def _rates(cases: list[int], group: AgreementGroup) -> tuple[dict[str, dict[str, Figure]], str]:
    """Means over cases, by reader; and the rule by which regions were chosen."""
    rows = ReaderRate.objects.filter(case__in=cases, structure=group.structure, starts=group.starts)
    by_reader: dict[int, list[tuple[int, float, float]]] = defaultdict(list)
    region = ""
    columns = ("reader", "case", "sensitivity", "specificity", "region")
    for reader, case, sensitivity, specificity, rule in rows.order_by("case", "read").values_list(*columns):
        by_reader[reader].append((case, sensitivity, specificity))
        region = rule
    return {str(reader): _mean_rates(reader, by_reader[reader]) for reader in sorted(by_reader)}, region


def _mean_rates(reader: int, rows: Iterable[tuple[int, float, float]]) -> dict[str, Figure]:
    cases, *sides = zip(*rows, strict=True)
    return {
        name: plain(mean(Reads(values, list(cases), [reader] * len(cases)), within=(0, 1)))
        for name, values in zip(("sensitivity", "specificity"), sides, strict=True)
    }
