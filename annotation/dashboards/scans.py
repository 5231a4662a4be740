"""A project's cases, one row each: where from, by which scanner, how large; how to choose of them."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from django.db.models import F
from django.db.models.fields.json import KeyTextTransform

from annotation import planning
from annotation.dashboards.tables import Says
from annotation.models import Case, Project

NOT_KNOWN = "?"
"""Asks for the cases of which something is not known."""
_ROUNDING = 1e-9


@dataclass(slots=True)  # not frozen: there are many of them, and that doubles what each takes
class ScanRow:
    """One case of the data set. Empty words and null figures: not known."""

    case_id: Annotated[int, Says("Id of the case")]
    number: Annotated[int, Says("Number of the case in its project")]
    name: Annotated[str, Says("Name of the case")]
    split: Annotated[str, Says("pool, validation or test")]
    state: Annotated[str, Says("State of the case")]
    patient: Annotated[str, Says("Same word, same patient: the beginning of a keyed hash")]
    source: Annotated[str, Says("Data set that it came from; empty = no public one that is known")]
    site: Annotated[str, Says("Where it was scanned, as a lead calls it")]
    scanner: Annotated[str, Says("Manufacturer and model")]
    manufacturer: Annotated[str, Says("Manufacturer of the scanner")]
    kernel: Annotated[str, Says("Convolution kernel")]
    kvp: Annotated[str, Says("Tube voltage", "kV")]
    contrast: Annotated[str, Says("Whether a contrast agent is named in the header: yes or no")]
    modality: Annotated[str, Says("Modality, as in DICOM")]
    in_plane_mm: Annotated[float | None, Says("Distance of voxels in a slice, the larger of the two", "mm")]
    gap_mm: Annotated[float | None, Says("Distance of slices", "mm")]
    slices: Annotated[int, Says("Slices", "slices")]
    field_mm: Annotated[float | None, Says("Field of view in a slice, the larger side", "mm")]
    volume_ml: Annotated[float | None, Says("Volume of the whole scan", "ml")]


GROUPED = ("split", "state", "source", "site", "scanner", "manufacturer", "kernel", "kvp", "contrast")
MEASURES = ("in_plane_mm", "gap_mm", "slices", "field_mm", "volume_ml")
NARROWING = ("source", "site", "scanner")

_HEADER = ("manufacturer", "model", "kernel", "kvp", "contrast_agent")
_COLUMNS = (
    *("pk", "number", "name", "split", "state", "patient_key", "came_from__source__title", "site"),
    *("volume__modality", "volume__spacing_known", "volume__shape", "volume__spacing_mm"),
)
_PATIENT_LETTERS = 10
_CONTRAST = {"true": "yes", "false": "no"}


def scans(project: Project, **narrowed: str) -> list[ScanRow]:
    """The cases by number, in one query; `narrowed`: of a source, site or scanner alone ("?" = not known)."""
    header = {f"header_{key}": KeyTextTransform(key, F("volume__header")) for key in _HEADER}
    rows = Case.objects.filter(project=project).annotate(**header).order_by("number")
    found = map(_row, rows.values_list(*_COLUMNS, *header))
    asked = {key: word for key, word in narrowed.items() if word}
    return [row for row in found if has(row, asked)] if asked else list(found)


def has(row: ScanRow, asked: Mapping[str, str]) -> bool:
    """Whether the row has these words; "?" stands for what is not known, an empty word for any."""
    return all(
        getattr(row, key) == ("" if word == NOT_KNOWN else word) for key, word in asked.items() if word
    )


def lies_in(row: ScanRow, measure: str, low: float, high: float) -> bool:
    """Whether a measure lies in a bar of its histogram: `low` belongs to it, `high` does not."""
    value = getattr(row, measure)
    slack = _ROUNDING * max(1.0, abs(high - low))
    return value is not None and low - slack <= value < high - slack


def bars(values: Iterable[float], *, least: float = 0.0) -> list[tuple[float, float, int]]:
    """(low, high, how many) of about fifteen equal bars with round ends that hold all values, from the left.

    None is narrower than `least`.
    """
    known = list(values)
    if not known:
        return []
    step = max(least, _round_step(max(known) - min(known), max(map(abs, known))))
    slack = _ROUNDING * max(1.0, step)
    places = np.floor((np.asarray(known) + slack) / step).astype(np.int64)
    first = int(places.min())
    return [
        (_tidy(place * step), _tidy((place + 1) * step), int(cases))
        for place, cases in enumerate(np.bincount(places - first), start=first)
    ]


def _round_step(spread: float, largest: float) -> float:
    """1, 2 or 5 times a power of ten, so that about fifteen of them make the spread."""
    wanted = (spread or largest or 1.0) / 15
    power: float = 10.0 ** math.floor(math.log10(wanted))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= wanted * 0.999)


def _tidy(value: float) -> float:
    return float(f"{value:.9g}")


def _row(values: tuple[Any, ...]) -> ScanRow:
    pk, number, name, split, state, patient, source, site, modality, known, shape, spacing, *header = values
    maker, model, kernel, kvp, agent = header
    (ni, nj, nk), (i_mm, j_mm, k_mm) = shape, spacing
    return ScanRow(
        case_id=pk,
        number=number,
        name=name,
        split=split,
        state=state,
        patient=patient[:_PATIENT_LETTERS],
        source=source or "",
        site=site,
        scanner=planning.scanner_word(maker or "", model or ""),
        manufacturer=maker or "",
        kernel=kernel or "",
        kvp=(kvp or "").removesuffix(".0"),
        contrast=_CONTRAST.get(agent, ""),
        modality=modality,
        in_plane_mm=round(max(i_mm, j_mm), 6) if known else None,
        gap_mm=round(k_mm, 6) if known else None,
        slices=nk,
        field_mm=round(max(ni * i_mm, nj * j_mm), 3) if known else None,
        volume_ml=round(ni * i_mm * nj * j_mm * nk * k_mm / 1000, 1) if known else None,
    )
