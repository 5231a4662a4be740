"""What values vary with: shares of case, reader and residual, for any design of reads.

    value = mean + case + reader + residual

with cases and readers random (one value per case and reader, several, or none). Point estimates: restricted
maximum likelihood (REML; Patterson and Thompson 1971), never below 0. Intervals: generalised (Weerahandi
1993), from the sums of squares of each factor adjusted for the other, taken apart by eigenvalue as in Wald's
exact test (Seely and El-Bassiouni 1983). With five readers the reader's share is known roughly at
best: show the interval.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, sparse

from training.raters.estimate import TAIL, Counts, Estimate, Floats, totals, undefined
from training.raters.reads import Design, Reads, designs

_METHODS = tuple(
    f"share of variance: {name}; REML, generalised interval" for name in ("case", "reader", "residual")
)
_DRAWS = 2000
_ROUNDING = 1e-9
_CLOSE = 1e-7
_STEPS = 60


@dataclass(frozen=True)
class VarianceShares:
    """Shares of a single value's variance, which add up to 1. The case's is ICC(A,1).

    `variances`: of case, reader and residual, in the unit of the values squared; None where undefined.
    """

    case: Estimate
    reader: Estimate
    residual: Estimate
    variances: tuple[float, float, float] | None


def variance_shares(reads: Reads) -> VarianceShares:
    """Return the shares of case, reader and residual with their intervals.

    `reads`: values of single readers; missing ones are dropped, and counted; cases with one read only are
    used. The residual needs more values than cases and readers together. Time and memory grow with the cube
    and the square of the number of cases: give 1,000 or less. Raises ValueError for values of pairs.
    """
    design = designs([reads])[0]
    if design.readers.shape[1] != 1:
        raise ValueError("Variance shares need values of single readers, not of pairs.")
    n, k = design.shape
    counts = Counts(n, k, design.values.size, design.dropped)
    reason = "Two cases and two readers are needed." if min(n, k) < 2 else ""
    model = None if reason else _Model.of(design)
    if model is not None and model.free < 1:
        reason = "Too few cases were read by two readers to tell the residual from the rest."
    elif model is not None and model.squares <= _ROUNDING * model.spread:
        reason = "There is no residual: values are sums of case and reader."
    if model is None or reason:
        case, reader, residual = (undefined(method, counts, reason) for method in _METHODS)
        return VarianceShares(case, reader, residual, None)
    variances = _reml(design, model)
    values = np.array(variances) / sum(variances)
    bounds = _bounds(model)
    case, reader, residual = (
        Estimate(float(value), float(min(low, value)), float(max(high, value)), method, counts)
        for value, low, high, method in zip(values, *bounds, _METHODS, strict=True)
    )
    return VarianceShares(case, reader, residual, variances)


@dataclass(frozen=True)
class _Squares:
    """A factor's sum of squares, adjusted for the other factor, by eigenvalue.

    Σ squares of eigenvalue λ is (λ σ² + σ_residual²) χ² with `times` degrees of freedom.
    """

    eigenvalues: Floats
    squares: Floats
    times: Floats


@dataclass(frozen=True)
class _Model:
    """Sums of squares: residual with its degrees of freedom, of both factors, and of all about the mean."""

    squares: float
    free: int
    case: _Squares
    reader: _Squares
    spread: float

    @classmethod
    def of(cls, design: Design) -> "_Model":
        n, k = design.shape
        readers = design.readers[:, 0]
        cells = np.zeros((n, k))
        np.add.at(cells, (design.cases, readers), 1.0)
        centred = design.values - design.values.mean()
        sums = totals(design.cases, centred, n), totals(readers, centred, k)
        reader = _squares(cells.T, sums[1], sums[0])
        case = _squares(cells, sums[0], sums[1])
        spread = float((centred**2).sum())
        by_case = float((sums[0] ** 2 / cells.sum(axis=1)).sum())
        islands = sparse.csgraph.connected_components(
            sparse.bmat([[None, sparse.csr_array(cells)], [sparse.csr_array(cells.T), None]]), directed=False
        )[0]
        free = design.values.size - (n + k - int(islands))
        return cls(max(spread - by_case - float(reader.squares.sum()), 0.0), free, case, reader, spread)


def _squares(cells: Floats, own: Floats, other: Floats) -> _Squares:
    """Take the rows' sum of squares, adjusted for the columns, apart; `cells`: numbers of values."""
    columns = cells.sum(axis=0)
    matrix = np.diag(cells.sum(axis=1)) - (cells / columns) @ cells.T
    values, vectors = np.linalg.eigh(matrix)
    kept = values > _ROUNDING * values[-1] if values[-1] > 0 else np.zeros(values.size, np.bool_)
    projected = (own - cells @ (other / columns)) @ vectors[:, kept]
    squares = projected**2 / values[kept]
    alike, places = np.unique(np.round(values[kept] / values[-1], 7), return_inverse=True)
    times = np.bincount(places, minlength=alike.size).astype(np.float64)
    return _Squares(alike * values[-1], totals(places, squares, alike.size), times)


