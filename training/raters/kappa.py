"""Agreement beyond chance on categories: Cohen's κ, weighted κ, Fleiss' κ.

Intervals are over cases; the readers are taken as they are (with two readers the data hold nothing about
others). κ depends on how common the categories are: show their shares beside it, and never compare κ between
structures with different ones.
"""

from collections.abc import Hashable, Sequence
from enum import StrEnum

import numpy as np

from training.raters.chance import Influence, shared_influence, with_interval
from training.raters.estimate import Counts, Estimate, Floats, undefined

Ratings = Sequence[Hashable | None]
_ONE_CATEGORY = "All ratings fall in one category, so agreement beyond chance is not defined."
_INTERVAL = "interval over cases, t on the scale of log(1 − κ)"


class Weights(StrEnum):
    """How much two categories that are d apart disagree: 1 when different, d, or d²."""

    NONE = "unweighted"
    LINEAR = "linear weights"
    QUADRATIC = "quadratic weights"


def cohen_kappa(
    one: Ratings,
    other: Ratings,
    weights: Weights = Weights.NONE,
    categories: Sequence[Hashable] | None = None,
) -> Estimate:
    """Return Cohen's κ of two readers (Cohen 1960; weighted: Cohen 1968, Psychol Bull 70:213).

    `one`, `other`: a rating per case, None = not rated; a case that either lacks is dropped, and its ratings
    counted. `categories`: all in order, which the weights need; without it those that occur, sorted. Raises
    ValueError for ratings of different numbers or of no category. Two cases are needed.
    """
    if len(one) != len(other):
        raise ValueError("Both readers must have a rating, or None, for every case.")
    method = f"Cohen's κ, {weights}; {_INTERVAL}"
    pairs = [(a, b) for a, b in zip(one, other, strict=True) if a is not None and b is not None]
    rated = sum(rating is not None for rating in (*one, *other))
    counts = Counts(len(pairs), 2, 2 * len(pairs), rated - 2 * len(pairs))
    if len(pairs) < 2:
        return undefined(method, counts, "Two cases that both readers rated are needed.")
    table = _cross_table(pairs, _ordered(categories, pairs))
    apart = _apart(len(table), weights)
    expected = _expected(table, apart)
    if expected <= 0:
        return undefined(method, counts, _ONE_CATEGORY)
    value = 1 - float((table * apart).sum() / table.sum()) / expected
    return with_interval(value, _cohen_influence(table, apart), counts, method)


def fleiss_kappa(ratings: Sequence[Ratings], categories: Sequence[Hashable] | None = None) -> Estimate:
    """Return Fleiss' κ of several ratings per case (Fleiss 1971, Psychol Bull 76:378).

    `ratings`: per case one rating per reader, None = not rated. Who rated is of no importance, but all cases
    need the same number of ratings: those with fewer than the most are dropped, and their ratings counted
    (Krippendorff's α uses them). Two cases and two ratings of each are needed.
    """
    method = f"Fleiss' κ; {_INTERVAL}"
    present = [[rating for rating in case if rating is not None] for case in ratings]
    most = max((len(case) for case in present), default=0)
    used = [case for case in present if len(case) == most]
    dropped = sum(map(len, present)) - most * len(used)
    counts = Counts(len(used), most, most * len(used), dropped)
    if most < 2 or len(used) < 2:
        return undefined(method, counts, "Two cases with two ratings each are needed.")
    order = _ordered(categories, used)
    votes = np.array([[case.count(name) for name in order] for case in used], np.float64)
    if (votes.sum(axis=1) != most).any():
        raise ValueError("A rating is none of the categories.")
    shares = votes / most
    disagreeing = 1 - ((votes**2).sum(axis=1) - most) / (most * (most - 1))
    pooled = shares.mean(axis=0)
    expected = 1 - float((pooled**2).sum())
    if expected <= 0:
        return undefined(method, counts, _ONE_CATEGORY)
    value = 1 - float(disagreeing.mean()) / expected
    influence = shared_influence(disagreeing, shares, votes.sum(axis=1), 1 - np.eye(len(order)))
    return with_interval(value, influence, counts, method)


def _cohen_influence(table: Floats, apart: Floats) -> Influence:
    """Return how each cell of the table, with a pair by chance, moves the disagreements."""
    total = table.sum()
    times = table + np.outer(table.sum(axis=1), table.sum(axis=0)) / total**2
    rows, columns = times.sum(axis=1) / (total + 1), times.sum(axis=0) / (total + 1)
    observed, expected = float((times * apart).sum() / (total + 1)), float(rows @ apart @ columns)
    on_expected = np.add.outer(apart @ columns, rows @ apart) - 2 * expected
    return Influence(observed, expected, 1.0, apart - observed, on_expected, times)


def _ordered(categories: Sequence[Hashable] | None, rated: Sequence[Sequence[Hashable]]) -> list[Hashable]:
    if categories is not None:
        return list(categories)
    return sorted({rating for case in rated for rating in case}, key=lambda name: (str(type(name)), name))


def _cross_table(pairs: Sequence[tuple[Hashable, Hashable]], order: list[Hashable]) -> Floats:
    numbers = {name: number for number, name in enumerate(order)}
    table = np.zeros((len(order), len(order)))
    try:
        for a, b in pairs:
            table[numbers[a], numbers[b]] += 1
    except KeyError as unknown:
        raise ValueError(f"The rating {unknown} is none of the categories.") from None
    return table


def _apart(size: int, weights: Weights) -> Floats:
    """Return the disagreement of any two categories, (size, size), the greatest being 1."""
    steps = np.abs(np.subtract.outer(np.arange(size), np.arange(size))).astype(np.float64)
    power = {Weights.NONE: 0, Weights.LINEAR: 1, Weights.QUADRATIC: 2}[weights]
    apart: Floats = np.where(steps > 0, (steps / max(size - 1, 1)) ** power, 0.0)
    return apart


def _expected(table: Floats, apart: Floats) -> float:
    total = table.sum()
    return float(table.sum(axis=1) @ apart @ table.sum(axis=0) / total**2)
