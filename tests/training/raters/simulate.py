"""Draws of reader studies with a known truth, and how often intervals cover it."""

import itertools
from collections.abc import Callable, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from training.raters import Estimate, Reads

Floats = NDArray[np.float64]
Random = np.random.Generator
DRAWS = 1000
LOW, HIGH = 0.93, 0.97
Draw = Callable[[Random], Iterable[tuple[Estimate, float]]]


def coverage(draw: Draw, draws: int = DRAWS, seed: int = 20) -> list[float]:
    """Return the share of draws in which each interval holds its truth."""
    random = np.random.default_rng(seed)
    hits = np.array([[covers(*pair) for pair in draw(random)] for _ in range(draws)])
    return [float(share) for share in hits.mean(axis=0)]


def covers(found: Estimate, truth: float) -> bool:
    low, value, high = numbers(found)
    assert low <= value <= high
    return low <= truth <= high


def numbers(found: Estimate) -> tuple[float, float, float]:
    """Return low, estimate and high, which must be there."""
    assert found.low is not None, found
    assert found.estimate is not None, found
    assert found.high is not None, found
    return found.low, found.estimate, found.high


def assert_covers(draw: Draw, draws: int = DRAWS, seed: int = 20) -> None:
    """Every interval covers its truth in 93 to 97 % of the draws."""
    found = coverage(draw, draws, seed)
    assert all(LOW <= share <= HIGH for share in found), found


def table(random: Random, shape: tuple[int, int], case: float, reader: float, residual: float) -> Floats:
    """Return values of cases × readers with these SDs and mean 0."""
    n, k = shape
    parts = (case, (n, 1)), (reader, (1, k)), (residual, (n, k))
    return np.asarray(sum(sd * random.normal(size=size) for sd, size in parts))


def reads(values: Floats) -> Reads:
    """Return a table of cases × readers, NaN = not read, as reads."""
    cases, readers = np.nonzero(~np.isnan(values))
    return Reads(values[cases, readers], cases.tolist(), readers.tolist())


def pairs(k: int) -> list[tuple[int, int]]:
    return list(itertools.combinations(range(k), 2))


def pair_reads(values: Floats, cases: Sequence[int], k: int) -> Reads:
    """Return values of (cases, pairs of readers) as reads."""
    names = [case for case in cases for _ in pairs(k)]
    return Reads(values.ravel(), names, pairs(k) * len(cases))


def pair_table(
    random: Random, shape: tuple[int, int], sds: tuple[float, float, float, float], readers: Floats
) -> Floats:
    """Return values of (cases, pairs): SDs of case, reader (effects given), reader × case, residual."""
    n, k = shape
    first, second = np.array(pairs(k)).T
    each = sds[1] * readers + sds[2] * random.normal(size=(n, k))
    rest = sds[0] * random.normal(size=(n, 1)) + sds[3] * random.normal(size=(n, first.size))
    return np.asarray(each[:, first] + each[:, second] + rest)


def ratings(
    random: Random, shape: tuple[int, int], shares: Sequence[float], sure: float
) -> NDArray[np.int64]:
    """Return categories of cases × readers: with probability `sure` the true one, else one by chance.

    Any two readers then agree beyond chance by exactly `sure`²: κ with any weights, and α at any level.
    """
    n, _ = shape
    true = random.choice(len(shares), size=(n, 1), p=shares)
    chance = random.choice(len(shares), size=shape, p=shares)
    return np.where(random.random(shape) < sure, true, chance).astype(np.int64)
