"""Networks by name, their weights on disk, and how this machine computes fastest."""

import functools
import hashlib
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from monai.networks.nets.dynunet import DynUNet
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from training.plan import Plan
from training.progress import TrainingError

_HEAD = "output_block.conv.conv."  # the last 1x1x1 convolution of DynUNet: one row per output channel


def plain_unet(channels: int, strides: list[list[int]], features: list[int], **_: Any) -> nn.Module:
    """Return nnU-Net's plain U-Net: two conv-norm-LeakyReLU per stage, strided down, transposed up."""
    kernels = [[3, 3, 3]] * len(strides)
    network: nn.Module = DynUNet(
        spatial_dims=3,
        in_channels=1,
        out_channels=channels,
        kernel_size=kernels,
        strides=strides,
        upsample_kernel_size=strides[1:],
        filters=features,
        norm_name=("INSTANCE", {"affine": True}),
        act_name=("leakyrelu", {"inplace": True, "negative_slope": 0.01}),
    )
    return network


NETWORKS: dict[str, Callable[..., nn.Module]] = {"plain_unet": plain_unet}


def build(plan: Plan, seed: int) -> nn.Module:
    """Return the plan's network with random weights of `seed`, on the device. Raises TrainingError."""
    if plan.network not in NETWORKS:
        raise TrainingError(f"There is no network called {plan.network}; known are {', '.join(NETWORKS)}.")
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = NETWORKS[plan.network](channels=len(plan.channels), **plan.network_args)
    return _channels_last(network.to(device()))


def _channels_last(network: nn.Module) -> nn.Module:
    """Store the kernels channels-last, the layout in which 3-D convolutions run fastest."""
    for parameter in network.parameters():
        if parameter.ndim == 5:
            parameter.data = parameter.data.to(memory_format=torch.channels_last_3d)
    return network


@functools.cache
def device() -> torch.device:
    """Return the accelerator if there is one, else the processor.

    The number of threads is that of the cores we may use, or DELINEATE_THREADS where that is set.
    """
    if torch.cuda.is_available():
        return torch.device("cuda")
    cores = min(len(os.sched_getaffinity(0)), 16)
    torch.set_num_threads(int(os.environ.get("DELINEATE_THREADS", cores)))
    return torch.device("cpu")


@functools.cache
def bf16_is_faster() -> bool:
    """Tell whether 16-bit autocast pays off here, by timing one training step of a small network each way.

    Processors with AMX or AVX512-BF16 gain two to five times; others emulate it and lose.
    """
    if device().type != "cpu":
        return bool(torch.cuda.is_bf16_supported())
    first, second = nn.Conv3d(8, 16, 3, padding=1), nn.Conv3d(16, 16, 3, padding=1)
    network = _channels_last(nn.Sequential(first, nn.InstanceNorm3d(16), nn.LeakyReLU(), second))
    image = torch.ones(1, 8, 32, 32, 32).to(memory_format=torch.channels_last_3d)
    seconds = {}
    for bf16 in (False, True):
        tries = []
        for _ in range(4):
            start = time.perf_counter()
            with autocast(bf16):
                output = network(image)
            output.float().mean().backward()
            tries.append(time.perf_counter() - start)
        seconds[bf16] = min(tries)
    return seconds[True] < 0.9 * seconds[False]


def autocast(bf16: bool) -> torch.autocast:
    """Return the context in which the network runs."""
    return torch.autocast(device().type, torch.bfloat16, enabled=bf16)


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
    try:
        with safe_open(path, framework="pt") as stored:
            content = json.loads((stored.metadata() or {}).get("content", "{}"))
            return {name: stored.get_tensor(name) for name in stored.keys()}, content  # noqa: SIM118
    except (OSError, SafetensorError, ValueError) as error:
        raise TrainingError(f"{path.name} is missing or damaged.") from error


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as stored:
        return hashlib.file_digest(stored, "sha256").hexdigest()


def warm_start(network: nn.Module, weights: dict[str, Tensor], own: Plan, parent: Plan) -> int:
    """Copy the parent's weights wherever they fit and return how many tensors were taken.

    Output channels are matched by structure key, so structures may be added, dropped or moved; a new
    structure starts from its random weights.
    """
    state = network.state_dict()
    taken = 0
    for name, tensor in weights.items():
        if name.startswith(_HEAD):
            for row, key in enumerate(own.channels):
                if key in parent.channels and state[name].shape[1:] == tensor.shape[1:]:
                    state[name][row] = tensor[parent.channels.index(key)]
                    taken += row == 0
        elif name in state and state[name].shape == tensor.shape:
            state[name].copy_(tensor)
            taken += 1
    network.load_state_dict(state)
    return taken
