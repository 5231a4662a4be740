"""What to do with cases in which some structures were never drawn: three ways to train on the same data.

- "marginal": every case teaches what was annotated in it; the rest is *background or unknown*.
- "background": a structure that was not drawn is taken for absent, which is wrong.
- "complete": only cases in which everything is annotated are used.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from training.labels import StructureSpec
from training.manifest import Case
from training.progress import TrainingError

MARGINAL, BACKGROUND, COMPLETE = "marginal", "background", "complete"


def partial_arms(cases: Sequence[Case], structures: Sequence[StructureSpec]) -> dict[str, tuple[Case, ...]]:
    """Return the training cases of each arm; "complete" is left out where no case is.

    Raises TrainingError when all cases are complete.
    """
    keys = tuple(s.key for s in structures)
    complete = tuple(case for case in cases if set(case.annotated) >= set(keys))
    if len(complete) == len(cases):
        raise TrainingError("Every case has every structure annotated; there are no partial labels here.")
    arms = {
        MARGINAL: tuple(cases),
        BACKGROUND: tuple(replace(case, annotated=keys) for case in cases),
    }
    return arms | ({COMPLETE: complete} if complete else {})


def forget(
    cases: Sequence[Case], structures: Sequence[StructureSpec], keep: int, seed: int, folder: Path
) -> tuple[Case, ...]:
    """Write label files in which each case keeps `keep` random structures and lacks the others.

    Every structure is kept about equally often. A harder test than real data in which little is missing.
    """
    rng = np.random.default_rng([seed, 79])
    order = [case.id for case in cases]
    rng.shuffle(order)
    used = dict.fromkeys((s.key for s in structures), 0)
    kept: dict[str, tuple[str, ...]] = {}
    annotated = {case.id: case.annotated for case in cases}
    for name in order:
        chance = {key: (used[key], rng.random()) for key in annotated[name]}
        chosen = sorted(chance, key=lambda key: chance[key])[:keep]
        for key in chosen:
            used[key] += 1
        kept[name] = tuple(key for key in annotated[name] if key in chosen)
    folder.mkdir(parents=True, exist_ok=True)
    return tuple(_without(case, kept[case.id], structures, folder) for case in cases)


def _without(case: Case, kept: tuple[str, ...], structures: Sequence[StructureSpec], folder: Path) -> Case:
    labels = np.load(case.labels)
    for structure in structures:
        if structure.key not in kept:
            layer = labels[structure.layer]
            layer[layer == structure.value] = 0
    path = folder / f"{case.id}.npy"
    np.save(path, labels)
    return replace(case, labels=path, annotated=kept)
