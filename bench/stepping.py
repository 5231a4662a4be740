"""Plans of a given size and single training steps, for measurements of speed alone."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

import torch

from training.fit.distributed import ALONE
from training.fit.loop import Fit, accelerated
from training.fit.optimise import optimiser_of
from training.fit.state import State
from training.losses import deep, loss_of
from training.networks import build
from training.patches import Batch
from training.plan import Normalisation, Plan, Resampling, Shape, Triple
from training.plan.memory import augmentation, head_weights
from training.plan.rules import architecture
from training.plan.topology import topology

CT = Normalisation("ct", -1000.0, 1500.0, 70.0, 490.0)


def unet_args(
    patch: Shape, *, residual: bool, first: int, most: int, spacing_mm: Triple = (1.0, 1.0, 1.0)
) -> dict[str, Any]:
    """Return a U-Net's arguments for this patch by nnU-Net's rules, `first` features in the first stage."""
    found = topology(spacing_mm, patch)
    sizes = architecture(len(found.strides), residual=residual, first=first, most=most)
    return {
        "strides": found.strides,
        "kernels": found.kernels,
        "features": sizes.features,
        "blocks": sizes.blocks,
        "decoder_blocks": sizes.decoder_blocks,
    }


def plan_of(
    network: str,
    network_args: dict[str, Any],
    patch: Shape,
    *,
    batch: int,
    structures: Sequence[str],
    spacing_mm: Triple = (1.0, 1.0, 1.0),
    normalisation: Normalisation = CT,
) -> Plan:
    """Return a plan that trains as nnU-Net does: its loss, deep supervision, optimiser and augmentation.

    The background is one channel more than `structures`.
    """
    return Plan(
        network=network,
        network_args=network_args,
        deep_supervision=head_weights(len(network_args["strides"]) - 1),
        spacing_mm=spacing_mm,
        patch_size=patch,
        batch_size=batch,
        resampling=Resampling(image_order=1),
        normalisation=normalisation,
        loss="dice_ce",
        loss_args={"batch_dice": False, "weighted": False, "smooth": 1e-5},
        sampler="foreground",
        sampler_args={"share": 0.33},
        augmentation=augmentation(dummy_2d=False),
        optimiser="sgd",
        optimiser_args={"momentum": 0.99, "nesterov": True},
        learning_rate=1e-2,
        weight_decay=3e-5,
        clip_norm=12.0,
        schedule="poly",
        schedule_args={"power": 0.9},
        warmup_steps=0,
        min_steps=250,
        max_steps=250_000,
        budget_s=900.0,
        epoch_steps=250,
        layers=(tuple(range(1, len(structures) + 1)),),
        channels=("background:0", *structures),
    )


def stepper(plan: Plan, *, bf16: bool, compiled: bool = False) -> Fit:
    """Return a training of the plan's network from random weights, as the training loop makes it.

    On an accelerator the network is compiled only where that is asked for.
    """
    network = build(plan, seed=0).train()
    on = next(network.parameters()).device
    fast = compiled or on.type == "cpu"
    forward = accelerated(network, on, samples=plan.batch_size if bf16 else 1) if fast else network
    state = State(order="", plan="", steps=250_000, bf16=bf16)
    loss = deep(loss_of(plan), plan.deep_supervision)
    return Fit(plan, 0, ALONE, network, forward, None, {}, optimiser_of(plan, network), loss, state)


def dummy_batch(plan: Plan, on: torch.device, *, channels_last: bool = True) -> Batch:
    """Return noise with random labels, of the plan's patch and batch size."""
    generator = torch.Generator().manual_seed(0)
    size = (plan.batch_size, 1, *plan.patch_size)
    image = torch.randn(size, generator=generator).to(on)
    target = torch.randint(0, len(plan.channels), size, generator=generator, dtype=torch.uint8)
    known = torch.ones(plan.batch_size, len(plan.channels), dtype=torch.bool)
    if channels_last:
        image = image.contiguous(memory_format=torch.channels_last_3d)
    return Batch(image, target.to(on), known.to(on))


@dataclass(frozen=True)
class Taken:
    """Medians of one piece of work: seconds by the clock, and of processors over all threads.

    On a machine that does other work as well, the second is the one to compare, with a single thread: several
    wait for each other, and waiting counts.
    """

    seconds: float
    cpu_s: float


def in_turn(
    work: Mapping[str, Callable[[], object]], *, rounds: int, warm: int = 2, done: Callable[[], object]
) -> dict[str, Taken]:
    """Time each piece of work, all of them once per round, so that a busy machine slows all alike.

    `done` waits until the device has finished.
    """
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in work}
    for turn in range(warm + rounds):
        for name, call in work.items():
            done()
            start, cpu = time.perf_counter(), time.process_time()
            call()
            done()
            if turn >= warm:
                taken[name].append((time.perf_counter() - start, time.process_time() - cpu))
    return {
        name: Taken(median(wall for wall, _ in times), median(cpu for _, cpu in times))
        for name, times in taken.items()
    }
