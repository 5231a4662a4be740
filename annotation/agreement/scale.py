"""Scores as arrays, and what the starting points are called."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import inf
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from annotation.agreement.sides import IN_PART
from annotation.agreement.summaries import FIGURES
from annotation.regions import Cut
from training.raters import Estimate, Limits

Floats = NDArray[np.float64]
Ids = NDArray[np.int64]
Figure = dict[str, Any]  # an estimate as it is kept

# What a figure cannot fall below or exceed, and what the difference of two of its means cannot.
_OVERLAP, _DISTANCE = (0.0, 1.0), (0.0, inf)
WITHIN: dict[str, Limits] = {
    "dice": _OVERLAP,
    "surface_dice": _OVERLAP,
    "hd95_mm": _DISTANCE,
    "hd_mm": _DISTANCE,
    "assd_mm": _DISTANCE,
}
DIFFERENCE_WITHIN: dict[str, Limits | None] = {
    name: (-1.0, 1.0) if limits == _OVERLAP else None for name, limits in WITHIN.items()
}
UNITS = {"dice": "", "surface_dice": "", "hd95_mm": "mm", "hd_mm": "mm", "assd_mm": "mm"}
SHOWN = ("dice", "surface_dice", "hd95_mm")  # what intervals are worked out for
HIGHER_IS_BETTER = {"dice": True, "surface_dice": True, "hd95_mm": False, "hd_mm": False, "assd_mm": False}
NOBODY = 0  # in arrays of ids


@dataclass(frozen=True)
class Scores:
    """Scores that count, one entry per score; NaN = no such figure, 0 = nobody."""

    case: Ids
    reader_a: Ids
    reader_b: Ids
    figures: dict[str, Floats]

    def only(self, chosen: NDArray[np.bool_]) -> "Scores":
        """Some of them."""
        return Scores(
            self.case[chosen],
            self.reader_a[chosen],
            self.reader_b[chosen],
            {name: values[chosen] for name, values in self.figures.items()},
        )


def load(group_id: int, figures: Sequence[str] = SHOWN) -> Scores:
    """The scores of one group that count."""
    if not set(figures) <= set(FIGURES):
        raise ValueError("These are no figures of a score.")
    # As arrays: a tenth of the time of as many rows.
    query = (
        "SELECT array_agg(case_id), array_agg(coalesce(reader_a_id, 0)), "  # noqa: S608 - our own names
        "array_agg(coalesce(reader_b_id, 0)), "
        + ", ".join(f"array_agg(coalesce({name}, 'NaN'))" for name in figures)
        + " FROM (SELECT * FROM annotation_agreementscore WHERE group_id = %s AND NOT stale ORDER BY id) AS s"
    )
    with connection.cursor() as cursor:
        cursor.execute(query, [group_id])
        row: Sequence[Any] = cursor.fetchone() or []
    case, reader_a, reader_b = (np.array(part or [], np.int64) for part in row[:3])
    values = [np.array(part or [], np.float64) for part in row[3:]]
    return Scores(case, reader_a, reader_b, dict(zip(figures, values, strict=True)))


_IN_WORDS = {Cut.SLAB: ", in part", Cut.CUBE: ", in a cube"}


def label(starts: str) -> str:
    """The starting point in words."""
    begun = _begun(starts)
    words = " and ".join(_words(part) for part in begun) if begun else "no read"
    return words + "".join(_IN_WORDS[cut] for cut in Cut if cut in starts.split("|"))


def _begun(starts: str) -> list[str]:
    """Where the reads began, without what else stands there."""
    said = IN_PART | {""}
    return [part for part in starts.split("|") if part not in said and not part.startswith("model:")]


def _words(start: str) -> str:
    if start == "scratch":
        return "from scratch"
    kind, _, version = start.partition(":")
    if kind == "prediction":
        return f"from the prediction of model {version}" if version else "from a prediction"
    return f"from {'an' if kind.startswith('e') else 'a'} {kind}"


def model_version(starts: str) -> int | None:
    """The model that is one of the two sides."""
    named = [part.partition(":")[2] for part in starts.split("|") if part.startswith("model:")]
    return int(named[0]) if named else None


def start_version(starts: str) -> int | None:
    """The model whose prediction the reads began from, where all of them began from the same one."""
    begun = _begun(starts)
    if len(begun) != 1 or not begun[0].startswith("prediction:"):
        return None
    return int(begun[0].partition(":")[2])


def worst(cases: Iterable[int], values: Floats, figure: str, most: int = 5) -> list[int]:
    """The ids of the cases with the worst means, worst first."""
    names, places = np.unique(np.fromiter(cases, np.int64), return_inverse=True)
    known = ~np.isnan(values)
    numbers = np.bincount(places[known], minlength=names.size)
    sums = np.bincount(places[known], values[known], minlength=names.size)
    there = np.flatnonzero(numbers)
    means = sums[there] / numbers[there]
    order = np.argsort(means if HIGHER_IS_BETTER[figure] else -means, kind="stable")[:most]
    return [int(names[place]) for place in there[order]]


def plain(found: Estimate) -> Figure:
    """An estimate as it is kept and sent."""
    return {
        "estimate": found.estimate,
        "low": _finite(found.low),
        "high": _finite(found.high),
        "method": found.method,
        "reason": found.reason,
        "cases": found.counts.cases,
        "readers": found.counts.readers,
        "values": found.counts.values,
        "dropped": found.counts.dropped,
    }


def _finite(bound: float | None) -> float | None:
    """JSON knows no infinity: a side without bound has none."""
    return bound if bound is not None and np.isfinite(bound) else None
