"""Optimisers, learning-rate schedules and the moving average of the weights."""

import copy
import math
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from training.fit.muon import Muon
from training.networks import heads_of
from training.plan import Plan
from training.progress import TrainingError

Optimiser = Callable[[nn.Module, Plan], torch.optim.Optimizer]
Schedule = Callable[[float, dict[str, Any]], float]


def adamw(network: nn.Module, plan: Plan) -> torch.optim.Optimizer:
    """AdamW; args `betas` ([0.9, 0.999]) and `eps` (1e-8)."""
    first, second = plan.optimiser_args.get("betas", (0.9, 0.999))
    return torch.optim.AdamW(
        network.parameters(),
        lr=plan.learning_rate,
        betas=(float(first), float(second)),
        eps=float(plan.optimiser_args.get("eps", 1e-8)),
        weight_decay=plan.weight_decay,
        fused=True,
    )


def sgd(network: nn.Module, plan: Plan) -> torch.optim.Optimizer:
    """Stochastic gradient descent as nnU-Net uses it; args `momentum` (0.99) and `nesterov` (true)."""
    return torch.optim.SGD(
        network.parameters(),
        lr=plan.learning_rate,
        momentum=float(plan.optimiser_args.get("momentum", 0.99)),
        nesterov=bool(plan.optimiser_args.get("nesterov", True)),
        weight_decay=plan.weight_decay,
    )


def muon(network: nn.Module, plan: Plan) -> torch.optim.Optimizer:
    """Muon for the kernels inside the network, AdamW for the rest; args `momentum` (0.95) and `rms` (0.4).

    The rest is the heads and what has no matrix to make orthogonal: biases, norms, the first convolution.
    """
    heads = tuple(heads_of(plan))
    kernels: list[nn.Parameter] = []
    others: list[nn.Parameter] = []
    for name, parameter in network.named_parameters():
        inside = parameter.ndim > 1 and min(parameter.shape[:2]) > 1 and not name.startswith(heads)
        (kernels if inside else others).append(parameter)
    return Muon(
        kernels,
        others,
        lr=plan.learning_rate,
        weight_decay=plan.weight_decay,
        momentum=float(plan.optimiser_args.get("momentum", 0.95)),
        rms=float(plan.optimiser_args.get("rms", 0.4)),
    )


OPTIMISERS: dict[str, Optimiser] = {"adamw": adamw, "muon": muon, "sgd": sgd}


def poly(done: float, args: dict[str, Any]) -> float:
    """Polynomial decay to nothing: (1 - done) ** `power` (0.9)."""
    return math.pow(1 - done, float(args.get("power", 0.9)))


def cosine(done: float, args: dict[str, Any]) -> float:
    """Half a cosine from 1 to `least` (0)."""
    least = float(args.get("least", 0.0))
    return least + (1 - least) * 0.5 * (1 + math.cos(math.pi * done))


def constant(done: float, args: dict[str, Any]) -> float:
    """The same rate throughout."""
    return 1.0


SCHEDULES: dict[str, Schedule] = {"poly": poly, "cosine": cosine, "constant": constant}


def optimiser_of(plan: Plan, network: nn.Module) -> torch.optim.Optimizer:
    """Return the plan's optimiser. Raises TrainingError when there is none of that name."""
    if plan.optimiser not in OPTIMISERS:
        known = ", ".join(OPTIMISERS)
        raise TrainingError(f"There is no optimiser called {plan.optimiser}; known are {known}.")
    return OPTIMISERS[plan.optimiser](network, plan)


def learning_rate(plan: Plan, step: int, steps: int) -> float:
    """Return the rate of a step: linear warm-up (a tenth of the steps at most), then the plan's schedule."""
    if plan.schedule not in SCHEDULES:
        known = ", ".join(SCHEDULES)
        raise TrainingError(f"There is no schedule called {plan.schedule}; known are {known}.")
    warm = min(1.0, (step + 1) / max(1, min(plan.warmup_steps, steps // 10)))
    return plan.learning_rate * warm * SCHEDULES[plan.schedule](step / steps, plan.schedule_args)


def averaging(plan: Plan, network: nn.Module) -> nn.Module | None:
    """Return the network that holds the moving average of the weights, or None when the plan has none."""
    if not 0 <= plan.ema < 1:
        raise TrainingError(f"The plan's ema is a share of the old weights, 0 to 1, not {plan.ema}.")
    return copy.deepcopy(network).requires_grad_(False) if plan.ema else None


@torch.no_grad()
def follow(average: nn.Module, network: nn.Module, plan: Plan, step: int) -> None:
    """Move the average towards the weights; the first steps count for more, as they were random."""
    keep = min(plan.ema, (1 + step) / (10 + step))
    torch._foreach_lerp_(list(average.parameters()), list(network.parameters()), 1 - keep)
    for own, other in zip(average.buffers(), network.buffers(), strict=True):
        own.copy_(other)
