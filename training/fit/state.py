"""Where a run is: numbers that a checkpoint carries as JSON."""

import hashlib
import json
from dataclasses import asdict, dataclass, field
from typing import Any

from training.plan import Plan

FORMAT = 2
_OF_THE_BUDGET = ("budget_s", "min_steps", "max_steps", "name", "postprocessing")
_OF_THE_MEMORY = ("batch_size", "patch_size")


@dataclass(frozen=True)
class Epoch:
    """What an epoch ended with: smoothed loss, and mean validation Dice where there was a validation.

    `seconds` of training were done by then, which differ between runs that are otherwise the same;
    `structures` is the validation's Dice per structure.
    """

    step: int
    loss: float
    dice: float | None
    seconds: float = field(default=0.0, compare=False)
    structures: dict[str, float | None] | None = None


@dataclass(frozen=True)
class State:
    """`order` and `plan` name what is being trained; a checkpoint of another is not gone on with.

    `steps` is the number that the budget gave; `epochs` holds every finished epoch, `dice` the last
    validation's Dice per structure (None = not applicable), `best_epoch` the index of the best; `stopped` is
    true once validation has not gained for the plan's patience. `bf16` is true in 16 bits of either format;
    in float16 `scaler` is where the scaling of gradients was.
    """

    order: str
    plan: str
    steps: int
    bf16: bool
    step: int = 0
    seconds: float = 0.0
    loss: float = 0.0
    epochs: tuple[Epoch, ...] = ()
    dice: dict[str, float | None] | None = None
    best_epoch: int | None = None
    stopped: bool = False
    scaler: dict[str, float] | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return {"format": FORMAT, **asdict(self)}

    @staticmethod
    def from_dict(content: dict[str, Any]) -> "State":
        """Read what `to_dict` wrote. Raises KeyError, TypeError or ValueError for anything else."""
        fields = dict(content)
        if fields.pop("format") != FORMAT:
            raise ValueError("another format")
        fields["epochs"] = tuple(Epoch(**epoch) for epoch in fields["epochs"])
        return State(**fields)


def fingerprint_of(plan: Plan) -> str:
    """Return a digest of all that a plan says about the training, apart from how long it may take."""
    return _digest(plan, _OF_THE_BUDGET)


def learner_of(plan: Plan) -> str:
    """Return a digest that batch and patch do not change: a run goes on when memory asks for smaller ones."""
    return _digest(plan, (*_OF_THE_BUDGET, *_OF_THE_MEMORY))


def _digest(plan: Plan, without: tuple[str, ...]) -> str:
    content = {key: value for key, value in plan.to_dict().items() if key not in without}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
