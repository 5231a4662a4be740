"""Tables as CSV and Parquet."""

import csv
import io
from datetime import UTC, date, datetime
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from annotation.dashboards.tables import Column, Table, columns, records
from annotation.errors import NotFound

_ARROW: dict[type, pa.DataType] = {
    str: pa.string(),
    bool: pa.bool_(),
    int: pa.int64(),
    float: pa.float64(),
    date: pa.date32(),
    datetime: pa.timestamp("us", tz="UTC"),
}
# What a spreadsheet would take for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def to_csv(table: Table) -> bytes:
    """UTF-8 with a header; empty = null, times as ISO 8601 in UTC."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([column.name for column in columns(table.row)])
    for record in records(table):
        writer.writerow([_cell(value) for value in record.values()])
    return out.getvalue().encode()


def to_parquet(table: Table) -> bytes:
    """Each column with its meaning and unit as metadata."""
    schema = pa.schema(
        [_field(column) for column in columns(table.row)],
        metadata={"about": table.about, "table": table.name},
    )
    out = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(records(table), schema=schema), out, compression="zstd")
    return out.getvalue()


WRITERS = {"csv": to_csv, "parquet": to_parquet}


def to_file(table: Table, form: str) -> bytes:
    """The table in one of the forms, csv or parquet."""
    if form not in WRITERS:
        raise NotFound("A table comes as .csv or .parquet.")
    return WRITERS[form](table)


def _field(column: Column) -> pa.Field:
    about = {"meaning": column.meaning, "unit": column.unit}
    return pa.field(column.name, _ARROW[column.kind], nullable=column.optional, metadata=about)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return str(value)
