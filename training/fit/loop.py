"""The training loop: runs for a given time, can be stopped and killed, and goes on where it was."""

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import torch
from torch import Tensor, nn

from training.fit import checkpoint as disk
from training.fit.abreast import abreast
from training.fit.distributed import ALONE, World
from training.fit.optimise import averaging, follow, learning_rate, optimiser_of
from training.fit.pace import Pace, pause, timed_steps, usual
from training.fit.reports import progress_of, tell_epochs
from training.fit.state import Epoch, State, fingerprint_of, learner_of
from training.fit.validation import mean_dice
from training.losses import deep, loss_of
from training.networks import autocast, bf16_is_faster, build, device, freeze_encoder, half
from training.patches import Batch, Prepared, ahead, draw_crops, finished
from training.plan import Plan
from training.progress import Cancelled, OnEpoch, OnProgress, ShouldStop, TrainingError, ignore_epoch

CHECKPOINT_EVERY_S = 20.0
_REPORT_EVERY_S = 0.5
_UNREAD = 10  # losses, at most

Start = Callable[[nn.Module], None]
Validation = Callable[[nn.Module, bool], Mapping[str, float | None]]


@dataclass
class Fit:
    """A training in progress: network, optimiser and place.

    `forward` is the network as it is run: compiled on an accelerator, averaging gradients among processes,
    with the samples of a batch abreast on a processor.
    `number` is the 16-bit format, `scaler` scales gradients where that is float16.
    """

    plan: Plan
    seed: int
    world: World
    network: nn.Module
    forward: nn.Module
    average: nn.Module | None
    best: disk.Weights
    optimiser: torch.optim.Optimizer
    loss: Callable[..., Tensor]
    state: State
    scaler: torch.amp.GradScaler | None = None
    number: torch.dtype = field(default_factory=lambda: half())

    def step(self, batch: Batch) -> Tensor:
        """Take one step and return its loss, which an accelerator may still be working on."""
        state = self.state
        for group in self.optimiser.param_groups:
            group["lr"] = learning_rate(self.plan, state.step, state.steps)
        with autocast(state.bf16, self.number):
            logits = self.forward(batch.image)
        loss = self.loss(logits, batch.target, batch.known)
        self.optimiser.zero_grad()
        self._descend(loss)
        if self.average is not None:
            follow(self.average, self.network, self.plan, state.step)
        return self.world.mean(loss.detach())

    def _descend(self, loss: Tensor) -> None:
        """Move the weights against the clipped gradients; with a scaler not where one of them overflowed."""
        if self.scaler is None:
            loss.backward()
            nn.utils.clip_grad_norm_(self.network.parameters(), self.plan.clip_norm)
            self.optimiser.step()
            return
        self.scaler.scale(loss).backward()
        self.scaler.unscale_(self.optimiser)
        nn.utils.clip_grad_norm_(self.network.parameters(), self.plan.clip_norm)
        self.scaler.step(self.optimiser)
        self.scaler.update()

    @property
    def learned(self) -> nn.Module:
        """The weights that count: their moving average where the plan asks for one."""
        return self.network if self.average is None else self.average

    def save(self, path: Path) -> None:
        """Write the checkpoint; only the first process does."""
        if self.world.first:
            average = {} if self.average is None else self.average.state_dict()
            moments = disk.moments_of(self.optimiser)
            scaler = None if self.scaler is None else self.scaler.state_dict()
            state = replace(self.state, scaler=scaler)
            disk.save(path, disk.Stored(state, self.network.state_dict(), average, self.best, moments))


def fit(
    plan: Plan,
    cases: Sequence[Prepared],
    *,
    seed: int,
    order: str,
    checkpoint: Path,
    start: Start,
    on_progress: OnProgress,
    should_stop: ShouldStop,
    validation: Validation | None = None,
    world: World = ALONE,
    frozen_encoder: bool = False,
    on_epoch: OnEpoch = ignore_epoch,
) -> tuple[nn.Module, State]:
    """Train until the plan's steps are done, or go on from the checkpoint; return the network and the state.

    `start` sets the first weights of a new run; `validation` returns Dice per structure after each epoch (it
    is given the network in eval mode, and whether to use 16 bits). Where the plan has a patience the network
    returned is the best by validation; else the last. `on_epoch` is told of every epoch once it is in the
    checkpoint, and again of the earlier ones when a run goes on. With `frozen_encoder` the weights of the
    encoder stay as `start` left them. Raises Cancelled after saving, TrainingError with a sentence.
    """
    resumed = _resumed(plan, seed, order, checkpoint, world, frozen_encoder)
    run = resumed or _started(plan, seed, order, start, world, frozen_encoder)
    if resumed is None and plan.min_steps < plan.max_steps:
        with _drawing(cases, plan, seed, world) as draw:
            pace = _measured(run, draw, validation, checkpoint)
        _set_length(run, pace)
    with _drawing(cases, plan, seed, world) as draw:
        _Loop(run, checkpoint, draw, validation, on_progress, should_stop, on_epoch).go()
    if run.best:
        disk.fill(run.learned, run.best)
    return run.learned.eval(), run.state


