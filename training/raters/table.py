"""From values with case and reader to a complete table of cases × readers."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from training.raters.estimate import Counts, Floats, as_floats


@dataclass(frozen=True)
class CompleteTable:
    """The cases that every reader read: values (cases, readers), and what they rest on.

    `counts.dropped` counts the *values* of cases that were left out because a reader lacks.
    """

    values: Floats
    counts: Counts

    @property
    def missing(self) -> str:
        """Say in one sentence what a statistic of cases × readers lacks; empty when nothing."""
        n, k = self.values.shape
        if k < 2:
            return "Two readers are needed."
        if n < 2:
            return f"Two cases that all {k} readers read are needed, and there are {n}."
        return ""


def complete(table: ArrayLike) -> CompleteTable:
    """Keep the cases that all readers read.

    `table`: (cases, readers), any unit, NaN = not read. Raises ValueError for another number of dimensions
    and for infinite values.
    """
    values = as_floats(table, 2, "The table of cases × readers")
    kept = ~np.isnan(values).any(axis=1)
    whole = values[kept]
    dropped = int((~np.isnan(values[~kept])).sum())
    return CompleteTable(whole, Counts(whole.shape[0], whole.shape[1], whole.size, dropped))


@dataclass(frozen=True)
class MeanSquares:
    """Mean squares of the two-way analysis of variance of a complete table, and its shape."""

    cases: float
    readers: float
    error: float
    within: float
    n: int
    k: int


def mean_squares(values: Floats) -> MeanSquares:
    """Return the mean squares of a complete table (cases, readers), at least 2 × 2.

    `within` is that of the one-way analysis: readers and error together.
    """
    n, k = values.shape
    grand = values.mean()
    by_case, by_reader = values.mean(axis=1), values.mean(axis=0)
    residual = values - by_case[:, None] - by_reader[None, :] + grand
    cases = k * float(((by_case - grand) ** 2).sum())
    readers = n * float(((by_reader - grand) ** 2).sum())
    error = float((residual**2).sum())
    free = (n - 1) * (k - 1)
    return MeanSquares(
        cases / (n - 1), readers / (k - 1), error / free, (readers + error) / (n * (k - 1)), n, k
    )
