"""The training loop: runs for a given time, can be stopped and killed, and goes on where it was."""

import math
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from training.losses import Loss, loss_of
from training.networks import autocast, bf16_is_faster, build, device, load_tensors, save_tensors
from training.patches import Prepared, draw_batch
from training.plan import Plan
from training.progress import Cancelled, OnProgress, Progress, ShouldStop, TrainingError

CHECKPOINT_EVERY_S = 20.0
_REPORT_EVERY_S = 0.5
_TIMED_STEPS = 10

OPTIMISERS: dict[str, Callable[[Iterable[nn.Parameter], Plan], torch.optim.Optimizer]] = {
    "adamw": lambda parameters, plan: torch.optim.AdamW(
        parameters, lr=plan.learning_rate, weight_decay=plan.weight_decay
    )
}


@dataclass(frozen=True)
class State:
    """Where a run is. `order` names what is being trained: a checkpoint of another order is not resumed."""

    order: str
    step: int
    steps: int
    bf16: bool
    seconds: float
    loss: float


@dataclass
class Fit:
    """A training in progress: network, optimiser and place."""

    plan: Plan
    seed: int
    network: nn.Module
    optimiser: torch.optim.Optimizer
    loss: Loss
    state: State

    def step(self, cases: Sequence[Prepared]) -> float:
        """Take one step and return its loss."""
        state = self.state
        for group in self.optimiser.param_groups:
            group["lr"] = learning_rate(self.plan, state.step, state.steps)
        batch = draw_batch(cases, self.plan, self.seed, state.step)
        with autocast(state.bf16):
            logits = self.network(batch.image.to(device()))
        loss = self.loss(logits, batch.target.to(device()), batch.known.to(device()))
        self.optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), self.plan.clip_norm)
        self.optimiser.step()
        value: float = loss.item()
        if not math.isfinite(value):
            raise TrainingError("The training diverged (the loss is not a number); lower the learning rate.")
        return value


def learning_rate(plan: Plan, step: int, steps: int) -> float:
    """Return the rate of a step: linear warm-up, then polynomial decay to zero (power 0.9)."""
    warm = min(1.0, (step + 1) / max(1, min(plan.warmup_steps, steps // 10)))
    return plan.learning_rate * warm * math.pow(1 - step / steps, 0.9)


def fit(
    plan: Plan,
    cases: Sequence[Prepared],
    *,
    seed: int,
    order: str,
    checkpoint: Path,
    start: Callable[[nn.Module], None],
    on_progress: OnProgress,
    should_stop: ShouldStop,
) -> tuple[nn.Module, State]:
    """Train until the plan's steps are done, or go on from the checkpoint; return the network and the state.

    `start` sets the first weights of a new run. Raises Cancelled after saving, TrainingError with a sentence.
    """
    run = _resumed(plan, seed, order, checkpoint) or _started(plan, cases, seed, order, start)
    began, saved, reported = time.monotonic(), time.monotonic(), -math.inf
    before, first = run.state.seconds, run.state.step
    while run.state.step < run.state.steps:
        if should_stop():
            _save(run, checkpoint)
            raise Cancelled
        loss = run.step(cases)
        now = time.monotonic()
        smooth = loss if run.state.step == 0 else 0.95 * run.state.loss + 0.05 * loss
        run.state = replace(run.state, step=run.state.step + 1, seconds=before + now - began, loss=smooth)
        if now - saved >= CHECKPOINT_EVERY_S:
            _save(run, checkpoint)
            saved = now
        if now - reported >= _REPORT_EVERY_S:
            on_progress(_progress(run.state, (now - began) / (run.state.step - first)))
            reported = now
    _save(run, checkpoint)
    on_progress(_progress(run.state, 0.0))
    return run.network, run.state


def _progress(state: State, seconds_per_step: float) -> Progress:
    return Progress(
        stage="train",
        done=state.step,
        total=state.steps,
        message=f"Training, step {state.step} of {state.steps}",
        seconds_left=(state.steps - state.step) * seconds_per_step,
        values={"loss": state.loss},
    )


def _started(
    plan: Plan, cases: Sequence[Prepared], seed: int, order: str, start: Callable[[nn.Module], None]
) -> Fit:
    run = _new(plan, seed, State(order, 0, plan.max_steps, bf16_is_faster(), 0.0, 0.0))
    per_step = _seconds_per_step(run, cases)
    steps = min(max(int(plan.budget_s / per_step), plan.min_steps), plan.max_steps)
    run = _new(plan, seed, replace(run.state, steps=steps))
    start(run.network)
    return run


def _new(plan: Plan, seed: int, state: State) -> Fit:
    if plan.optimiser not in OPTIMISERS:
        raise TrainingError(
            f"There is no optimiser called {plan.optimiser}; known are {', '.join(OPTIMISERS)}."
        )
    network = build(plan, seed).train()
    optimiser = OPTIMISERS[plan.optimiser](network.parameters(), plan)
    return Fit(plan, seed, network, optimiser, loss_of(plan), state)


def _seconds_per_step(run: Fit, cases: Sequence[Prepared]) -> float:
    """Time a few steps of a network that is thrown away afterwards.

    The first two warm up; of the others the lower quartile counts, because a neighbour's burst of work can
    only make a step slower.
    """
    times = []
    for _ in range(_TIMED_STEPS):
        began = time.monotonic()
        run.step(cases)
        times.append(time.monotonic() - began)
    return max(sorted(times[2:])[(_TIMED_STEPS - 2) // 4], 1e-4)


def _save(run: Fit, checkpoint: Path) -> None:
    """Write weights, the optimiser's moments and the state as one file, whole or not at all."""
    tensors = {f"network.{name}": t for name, t in run.network.state_dict().items()}
    for index, moments in run.optimiser.state_dict()["state"].items():
        tensors |= {f"optimiser.{index}.{name}": t for name, t in moments.items()}
    save_tensors(checkpoint, tensors, asdict(run.state))


def _resumed(plan: Plan, seed: int, order: str, checkpoint: Path) -> Fit | None:
    """Return the run of the checkpoint, or None when there is none of this order."""
    if not checkpoint.is_file():
        return None
    tensors, content = load_tensors(checkpoint)
    if content.get("order") != order:
        return None
    run = _new(plan, seed, State(**content))
    parts = {name.removeprefix("network."): t for name, t in tensors.items() if name.startswith("network.")}
    run.network.load_state_dict(parts)
    moments: dict[int, dict[str, Tensor]] = {}
    for name, tensor in tensors.items():
        kind, _, rest = name.partition(".")
        if kind == "optimiser":
            index, _, moment = rest.partition(".")
            moments.setdefault(int(index), {})[moment] = tensor
    stored: dict[str, Any] = run.optimiser.state_dict() | {"state": moments}
    run.optimiser.load_state_dict(stored)
    return run
