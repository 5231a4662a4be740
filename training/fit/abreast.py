"""The samples of a batch side by side, each on processor cores of its own.

A step of small crops is thousands of short operations. Threads that share each of them wait for one another
as often, longest on a machine that does other work, too; threads with a sample each meet twice a step.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from training.networks.unet import UNet


def abreast(network: nn.Module, samples: int) -> nn.Module:
    """Return what runs a batch of so many samples fastest on this processor: in threads, or the network.

    There are as many threads as there are cores for and as share the batch out evenly. In the network samples
    must not meet, and nothing be drawn at random: a U-Net. The sums over samples have one order, so that the
    same batch gives the same gradients.
    """
    cores = torch.get_num_threads()
    workers = max(n for n in range(1, min(cores, max(1, samples)) + 1) if samples % n == 0)
    if workers == 1 or not isinstance(network, UNet):
        return network
    return Abreast(network, workers, cores // workers)


class Abreast(nn.Module):
    """A network that is run by `workers` threads, each with its samples and `cores` threads of its own."""

    def __init__(self, network: nn.Module, workers: int, cores: int) -> None:
        super().__init__()
        self.network = network
        self.parts = workers
        self.pool = _pool(workers, cores)

    def forward(self, image: Tensor) -> Tensor | tuple[Tensor, ...]:
        """Return the network's logits of image (b, 1, i, j, k), or the tuple of its heads."""
        learned = [parameter for parameter in self.network.parameters() if parameter.requires_grad]
        heads = _apart(self, image, *learned)
        return heads[0] if len(heads) == 1 else heads

    def run(self, image: Tensor, cast: tuple[bool, torch.dtype]) -> tuple[Tensor, ...]:
        """Return the heads of one part of a batch, with the graph that leads back to the weights."""
        bf16, number = cast
        with torch.enable_grad(), torch.autocast("cpu", number, enabled=bf16, cache_enabled=False):
            heads = self.network(image)
        return (heads,) if isinstance(heads, Tensor) else tuple(heads)


class _Apart(torch.autograd.Function):
    """Heads of a batch from those of its parts, and the weights' slopes as the sum over the parts."""

    @staticmethod
    def forward(ctx: Any, side: Abreast, image: Tensor, *learned: Tensor) -> tuple[Tensor, ...]:
        cast = torch.is_autocast_enabled("cpu"), torch.get_autocast_dtype("cpu")
        parts = image.chunk(side.parts)
        ctx.set_materialize_grads(False)
        ctx.side, ctx.learned = side, learned
        ctx.heads = list(side.pool.map(lambda part: side.run(part, cast), parts))
        return tuple(torch.cat([part.detach() for part in head]) for head in zip(*ctx.heads, strict=True))

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *slopes: Tensor | None) -> tuple[Tensor | None, ...]:
        def part(number: int) -> Sequence[Tensor | None]:
            asked = [
                (head, slope.chunk(side.parts)[number])
                for head, slope in zip(heads[number], slopes, strict=True)
                if slope is not None
            ]
            ends, by = zip(*asked, strict=True)
            found: tuple[Tensor | None, ...] = torch.autograd.grad(ends, learned, by, allow_unused=True)
            return found

        side, learned, heads = ctx.side, ctx.learned, ctx.heads
        ctx.heads = None  # a graph is gone through once
        first, *others = side.pool.map(part, range(side.parts))
        return (None, None, *(_sum(found) for found in zip(first, *others, strict=True)))


_apart: Callable[..., tuple[Tensor, ...]] = _Apart.apply


def _sum(parts: Sequence[Tensor | None]) -> Tensor | None:
    """Return the sum in the order of the parts; None where no head led to the weight."""
    total, *others = parts
    for other in others:
        if total is not None and other is not None:
            total = total.add_(other)
    return total


def _pool(workers: int, cores: int) -> ThreadPoolExecutor:
    """Return threads that compute with so many cores each; for all others nothing changes."""
    all_there = Barrier(workers + 1)
    own = torch.get_num_threads()

    def begin() -> None:
        torch.set_num_threads(cores)
        torch.get_num_threads()  # a thread takes what was set last when it first asks

    pool = ThreadPoolExecutor(workers, "samples", begin)
    for _ in range(workers):
        pool.submit(all_there.wait)
    all_there.wait()
    torch.set_num_threads(own)
    return pool
