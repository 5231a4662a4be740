"""Finished runs of an experiment, each a line of a file, and how two kinds of them compare.

A line says which `key` (label, kind and seed) it has, and holds `scores`: case, structure, Dice and surface
Dice of every structure that was drawn in a case.
"""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from training.compare import Scores, compare
from training.experiments.figures import seed_mean

Line = dict[str, Any]
MEASURES = {"Dice": 2, "surface Dice": 3}
"""Where a score of a line holds each measure."""


def append_line(path: Path, line: Line) -> None:
    """Add a line; one that a crash cut short stays alone on its own."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = path.read_bytes() if path.is_file() else b""
    cut = text != b"" and not text.endswith(b"\n")
    with path.open("a") as lines:
        lines.write(("\n" if cut else "") + json.dumps(line) + "\n")


def read_lines(path: Path) -> list[Line]:
    """Return the finished runs; of a line that was cut short by a crash nothing is kept."""
    if not path.is_file():
        return []
    found = []
    for text in path.read_text().splitlines():
        try:
            found.append(json.loads(text))
        except ValueError:
            continue
    return found


def by_kind(lines: Iterable[Line]) -> dict[str, list[Line]]:
    """Return the runs that differ by nothing but their seed, by label and kind."""
    groups: dict[str, list[Line]] = {}
    for line in lines:
        groups.setdefault(line["key"].rpartition("/")[0], []).append(line)
    return groups


def mean_scores(lines: Sequence[Line], measure: str = "Dice") -> Scores:
    """Return a measure by (case, structure), the mean over the runs."""
    column = MEASURES[measure]
    return seed_mean([{(row[0], row[1]): row[column] for row in line["scores"]} for line in lines])


def difference(names: tuple[str, str], lines: tuple[Sequence[Line], Sequence[Line]], runs: str) -> str:
    """Say how much the first runs score above the second, paired over cases; `runs` says which runs."""
    said, cases = [], 0
    for measure in MEASURES:
        found = compare(*(mean_scores(of, measure) for of in lines)).overall
        if found is None:
            return f"{names[0]} and {names[1]} share no score."
        said.append(f"{measure} {found.mean:+.3f}, 95 % interval {found.low:+.3f} to {found.high:+.3f}")
        cases = found.cases
    return f"{names[0]} - {names[1]}: {'; '.join(said)} (paired over {cases} cases, {runs})."
