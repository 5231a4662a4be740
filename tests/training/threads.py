"""Tests that need a number of threads, whatever the machine and the settings say."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from training.networks import device


@contextmanager
def computing_with(threads: int) -> Iterator[None]:
    """Let torch compute with so many threads, then with as many as before."""
    device()  # sets threads itself, once
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)
