"""One network of a run: its cases prepared and its weights trained, in as much memory as there is."""

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from torch import nn

from training.fit import State, World, dice_of, fit
from training.manifest import Manifest
from training.networks import release_memory
from training.patches import Prepared, prepare
from training.plan import Plan
from training.progress import Cancelled, EpochReport, Listener, Progress, TrainingError
from training.stages.cases import sample_of
from training.stages.plans import OWN_CHECKPOINT, Planned, made_smaller
from training.stages.smaller import is_out_of_memory
from training.stages.start import start_of, starts_warm
from training.stages.turns import first_then_all

_MOST_TRIES = 12  # in ever less memory


@dataclass(frozen=True)
class Trained:
    """How a network was trained: by which plan, what it saw and where its training ended."""

    planned: Planned
    state: State
    cases: list[Prepared]
    validated: bool


@dataclass(frozen=True)
class _Inputs:
    cases: list[Prepared]
    validation: list[Prepared]


def trained(
    manifest: Manifest,
    planned: Planned,
    out_dir: Path,
    prepared: Path,
    listener: Listener,
    world: World,
    *,
    member: int = 0,
) -> tuple[nn.Module, Trained]:
    """Train the `member`-th network of a run, with a smaller batch or patch where memory is not enough.

    Processes that train together cannot lower theirs by themselves: the plan is made smaller, and starting
    them again goes on with it. Raises TrainingError, Cancelled.
    """
    own = out_dir / f"member-{member}" if manifest.members > 1 else out_dir
    checkpoint = own / OWN_CHECKPOINT
    for _ in range(_MOST_TRIES):
        try:
            return _attempt(manifest, planned, checkpoint, prepared, listener, world, member)
        except (MemoryError, RuntimeError, OSError) as error:
            if not is_out_of_memory(error):
                raise
        release_memory()  # here nothing refers to the attempt's tensors any more
        planned = made_smaller(planned, out_dir, checkpoint, listener)
        if world.size > 1:
            raise TrainingError(f"{planned.notes[-1]} Start it again.")
    raise TrainingError("The memory was not enough, however small the patch was made; free some of it.")


def _attempt(
    manifest: Manifest,
    planned: Planned,
    checkpoint: Path,
    prepared: Path,
    listener: Listener,
    world: World,
    member: int,
) -> tuple[nn.Module, Trained]:
    plan = replace(planned.plan, budget_s=planned.plan.budget_s / max(1, manifest.members))
    inputs = first_then_all(world, partial(_inputs, manifest, plan, prepared, listener))
    held_out = inputs.validation
    network, state = fit(
        plan,
        inputs.cases,
        seed=manifest.seed + member,
        order=planned.order,
        checkpoint=checkpoint,
        start=start_of(manifest, plan, member),
        validation=partial(dice_of, plan=plan, cases=held_out) if held_out else None,
        on_progress=partial(_tell, listener, manifest.members, member),
        should_stop=listener.should_stop,
        world=world,
        frozen_encoder=manifest.frozen_encoder and starts_warm(manifest, plan),
        on_epoch=partial(_tell_epoch, listener, member),
    )
    return network, Trained(planned, state, inputs.cases, bool(held_out))


def _tell(listener: Listener, members: int, member: int, progress: Progress) -> None:
    if members > 1:
        message = f"Network {member + 1} of {members}: {progress.message}"
        values = {**progress.values, "member": float(member), "members": float(members)}
        progress = replace(progress, message=message, values=values)
    listener.on_progress(progress)


def _tell_epoch(listener: Listener, member: int, epoch: EpochReport) -> None:
    listener.on_epoch(replace(epoch, member=member))


def _inputs(manifest: Manifest, plan: Plan, folder: Path, listener: Listener) -> _Inputs:
    """Return the scans on the plan's grid."""
    groups: list[list[Prepared]] = [[], []]
    total = len(manifest.train) + len(manifest.validation)
    for group, cases in zip(groups, (manifest.train, manifest.validation), strict=True):
        for case in cases:
            if listener.should_stop():
                raise Cancelled
            group.append(prepare(sample_of(case, manifest.structures), plan, folder))
            done = sum(map(len, groups))
            listener.on_progress(Progress("prepare", done, total, "Preparing the cases"))
    if not any(case.present for case in groups[0]):
        raise TrainingError("Nothing is drawn in any of the training cases; at least one structure must be.")
    return _Inputs(*groups)
