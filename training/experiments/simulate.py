"""The loop of active learning replayed on a data set whose truth is the reader, to compare strategies.

Every strategy begins, for one seed, with the same cases, the same initial weights and the same plan, and
trains anew in every loop with the same number of steps or seconds. What is chosen is read by looking up the
truth; a structure that is not annotated in a case stays unknown there. The cases that score the runs never
change and are never chosen.
"""

import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from training.acquire import Pick
from training.experiments.asking import Asker
from training.experiments.reading import Reading, read_cases
from training.experiments.simulate_order import Scene, SimulateOrder, check_order
from training.experiments.trial import RESULT, About, Result, Trial, run_trial, write_json
from training.manifest import Manifest
from training.model import WEIGHTS
from training.plan import Plan
from training.progress import OnProgress, Progress, ShouldStop

START, FULL = "start", "full"
_MEMBER = 1000  # between the seeds of an ensemble's members


@dataclass(frozen=True)
class Point:
    """One training of the replay: after `items` items, `foreground` voxels of structures annotated in them.

    `picks` is what was chosen since the point before.
    """

    strategy: str
    seed: int
    loop: int
    items: int
    foreground: int
    result: Result
    picks: tuple[Pick, ...] = ()


def simulate(
    order: SimulateOrder,
    scene: Scene,
    folder: Path,
    *,
    on_progress: OnProgress,
    should_stop: ShouldStop,
    keep_models: bool = False,
    on_point: Callable[[Point], None] | None = None,
) -> list[Point]:
    """Replay the loops, going on where an earlier call with the same folder stopped; raises TrainingError.

    `on_point` is told of each training as soon as it is finished. One folder per training lies below
    `folder`/runs, what was chosen in `folder`/picks. The models of a seed are removed once nothing is to be
    asked of them.
    """
    check_order(order, scene)
    plan = _plan(order, scene, folder, on_progress)
    replay = _Replay(order, scene, folder, plan, on_progress, should_stop)
    points: list[Point] = []
    for seed in range(order.seeds):
        for point in replay.points(seed):
            points.append(point)
            if on_point is not None:
                on_point(point)
        if not keep_models:
            for model in (folder / "runs").glob(f"*-seed{seed}-*/model"):
                shutil.rmtree(model, ignore_errors=True)
    on_progress(Progress("runs", order.trainings, order.trainings, "All trainings are finished"))
    return points


def _plan(order: SimulateOrder, scene: Scene, folder: Path, on_progress: OnProgress) -> Plan:
    """Return one plan for all runs, made once from all scans: the same network, the same initial weights."""
    path = folder / "plan.json"
    if order.recipe.plan is None and path.is_file():
        return order.recipe.timed(Plan.from_json(path.read_text()))
    plan = order.recipe.plan_for(
        scene.pool, scene.structures, order.init, on_progress, modality=scene.modality
    )
    write_json(path, plan.to_dict())
    return plan


@dataclass
class _Replay:
    """Trains and asks, loop after loop."""

    order: SimulateOrder
    scene: Scene
    folder: Path
    plan: Plan
    on_progress: OnProgress
    should_stop: ShouldStop
    finished: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.asker = Asker(self.order, self.scene, self.folder / "picks", self.on_progress, self.should_stop)

    def points(self, seed: int) -> Iterator[Point]:
        """Yield all points of one seed."""
        for strategy in self.order.strategies:
            yield from self.loops(strategy, seed)
        if self.order.full:
            everything = {case.id: Reading(whole=True) for case in self.scene.pool}
            yield self.trained(FULL, seed, self.order.loops, len(self.scene.pool), everything)

    def loops(self, strategy: str, seed: int) -> Iterator[Point]:
        """Yield the point of every loop of one strategy and seed."""
        order = self.order
        picks = self.asker.first(seed)
        read = {pick.id: Reading(whole=True) for pick in picks}
        items = len(picks)
        for loop in range(order.loops + 1):
            yield self.trained(strategy, seed, loop, items, read, picks)
            if loop < order.loops:
                models = self._models(strategy, seed, loop, read)
                count = min(order.query, order.budget - items)
                picks = self.asker.next(strategy, seed, loop, count, read, models)
                items += len(picks)
                for pick in picks:
                    read[pick.id] = read.get(pick.id, Reading()).further(pick.box)

    def trained(
        self,
        strategy: str,
        seed: int,
        loop: int,
        items: int,
        read: Mapping[str, Reading],
        picks: tuple[Pick, ...] = (),
    ) -> Point:
        """Train on what was read; the start of a seed is the same for all strategies."""
        trial, foreground = self._trial(strategy, seed, loop, read, 0)
        return Point(strategy, seed, loop, items, foreground, self._run(trial), picks)

    def _models(self, strategy: str, seed: int, loop: int, read: Mapping[str, Reading]) -> list[Trial]:
        """Train what is to be asked, if the choice is not kept already; return the trials of all members."""
        if not self.order.asks(strategy):
            return []
        trials = [self._trial(strategy, seed, loop, read, m)[0] for m in range(self.order.members)]
        if not self.asker.kept(strategy, seed, loop, trials):
            for trial in trials:
                folder = self.folder / "runs" / trial.name
                if not (folder / "model" / WEIGHTS).is_file():  # removed when the seed was finished
                    (folder / RESULT).unlink(missing_ok=True)
                self._run(trial)
        return trials

    def _trial(
        self, strategy: str, seed: int, loop: int, read: Mapping[str, Reading], member: int
    ) -> tuple[Trial, int]:
        order, scene = self.order, self.scene
        arm = strategy if loop else START
        name = f"{arm}-seed{seed}-loop{loop}" + (f"-member{member}" if member else "")
        train, foreground = read_cases(scene.pool, scene.structures, read, self.folder / "labels" / name)
        manifest = Manifest(
            scene.structures,
            train,
            () if member else scene.test,
            order.init,
            order.recipe.budget_s,
            seed + _MEMBER * member,
            modality=scene.modality,
        )
        parts = json.dumps({one: read[one].to_list() for one in sorted(read)})
        about: About = {"arm": arm, "seed": seed, "loop": loop, "member": member, "read": parts}
        return Trial(name, about, manifest, replace(order.recipe, plan=self.plan)), foreground

    def _run(self, trial: Trial) -> Result:
        total, done = self.order.trainings, len(self.finished)
        message = f"Training {done + 1} of {total}: {trial.name}"
        self.on_progress(Progress("runs", done, total, message, kept=done))
        result = run_trial(
            trial,
            self.folder / "runs",
            on_progress=self.on_progress,
            should_stop=self.should_stop,
            prepared=self.folder / "prepared",
        )
        self.finished.add(trial.name)
        return result
