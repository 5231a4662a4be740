"""Scores held against a table that somebody else published for the same delineations.

Compared is what everybody can download: the table `scores` as CSV. Rows of the other table are of one case
and structure each; rows of a structure alone are held against the mean over its cases.
"""

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from annotation import catalogue
from annotation.dashboards.files import to_csv
from annotation.dashboards.registry import table_named
from annotation.errors import Refused
from annotation.models import AgreementKind, Project

FIGURES = ("dice", "surface_dice", "hd95_mm", "hd_mm", "asd_a_to_b_mm", "asd_b_to_a_mm", "assd_mm")
FIGURES_AND_VOLUMES = (*FIGURES, "volume_a_ml", "volume_b_ml")
CASE, STRUCTURES = "case", ("structure", "organ")
OVERLAPS = ("dice", "surface_dice")
ONE_EMPTY = ("a_empty", "b_empty")
SWAPPED = {"asd_a_to_b_mm": "asd_b_to_a_mm", "volume_a_ml": "volume_b_ml", "a_empty": "b_empty"}
SWAPPED |= {theirs: ours for ours, theirs in SWAPPED.items()}

Row = Mapping[str, Any]
Name = tuple[str, str]  # case, key of the structure


@dataclass
class Held:
    """One figure in every row of both tables."""

    figure: str
    column: str
    unit: Decimal
    """Of the last published digit."""
    compared: int = 0
    widest: Decimal = Decimal(0)
    """The greatest difference, in these units."""
    wrong: list[str] = field(default_factory=list)
    empty: int = 0
    """Empty in the table because one of the two masks is, which is an overlap of 0 here."""


@dataclass(frozen=True)
class Outcome:
    """What came of it: figure by figure, and rows that only one of the tables has."""

    rows: int
    figures: Sequence[Held]
    missing: Sequence[str]

    @property
    def equal(self) -> bool:
        """Whether every published figure is ours to half a unit of its last digit."""
        return bool(self.rows) and not self.missing and not any(one.wrong for one in self.figures)

    def lines(self) -> list[str]:
        """Return the outcome to read."""
        said = [
            f"{one.figure}: {one.compared} compared, widest difference {one.widest:.2f} of {one.unit}"
            + (f", {len(one.wrong)} differ" if one.wrong else "")
            + (f", {one.empty} empty there (one mask is empty: 0 here)" if one.empty else "")
            for one in self.figures
        ]
        wrong = [line for one in self.figures for line in one.wrong]
        return [f"{self.rows} rows compared.", *said, *self.missing, *wrong]


def hold_against(
    project: Project,
    published: Path,
    *,
    columns: Mapping[str, str],
    readers: Sequence[str] = (),
    reference: str = "",
    kind: str = AgreementKind.INTER,
) -> Outcome:
    """Compare the scores of a project with a table (JSON, a list or under "rows"; or CSV).

    The table names `case`, and `structure` or `organ`; `columns` says which of ours its other columns are,
    beside those of the same name. Empty equals null; where one of the two masks is empty, an empty overlap
    equals 0. Rows without `case` are means over cases, overlaps above 1 in per cent. `readers`: a and b,
    where there are more pairs. `reference`: the reader without whose mask a case does not count. Raises
    Refused for a table that cannot be compared.
    """
    theirs = list(_rows(published))
    named = {name: name for name in FIGURES_AND_VOLUMES if any(name in row for row in theirs)} | dict(columns)
    unknown = sorted(set(named.values()) - set(FIGURES_AND_VOLUMES))
    if unknown or not named:
        what = unknown[0] if unknown else "none of the columns"
        raise Refused(f"{what} is no figure that is measured here: {', '.join(FIGURES_AND_VOLUMES)}.")
    ours = _ours(project, kind, readers, reference)
    held = [Held(figure, column, _unit(theirs, column)) for column, figure in named.items()]
    ours |= {("", key): row for key, row in _means(ours, held, theirs).items()}
    missing, count = [], 0
    for name, row in ((_name(row), row) for row in theirs):
        if name not in ours:
            if any(_number(row.get(one.column)) is not None for one in held):
                missing.append(f"{' '.join(name).strip()}: there is no score of it here.")
            continue
        count += 1
        for one in held:
            _hold(one, " ".join(name).strip(), row.get(one.column), ours[name])
    return Outcome(count, held, missing)


