"""Training and prediction on a GPU: `python -m bench.gpu` prints a table and JSON lines.

Steps are timed on noise that lies on the device, then with everything a training does to get its batches.
Against what the plan of a card of 24 GB trains: nnU-Net's plain U-Net and ResEnc-L, patch 128³. One thing is
changed at a time from what the training loop does: bf16, channels last, compiled. The others: 32 bits,
float16 with scaled gradients, contiguous, not compiled, compiled after trying kernels out (max-autotune) and
with CUDA graphs (reduce-overhead). What this machine cannot do gives a line that says so, and no row.
"""

import argparse
import importlib
import importlib.util
import itertools
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table
from torch import nn
from torch._dynamo.exc import TorchDynamoException

from bench.stepping import dummy_batch, in_turn, plan_of, stepper, unet_args
from training.fit import accelerated
from training.fit.loop import Fit
from training.networks import build, device
from training.patches import Batch, Prepared, ahead, draw_crops, finished
from training.plan import Plan, Shape
from training.predict import Manner, Member, delineate
from training.progress import ignore_progress, never_stop

NOTHING = "There is no GPU at hand, so nothing was measured; --device cpu --tiny only exercises the code."
NETWORKS = {"base": "plain_unet", "ResEnc-L": "resenc_unet"}
BATCHES = (2, 4, 8)
CLASSES = (16, 104)
MODES = ("max-autotune", "reduce-overhead")
GRAPHS = MODES  # torch's max-autotune records graphs too
_NUMBERS = {torch.float32: "fp32 (TF32)", torch.bfloat16: "bf16", torch.float16: "fp16, scaled"}
PARTS = ("train", "data", "predict", "nnunet")


@dataclass(frozen=True)
class Size:
    """How large everything is: sides in voxels, features of the first stage and at most, rounds of timing."""

    patch: Shape
    first: int
    most: int
    scan: Shape
    batches: tuple[int, ...]
    rounds: int
    warm: int


FULL = Size((128, 128, 128), 32, 320, (512, 512, 400), BATCHES, rounds=20, warm=3)
TINY = Size((16, 16, 16), 4, 8, (24, 24, 20), (1, 2), rounds=1, warm=1)


@dataclass(frozen=True)
class Way:
    """How a step is computed."""

    number: torch.dtype = torch.bfloat16
    channels_last: bool = True
    compiled: bool = True
    mode: str | None = None

    def __str__(self) -> str:
        parts = [_NUMBERS[self.number], "channels last" if self.channels_last else "contiguous"]
        compiled = f"compiled, {self.mode}" if self.mode else "compiled"
        return ", ".join([*parts, compiled if self.compiled else "eager"])

    @property
    def graphs(self) -> bool:
        """Whether CUDA graphs are recorded, whose outputs the next step overwrites."""
        return self.mode in GRAPHS


@dataclass(frozen=True)
class Measured:
    """One row. `peak_gib` is the most memory held on the device, None on a processor."""

    what: str
    network: str
    batch: int
    way: str
    ms: float
    mvoxels_per_s: float
    peak_gib: float | None


def main(command_line: Sequence[str] | None = None) -> int:
    """Measure what the command line asks for."""
    arguments = _parser().parse_args(command_line)
    if arguments.device == "cpu":
        os.environ["CUDA_VISIBLE_DEVICES"] = ""
    elif not torch.cuda.is_available():
        print(NOTHING)
        return 0
    size = TINY if arguments.tiny else FULL
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
    torch.backends.cudnn.benchmark = True
    name = torch.cuda.get_device_name() if device().type == "cuda" else "processor"
    scan = "×".join(str(n) for n in size.scan)
    title = f"{name}, torch {torch.__version__}, patch {size.patch[0]}³, predicting {scan}"
    title += "; tiny: these numbers mean nothing" * arguments.tiny
    rows = []
    for part in arguments.parts or PARTS:
        for row in MEASURES[part](size):
            rows.append(row)
            print(json.dumps(asdict(row)), flush=True)
    _show(rows, title)
    return 0


