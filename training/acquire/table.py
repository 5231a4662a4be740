"""What is chosen from, whole scans or patches, as one table; and the classical ways to choose from it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from training.acquire.maps import Floats

Flags = NDArray[np.bool_]
TINY = 1e-12  # stands for a score of 0, whose logarithm would be none


@dataclass(frozen=True)
class Taken:
    """A chosen item: its place in the table, the score it was chosen by, the structure it is for."""

    item: int
    score: float | None
    structure: str = ""


@dataclass(frozen=True)
class Table:
    """Scores of n items: `weighted`, `drawn`, `border` (structure, item), the others (item,).

    Higher means more worth reading; NaN = not known. `minutes` is the expected time of reading. `features`
    (item, f) are standardised and serve distances, `read` those of what was read before. `clash` tells which
    items can no longer be chosen once an item is, itself among them. `anywhere` (weights, item) are chances
    of items where no structure is asked for: of the first row that gives any to a free item, else alike.
    """

    structures: tuple[str, ...]
    weighted: Floats
    entropy: Floats
    bald: Floats
    drawn: Floats
    border: Floats
    minutes: Floats
    features: Floats
    read: Floats
    clash: Callable[[int], Flags]
    free: Flags
    need: Floats
    penalty: Callable[[Sequence[int]], Floats] | None = field(default=None)
    anywhere: tuple[Floats, ...] = ()

    @property
    def size(self) -> int:
        """Return the number of items."""
        return len(self.entropy)


@dataclass
class Draft:
    """A choice in the making: takes items and keeps what clashes with them out."""

    table: Table
    free: Flags = field(init=False)
    taken: list[Taken] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        self.free = self.table.free.copy()

    def take(self, one: Taken) -> None:
        """Choose an item."""
        self.taken.append(one)
        self.free &= ~self.table.clash(one.item)

    def best(self, scores: Floats, shown: Floats | None = None, structure: str = "") -> bool:
        """Take the free item with the highest score; False where none is left that has a score.

        `shown` is the score to keep with it, where that is not the one it was chosen by.
        """
        usable = self.free & ~np.isnan(scores)
        if not usable.any():
            return False
        values = scores
        if self.table.penalty is not None and self.taken:
            spread = float(np.std(scores[usable]))
            values = scores - spread * self.table.penalty([one.item for one in self.taken])
        item = int(np.where(usable, values, -np.inf).argmax())
        self.take(Taken(item, float((scores if shown is None else shown)[item]), structure))
        return True

    def drawn(self, weights: Floats, rng: np.random.Generator, structure: str = "") -> bool:
        """Take a free item at random, with chances as `weights`; False where none has any."""
        chances = np.where(self.free, np.nan_to_num(weights, nan=0.0), 0.0)
        if not chances.sum() > 0:
            return False
        self.take(Taken(int(rng.choice(len(chances), p=chances / chances.sum())), None, structure))
        return True


def gumbel(scores: Floats, beta: float, rng: np.random.Generator) -> Floats:
    """Return log s + Gumbel(0, 1/β): taking the highest draws without replacement, with chances ∝ s^β.

    Power acquisition of Kirsch et al. 2023 (TMLR, arXiv 2106.12059). NaN stays NaN.
    """
    noise = rng.gumbel(0.0, 1.0 / beta, scores.shape)
    logs: Floats = np.log(np.maximum(scores, TINY)) + noise
    return logs


def power(loop: int, loops: int, first: float = 1.0, last: float = 100.0) -> float:
    """Return β of a loop, first · (last / first)^(t / (T − 1)): much noise first, hardly any at the end."""
    if loops <= 1:
        return first
    done = min(max(loop, 0), loops - 1) / (loops - 1)
    return float(first * (last / first) ** done)


def quotas(count: int, weights: Floats, rng: np.random.Generator) -> list[int]:
    """Split `count` by weights: whole shares first, the rest by lot, with chances as what was cut off.

    On average everyone gets exactly their share (systematic sampling in random order). With equal weights
    everyone gets the same number and the rest goes to shuffled ones. Without any weight all count alike.
    """
    if not len(weights):
        return []
    even = weights if weights.sum() > 0 else np.ones_like(weights)
    shares = count * even / even.sum()
    # 3 * (1/3) may fall short of 1 by rounding alone
    whole = np.floor(shares + 1e-9).astype(int)
    order = rng.permutation(len(whole))
    rest = count - int(whole.sum())
    ends = np.maximum(shares - whole, 0.0)[order].cumsum()
    if rest > 0:
        marks = (rng.random() + np.arange(rest)) * ends[-1] / rest
        whole[order[np.searchsorted(ends, marks, side="right").clip(max=len(order) - 1)]] += 1
    return [int(n) for n in whole]