class _Loop:
    """Steps, epochs, checkpoints and reports until the run is finished."""

    def __init__(
        self,
        run: Fit,
        checkpoint: Path,
        draw: Callable[[int], Batch],
        validation: Validation | None,
        on_progress: OnProgress,
        should_stop: ShouldStop,
        on_epoch: OnEpoch,
    ) -> None:
        self.run, self.checkpoint, self.draw, self.validation = run, checkpoint, draw, validation
        self.on_progress, self.should_stop, self.on_epoch = on_progress, should_stop, on_epoch
        self.began = self.saved = time.monotonic()
        self.before, self.first_step = run.state.seconds, run.state.step
        self.pending: list[Tensor] = []  # losses not read yet: reading one waits for the accelerator
        self.reported, self.pause = -math.inf, CHECKPOINT_EVERY_S
        self.kept = run.state.step  # what it begins with is either nothing or a checkpoint's

    def go(self) -> None:
        """Run to the end. Raises Cancelled after saving when asked to stop."""
        run = self.run
        self._tell_epochs(0)
        while not self._finished():
            if run.world.agreed(float(run.world.first and self.should_stop())):
                self._save()
                run.world.wait()  # nobody reads the checkpoint before it is there
                raise Cancelled
            if self._epoch_is_due():
                self._end_epoch()
                self._save()
                self._tell_epochs(len(run.state.epochs) - 1)
                self._report(now=True)
                continue
            self._step()
            due = time.monotonic() - self.saved >= self.pause
            if due:
                self._save()
            self._report(now=due)
        self._report(now=True)

    def _tell_epochs(self, since: int) -> None:
        if self.run.world.first:
            tell_epochs(self.run.state, self.on_epoch, since)

    def _finished(self) -> bool:
        state = self.run.state
        return (state.stopped or state.step >= state.steps) and not self._epoch_is_due()

    def _epoch_is_due(self) -> bool:
        """Whether steps were done that no finished epoch counts; the last epoch may be short."""
        state, length = self.run.state, max(1, self.run.plan.epoch_steps)
        counted = state.epochs[-1].step if state.epochs else 0
        return state.step > counted and (state.step % length == 0 or state.step >= state.steps)

    def _step(self) -> None:
        run, state = self.run, self.run.state
        self.pending.append(run.step(self.draw(state.step)))
        seconds = self.before + time.monotonic() - self.began
        run.state = replace(state, step=state.step + 1, seconds=seconds)
        if len(self.pending) >= _UNREAD:
            self._read_losses()

    def _read_losses(self) -> None:
        """Bring the smoothed loss up to date. Raises TrainingError when one is not a number."""
        step = self.run.state.step - len(self.pending)
        for loss in map(_finite, self.pending):
            state = self.run.state
            smooth = loss if step == 0 else 0.95 * state.loss + 0.05 * loss
            self.run.state, step = replace(state, loss=smooth), step + 1
        self.pending.clear()

    def _end_epoch(self) -> None:
        """Validate, keep the best weights where the plan wants them, and stop when nothing was gained."""
        self._read_losses()
        run, state = self.run, self.run.state
        dice: Mapping[str, float | None] = {}
        if self.validation is not None and run.world.first:
            dice = self.validation(run.learned.eval(), state.bf16)
            run.network.train()
        mean = mean_dice(dice)
        epochs = (*state.epochs, Epoch(state.step, state.loss, mean, state.seconds, dict(dice) or None))
        best = state.best_epoch
        if mean is not None and (best is None or mean > (epochs[best].dice or 0.0)):
            best = len(epochs) - 1
            if run.plan.patience:
                run.best = {name: t.detach().clone() for name, t in run.learned.state_dict().items()}
        waited = best is not None and len(epochs) - 1 - best >= run.plan.patience > 0
        stopped = bool(run.world.agreed(float(waited)))
        run.state = replace(state, epochs=epochs, dice=dict(dice) or None, best_epoch=best, stopped=stopped)

    def _save(self) -> None:
        self._read_losses()
        began = time.monotonic()
        self.run.save(self.checkpoint)
        self.saved, self.kept = time.monotonic(), self.run.state.step
        self.pause = pause(self.saved - began, CHECKPOINT_EVERY_S)

    def _report(self, *, now: bool = False) -> None:
        clock = time.monotonic()
        if not self.run.world.first or (not now and clock - self.reported < _REPORT_EVERY_S):
            return
        self._read_losses()
        self.reported, state = clock, self.run.state
        done = state.step - self.first_step
        left = 0 if state.stopped else state.steps - state.step
        per_step = (clock - self.began) / done if done else 0.0
        self.on_progress(progress_of(state, left * per_step, self.kept))


def _finite(loss: Tensor) -> float:
    value = float(loss)
    if not math.isfinite(value):
        raise TrainingError("The training diverged (the loss is not a number); lower the learning rate.")
    return value


