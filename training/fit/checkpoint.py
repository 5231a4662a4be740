"""A run on disk: weights, the optimiser's moments and the state, as one safetensors file.

The file is replaced whole or not at all, and the one before it is kept: a checkpoint that a full disk or a
bad block has damaged costs the minutes since the last one, not the run.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from training.fit.state import State
from training.networks import load_tensors, save_tensors
from training.progress import TrainingError

Weights = dict[str, Tensor]


@dataclass(frozen=True)
class Stored:
    """What a checkpoint holds; `average` and `best` are empty where the plan has none."""

    state: State
    network: Weights
    average: Weights
    best: Weights
    moments: dict[int, dict[str, Tensor]]


def save(path: Path, stored: Stored) -> None:
    """Write a checkpoint and keep the one before it."""
    tensors = {f"network.{name}": t for name, t in stored.network.items()}
    tensors |= {f"average.{name}": t for name, t in stored.average.items()}
    tensors |= {f"best.{name}": t for name, t in stored.best.items()}
    for index, moments in stored.moments.items():
        tensors |= {f"optimiser.{index}.{name}": t for name, t in moments.items()}
    if path.is_file():
        kept = path.with_name(f".{path.name}.{os.getpid()}.kept")
        kept.unlink(missing_ok=True)
        kept.hardlink_to(path)
        kept.replace(_previous(path))
    save_tensors(path, tensors, stored.state.to_dict())


def load(path: Path) -> Stored | None:
    """Return the newest whole checkpoint, or None when there is none.

    Raises TrainingError when there are files and none can be read.
    """
    damaged: TrainingError | None = None
    for each in (path, _previous(path)):
        if each.is_file():
            try:
                return _stored(each)
            except TrainingError as error:
                damaged = damaged or error
    if damaged is not None:
        raise TrainingError(f"{damaged} Delete the folder {path.parent} to train anew.")
    return None


def moments_of(optimiser: torch.optim.Optimizer) -> dict[int, dict[str, Tensor]]:
    """Return the optimiser's tensors by parameter."""
    return {
        index: {name: t for name, t in moments.items() if isinstance(t, Tensor)}
        for index, moments in optimiser.state_dict()["state"].items()
    }


def restore_moments(optimiser: torch.optim.Optimizer, moments: dict[int, dict[str, Tensor]]) -> None:
    """Give an optimiser its tensors back, in the memory layout of their parameters."""
    parameters = [p for group in optimiser.param_groups for p in group["params"]]
    laid_out: dict[int, dict[str, Tensor]] = {}
    for index, tensors in moments.items():
        like = parameters[index].detach()
        laid_out[index] = {n: _as(like, t) if t.shape == like.shape else t for n, t in tensors.items()}
    content: dict[str, Any] = optimiser.state_dict() | {"state": laid_out}
    optimiser.load_state_dict(content)


def fill(network: nn.Module, weights: Weights) -> None:
    """Set a network's weights. Raises TrainingError when they are another network's."""
    try:
        network.load_state_dict(weights)
    except RuntimeError as error:
        raise TrainingError("The checkpoint belongs to another network; train in another folder.") from error


def _as(like: Tensor, tensor: Tensor) -> Tensor:
    return torch.empty_like(like).copy_(tensor)


def _previous(path: Path) -> Path:
    return path.with_name(f"previous-{path.name}")


def _stored(path: Path) -> Stored:
    tensors, content = load_tensors(path)
    try:
        state = State.from_dict(content)
    except (KeyError, TypeError, ValueError) as error:
        raise TrainingError(f"{path.name} was written by another version of this program.") from error
    moments: dict[int, dict[str, Tensor]] = {}
    for name, tensor in _part(tensors, "optimiser."):
        index, _, moment = name.partition(".")
        moments.setdefault(int(index), {})[moment] = tensor
    network, average, best = (dict(_part(tensors, f"{part}.")) for part in ("network", "average", "best"))
    return Stored(state, network, average, best, moments)


def _part(tensors: Weights, prefix: str) -> Iterator[tuple[str, Tensor]]:
    for name, tensor in tensors.items():
        if name.startswith(prefix):
            yield name.removeprefix(prefix), tensor
