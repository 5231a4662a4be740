"""Figures of promises (R1–R10, S1–S11): each test says what it found; `make torture` makes a table of it."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

FILE = "DELINEATE_FIGURES"
"""Environment variable: the file that figures go to, one JSON object per line. Unset: none are kept."""


@dataclass(frozen=True)
class Figure:
    """One row of the table."""

    promise: str
    what: str
    found: str
    met: bool


def record(promise: str, what: str, found: str, *, met: bool) -> None:
    """Keep a row (`promise`: "R3"; `what`: what was tried; `found`: the figure), then fail unless `met`.

    A promise that is not met is in the table all the same: red rows are shown, not hidden.
    """
    figure = Figure(promise, what, found, met)
    if path := os.environ.get(FILE):
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(figure)) + "\n")
    assert met, f"{promise}, {what}: {found}"


def read(path: Path) -> list[Figure]:
    """All rows that were kept, in the order of their promises."""
    rows = [Figure(**json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]
    return sorted(rows, key=lambda row: (row.promise[0], int(row.promise[1:])))