def _started(plan: Plan, seed: int, order: str, start: Start, world: World, frozen: bool) -> Fit:
    bf16 = bool(world.agreed(float(bf16_is_faster())))
    state = State(order, learner_of(plan), plan.max_steps, bf16)
    return _new(plan, seed, state, world, frozen, start)


def _set_length(run: Fit, pace: Pace) -> None:
    """Set the number of steps that the budget pays for."""
    plan = run.plan
    paid = run.world.agreed(pace.steps(plan.budget_s, plan.epoch_steps, CHECKPOINT_EVERY_S))
    run.state = replace(run.state, steps=min(max(int(paid), plan.min_steps), plan.max_steps))


def _new(
    plan: Plan, seed: int, state: State, world: World, frozen: bool, start: Start = lambda _: None
) -> Fit:
    network = build(plan, seed).train()
    start(network)
    if frozen:
        freeze_encoder(network, plan)
    optimiser = optimiser_of(plan, network)
    learning_rate(plan, 0, 1)  # an unknown schedule is refused before any work
    average = averaging(plan, network)
    forward = accelerated(world.spread(network), device(), samples=plan.batch_size if state.bf16 else 1)
    loss = deep(loss_of(plan), plan.deep_supervision)
    scaler = _scaler(state)
    return Fit(plan, seed, world, network, forward, average, {}, optimiser, loss, state, scaler)


def _scaler(state: State) -> torch.amp.GradScaler | None:
    """Return what scales gradients in float16, going on where it was; None in any other format."""
    if not state.bf16 or half() != torch.float16:
        return None
    scaler = torch.amp.GradScaler(device().type)
    if state.scaler is not None:
        scaler.load_state_dict(state.scaler)
    return scaler


def accelerated(
    network: nn.Module,
    on: torch.device,
    backend: str = "inductor",
    mode: str | None = None,
    *,
    samples: int = 1,
) -> nn.Module:
    """Return the network as it runs fastest: compiled on an accelerator, its samples abreast on a processor.

    `samples` is how many a batch has, 1 in single precision, where torch convolves a lone sample more slowly.
    `mode` is torch.compile's. With CUDA graphs a step begins by `torch.compiler.cudagraph_mark_step_begin`.
    """
    if on.type == "cpu":
        return abreast(network, samples)
    compiled: nn.Module = torch.compile(network, backend=backend, mode=mode)  # type: ignore[assignment]  # torch says: a function
    return compiled


@contextmanager
def _drawing(
    cases: Sequence[Prepared], plan: Plan, seed: int, world: World
) -> Iterator[Callable[[int], Batch]]:
    """Give the function that draws this process's batch of a step.

    On an accelerator the crops of the next step are cut meanwhile, and augmented on the device.
    """

    def number(step: int) -> int:
        return step * world.size + world.rank

    def crops(step: int) -> Batch:
        return draw_crops(cases, plan, seed, number(step))

    if device().type == "cpu":
        yield lambda step: finished(crops(step), plan, seed, number(step))
        return
    with ahead(crops) as cut:
        yield lambda step: finished(cut(step), plan, seed, number(step), device())


def _measured(
    run: Fit, draw: Callable[[int], Batch], validation: Validation | None, checkpoint: Path
) -> Pace:
    """Time steps, which are undone afterwards, a checkpoint and a validation."""
    first = {name: tensor.clone() for name, tensor in run.network.state_dict().items()}

    def step(number: int) -> None:
        _finite(run.step(draw(number)))

    times = timed_steps(step, run.plan.budget_s, run.world.agreed)
    clock = [time.monotonic()]
    trial = checkpoint.with_name("trial.safetensors")
    trial.unlink(missing_ok=True)
    run.save(trial)
    trial.unlink(missing_ok=True)
    clock.append(time.monotonic())
    if validation is not None and run.world.first:
        validation(run.learned.eval(), run.state.bf16)
        run.network.train()
    clock.append(time.monotonic())
    disk.fill(run.network, first)
    plan = run.plan
    run.optimiser, run.average = optimiser_of(plan, run.network), averaging(plan, run.network)
    run.scaler = _scaler(run.state)
    spent = sum(times) + clock[2] - clock[0]
    return Pace(usual(times), clock[1] - clock[0], clock[2] - clock[1], spent)


def _resumed(plan: Plan, seed: int, order: str, checkpoint: Path, world: World, frozen: bool) -> Fit | None:
    """Return the run of the checkpoint, or None when there is none."""
    stored = disk.load(checkpoint)
    if stored is None:
        return None
    if stored.state.order != order or stored.state.plan not in (learner_of(plan), fingerprint_of(plan)):
        raise TrainingError(
            f"The folder {checkpoint.parent.parent} holds a run of another plan or other cases; "
            "choose another folder, or delete it."
        )
    run = _new(plan, seed, stored.state, world, frozen)
    disk.fill(run.network, stored.network)
    if run.average is not None:
        disk.fill(run.average, stored.average)
    run.best = stored.best
    disk.restore_moments(run.optimiser, stored.moments)
    return run
