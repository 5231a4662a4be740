"""One of several processes that train together, started by a test with torchrun's variables in place.

It trains undisturbed, then again until the first process stops it, and goes on. What it drew and the weights
that both runs ended with go to FOLDER/RANK.safetensors.
"""

import dataclasses
import os
import sys
from collections.abc import Callable
from pathlib import Path

import torch
from torch import nn

from tests.training.test_networks import small
from tests.training.test_patches import scan
from training.fit import State, World, fit, joined
from training.networks import load_tensors, save_tensors
from training.patches import Prepared, prepare
from training.plan import Plan
from training.progress import Cancelled, Progress, ShouldStop, never_stop

STEPS, STOPPED_AT = 4, 3


def main(folder: Path) -> None:
    """Train three times and write what came of it."""
    rank = os.environ["RANK"]
    plan = dataclasses.replace(
        small(), patch_size=(16, 16, 16), min_steps=1, max_steps=STEPS, budget_s=1e6, epoch_steps=2, ema=0.5
    )
    cases = [prepare(scan(seed=number), plan, folder / rank) for number in range(2)]
    drawn: dict[str, torch.Tensor] = {}
    reports: list[Progress] = []

    def watch(network: nn.Module) -> None:
        network.register_forward_pre_hook(
            lambda _, given: drawn.update({f"batch.{len(drawn)}": given[0].clone()})
        )

    with joined() as world:
        whole, state = _train(plan, cases, folder / "whole", world, reports, watch=watch)
        tensors = drawn | {f"whole.{name}": t for name, t in whole.state_dict().items()}
        asked = iter(range(100))
        try:
            _train(
                plan, cases, folder / "cut", world, [], lambda: next(asked) > STOPPED_AT
            )  # one was an epoch
        except Cancelled:
            stopped = load_tensors(folder / "cut" / "c")[1]["step"]
        resumed, _ = _train(plan, cases, folder / "cut", world, [])
    tensors |= {f"resumed.{name}": t for name, t in resumed.state_dict().items()}
    about = {"steps": state.steps, "reports": len(reports), "loss": state.loss, "stopped": stopped}
    save_tensors(folder / f"{rank}.safetensors", tensors, about)


def _train(
    plan: Plan,
    cases: list[Prepared],
    folder: Path,
    world: World,
    reports: list[Progress],
    stop: ShouldStop = never_stop,
    watch: Callable[[nn.Module], None] = lambda _: None,
) -> tuple[nn.Module, State]:
    return fit(
        plan,
        cases,
        seed=3,
        order="a",
        checkpoint=folder / "c",
        start=watch,
        validation=_validated,
        on_progress=reports.append,
        should_stop=stop if world.first else never_stop,
        world=world,
    )


def _validated(network: nn.Module, bf16: bool) -> dict[str, float | None]:
    assert os.environ["RANK"] == "0"
    return {"liver": 0.5}


if __name__ == "__main__":
    main(Path(sys.argv[1]))
