"""What a simulated project reads next: the pool is predicted by the last model, and a strategy chooses.

Choices are kept, each with what it depended on, so that an interrupted replay never asks twice.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from training.acquire import (
    NEEDS_MEMBERS,
    Box,
    Candidate,
    Pick,
    Query,
    ScoreMaps,
    SizeMm,
    choose,
    choose_patches,
    scan_features,
    volume_scores,
)
from training.experiments.reading import Reading
from training.experiments.simulate_order import SLAB, VOLUME, Scene, SimulateOrder
from training.experiments.trial import Trial, write_json
from training.manifest import Case
from training.progress import Cancelled, OnProgress, Progress, ShouldStop
from training.run import PredictOptions, Predictor


class Asker:
    """Chooses for every strategy, seed and loop of an order; `folder` keeps what was chosen."""

    def __init__(
        self,
        order: SimulateOrder,
        scene: Scene,
        folder: Path,
        on_progress: OnProgress,
        should_stop: ShouldStop,
    ) -> None:
        self._order, self._scene, self._folder = order, scene, folder
        self._on_progress, self._should_stop = on_progress, should_stop
        self._features = {case.id: self._features_of(case) for case in scene.pool}

    def first(self, seed: int) -> tuple[Pick, ...]:
        """Choose the scans that everything begins with."""
        query = Query(self._order.cold, self._order.start, seed, control=0.0)
        return choose([self._candidate(case.id) for case in self._scene.pool], query)

    def kept(self, strategy: str, seed: int, loop: int, models: Sequence[Trial]) -> bool:
        """Tell whether this choice was made before, by the same models."""
        return self._read(strategy, seed, loop, models) is not None

    def next(
        self,
        strategy: str,
        seed: int,
        loop: int,
        count: int,
        read: Mapping[str, Reading],
        models: Sequence[Trial],
    ) -> tuple[Pick, ...]:
        """Choose `count` items that were not read; `models` are the trials whose models are asked."""
        before = self._read(strategy, seed, loop, models)
        if before is not None:
            return before
        order = self._order
        query = Query(
            strategy,
            count,
            seed,
            loop,
            order.loops,
            control=order.control,
            diversity=order.diversity,
        )
        picks = self._chosen(query, read, models)
        content = {"identity": self._identity(strategy, seed, loop, models)}
        write_json(self._path(strategy, seed, loop), content | {"picks": [_to_dict(p) for p in picks]})
        return picks

    def _chosen(self, query: Query, read: Mapping[str, Reading], models: Sequence[Trial]) -> tuple[Pick, ...]:
        left = [c for c in self._scene.pool if not read.get(c.id, Reading()).whole]
        maps = self._maps(query, left, models) if models else {}
        if self._order.unit == VOLUME:
            candidates = [
                self._candidate(case.id, volume_scores(maps[case.id]) if case.id in maps else None)
                for case in left
            ]
            return choose(candidates, query, [self._features[name] for name in sorted(read)])
        taken = {name: one.boxes for name, one in read.items()}
        return choose_patches(maps or self._blank(left), query, self._size_mm(), taken)

    def _maps(self, query: Query, cases: Sequence[Case], models: Sequence[Trial]) -> dict[str, ScoreMaps]:
        """Predict the scans that are left with the last model, or with its members."""
        runs = self._folder.parent / "runs"
        predictor = Predictor.load_many([runs / trial.name / "model" for trial in models])
        options = PredictOptions(
            scores=True, views=query.strategy in NEEDS_MEMBERS, postprocess=False, disagreement=False
        )
        found: dict[str, ScoreMaps] = {}
        for done, case in enumerate(cases):
            message = f"{query.strategy} looks at what is left"
            self._on_progress(Progress("ask", done, len(cases), message))
            image = np.load(case.image)
            result = predictor.predict(image, case.spacing_mm, should_stop=self._should_stop, options=options)
            if result.scores is not None:
                found[case.id] = result.scores
        self._on_progress(Progress("ask", len(cases), len(cases), "What is left was looked at"))
        return found

    def _blank(self, cases: Sequence[Case]) -> dict[str, ScoreMaps]:
        """Return maps that say nothing, for strategies that ask no model."""
        keys = tuple(s.key for s in self._scene.structures)
        return {
            case.id: ScoreMaps.blank(keys, np.load(case.image, mmap_mode="r").shape, case.spacing_mm)
            for case in cases
        }

    def _size_mm(self) -> SizeMm:
        mm = self._order.size_mm
        return (None, None, mm) if self._order.unit == SLAB else (mm, mm, mm)

    def _candidate(self, name: str, scores: Mapping[str, Mapping[str, float]] | None = None) -> Candidate:
        return Candidate(name, scores or {}, self._features[name])

    def _features_of(self, case: Case) -> tuple[float, ...]:
        if self._should_stop():
            raise Cancelled
        image = np.load(case.image, mmap_mode="r")
        return tuple(scan_features(image, case.spacing_mm, self._scene.modality).tolist())

    # ── What is kept ─────────────────────────────────────────────────────────

    def _path(self, strategy: str, seed: int, loop: int) -> Path:
        return self._folder / f"{strategy}-seed{seed}-loop{loop}.json"

    def _identity(self, strategy: str, seed: int, loop: int, models: Sequence[Trial]) -> str:
        order = self._order
        what: list[Any] = [strategy, seed, loop, order.loops, order.start, order.query, order.budget]
        what += [order.cold, order.control, order.unit, order.size_mm, order.diversity]
        what += [[case.id for case in self._scene.pool], [trial.identity() for trial in models]]
        return hashlib.sha256(json.dumps(what).encode()).hexdigest()

    def _read(self, strategy: str, seed: int, loop: int, models: Sequence[Trial]) -> tuple[Pick, ...] | None:
        try:
            content = json.loads(self._path(strategy, seed, loop).read_text())
            if content["identity"] == self._identity(strategy, seed, loop, models):
                return tuple(_from_dict(one) for one in content["picks"])
        except (OSError, ValueError, KeyError, TypeError):
            pass  # not chosen yet, or damaged: it is chosen again
        return None


def _to_dict(pick: Pick) -> dict[str, Any]:
    box = None if pick.box is None else [[side.start, side.stop] for side in pick.box]
    return asdict(pick) | {"box": box}


def _from_dict(content: dict[str, Any]) -> Pick:
    sides = content.pop("box")
    box: Box | None = None
    if sides is not None:
        i, j, k = (slice(int(low), int(high)) for low, high in sides)
        box = i, j, k
    return Pick(**content, box=box)
