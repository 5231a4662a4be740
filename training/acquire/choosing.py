"""Choose what is read next: whole scans by what stands for them, or patches by their own scores."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np

from training.acquire.distances import likeness, standardised
from training.acquire.maps import (
    ALL,
    BALD,
    BORDER,
    DRAWN,
    ENTROPY,
    WEIGHTED,
    Box,
    Floats,
    ScoreMaps,
    structures_in,
)
from training.acquire.places import Pool, SizeMm, places_of
from training.acquire.rankers import RANKERS, Turn
from training.acquire.table import Draft, Flags, Table, Taken
from training.progress import TrainingError

STRATEGY_ARM, CONTROL_ARM = "strategy", "control"
CONTROL = "fg_random"
"""The strategy of the control arm."""

WHOLE_ONLY = ("typiclust", "kcenter", "edit_time")
"""Strategies that compare whole scans and know no parts of them."""


@dataclass(frozen=True)
class Candidate:
    """A scan that could be read: its measures (`volume_scores`), features, and expected minutes if known."""

    id: str
    scores: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    features: tuple[float, ...] = ()
    minutes: float | None = None


@dataclass(frozen=True)
class Query:
    """What is asked for: `count` items by a strategy, a share of them drawn as a control.

    `loop` of `loops` sets the noise of ClaSP-PE. `need` weighs structures (missing = 1). `diversity` is how
    many standard deviations of score an item loses for being just like one that was chosen.
    """

    strategy: str
    count: int
    seed: int
    loop: int = 0
    loops: int = 10
    control: float = 0.15
    need: Mapping[str, float] = field(default_factory=dict)
    diversity: float = 0.0


@dataclass(frozen=True)
class Pick:
    """A chosen item, in the order of reading: `score` is the strategy's own, `structure` what it is for.

    `box` is the patch in the scan's voxels (i, j, k); None = the whole scan.
    """

    id: str
    arm: str
    strategy: str
    score: float | None
    structure: str = ""
    box: Box | None = None


def choose(
    candidates: Sequence[Candidate], query: Query, read: Sequence[Sequence[float]] = ()
) -> tuple[Pick, ...]:
    """Choose whole scans; the same arguments, in any order of candidates, give the same choice.

    `read` holds the features of scans read before. Candidates of which a strategy does not know what it needs
    come last, at random. Raises TrainingError with one sentence.
    """
    _check(query)
    rows = sorted(candidates, key=lambda one: one.id)
    if any(a.id == b.id for a, b in pairwise(rows)):
        raise TrainingError("A candidate is given twice; name every scan once.")
    table = _table_of_scans(rows, query, read)
    return tuple(
        Pick(rows[one.item].id, arm, strategy, one.score, one.structure)
        for arm, strategy, one in _chosen(table, query)
    )


def choose_patches(
    pool: Mapping[str, ScoreMaps],
    query: Query,
    size_mm: SizeMm,
    taken: Mapping[str, Sequence[Box]] | None = None,
    *,
    one_each: bool = False,
    most: int | None = None,
) -> tuple[Pick, ...]:
    """Choose patches that overlap neither each other nor what was `taken` before (boxes of voxels).

    `size_mm` None = the whole axis, so that (None, None, 40) asks for slabs. `one_each`: at most one patch of
    a scan. `most`: so many patches of all scans at the most are looked at, as many of each, drawn by lot; of
    `pool` one scan is held at a time. Strategies of distance know no patches. Raises TrainingError with one
    sentence.
    """
    _check(query)
    if query.strategy in WHOLE_ONLY:
        raise TrainingError(
            f"{query.strategy} chooses whole scans, not parts of them; name another strategy."
        )
    if not pool:
        return ()
    each = None if most is None else max(1, most // len(pool))
    found = Pool(
        tuple(
            places_of(name, pool[name], size_mm, (taken or {}).get(name, ()), most=each, seed=query.seed)
            for name in sorted(pool)
        )
    )
    if one_each:
        query = replace(query, count=min(query.count, len(pool)))
    table = found.table(_need(found.structures, query), one_each=one_each)
    picks = []
    for arm, strategy, one in _chosen(table, query):
        places, item = found.owner(one.item)
        picks.append(Pick(places.id, arm, strategy, one.score, one.structure, places.box(item)))
    return tuple(picks)


def control_count(count: int, share: float, rng: np.random.Generator) -> int:
    """Return how many of `count` items are drawn as a control: the share, but never none and never all.

    Of a single item it is drawn by lot.
    """
    if share <= 0 or count < 1:
        return 0
    if share >= 1:
        return count
    if count == 1:
        return int(rng.random() < share)
    return min(max(1, round(count * share)), count - 1)


def interleaved(count: int, controls: int, rng: np.random.Generator) -> list[bool]:
    """Return for each rank whether it is a control's: one at random in each of `controls` equal stretches."""
    found = [False] * count
    edges = np.linspace(0, count, controls + 1).round().astype(int)
    for low, high in pairwise(edges.tolist()):
        found[int(rng.integers(low, high))] = True
    return found