def _hold(one: Held, name: str, published: Any, row: Row) -> None:
    """Equal are two empty ones, or two numbers that lie within half a unit of the published one's digit."""
    theirs, ours = _number(published), str(row[one.figure])
    mine = Decimal(ours) if ours else None
    one.compared += 1
    if theirs is None and row["undefined"] in ONE_EMPTY and one.figure in FIGURES:
        one.empty += mine is not None
        return
    if theirs is None or mine is None:
        if theirs is not mine:
            one.wrong.append(f"{name}: {one.figure} is {ours or 'empty'} here, published {published}.")
        return
    apart = abs(mine - theirs) / one.unit
    one.widest = max(one.widest, apart)
    # A number that lies between two roundings may have been rounded to either.
    if apart > Decimal("0.5000001"):
        one.wrong.append(f"{name}: {one.figure} is {mine} here, published {theirs}.")


def _ours(project: Project, kind: str, readers: Sequence[str], reference: str) -> dict[Name, Row]:
    """The rows of the file that can be downloaded."""
    text = to_csv(table_named(project, "scores", {"kind": kind})).decode()
    found: dict[Name, Row] = {}
    for row in map(dict, csv.DictReader(io.StringIO(text))):
        both = (row["reader_a"], row["reader_b"])
        if readers and both == tuple(reversed(readers)):
            row = _swapped(row)
        elif readers and both != tuple(readers):
            continue
        name = row["name"], row["structure"]
        if name in found:
            raise Refused(
                f"{name[1]} of {name[0]} was compared more than once; say which two readers are meant."
            )
        empty = {"a_empty": row["reader_a"], "b_empty": row["reader_b"]}.get(row["undefined"])
        if not (reference and empty == reference):
            found[name] = row
    return found


def _swapped(row: Mapping[str, str]) -> dict[str, str]:
    """The same scores with the two readers the other way round."""
    turned = {name: row[SWAPPED.get(name, name)] for name in row}
    undefined = SWAPPED.get(row["undefined"], row["undefined"])
    return turned | {"reader_a": row["reader_b"], "reader_b": row["reader_a"], "undefined": undefined}


def _means(ours: Mapping[Name, Row], held: Sequence[Held], theirs: Sequence[Row]) -> dict[str, Row]:
    """By structure, for rows that name no case: in per cent where theirs are."""
    rows = [row for row in theirs if not row.get(CASE)]
    if not rows:
        return {}
    by_key: dict[str, list[Row]] = {}
    for (_, key), row in ours.items():
        by_key.setdefault(key, []).append(row)
    found: dict[str, Row] = {key: {"undefined": ""} for key in by_key}
    for one in held:
        numbers = [number for row in rows if (number := _number(row.get(one.column))) is not None]
        times = 100 if one.figure in OVERLAPS and max(numbers, default=Decimal(0)) > 1 else 1
        for key, scored in by_key.items():
            values = [Decimal(row[one.figure]) for row in scored if row[one.figure]]
            mean = str(times * sum(values) / len(values)) if values else ""
            found[key] = {**found[key], one.figure: mean}
    return found


def _rows(published: Path) -> Iterator[Row]:
    try:
        text = published.read_text()
        # Decimals keep how many digits were published.
        read = json.loads(text, parse_float=Decimal) if published.suffix == ".json" else None
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise Refused(f"{published.name} cannot be read: {error}.") from error
    rows = list(csv.DictReader(io.StringIO(text))) if read is None else read
    rows = rows.get("rows", []) if isinstance(rows, dict) else rows
    for row in rows:
        if not isinstance(row, dict) or not any(name in row for name in STRUCTURES):
            raise Refused(f"A row of {published.name} lacks “structure” (or “organ”).")
        yield row
    if not rows:
        raise Refused(f"{published.name} has no rows.")


def _name(row: Row) -> Name:
    structure = next(row[name] for name in STRUCTURES if name in row)
    return str(row.get(CASE) or ""), catalogue.key_of(str(structure))


def _number(value: Any) -> Decimal | None:
    if value is None or value == "":
        return None
    try:
        number = Decimal(value)
    except (InvalidOperation, TypeError, ValueError) as error:
        raise Refused(f"“{value}” is not a number.") from error
    if number.is_infinite():  # as some write a distance to nothing
        return None
    if not number.is_finite():
        raise Refused(f"“{value}” is not a number; leave empty what is not defined.")
    return number


def _unit(rows: Sequence[Row], column: str) -> Decimal:
    """One of the last digit to which a column was published: of its numbers, the one with most digits."""
    numbers = [number for row in rows if (number := _number(row.get(column))) is not None]
    places = [exponent for one in numbers if isinstance(exponent := one.as_tuple().exponent, int)]
    return Decimal(1).scaleb(min(places, default=0))
