"""Statistics of the cases that everybody reads: worked out with the figures of the readers' agreement."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from annotation.agreement.scale import Figure, plain
from annotation.models import (
    AgreementGroup,
    AgreementScore,
    CalibrationCase,
    ReaderRate,
    ReadSummary,
    SurfaceSpread,
)
from training.raters import (
    Estimate,
    Level,
    Reads,
    SurfacePair,
    conformity_of_pairs,
    fleiss_kappa,
    icc_agreement,
    icc_consistency,
    krippendorff_alpha,
    mean,
    project_tolerance,
    variance_shares,
)

STATISTICS = (
    "icc_agreement",
    "icc_consistency",
    "share_case",
    "share_reader",
    "share_residual",
    "conformity",
    "presence_alpha",
    "presence_kappa",
    "tolerance_mm",
)
MOST_CASES = 300  # of a mixed model, whose time grows with their cube

Table = np.ndarray[Any, np.dtype[np.float64]]
Volumes = Mapping[tuple[int, int], float]


def crossed(group: AgreementGroup) -> dict[str, Any]:
    """ICC and shares of variance of volumes, conformity, α and κ of presence, STAPLE's mean rates and τ.

    Of one structure and starting point.
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
        **_shares(table),
        "conformity": plain(_conformity(cases, group)),
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


def _shares(table: Volumes) -> dict[str, Figure]:
    """What volumes vary with: shares of variance by a mixed model, reads in any design."""
    first = sorted({case for case, _ in table})[:MOST_CASES]
    kept = {cell: volume for cell, volume in table.items() if cell[0] in set(first)}
    reads = Reads(list(kept.values()), [case for case, _ in kept], [reader for _, reader in kept])
    found = variance_shares(reads)
    return {
        "share_case": plain(found.case),
        "share_reader": plain(found.reader),
        "share_residual": plain(found.residual),
    }


def _conformity(cases: list[int], group: AgreementGroup) -> Estimate:
    """Mean over cases of the generalised conformity index; two readers' first reads make a pair."""
    rows = AgreementScore.objects.filter(group=group, case__in=cases, stale=False, dice__isnull=False)
    pairs: dict[int, dict[tuple[Any, Any], tuple[float, float, float]]] = defaultdict(dict)
    columns = ("case", "reader_a", "reader_b", "dice", "volume_a_ml", "volume_b_ml")
    for case, a, b, dice, one, other in rows.order_by("read_at", "pk").values_list(*columns):
        pairs[case].setdefault((a, b), (dice * (one + other) / 2, one, other))
    values = {case: conformity_of_pairs(list(of_case.values())) for case, of_case in pairs.items()}
    known = {case: value for case, value in values.items() if value is not None}
    found = mean(Reads(list(known.values()), list(known), ["all"] * len(known)), within=(0, 1))
    return replace(found, method=f"generalised conformity index (Kouwenhoven), {found.method}")


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
