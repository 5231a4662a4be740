"""Figures of promises (R1–R10, S1–S11): each test says what it found; `make torture` makes a table of it."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.trust.scale import scale_of_this_test

FILE = "DELINEATE_FIGURES"
"""Environment variable: the file that figures go to, one JSON object per line. Unset: none are kept."""


@dataclass(frozen=True)
class Figure:
    """One row of the table. `scale`: how much of the test was done, 1 = the whole."""

    promise: str
    what: str
    found: str
    met: bool
    scale: float = 1.0


def record(promise: str, what: str, found: str, *, met: bool) -> None:
    """Keep a row (`promise`: "R3"; `what`: what was tried; `found`: the figure), then fail unless `met`.

    A promise that is not met is in the table all the same: red rows are shown, not hidden.
    """
    keep(Figure(promise, what, found, met, scale_of_this_test()))
    assert met, f"{promise}, {what}: {found}"


def keep(figure: Figure) -> None:
    """Add a row to the file of this run; without one nothing is kept."""
    if path := os.environ.get(FILE):
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(figure)) + "\n")


def read(path: Path) -> list[Figure]:
    """All rows that were kept, in the order of their promises."""
    return in_order([Figure(**json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()])


def in_order(figures: list[Figure]) -> list[Figure]:
    """R1 to R10, then S1 to S11; of one promise as they were found."""
    return sorted(figures, key=lambda row: (row.promise[0], int(row.promise[1:])))
