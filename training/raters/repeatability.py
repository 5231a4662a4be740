"""How much a reader differs from himself or herself: SD within reader, variation, repeatability.

Bland and Altman 1996 (BMJ 312:1654 and 313:106). Repeats are reads of one case by one reader. The intervals
are exact where errors are normal (for the coefficient of variation: log-normal).
"""

from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from training.raters.estimate import Counts, Estimate, Flags, Floats, as_floats, chi_square_bounds, undefined

_SD = "within-reader SD, analysis of variance; χ² interval"
_CV = "within-reader coefficient of variation, from logarithms; χ² interval"
_REPEATABILITY = "repeatability coefficient, 1.96 √2 × within-reader SD; χ² interval"
_FACTOR = float(stats.norm.ppf(0.975)) * 2**0.5


def within_reader_sd(values: ArrayLike, reads_of: Sequence[tuple[Hashable, Hashable]]) -> Estimate:
    """Return the SD of reads of one case by one reader, in the unit of the values.

    `values`: (N,), NaN = missing; `reads_of`: (case, reader) of each. Values that are alone with their case
    and reader say nothing: dropped, and counted, as are missing ones. Readers are pooled; for one reader's
    SD give that reader's values alone.
    """
    return _within(as_floats(values, 1, "Values"), reads_of, _SD)


def repeatability_coefficient(values: ArrayLike, reads_of: Sequence[tuple[Hashable, Hashable]]) -> Estimate:
    """Return what two reads of one case by one reader differ by at most, in 95 % of cases. See above."""
    return within_reader_sd(values, reads_of).scaled(_FACTOR, _REPEATABILITY)


def within_reader_cv(values: ArrayLike, reads_of: Sequence[tuple[Hashable, Hashable]]) -> Estimate:
    """Return SD / mean of reads of one case by one reader, without unit: √(exp(s²) − 1), s of logarithms.

    For values whose error grows with their size, such as volumes. Values of 0 or less have no logarithm:
    dropped, and counted. Otherwise as `within_reader_sd`.
    """
    array = as_floats(values, 1, "Values")
    logs = np.log(array, out=np.full_like(array, np.nan), where=array > 0)
    found = _within(logs, reads_of, _CV)
    back = [
        None if one is None else float(np.sqrt(np.expm1(one**2)))
        for one in (found.estimate, found.low, found.high)
    ]
    return Estimate(back[0], back[1], back[2], _CV, found.counts, found.reason)


def _within(
    values: Floats,
    reads_of: Sequence[tuple[Hashable, Hashable]],
    method: str,
) -> Estimate:
    if values.size != len(reads_of):
        raise ValueError("Every value needs its case and reader.")
    numbers: dict[tuple[Hashable, Hashable], int] = {}
    groups = np.array([numbers.setdefault(group, len(numbers)) for group in reads_of], np.int64)
    there: Flags = ~np.isnan(values)
    sizes = np.bincount(groups[there], minlength=len(numbers))
    used: Flags = there & (sizes[groups] >= 2)
    names = [group for group, keep in zip(reads_of, used, strict=True) if keep]
    cases, readers = ({name[side] for name in names} for side in (0, 1))
    counts = Counts(len(cases), len(readers), len(names), values.size - len(names))
    if not names:
        return undefined(method, counts, "No case was read twice by one reader.")
    means = np.bincount(groups[used], values[used], len(numbers)) / np.maximum(sizes, 1)
    squares = float(((values[used] - means[groups[used]]) ** 2).sum())
    free = len(names) - len(set(names))
    low, high = ((squares / bound) ** 0.5 for bound in reversed(chi_square_bounds(free)))
    return Estimate((squares / free) ** 0.5, low, high, method, counts)
