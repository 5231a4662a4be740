"""Weights: as files that are there whole or not at all, and handed on from one network to another."""

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from training.networks.registry import heads_of
from training.plan import Plan
from training.progress import TrainingError

_PICKLES = (b"PK\x03\x04", b"\x80\x02")  # how torch.save's files begin: a zip archive, or a bare pickle


def save_tensors(path: Path, tensors: dict[str, Tensor], content: dict[str, Any]) -> None:
    """Write tensors and a JSON description as one safetensors file; it is there whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    plain = {name: t.detach().to("cpu", copy=True).contiguous() for name, t in tensors.items()}
    save_file(plain, unfinished, metadata={"content": json.dumps(content)})
    with unfinished.open("rb") as written:
        os.fsync(written.fileno())
    unfinished.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)


def load_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Read what `save_tensors` wrote. Raises TrainingError with one sentence."""
    _refuse_pickle(path)
    try:
        with safe_open(path, framework="pt") as stored:
            content = json.loads((stored.metadata() or {}).get("content", "{}"))
            return {name: stored.get_tensor(name) for name in stored.keys()}, content  # noqa: SIM118
    except (OSError, SafetensorError, ValueError) as error:
        raise TrainingError(f"{path.name} is missing or damaged.") from error


def _refuse_pickle(path: Path) -> None:
    """Raise TrainingError for a file of torch.save: opening a pickle can run any program."""
    try:
        with path.open("rb") as stored:
            begin = stored.read(4)
    except OSError as error:
        raise TrainingError(f"{path.name} is missing or damaged.") from error
    if begin.startswith(_PICKLES):
        raise TrainingError(f"{path.name} is a PyTorch pickle, which is not opened; weights are safetensors.")


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as stored:
        return hashlib.file_digest(stored, "sha256").hexdigest()


def fill(network: nn.Module, weights: Mapping[str, Tensor], whose: str) -> None:
    """Give the network all its weights. Raises TrainingError when they are another network's.

    `whose` begins the sentence, such as "The checkpoint" or a file's name.
    """
    own = network.state_dict()
    for name in sorted(own.keys() | weights.keys()):
        if name not in weights or name not in own or weights[name].shape != own[name].shape:
            raise TrainingError(f"{whose} belongs to another plan: {name} {_difference(name, own, weights)}.")
    network.load_state_dict(dict(weights))


def _difference(name: str, own: Mapping[str, Tensor], weights: Mapping[str, Tensor]) -> str:
    if name not in weights:
        return "is missing"
    if name not in own:
        return "is not part of this network"
    return f"has shape {tuple(weights[name].shape)}, not {tuple(own[name].shape)}"


def warm_start(network: nn.Module, weights: Mapping[str, Tensor], own: Plan, parent: Plan) -> int:
    """Copy the parent's weights wherever they fit and return how many tensors were taken.

    Output channels are matched by structure key in every head, so structures may be added, dropped or moved;
    a new structure starts from its random weights.
    """
    state = network.state_dict()
    heads = heads_of(own)
    taken = 0
    for name in state.keys() & weights.keys():
        dims = next((dims for prefix, dims in heads.items() if name.startswith(prefix)), None)
        if dims is not None:
            taken += _copy_channels(state[name], weights[name], dims, own.channels, parent.channels)
        elif state[name].shape == weights[name].shape:
            state[name].copy_(weights[name])
            taken += 1
    network.load_state_dict(state)
    return taken


def _copy_channels(
    own: Tensor, parent: Tensor, dims: Sequence[int], names: Sequence[str], parents: Sequence[str]
) -> bool:
    """Copy the entries of the channels that both have, along all `dims`; tell whether there were any."""
    along = [dim for dim in dims if dim < own.ndim]
    fits = own.ndim == parent.ndim and all(
        own.shape[dim] == parent.shape[dim] for dim in range(own.ndim) if dim not in along
    )
    shared = [(own_row, parents.index(key)) for own_row, key in enumerate(names) if key in parents]
    if not fits or not shared:
        return False
    if not along:  # a number that all channels share
        own.copy_(parent)
        return True
    to = [row for row, _ in shared]
    of = [row for _, row in shared]
    if along == [0]:
        own[to] = parent[of].to(own)
    else:
        grid = own[to]
        grid[:, to] = parent[of][:, of].to(own)
        own[to] = grid
    return True
