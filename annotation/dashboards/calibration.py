"""What the cases that everybody reads say: reliability of volumes, conformity, and who marks too much."""

from dataclasses import dataclass
from typing import Annotated

from annotation import agreement
from annotation.dashboards.agreement import names_of
from annotation.dashboards.tables import Says
from annotation.models import Project

WORDS = {
    "icc_agreement": "ICC(A,1) of volumes: any reader may read",
    "icc_consistency": "ICC(C,1) of volumes: constant offsets do no harm",
    "share_case": "Share of the variance of volumes between cases",
    "share_reader": "Share of the variance of volumes between readers",
    "share_residual": "Share of the variance of volumes that is left",
    "conformity": "Generalised conformity index",
    "presence_alpha": "Krippendorff's alpha of present or absent",
    "presence_kappa": "Fleiss' kappa of present or absent",
    "tolerance_mm": "Own tolerance: 95th percentile of the distances between readers' surfaces",
}


@dataclass(frozen=True)
class CalibrationRow:
    """One statistic of one structure, of reads of calibration cases from one starting point."""

    structure: Annotated[str, Says("Key of the structure")]
    starts: Annotated[str, Says("Where the reads began")]
    statistic: Annotated[str, Says("Name of the statistic, as in the API")]
    words: Annotated[str, Says("What it is")]
    unit: Annotated[str, Says("Unit of the figures; empty = none")]
    estimate: Annotated[float | None, Says("The statistic; empty = undefined")]
    low: Annotated[float | None, Says("Lower end of the 95 % interval")]
    high: Annotated[float | None, Says("Upper end of the 95 % interval")]
    cases: Annotated[int, Says("Cases that it rests on", "cases")]
    readers: Annotated[int, Says("Readers that it rests on", "readers")]
    method: Annotated[str, Says("Statistic and interval by name")]
    reason: Annotated[str, Says("Why there is no estimate, or no interval")]
    behind: Annotated[int, Says("Changes that came since it was worked out", "changes")]


@dataclass(frozen=True)
class RateRow:
    """STAPLE's rates of one reader in one structure: means over calibration cases."""

    structure: Annotated[str, Says("Key of the structure")]
    starts: Annotated[str, Says("Where the reads began")]
    reader_id: Annotated[int, Says("Id of the reader")]
    reader: Annotated[str, Says("User name of the reader")]
    rate: Annotated[str, Says("sensitivity (low: marks too little) or specificity (low: marks too much)")]
    estimate: Annotated[float | None, Says("Mean over cases; empty = undefined")]
    low: Annotated[float | None, Says("Lower end of the 95 % interval")]
    high: Annotated[float | None, Says("Upper end of the 95 % interval")]
    cases: Annotated[int, Says("Cases that it rests on", "cases")]
    region: Annotated[str, Says("Rule for the region in which voxels are counted")]
    reason: Annotated[str, Says("Why there is no estimate, or no interval")]


def calibration_rows(project: Project, *, structure: str = "", starts: str = "") -> list[CalibrationRow]:
    """Structure by structure, statistic by statistic. Empty = all."""
    return [
        CalibrationRow(
            structure=one.structure,
            starts=one.start.key,
            statistic=name,
            words=words,
            unit="mm" if name.endswith("_mm") else "",
            estimate=figure.estimate,
            low=figure.low,
            high=figure.high,
            cases=figure.cases,
            readers=figure.readers,
            method=figure.method,
            reason=figure.reason,
            behind=one.basis.behind,
        )
        for one in agreement.calibration(project, structure=structure)
        if starts in ("", one.start.key)
        for name, words in WORDS.items()
        for figure in [getattr(one, name)]
    ]


def rate_rows(project: Project, *, structure: str = "", starts: str = "") -> list[RateRow]:
    """Structure by structure, reader by reader. Empty = all."""
    names = names_of(project)
    rows = [
        RateRow(
            structure=one.structure,
            starts=one.start.key,
            reader_id=each.reader,
            reader=names.get(each.reader, str(each.reader)),
            rate=name,
            estimate=figure.estimate,
            low=figure.low,
            high=figure.high,
            cases=figure.cases,
            region=one.rate_region,
            reason=figure.reason,
        )
        for one in agreement.calibration(project, structure=structure)
        if starts in ("", one.start.key)
        for each in one.rates
        for name, figure in (("sensitivity", each.sensitivity), ("specificity", each.specificity))
    ]
    return sorted(rows, key=lambda row: (row.structure, row.starts, row.reader, row.rate))