def _bounds(model: _Model) -> tuple[Floats, Floats]:
    """Return the lower and upper bounds of the three shares, (3,) each; the draws are always the same."""
    random = np.random.default_rng(0)
    residual = model.squares / random.chisquare(model.free, _DRAWS)
    case, reader = (
        _solve(factor, residual, random.chisquare(factor.times.sum(), _DRAWS))
        for factor in (model.case, model.reader)
    )
    variances = np.stack([case, reader, residual])
    low, high = np.quantile(variances / variances.sum(axis=0), [TAIL, 1 - TAIL], axis=1)
    return low, high


def _solve(factor: _Squares, residual: Floats, wanted: Floats) -> Floats:
    """Find the variance at which the weighted sum of squares is `wanted`; 0 where even none is too much.

    Newton's steps from 0 on one over the sum, which rises and is concave, so they never pass the solution.
    """
    variance = np.zeros(residual.size)
    if not factor.squares.any():
        return variance
    for _ in range(_STEPS):
        below = factor.eigenvalues[:, None] * variance + residual
        terms = factor.squares[:, None] / below
        slope = (terms * factor.eigenvalues[:, None] / below).sum(axis=0)
        total = terms.sum(axis=0)
        step = np.maximum((total - wanted) * total / (wanted * slope), 0)
        variance += step
        if (step <= _CLOSE * variance).all():
            break
    return variance


def _reml(design: Design, model: _Model) -> tuple[float, float, float]:
    """Return the variances of case, reader and residual at the greatest restricted likelihood."""
    likelihood = _Likelihood.of(design)
    mean = model.squares / model.free
    start = [
        max(float(one.squares.sum()) / float(one.times.sum()) / mean - 1, 0.1)
        / max(float((one.eigenvalues * one.times).sum() / one.times.sum()), 1.0)
        for one in (model.case, model.reader)
    ]
    found = optimize.minimize(
        likelihood.deviance,
        np.sqrt(start),
        method="Nelder-Mead",
        options={"xatol": 1e-5, "fatol": 1e-8, "maxiter": 2000},
    )
    ratios = found.x**2
    residual = likelihood.residual(ratios)
    return float(ratios[0] * residual), float(ratios[1] * residual), residual


@dataclass(frozen=True)
class _Likelihood:
    """Inner products of [1, readers, values], whole and by case, all that the restricted likelihood needs."""

    products: Floats
    by_case: Floats
    sizes: Floats
    number: int

    @classmethod
    def of(cls, design: Design) -> "_Likelihood":
        n, k = design.shape
        readers = design.readers[:, 0]
        centred = design.values - design.values.mean()
        by_case = np.zeros((n, k + 2))
        by_case[:, 0] = np.bincount(design.cases, minlength=n)
        np.add.at(by_case, (design.cases, 1 + readers), 1.0)
        by_case[:, -1] = totals(design.cases, centred, n)
        products = np.zeros((k + 2, k + 2))
        sizes = np.bincount(readers, minlength=k).astype(np.float64)
        sums = totals(readers, centred, k)
        products[1:-1, 1:-1] = np.diag(sizes)
        products[0, 1:-1] = products[1:-1, 0] = sizes
        products[-1, 1:-1] = products[1:-1, -1] = sums
        products[0, 0], products[-1, -1] = centred.size, float((centred**2).sum())
        products[0, -1] = products[-1, 0] = centred.sum()
        return cls(products, by_case, by_case[:, 0], centred.size)

    def deviance(self, roots: NDArray[np.float64]) -> float:
        """Return −2 log restricted likelihood, but for a constant, at √(variance / residual variance)."""
        log, information, squares = self._reduce(roots**2)
        return float((self.number - 1) * np.log(squares) + log + np.log(information))

    def residual(self, ratios: Floats) -> float:
        """Return the residual variance that goes with the ratios of the others to it."""
        return self._reduce(ratios)[2] / (self.number - 1)

    def _reduce(self, ratios: Floats) -> tuple[float, float, float]:
        """Return log |V|, 1ᵀV⁻¹1 and the residual sum of squares, V in units of the residual variance."""
        shrink = ratios[0] / (1 + ratios[0] * self.sizes)
        inner = self.products - (self.by_case * shrink[:, None]).T @ self.by_case
        readers = inner[1:-1, 1:-1]
        system = np.eye(len(readers)) + ratios[1] * readers
        edges = inner[1:-1][:, [0, -1]]
        outer = inner[np.ix_([0, -1], [0, -1])] - ratios[1] * edges.T @ np.linalg.solve(system, edges)
        log = float(np.log1p(ratios[0] * self.sizes).sum() + np.linalg.slogdet(system)[1])
        squares = float(outer[1, 1] - outer[0, 1] ** 2 / outer[0, 0])
        return log, float(outer[0, 0]), max(squares, np.finfo(np.float64).tiny)
