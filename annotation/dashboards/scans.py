"""A project's cases: where from, by which scanner, how large; how to choose of them.

Figures are counted over columns (`scans`). A hundred thousand cases fill all of them in some tenths of a
second, so only those are read that a figure is made of, in no order; rows (`as_rows`) are made of those that
are listed.
"""

import io
import math
from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import dataclass, fields
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from django.db import connection, transaction
from django.db.models import F
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Left
from pyarrow import csv

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

ALL = tuple(field.name for field in fields(ScanRow))

_PATIENT_LETTERS = 10
_OWN = ("number", "name", "split", "state", "site")
_HEADER = ("manufacturer", "model", "kernel", "kvp", "contrast_agent")
_ELSEWHERE = {
    "case_id": F("pk"),
    "patient": Left("patient_key", _PATIENT_LETTERS),
    "source": F("came_from__source__title"),
    "modality": F("volume__modality"),
    "known": F("volume__spacing_known"),
    **{f"n_{axis}": F(f"volume__shape__{place}") for place, axis in enumerate("ijk")},
    **{f"mm_{axis}": F(f"volume__spacing_mm__{place}") for place, axis in enumerate("ijk")},
    **{key: KeyTextTransform(key, F("volume__header")) for key in _HEADER},
}
_NUMBERS = {"case_id": pa.int64(), "number": pa.int64(), "known": pa.bool_()}
_NUMBERS |= {f"n_{axis}": pa.int64() for axis in "ijk"} | {f"mm_{axis}": pa.float64() for axis in "ijk"}
_AS_TYPED = csv.ConvertOptions(
    column_types=dict.fromkeys((*_OWN, *_ELSEWHERE), pa.string()) | _NUMBERS,
    true_values=["t"],
    false_values=["f"],
)
# Postgres thinks handing rows from a helper over so dear that it reads large tables by itself.
_HURRY = (
    "SELECT set_config('jit', 'off', true), set_config('parallel_setup_cost', '100', true),"
    " set_config('parallel_tuple_cost', '0.001', true)"
)
_AS_WRITTEN = csv.ParseOptions(newlines_in_values=True)


def scans(project: Project, wanted: Iterable[str] = ALL, **narrowed: str) -> pa.Table:
    """The cases in one query, in no order: a column for each field of `ScanRow` that is wanted.

    `narrowed`: of a source, site or scanner alone ("?" = not known); these columns are there too.
    """
    names = {*wanted, *(key for key, word in narrowed.items() if word)}
    read = _read(project, {own for name in names for own in _made_of(name)})
    return with_words(pa.table({name: _column(read, name) for name in ALL if name in names}), narrowed)


def by_number(columns: pa.Table) -> pa.Table:
    """In the order in which the cases came."""
    return columns.sort_by("number")


def as_rows(columns: pa.Table) -> list[ScanRow]:
    """One object for each case."""
    return [ScanRow(**row) for row in columns.to_pylist()]


def with_words(columns: pa.Table, words: Mapping[str, str]) -> pa.Table:
    """The cases that have these words; "?" stands for what is not known, an empty word for any."""
    for key, word in words.items():
        if word:
            columns = columns.filter(pc.equal(columns[key], "" if word == NOT_KNOWN else word))
    return columns


def in_bar(columns: pa.Table, measure: str, low: float, high: float) -> pa.Table:
    """The cases in a bar of the histogram of a measure: `low` belongs to it, `high` does not."""
    slack = _ROUNDING * max(1.0, abs(high - low))
    values = columns[measure].cast(pa.float64())
    return columns.filter(pc.and_(pc.greater_equal(values, low - slack), pc.less(values, high - slack)))


def bars(values: npt.ArrayLike, *, least: float = 0.0) -> list[tuple[float, float, int]]:
    """(low, high, how many) of about fifteen equal bars with round ends that hold all values, from the left.

    None is narrower than `least`.
    """
    known = np.asarray(values, np.float64)
    if not known.size:
        return []
    step = max(least, _round_step(float(np.ptp(known)), float(np.abs(known).max())))
    slack = _ROUNDING * max(1.0, step)
    places = np.floor((known + slack) / step).astype(np.int64)
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


