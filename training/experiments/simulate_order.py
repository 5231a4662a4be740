"""What a replay of the loop of active learning is asked to do, and on which scans."""

from dataclasses import dataclass
from pathlib import Path

from training.acquire import NEEDS_MAPS, STRATEGIES
from training.experiments.trial import Recipe
from training.labels import StructureSpec
from training.manifest import Case
from training.progress import TrainingError

VOLUME, SLAB, CUBE = "volume", "slab", "cube"


@dataclass(frozen=True)
class SimulateOrder:
    """What to replay: `start` whole scans, then `query` items a loop until `budget` items are read.

    An item is a scan, or with the unit "slab" or "cube" a part of one, `size_mm` thick. `cold` chooses the
    first scans. `control` is the share of each query drawn as a control, `members` the networks that are
    asked what to read (the first one is scored). `full` also trains on everything, for reference.
    """

    strategies: tuple[str, ...]
    start: int
    query: int
    budget: int
    seeds: int
    recipe: Recipe
    cold: str = "random"
    control: float = 0.0
    unit: str = VOLUME
    size_mm: float = 40.0
    members: int = 1
    diversity: float = 0.0
    init: Path | None = None
    full: bool = False

    @property
    def loops(self) -> int:
        """Return how many queries there are."""
        return -(-(self.budget - self.start) // self.query)

    def asks(self, strategy: str) -> bool:
        """Tell whether a strategy, or the control beside it, needs to be told by a model."""
        return strategy in NEEDS_MAPS or self.control > 0

    @property
    def trainings(self) -> int:
        """Return how many trainings that makes: the first of a seed serves all strategies."""
        asked = [s for s in self.strategies if self.asks(s)]
        further = (self.members - 1) * (bool(asked) + len(asked) * (self.loops - 1))
        return self.seeds * (1 + len(self.strategies) * self.loops + further + self.full)


@dataclass(frozen=True)
class Scene:
    """The scans: those that may be read, and those that every run is scored on."""

    structures: tuple[StructureSpec, ...]
    pool: tuple[Case, ...]
    test: tuple[Case, ...]
    modality: str = "CT"


def check_order(order: SimulateOrder, scene: Scene) -> None:
    """Raise TrainingError with one sentence for an order that cannot be carried out."""
    _check_words(order)
    if order.start < 1 or order.query < 1 or order.seeds < 1 or order.members < 1:
        raise TrainingError("At least one case to start with, one per query, one seed and one member.")
    if order.budget <= order.start:
        raise TrainingError(f"The budget of {order.budget} leaves nothing to choose after {order.start}.")
    wanted = order.budget if order.unit == VOLUME else order.start + 1
    if wanted > len(scene.pool):
        raise TrainingError(f"There are {len(scene.pool)} cases to choose from; {wanted} are asked for.")
    if not scene.test:
        raise TrainingError("There is no test case with a delineation to score the runs on.")


def _check_words(order: SimulateOrder) -> None:
    unknown = [name for name in (*order.strategies, order.cold) if name not in STRATEGIES]
    if unknown:
        raise TrainingError(f"There is no strategy {unknown[0]!r}; known are {', '.join(STRATEGIES)}.")
    if order.cold in NEEDS_MAPS:
        raise TrainingError(f"{order.cold} needs a model, and at the start there is none; name another.")
    if order.unit not in (VOLUME, SLAB, CUBE):
        raise TrainingError(f"Readers read a {VOLUME}, a {SLAB} or a {CUBE}, not {order.unit!r}.")
