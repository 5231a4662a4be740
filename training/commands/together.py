"""Several processes of one command on this machine: started as by torchrun, ended as one command ends."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

from training.progress import TrainingError

_LOOK_S = 0.1
_GRACE_S = 10.0  # to end by themselves after Ctrl-C, and to end when told to
_INTERRUPTED = 130

Process = subprocess.Popen[bytes]


def is_first() -> bool:
    """Tell whether this process speaks: the only one, or the first of those that were started together."""
    return os.environ.get("RANK", "0") == "0"


def is_one_of_many() -> bool:
    """Tell whether this process was started together with others."""
    return int(os.environ.get("WORLD_SIZE", "1")) > 1


def run_together(words: Sequence[str], count: int) -> int:
    """Run `python -m training WORDS` in `count` processes that train together; return how it ended.

    That is 0 where all end with 0, else what the first to fail ended with. Ctrl-C goes to each of them.
    Raises TrainingError when one was killed.
    """
    ranks = _started(words, count)
    try:
        with _forwarding(ranks):
            failed = _first_failure(ranks)
    finally:
        for rank in ranks:
            rank.kill()
            rank.wait()
    if failed is not None and failed < 0:
        raise TrainingError(
            f"One of the {count} processes was ended by signal {-failed} (9: perhaps the memory was used up)."
        )
    return failed or 0


def _started(words: Sequence[str], count: int) -> list[Process]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    shared = os.environ | {"WORLD_SIZE": str(count), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
    command = [sys.executable, "-m", "training", *words]
    # In sessions of their own, so that Ctrl-C at a terminal reaches them once: from here.
    return [
        subprocess.Popen(command, env=shared | {"RANK": str(r), "LOCAL_RANK": str(r)}, start_new_session=True)
        for r in range(count)
    ]


def _first_failure(ranks: Sequence[Process]) -> int | None:
    """Wait for all; return what the first that did not end with 0 ended with. The others must end then."""
    while True:
        codes = [rank.poll() for rank in ranks]
        failed = next((code for code in codes if code), None)
        if failed is not None:
            _end(ranks, _GRACE_S if failed == _INTERRUPTED else 0.0)
        if failed is not None or None not in codes:
            return failed
        time.sleep(_LOOK_S)


def _end(ranks: Sequence[Process], grace_s: float) -> None:
    """End all: by themselves within the grace, else when told to, else by force."""
    for seconds, number in ((grace_s, signal.SIGTERM), (_GRACE_S, signal.SIGKILL)):
        until = time.monotonic() + seconds
        while any(rank.poll() is None for rank in ranks) and time.monotonic() < until:
            time.sleep(_LOOK_S)
        for rank in ranks:
            rank.send_signal(number)  # does nothing to one that has ended


@contextmanager
def _forwarding(ranks: Sequence[Process]) -> Iterator[None]:
    """Pass Ctrl-C, and a request to end, on to all."""

    def forward(number: int, _: FrameType | None) -> None:
        for rank in ranks:
            rank.send_signal(number)

    before = {number: signal.signal(number, forward) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
