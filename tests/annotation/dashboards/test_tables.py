"""Rows as columns, CSV and Parquet."""

import csv
import io
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Annotated, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from annotation.api.rows import rows_of
from annotation.dashboards import Column, Says, Table, columns, to_file
from annotation.errors import NotFound


@dataclass(frozen=True)
class Row:
    day: Annotated[date, Says("Day of the read")]
    at: Annotated[datetime, Says("When it was handed in")]
    reader: Annotated[str, Says("User name")]
    reads: Annotated[int, Says("Reads", "reads")]
    dice: Annotated[float | None, Says("Mean Dice")]
    final: Annotated[bool, Says("Whether it is final")]


ROWS = [
    Row(date(2026, 1, 5), datetime(2026, 1, 5, 12, 30, tzinfo=UTC), "ana", 3, 0.5, True),
    Row(date(2026, 1, 6), datetime(2026, 1, 6, 8, 0, tzinfo=UTC), "=SUM(1)", 0, None, False),
]
TABLE = Table("reads", "Reads by day.", Row, ROWS)


def test_columns_follow_from_the_type_of_a_row() -> None:
    found = columns(Row)
    assert [column.name for column in found] == ["day", "at", "reader", "reads", "dice", "final"]
    assert found[3] == Column("reads", int, False, "Reads", "reads")
    assert found[4] == Column("dice", float, True, "Mean Dice", "")


def test_a_column_that_does_not_say_what_it_holds_is_refused() -> None:
    @dataclass(frozen=True)
    class Silent:
        reads: int

    with pytest.raises(TypeError, match="reads does not say"):
        columns(Silent)


def test_csv() -> None:
    read = list(csv.DictReader(io.StringIO(to_file(TABLE, "csv").decode(), newline="")))
    assert read[0] == {
        "day": "2026-01-05",
        "at": "2026-01-05T12:30:00+00:00",
        "reader": "ana",
        "reads": "3",
        "dice": "0.5",
        "final": "True",
    }
    # No spreadsheet takes a name for a formula.
    assert (read[1]["reader"], read[1]["dice"]) == ("'=SUM(1)", "")


def test_parquet_keeps_types_and_says_what_columns_hold() -> None:
    read: Any = pq.read_table(io.BytesIO(to_file(TABLE, "parquet")))
    assert read.schema.field("at").type == pa.timestamp("us", tz="UTC")
    assert read.schema.field("reads").type == pa.int64()
    assert read.schema.field("reads").metadata == {b"meaning": b"Reads", b"unit": b"reads"}
    assert read.schema.metadata[b"about"] == b"Reads by day."
    assert read.to_pylist()[1] == {
        "day": date(2026, 1, 6),
        "at": datetime(2026, 1, 6, 8, 0, tzinfo=UTC),
        "reader": "=SUM(1)",
        "reads": 0,
        "dice": None,
        "final": False,
    }


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_a_table_without_rows_still_has_its_columns(form: str) -> None:
    data = to_file(Table("reads", "Reads by day.", Row, []), form)
    if form == "csv":
        assert data == b"day,at,reader,reads,dice,final\r\n"
    else:
        assert pq.read_table(io.BytesIO(data)).num_columns == 6


def test_no_other_form() -> None:
    with pytest.raises(NotFound, match=r"\.csv or \.parquet"):
        to_file(TABLE, "xls")


def test_json_has_the_same_columns() -> None:
    serializer: Any = rows_of(Row)
    assert list(serializer.child.fields) == [column.name for column in columns(Row)]
    assert serializer.to_representation(ROWS)[1]["dice"] is None
