"""The strategies: each takes at most `count` items of a table into a draft, best first."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from training.acquire.distances import farthest_first, typical_first
from training.acquire.maps import Floats
from training.acquire.table import Draft, Taken, gumbel, power, quotas

CLASS_SHARE = 0.66
AREAS = ("anywhere", "inside", "border")


@dataclass(frozen=True)
class Turn:
    """How many to take, in which loop of how many (for the noise of ClaSP-PE), and the dice."""

    count: int
    loop: int
    loops: int
    rng: np.random.Generator


Ranker = Callable[[Draft, Turn], None]


def random(draft: Draft, turn: Turn) -> None:
    """Every free item has the same chance."""
    goal = len(draft.taken) + turn.count
    while len(draft.taken) < goal and draft.drawn(np.ones(draft.table.size), turn.rng):
        pass


def fg_random(draft: Draft, turn: Turn) -> None:
    """Random, aware of the foreground that the *model* drew: never of the truth.

    An area is drawn for every item, in equal parts anywhere, inside a structure or on the border of one; the
    structure is drawn too, each being as likely. Chances are then as the amount of that area in the items.
    For parts of scans, anywhere means among all that was drawn, or in the body where nothing was: a part of
    air alone would teach nothing, and as a control it would flatter the strategy.
    """
    table, rng = draft.table, turn.rng
    for _ in range(turn.count):
        area = AREAS[int(rng.integers(len(AREAS)))]
        amounts = {"inside": table.drawn, "border": table.border}.get(area)
        if amounts is not None and _drawn_in(draft, amounts, rng):
            continue
        if not any(draft.drawn(chances, rng) for chances in (*table.anywhere, np.ones(table.size))):
            return


def _drawn_in(draft: Draft, amounts: Floats, rng: np.random.Generator) -> bool:
    """Draw a structure among those that any free item shows, and an item that shows it."""
    shown = [
        row for row, one in enumerate(amounts) if np.nan_to_num(np.where(draft.free, one, 0.0)).sum() > 0
    ]
    if not shown:
        return False
    row = shown[int(rng.integers(len(shown)))]
    return draft.drawn(amounts[row], rng, draft.table.structures[row])


def entropy(draft: Draft, turn: Turn) -> None:
    """Highest entropy of the mean prediction."""
    _highest(draft, turn, draft.table.entropy)


def bald(draft: Draft, turn: Turn) -> None:
    """Highest mutual information of prediction and network (Houlsby et al. 2011, arXiv 1112.5745)."""
    _highest(draft, turn, draft.table.bald)


def power_bald(draft: Draft, turn: Turn) -> None:
    """BALD drawn by its size: log s + Gumbel(0, 1) (Kirsch et al. 2023)."""
    _highest(draft, turn, gumbel(draft.table.bald, 1.0, turn.rng), draft.table.bald)


def edit_time(draft: Draft, turn: Turn) -> None:
    """Highest entropy per expected minute of editing; unknown minutes count as the median of the known."""
    table = draft.table
    known = table.minutes[np.isfinite(table.minutes)]
    minutes = np.where(np.isfinite(table.minutes), table.minutes, np.median(known) if len(known) else 1.0)
    _highest(draft, turn, table.entropy / np.maximum(minutes, 1e-3))


def clasp_pe(draft: Draft, turn: Turn) -> None:
    """Class-stratified, power-noised predictive entropy (Lüth et al. 2026, arXiv 2601.13677).

    With s_c the mean of p̄_c · H and s_all that of H: s' = log s + Gumbel(0, 1/β), β = 100^(t/(T−1)).
    CLASS_SHARE of the items is split over the structures by need (evenly where all need the same, the rest by
    lot), each takes its highest s'_c; the others are taken by s'_all.
    """
    table, rng = draft.table, turn.rng
    beta = power(turn.loop, turn.loops)
    noised, overall = gumbel(table.weighted, beta, rng), gumbel(table.entropy, beta, rng)
    goal = len(draft.taken) + turn.count
    shares = quotas(round(CLASS_SHARE * turn.count), table.need, rng)
    for row in rng.permutation(len(shares)).tolist():
        for _ in range(shares[row]):
            draft.best(noised[row], table.weighted[row], table.structures[row])
    while len(draft.taken) < goal and draft.best(overall, table.entropy):
        pass


def typiclust(draft: Draft, turn: Turn) -> None:
    """The most typical item of every large cluster that nothing was read of yet."""
    table = draft.table
    free = np.flatnonzero(draft.free)
    for place, score in typical_first(table.features[free], table.read, turn.count, turn.rng):
        if draft.free[free[place]]:
            draft.take(Taken(int(free[place]), score))


def kcenter(draft: Draft, turn: Turn) -> None:
    """Farthest first from what was read and chosen (Sener & Savarese 2018, arXiv 1708.00489)."""
    table = draft.table
    free = np.flatnonzero(draft.free)
    for place, score in farthest_first(table.features[free], table.read, turn.count):
        if draft.free[free[place]]:
            draft.take(Taken(int(free[place]), score))


def _highest(draft: Draft, turn: Turn, scores: Floats, shown: Floats | None = None) -> None:
    goal = len(draft.taken) + turn.count
    while len(draft.taken) < goal and draft.best(scores, shown):
        pass


RANKERS: Mapping[str, Ranker] = {
    "random": random,
    "fg_random": fg_random,
    "entropy": entropy,
    "bald": bald,
    "power_bald": power_bald,
    "clasp_pe": clasp_pe,
    "typiclust": typiclust,
    "kcenter": kcenter,
    "edit_time": edit_time,
}
NEEDS_MAPS = frozenset({"fg_random", "entropy", "bald", "power_bald", "clasp_pe", "edit_time"})
"""Strategies that rank by what a network says; the others need no model."""
NEEDS_MEMBERS = frozenset({"bald", "power_bald"})
"""Strategies that compare several networks, or several views of one."""