def _read(project: Project, names: Set[str]) -> pa.Table:
    """By COPY: the database writes what was asked for as text, and no object is made of each row.

    So simple a query is over before Postgres would have compiled it, and sooner with helpers (`_HURRY`).
    """
    elsewhere = {name: _ELSEWHERE[name] for name in _ELSEWHERE if name in names}
    cases = Case.objects.filter(project=project).annotate(**elsewhere).order_by()
    asked = cases.values_list(*(name for name in _OWN if name in names), *elsewhere).query
    out = io.BytesIO()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_HURRY)
        written = cursor.mogrify(*asked.sql_with_params()).decode()
        cursor.copy_expert(f"COPY ({written}) TO STDOUT (FORMAT csv, HEADER)", out)
    out.seek(0)
    return csv.read_csv(out, parse_options=_AS_WRITTEN, convert_options=_AS_TYPED)


def _scanner(manufacturer: pa.ChunkedArray, model: pa.ChunkedArray) -> pa.Array:
    return pc.utf8_trim_whitespace(pc.binary_join_element_wise(manufacturer, model, " "))


def _kvp(kvp: pa.ChunkedArray) -> pa.Array:
    coded = pc.dictionary_encode(kvp).combine_chunks()  # there are few voltages
    return pc.replace_substring_regex(coded.dictionary, r"\.0$", "").take(coded.indices)


def _contrast(agent: pa.ChunkedArray) -> pa.Array:
    return pc.if_else(pc.equal(agent, "true"), "yes", pc.if_else(pc.equal(agent, "false"), "no", ""))


def _in_plane_mm(known: pa.ChunkedArray, i_mm: pa.ChunkedArray, j_mm: pa.ChunkedArray) -> pa.Array:
    return _where(known, np.maximum(i_mm, j_mm), 6)


def _gap_mm(known: pa.ChunkedArray, k_mm: pa.ChunkedArray) -> pa.Array:
    return _where(known, k_mm, 6)


def _field_mm(known: pa.ChunkedArray, *sizes: pa.ChunkedArray) -> pa.Array:
    n_i, n_j, i_mm, j_mm = map(np.asarray, sizes)
    return _where(known, np.maximum(n_i * i_mm, n_j * j_mm), 3)


def _volume_ml(known: pa.ChunkedArray, *sizes: pa.ChunkedArray) -> pa.Array:
    return _where(known, math.prod(map(np.asarray, sizes)) / 1000, 1)


_SIZES = tuple(f"{what}_{axis}" for what in ("n", "mm") for axis in "ijk")
_MADE: Mapping[str, tuple[tuple[str, ...], Callable[..., pa.Array]]] = {
    "scanner": (("manufacturer", "model"), _scanner),
    "kvp": (("kvp",), _kvp),
    "contrast": (("contrast_agent",), _contrast),
    "in_plane_mm": (("known", "mm_i", "mm_j"), _in_plane_mm),
    "gap_mm": (("known", "mm_k"), _gap_mm),
    "slices": (("n_k",), lambda slices: slices),
    "field_mm": (("known", "n_i", "n_j", "mm_i", "mm_j"), _field_mm),
    "volume_ml": (("known", *_SIZES), _volume_ml),
}


def _made_of(name: str) -> tuple[str, ...]:
    """What has to be read for a field of `ScanRow`."""
    return _MADE[name][0] if name in _MADE else (name,)


def _column(read: pa.Table, name: str) -> pa.Array:
    """A field of `ScanRow`, of all cases."""
    if name not in _MADE:
        return read[name]
    needed, make = _MADE[name]
    return make(*(read[own] for own in needed))


def _where(known: pa.ChunkedArray, values: Any, digits: int) -> pa.Array:
    """Rounded; null where the spacing is not known."""
    return pa.array(np.round(values, digits), mask=~known.to_numpy())
