"""Dividing by lot: stratified, whole units only, and the same seed divides alike."""

import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from annotation.models import Split

ORDER = (Split.TEST, Split.VALIDATION, Split.POOL)
"""Who is asked first where two splits lack as much."""


@dataclass(frozen=True)
class Lot:
    """Cases that go together: which stratum they belong to, and how many of them count."""

    name: int
    stratum: str
    size: int


def draw(lots: Sequence[Lot], wanted: Mapping[str, float], *, seed: int) -> dict[int, str]:
    """Return the split of each lot: as many cases of each as `wanted` says, as evenly over strata as can be.

    Strata come in a random order, and the lots within each. Each lot goes to the split that lacks most of
    what it should have by then: systematic sampling along a stratified order.
    """
    total = sum(max(0.0, wanted.get(split, 0.0)) for split in ORDER)
    if not total:
        return {lot.name: Split.POOL.value for lot in lots}
    shares = {split: max(0.0, wanted.get(split, 0.0)) / total for split in ORDER}
    chance = random.Random(seed)  # noqa: S311 - no secret
    strata: dict[str, list[Lot]] = defaultdict(list)
    for lot in sorted(lots, key=lambda lot: lot.name):
        strata[lot.stratum].append(lot)
    names = sorted(strata)
    chance.shuffle(names)
    drawn: dict[int, str] = {}
    lacks = dict.fromkeys(ORDER, 0.0)
    for name in names:
        chance.shuffle(strata[name])
        for lot in strata[name]:
            for split in ORDER:
                lacks[split] += shares[split] * lot.size
            most = max((split for split in ORDER if shares[split]), key=lacks.__getitem__)
            lacks[most] -= lot.size
            drawn[lot.name] = most.value
    return drawn
