"""One process per accelerator: `torchrun --nproc-per-node=N -m training fit …`.

Every process draws its own patches and holds the same weights; the first one alone reports, decides and
writes.
"""

import datetime
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, distributed, nn
from torch.nn.parallel import DistributedDataParallel

from training.progress import AbandonedError

_OTHER_ENDED = ("Connection closed by peer", "Connection reset by peer", "Broken pipe", "NCCL error")
_PATIENCE = datetime.timedelta(hours=2)  # the first process may prepare scans for long


@dataclass(frozen=True)
class World:
    """This process among those that train together."""

    rank: int = 0
    size: int = 1
    control: distributed.ProcessGroup | None = None

    @property
    def first(self) -> bool:
        """Whether this process reports, decides and writes."""
        return self.rank == 0

    def agreed(self, number: float) -> float:
        """Return the first process's number, in all of them."""
        if self.size == 1:
            return number
        shared = torch.tensor([number], dtype=torch.float64)
        distributed.broadcast(shared, src=0, group=self.control)
        return float(shared)

    def mean(self, number: Tensor) -> Tensor:
        """Return the mean over all processes; not a number if it is not one in any of them."""
        if self.size == 1:
            return number
        distributed.all_reduce(number)
        return number / self.size

    def wait(self) -> None:
        """Go on when all processes have come here."""
        if self.size > 1:
            distributed.barrier(self.control)

    def spread(self, network: nn.Module) -> nn.Module:
        """Return the network whose gradients are averaged over all processes."""
        if self.size == 1:
            return network
        return DistributedDataParallel(network)


ALONE = World()


@contextmanager
def joined() -> Iterator[World]:
    """Join the processes that torchrun started, for as long as the training lasts; alone without it."""
    size = int(os.environ.get("WORLD_SIZE", "1"))
    if size == 1:
        yield ALONE
        return
    began = not distributed.is_initialized()
    if began:
        cuda = torch.cuda.is_available()
        if cuda:
            torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")))
        distributed.init_process_group("nccl" if cuda else "gloo", timeout=_PATIENCE)
    try:
        control = distributed.new_group(backend="gloo", timeout=_PATIENCE)
        yield World(distributed.get_rank(), distributed.get_world_size(), control)
    except RuntimeError as error:
        if not any(sign in str(error) for sign in _OTHER_ENDED):
            raise
        raise AbandonedError("Another of the processes that train together has ended.") from error
    finally:
        if began:
            distributed.destroy_process_group()
