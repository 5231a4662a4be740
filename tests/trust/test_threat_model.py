"""The table of docs/reference/threat-model.md says nothing that no test says."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SAID = ("met", "partly", "not met", "house", "not applicable")
TESTS = {
    path.name.split(".")[0]
    for folder in ("tests", "frontend/src")
    for path in (ROOT / folder).rglob("*test*")
}


def _rows() -> list[list[str]]:
    text = (ROOT / "docs" / "reference" / "threat-model.md").read_text(encoding="utf-8")
    table = text[text.index("| section |") :].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table if line.startswith("|")]


@pytest.mark.parametrize("row", _rows(), ids=lambda row: row[0])
def test_what_is_met_names_a_test_that_exists(row: list[str]) -> None:
    _, said, how, tests = row
    named = [name.split(".")[0] for name in re.findall(r"`([\w.]+)`", tests)]
    assert said in SAID
    assert set(named) <= TESTS
    if said == "met" and "](" not in how:
        assert named
    if said in ("partly", "not met"):
        assert len(how) > 20


def test_every_chapter_is_there() -> None:
    chapters = {int(found.group(1)) for row in _rows() if (found := re.match(r"V(\d+)", row[0]))}
    assert chapters == set(range(1, 18))
