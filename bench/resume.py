"""Kill a training at five random points, go on each time, and compare the weights with an undisturbed run's.

`python -m bench.resume [--steps 120] [--kills 5] [--seed 0]` trains on small phantoms through the same door
as a worker, each attempt in a process of its own that is ended by SIGKILL. The run has all that a checkpoint
must carry: moving average, deep supervision, validation and the best weights so far.
"""

import argparse
import dataclasses
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from bench.table import Row, hand_over
from training.manifest import Case, Manifest
from training.phantom import STRUCTURES, make_phantom
from training.plan import Plan, Sample, Shape, plan_for, take_fingerprint
from training.progress import Progress, never_stop
from training.run import train

SHAPE: Shape = (48, 48, 32)
SPACING_MM = (6.0, 6.0, 6.0)
KEYS = tuple(s.key for s in STRUCTURES)
EPOCH_STEPS = 10


def main() -> None:
    """Run the experiment, or one attempt of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=120)
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0, help="of the points at which to kill")
    parser.add_argument("--attempt", nargs=2, type=Path, metavar=("FOLDER", "OUT"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.attempt:
        attempt(*options.attempt)
    else:
        with tempfile.TemporaryDirectory(prefix="delineate-resume-") as folder:
            hand_over(rows(Path(folder), options.steps, options.kills, options.seed))


def rows(folder: Path, steps: int, kills: int, seed: int) -> Iterator[Row]:
    """Train undisturbed, then with kills, and compare."""
    lay_out(folder, steps)
    began = time.monotonic()
    whole, _ = run(folder, folder / "whole")
    seconds = time.monotonic() - began
    rng = random.Random(seed)  # noqa: S311 - it chooses when to kill, not a secret
    points = sorted(rng.uniform(0.02, 0.98) * steps for _ in range(kills))
    lost = []
    for point in points:
        said, resumed_at = run(folder, folder / "cut", until=int(point), rest=rng.uniform(0, 0.5))
        if said is not None:
            raise SystemExit("The run ended before it could be killed; give more --steps.")
        lost.append(f"{int(point)} (had gone on from {resumed_at})")
    cut, resumed_at = run(folder, folder / "cut")
    yield Row(
        f"SIGKILL at {kills} random points of {steps} training steps",
        f"killed at steps {', '.join(lost)}; the last attempt went on from {resumed_at}; "
        f"sha256 {(cut or '')[:12]} against {(whole or '')[:12]} undisturbed ({seconds:.0f} s)",
        "the same weights",
        cut is not None and cut == whole,
    )


def run(folder: Path, out: Path, until: int | None = None, rest: float = 0.0) -> tuple[str | None, int]:
    """Train in a process of its own; return the hash it ended with and how many steps it found done.

    With `until` it is killed `rest` seconds after it reported that step, and there is no hash.
    """
    command = [sys.executable, "-m", "bench.resume", "--attempt", str(folder), str(out)]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ)
    first: int | None = None
    digest = None
    assert child.stdout is not None  # noqa: S101 - it was asked for
    for line in child.stdout:
        kind, value = line.split()
        if kind == "sha256":
            digest = value
        elif first is None:
            first = int(value) - 1
        if until is not None and kind == "step" and int(value) >= until:
            time.sleep(rest)
            child.send_signal(signal.SIGKILL)
            break
    child.wait()
    if until is None and child.returncode != 0:
        raise SystemExit(f"The training ended with {child.returncode}.")
    return (digest if until is None else None), first or 0


def attempt(folder: Path, out: Path) -> None:
    """One process: train, saying every step."""
    manifest = Manifest.from_json((folder / "manifest.json").read_text())
    plan = Plan.from_json((folder / "plan.json").read_text())

    def say(progress: Progress) -> None:
        if progress.stage == "train":
            sys.stdout.write(f"step {progress.done}\n")
            sys.stdout.flush()

    report = train(manifest, out, on_progress=say, should_stop=never_stop, plan=plan)
    sys.stdout.write(f"sha256 {report.weights_sha256}\n")


def lay_out(folder: Path, steps: int) -> None:
    """Write phantoms, a manifest and a plan."""
    cases = [_case(folder, seed) for seed in range(5)]
    manifest = Manifest(
        structures=STRUCTURES,
        train=tuple(cases[:4]),
        test=(),
        parent=None,
        budget_s=0.0,
        seed=7,
        validation=tuple(cases[4:]),
    )
    (folder / "manifest.json").write_text(manifest.to_json())
    samples = (
        Sample(np.load(c.image), np.load(c.labels), c.spacing_mm, frozenset(KEYS)) for c in manifest.train
    )
    plan = plan_for(take_fingerprint(samples, STRUCTURES), STRUCTURES, budget_s=0.0)
    stages = len(plan.network_args["strides"])
    plan = dataclasses.replace(
        plan,
        deep_supervision=_weights(stages - 1),
        ema=0.9,
        patience=steps,
        epoch_steps=EPOCH_STEPS,
        min_steps=steps,
        max_steps=steps,
    )
    (folder / "plan.json").write_text(plan.to_json())


def _weights(heads: int) -> tuple[float, ...]:
    """The weight of each head: halved from one to the next, together 1."""
    return tuple(0.5**i / (2 - 0.5 ** (heads - 1)) for i in range(heads))


def _case(folder: Path, seed: int) -> Case:
    phantom = make_phantom(seed, shape=SHAPE, spacing_mm=SPACING_MM)
    image, labels = folder / f"{seed}-image.npy", folder / f"{seed}-labels.npy"
    np.save(image, phantom.image.voxels)
    np.save(labels, phantom.labels[None])
    return Case(str(seed), image, SPACING_MM, labels, KEYS)


if __name__ == "__main__":
    main()
