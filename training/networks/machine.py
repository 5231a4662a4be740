"""How this machine computes fastest: device, threads, layout and number format."""

import functools
import gc
import os
import time
from pathlib import Path

import torch
from torch import nn

from training.networks.norm import InstanceNorm
from training.progress import TrainingError

_MOST_THREADS = 16
_TENSOR_CORES = (7, 0)  # compute capability
_GIB = 2**30


@functools.cache
def device() -> torch.device:
    """Return the accelerator if there is one, else the processor.

    The number of threads is that of the cores we may use, or DELINEATE_THREADS where that is set. Raises
    TrainingError when that is not a whole number above 0.
    """
    if torch.cuda.is_available():
        return torch.device("cuda")
    cores = min(len(os.sched_getaffinity(0)), _MOST_THREADS)
    asked = os.environ.get("DELINEATE_THREADS") or str(cores)
    if not asked.isdecimal() or int(asked) < 1:
        raise TrainingError(f"DELINEATE_THREADS is {asked!r}; it must be a whole number above 0.")
    torch.set_num_threads(int(asked))
    return torch.device("cpu")


def channels_last(network: nn.Module) -> nn.Module:
    """Store the kernels channels-last, the layout in which 3-D convolutions run fastest."""
    for parameter in network.parameters():
        if parameter.ndim == 5:
            parameter.data = parameter.data.to(memory_format=torch.channels_last_3d)
    return network


@functools.cache
def bf16_is_faster() -> bool:
    """Tell whether 16-bit autocast pays off here, by timing one training step of a small network each way.

    Processors with AMX or AVX512-BF16 gain two to five times; others emulate it and lose. Graphics cards gain
    by their tensor cores, which those before Volta have not.
    """
    if device().type != "cpu":
        return torch.cuda.get_device_capability() >= _TENSOR_CORES
    first, second = nn.Conv3d(8, 16, 3, padding=1), nn.Conv3d(16, 16, 3, padding=1)
    network = channels_last(nn.Sequential(first, InstanceNorm(16), nn.LeakyReLU(), second))
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


@functools.cache
def half() -> torch.dtype:
    """Return the 16-bit format: bfloat16, or float16 on graphics cards that only emulate it (Volta, Turing).

    Gradients in float16 must be scaled, or the small ones become 0.
    """
    if device().type == "cpu" or torch.cuda.is_bf16_supported(including_emulation=False):
        return torch.bfloat16
    return torch.float16


def autocast(bf16: bool, number: torch.dtype | None = None) -> torch.autocast:
    """Return the context in which the network runs: in 16 bits, of the device's format if none is given."""
    return torch.autocast(device().type, number or half(), enabled=bf16)


def accelerators() -> int:
    """Return how many graphics cards torch sees."""
    return torch.cuda.device_count() if torch.cuda.is_available() else 0


def graphics_memory_gb() -> float | None:
    """Return what the graphics card has, in GiB; None where a processor computes."""
    if device().type == "cpu":
        return None
    return float(torch.cuda.get_device_properties(device()).total_memory) / _GIB


def release_memory() -> None:
    """Give back what a failed attempt held: what dead frames refer to, and what a card's pool keeps."""
    gc.collect()
    if device().type != "cpu":
        torch.cuda.empty_cache()


def usage() -> dict[str, float]:
    """Return what this process takes: `memory_gb`, `cpu_seconds` since it began, of `cpus` cores.

    With a graphics card also `gpu_memory_gb` of `gpu_total_gb`. Memory is in GiB.
    """
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    found = {
        "memory_gb": pages * os.sysconf("SC_PAGE_SIZE") / _GIB,
        "cpu_seconds": time.process_time(),
        "cpus": float(len(os.sched_getaffinity(0))),
    }
    total_gb = graphics_memory_gb()
    if total_gb is not None:
        found |= {"gpu_memory_gb": torch.cuda.memory_reserved() / _GIB, "gpu_total_gb": total_gb}
    return found