def train_steps(size: Size) -> Iterator[Measured]:
    """Steps on a batch that lies on the device: batch sizes, then one change at a time at the smallest."""
    for label in NETWORKS:
        for batch in size.batches:
            yield from _tried(label, batch, Way(compiled=_can_compile()), size)
        usual = Way(compiled=_can_compile())
        changed = [replace(usual, number=number) for number in (torch.float32, torch.float16)]
        changed.append(replace(usual, channels_last=False))
        if _can_compile():
            changed.append(replace(usual, compiled=False))
            changed += [replace(usual, mode=mode) for mode in MODES]
        for way in changed:
            yield from _tried(label, size.batches[0], way, size)


def data_steps(size: Size) -> Iterator[Measured]:
    """What batches cost: cut on the processor, augmented on the device, and a step with all of that."""
    plan = _plan("base", size, size.batches[0])
    cases = [_case(plan, seed) for seed in range(4)]
    crops = draw_crops(cases, plan, 0, 0)
    run = stepper(plan, bf16=True, compiled=_can_compile())
    steps = itertools.count(1)
    with ahead(lambda step: draw_crops(cases, plan, 0, step)) as cut:
        work: dict[str, Callable[[], object]] = {
            "crops, one thread of the processor": lambda: draw_crops(cases, plan, 0, next(steps)),
            "augmentation on the device": lambda: finished(crops, plan, 0, next(steps), device()),
            "train step with its batch": lambda: _step_with_data(run, cut, next(steps)),
        }
        for what, call in work.items():  # one after the other: the next crops are cut meanwhile
            seconds = in_turn({what: call}, rounds=size.rounds, warm=size.warm, done=_wait)[what].seconds
            yield _row(what, "base", plan, "as trained", seconds)


def predictions(size: Size) -> Iterator[Measured]:
    """A whole scan, from HU to labels: windows of the patch's size, step 0.5, Gaussian."""
    scan = _scan(size)
    for label, plan in _to_predict(size):
        network = build(plan, seed=0).eval()
        yield _predicted("predict", label, plan, partial(_draw, network, plan, scan), scan.size)


def nnunet(size: Size) -> Iterator[Measured]:
    """nnU-Net's benchmark trainer, with and without data, and its predictor, where it can be imported."""
    if importlib.util.find_spec("nnunetv2") is None:
        print("nnunetv2 is not installed here: no rows of nnU-Net's (docs/guides/extras.md).")
        return
    benchmark = importlib.import_module("bench.nnunet.benchmark")
    with tempfile.TemporaryDirectory() as folder:
        for label in NETWORKS:
            for batch in size.batches:
                plan = _plan(label, size, batch)
                _forget_peak()
                for what, seconds in benchmark.steps(
                    plan, Path(folder), rounds=size.rounds, done=_wait
                ).items():
                    yield _row(what, label, plan, "as it ships", seconds)
    image = _scan(size).astype(np.float32) / 500
    for label, plan in _to_predict(size):
        draw = benchmark.prediction(plan, image)
        yield _predicted("nnU-Net: predict", label, plan, draw, image.size)


MEASURES: dict[str, Callable[[Size], Iterator[Measured]]] = {
    "train": train_steps,
    "data": data_steps,
    "predict": predictions,
    "nnunet": nnunet,
}


def _tried(label: str, batch: int, way: Way, size: Size) -> Iterator[Measured]:
    """Time a step; where a network does not fit or cannot be compiled, a line says so instead of a row."""
    plan = _plan(label, size, batch)
    _forget_peak()
    try:
        run = _prepared(plan, way)
        noise = dummy_batch(plan, device(), channels_last=way.channels_last)
        work = {"": partial(_step, run, noise, way)}
        seconds = in_turn(work, rounds=size.rounds, warm=size.warm, done=_wait)[""].seconds
    except torch.cuda.OutOfMemoryError:
        print(f"{label}, batch {batch}, {way}: out of memory.")
        return
    except TorchDynamoException as error:
        print(f"{label}, batch {batch}, {way}: cannot be compiled here ({_first_line(error)}).")
        return
    finally:
        torch.compiler.reset()
    yield _row("train step", label, plan, str(way), seconds)


def _prepared(plan: Plan, way: Way) -> Fit:
    """Return a training of random weights that computes as the way says."""
    run = stepper(plan, bf16=way.number != torch.float32)
    run.number = way.number
    if way.number == torch.float16:
        run.scaler = torch.amp.GradScaler(device().type)
    if not way.channels_last:
        _contiguous(run.network)
    if way.compiled:
        run.forward = accelerated(run.network, device(), mode=way.mode)
    return run


