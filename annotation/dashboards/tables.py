"""What lies behind a chart: rows of one type, whose columns say their meaning and unit.

A type of row is a frozen dataclass; each field is `Annotated[type, Says("meaning", "unit")]`. JSON, CSV,
Parquet and the data dictionary all follow from it.
"""

import dataclasses
import types
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints


@dataclass(frozen=True)
class Says:
    """What a column holds, and in which unit (empty = none)."""

    meaning: str
    unit: str = ""


@dataclass(frozen=True)
class Column:
    """One column: `kind` is str, bool, int, float, date or datetime; times are UTC."""

    name: str
    kind: type
    optional: bool
    meaning: str
    unit: str


@dataclass(frozen=True)
class Table:
    """Rows of one type, `row`; what one row stands for, `about`."""

    name: str
    about: str
    row: type
    rows: Sequence[Any]


@cache
def columns(row: type) -> tuple[Column, ...]:
    """The columns of a type of row, in order."""
    hints = get_type_hints(row, include_extras=True)
    return tuple(_column(field.name, hints[field.name]) for field in dataclasses.fields(row))


def records(table: Table) -> list[dict[str, Any]]:
    """The rows as plain mappings; columns in order."""
    names = [column.name for column in columns(table.row)]
    return [{name: getattr(row, name) for name in names} for row in table.rows]


def _column(name: str, hint: Any) -> Column:
    if get_origin(hint) is not Annotated:
        raise TypeError(f"The column {name} does not say what it holds.")
    kind, says = get_args(hint)
    optional = get_origin(kind) in (Union, types.UnionType)
    if optional:
        (kind,) = (one for one in get_args(kind) if one is not types.NoneType)
    return Column(name, kind, optional, says.meaning, says.unit)
