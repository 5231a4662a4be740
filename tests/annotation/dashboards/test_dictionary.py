"""The data dictionary in the documentation, and what it describes, are the same."""

from pathlib import Path

import pytest

from annotation.dashboards import SOURCES, columns

PAGE = Path(__file__).resolve().parents[3] / "docs" / "reference" / "dashboards.md"


@pytest.mark.parametrize("name", sorted(SOURCES))
def test_every_column_is_described(name: str) -> None:
    section = PAGE.read_text(encoding="utf-8").split(f"### `{name}`\n")[1].split("\n### ")[0]
    described = [line.split("`")[1] for line in section.splitlines() if line.startswith("| `")]
    assert described == [column.name for column in columns(SOURCES[name].row)]
    assert SOURCES[name].about in section