def _step(run: Fit, batch: Batch, way: Way) -> object:
    if way.graphs:
        torch.compiler.cudagraph_mark_step_begin()
    return run.step(batch)


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]


def _step_with_data(run: Fit, cut: Callable[[int], Batch], step: int) -> object:
    return run.step(finished(cut(step), run.plan, 0, step, device()))


def _to_predict(size: Size) -> Iterator[tuple[str, Plan]]:
    for label in NETWORKS:
        for classes in CLASSES:
            yield label, _plan(label, size, 1, classes)


def _predicted(what: str, label: str, plan: Plan, draw: Callable[[], object], voxels: int) -> Measured:
    _forget_peak()
    seconds = in_turn({"": draw}, rounds=1, warm=1, done=_wait)[""].seconds
    row = _row(f"{what}, {len(plan.channels) - 1} classes", label, plan, "as it ships", seconds)
    return replace(row, mvoxels_per_s=round(voxels / seconds / 1e6, 2))


def _scan(size: Size) -> NDArray[np.int16]:
    return np.random.default_rng(0).integers(-1000, 1000, size.scan, dtype=np.int16)


def _draw(network: nn.Module, plan: Plan, scan: NDArray[np.int16]) -> object:
    return delineate(
        [Member(network, plan)],
        scan,
        plan.spacing_mm,
        Manner(bf16=True),
        on_progress=ignore_progress,
        should_stop=never_stop,
    )


def _plan(label: str, size: Size, batch: int, classes: int = CLASSES[0]) -> Plan:
    arguments = unet_args(size.patch, residual=label == "ResEnc-L", first=size.first, most=size.most)
    names = [f"structure_{number}" for number in range(1, classes + 1)]
    return plan_of(NETWORKS[label], arguments, size.patch, batch=batch, structures=names)


def _case(plan: Plan, seed: int) -> Prepared:
    """Return a scan of noise a quarter longer than the patch, with a cube of every structure."""
    rng = np.random.default_rng(seed)
    shape = tuple(n + n // 4 for n in plan.patch_size)
    target = np.zeros((1, *shape), np.uint8)
    channels = tuple(range(1, len(plan.channels)))
    centres = []
    for channel in channels:
        at = [int(rng.integers(0, n - 4)) for n in shape]
        i, j, k = (slice(start, start + 4) for start in at)
        target[0, i, j, k] = channel
        centres.append(np.asarray([at], np.int16) + 2)
    image = rng.standard_normal(shape, np.float32).astype(np.float16)
    return Prepared(image, target, np.ones(len(plan.channels), bool), channels, tuple(centres), None)


def _contiguous(network: nn.Module) -> None:
    for parameter in network.parameters():
        parameter.data = parameter.data.contiguous(memory_format=torch.contiguous_format)


def _can_compile() -> bool:
    return device().type == "cuda"


def _wait() -> None:
    if device().type == "cuda":
        torch.cuda.synchronize()


def _forget_peak() -> None:
    if device().type == "cuda":
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()


def _row(what: str, label: str, plan: Plan, way: str, seconds: float) -> Measured:
    peak = torch.cuda.max_memory_allocated() / 2**30 if device().type == "cuda" else None
    voxels = int(np.prod(plan.patch_size)) * plan.batch_size
    return Measured(
        what=what,
        network=label,
        batch=plan.batch_size,
        way=way,
        ms=round(1000 * seconds, 2),
        mvoxels_per_s=round(voxels / seconds / 1e6, 2),
        peak_gib=None if peak is None else round(peak, 2),
    )


def _show(rows: Sequence[Measured], title: str) -> None:
    table = Table("what", "network", "batch", "how", "ms", "Mvoxel/s", "peak GiB", title=title)
    for row in rows:
        peak = "—" if row.peak_gib is None else f"{row.peak_gib:.1f}"
        figures = (str(row.batch), row.way, f"{row.ms:.1f}", f"{row.mvoxels_per_s:.2f}", peak)
        table.add_row(row.what, row.network, *figures)
    Console().print(table)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m bench.gpu", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"some of {', '.join(PARTS)}; all without")
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    parser.add_argument("--tiny", action="store_true", help="sizes that only exercise the code")
    return parser


if __name__ == "__main__":
    sys.exit(main())
