"""Means and spreads of scores by (case, structure); None = not applicable, left out and never averaged."""

from collections.abc import Mapping, Sequence
from statistics import mean, stdev

Scores = Mapping[tuple[str, str], float | None]


def structure_means(scores: Scores) -> dict[str, float]:
    """Return the mean over cases of every structure that was applicable in any."""
    return {name: mean(values) for name, values in values_by_structure(scores).items()}


def values_by_structure(scores: Scores) -> dict[str, list[float]]:
    """Return the applicable scores of every structure."""
    found: dict[str, list[float]] = {}
    for (_, structure), value in scores.items():
        if value is not None:
            found.setdefault(structure, []).append(value)
    return found


def spread(values: Sequence[float]) -> dict[str, float | None]:
    """Return mean and standard deviation (None for a single value), both None without any."""
    return {
        "mean": mean(values) if values else None,
        "sd": stdev(values) if len(values) > 1 else None,
    }


def case_spread(scores: Scores) -> dict[str, float | None]:
    """Return the mean over structures of their means over cases, and the SD of the cases' own means."""
    by_case: dict[str, list[float]] = {}
    for (case, _), value in scores.items():
        if value is not None:
            by_case.setdefault(case, []).append(value)
    means = structure_means(scores)
    return {
        "mean": mean(means.values()) if means else None,
        "sd": spread([mean(values) for values in by_case.values()])["sd"],
    }


def seed_mean(tables: Sequence[Scores]) -> dict[tuple[str, str], float | None]:
    """Return the mean over seeds of every (case, structure); None where it is None in all."""
    found: dict[tuple[str, str], float | None] = {}
    for key in dict.fromkeys(key for table in tables for key in table):
        values = [value for table in tables if (value := table.get(key)) is not None]
        found[key] = mean(values) if values else None
    return found
