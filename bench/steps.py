"""A training step by the clock: each sample of a batch on cores of its own, against threads that share all.

`python -m bench.steps` takes both in turn, alone and then beside another training (a process of its own).
"""

import argparse
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from bench.stepping import Taken, dummy_batch, in_turn, plan_of, stepper, unet_args
from bench.table import Row, hand_over
from training.networks import bf16_is_faster, device
from training.plan import Plan

PATCH = (48, 48, 64)
STRUCTURES = tuple(f"organ {number}" for number in range(1, 8))
WARM_S = 15.0
APART, SHARED = "samples apart", "operations shared"


def main() -> None:
    """Print the rows, or train beside them until ended."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--neighbour", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.neighbour:
        _train_on()
    else:
        hand_over(_rows(options.rounds))


def _rows(rounds: int) -> Iterator[Row]:
    voxels = " × ".join(str(side) for side in PATCH)
    work = f"training step of two patches of {voxels}, Muon, 16 bits, by the clock: {APART}; {SHARED}"
    if device().type != "cpu" or not bf16_is_faster():
        yield Row(work, "not measured: this machine does not train in 16 bits on its processors", "–", None)
        return
    yield Row(work, _words(_measured(rounds)), "–", None)
    with _neighbour():
        yield Row("… beside another training", _words(_measured(rounds)), "–", None)


def _measured(rounds: int) -> dict[str, Taken]:
    plan = _plan()
    batch, apart = dummy_batch(plan, device()), stepper(plan, bf16=True)
    shared = stepper(plan, bf16=True)
    shared.forward = shared.network
    work = {APART: lambda: apart.step(batch), SHARED: lambda: shared.step(batch)}
    return in_turn(work, rounds=rounds, done=lambda: None)


def _words(taken: dict[str, Taken]) -> str:
    apart, shared = (1000 * taken[name].seconds for name in (APART, SHARED))
    return f"{apart:.0f} ms; {shared:.0f} ms (× {shared / apart:.2f})"


def _plan() -> Plan:
    network = unet_args(PATCH, residual=False, first=16, most=128)
    plan = plan_of("plain_unet", network, PATCH, batch=2, structures=STRUCTURES)
    return replace(plan, optimiser="muon", optimiser_args={}, learning_rate=4e-3)


def _train_on() -> None:
    run, batch = stepper(_plan(), bf16=True), dummy_batch(_plan(), device())
    while True:
        run.step(batch)


@contextmanager
def _neighbour() -> Iterator[None]:
    """Let another training run for as long as this lasts."""
    other = subprocess.Popen([sys.executable, "-m", "bench.steps", "--neighbour"])
    try:
        time.sleep(WARM_S)
        if other.poll() is not None:
            raise RuntimeError(f"The other training ended with {other.returncode}.")
        yield
    finally:
        other.kill()
        other.wait()


if __name__ == "__main__":
    main()