def _check(query: Query) -> None:
    if query.strategy not in RANKERS:
        raise TrainingError(f"There is no strategy {query.strategy!r}; known are {', '.join(RANKERS)}.")
    if query.count < 0:
        raise TrainingError(f"A number of items of at least 0 is needed, not {query.count}.")
    if not 0 <= query.control <= 1:
        raise TrainingError(f"The share of the control arm lies between 0 and 1, not at {query.control:g}.")


def _chosen(table: Table, query: Query) -> list[tuple[str, str, Taken]]:
    """Draw the control first, from all that is free, so that it does not depend on the strategy."""
    # One stream of numbers each: the strategy's own noise changes nothing about the control.
    dice, control_dice, order_dice = (np.random.default_rng([query.seed, query.loop, n]) for n in range(3))
    count = min(query.count, int(table.free.sum()))
    controls = Draft(table)
    RANKERS[CONTROL](controls, Turn(control_count(count, query.control, order_dice), 0, 1, control_dice))
    rest = Draft(replace(table, free=controls.free))
    own = count - len(controls.taken)
    RANKERS[query.strategy](rest, Turn(own, query.loop, query.loops, dice))
    if len(rest.taken) < own:
        RANKERS["random"](rest, Turn(own - len(rest.taken), 0, 1, dice))
    arms = [(STRATEGY_ARM, query.strategy, one) for one in rest.taken]
    drawn = [(CONTROL_ARM, CONTROL, one) for one in controls.taken]
    places = interleaved(len(arms) + len(drawn), len(drawn), order_dice)
    return [drawn.pop(0) if is_control else arms.pop(0) for is_control in places]


# ── Whole scans ──────────────────────────────────────────────────────────────


def _table_of_scans(rows: Sequence[Candidate], query: Query, read: Sequence[Sequence[float]]) -> Table:
    keys = structures_in(row.scores for row in rows)

    def measure(name: str) -> Floats:
        values = [[row.scores.get(name, {}).get(key, np.nan) for row in rows] for key in keys]
        return np.array(values, np.float64).reshape(len(keys), len(rows))

    def overall(name: str) -> Floats:
        return np.array([row.scores.get(name, {}).get(ALL, np.nan) for row in rows], np.float64)

    own, before = _features(rows, query, read)
    return Table(
        structures=keys,
        weighted=measure(WEIGHTED),
        entropy=overall(ENTROPY),
        bald=overall(BALD),
        drawn=measure(DRAWN),
        border=measure(BORDER),
        minutes=np.array([np.nan if row.minutes is None else row.minutes for row in rows], np.float64),
        features=own,
        read=before,
        clash=_itself(len(rows)),
        free=np.ones(len(rows), bool),
        need=_need(keys, query),
        penalty=likeness(own, query.diversity) if query.diversity > 0 and own.shape[1] else None,
    )


def _features(
    rows: Sequence[Candidate], query: Query, read: Sequence[Sequence[float]]
) -> tuple[Floats, Floats]:
    """Return features of candidates and of what was read, standardised together."""
    width = len(rows[0].features) if rows else 0
    if any(len(row.features) != width for row in rows) or any(len(one) != width for one in read):
        raise TrainingError("All scans must have the same features; compute them anew for all.")
    if not width and rows and query.strategy in ("typiclust", "kcenter"):
        raise TrainingError(f"{query.strategy} needs the features of every scan; there are none.")
    everything = np.array([*(row.features for row in rows), *read], np.float64)
    both = standardised(everything.reshape(len(rows) + len(read), width))
    return both[: len(rows)], both[len(rows) :]


def _need(keys: Sequence[str], query: Query) -> Floats:
    return np.array([max(0.0, query.need.get(key, 1.0)) for key in keys], np.float64)


def _itself(count: int) -> Callable[[int], Flags]:
    def clash(item: int) -> Flags:
        found = np.zeros(count, bool)
        found[item] = True
        return found

    return clash
