"""Training speed: nnU-Net's step against ours, same patch, batch, features and list of augmentations.

All are timed in turn, once per round, so that whatever else the machine does slows them alike.
"""

import json
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
import torch

from bench.nnunet.same import plan_like
from bench.nnunet.settings import Settings
from bench.nnunet.trainer import trainer_of
from bench.openkbp import read_openkbp
from bench.stepping import in_turn, stepper
from training.dataset import convert
from training.fit.loop import Fit
from training.networks import bf16_is_faster
from training.patches import Prepared, draw_batch, prepare
from training.plan import Plan, Sample

CASES = 8  # ours are drawn from so many scans; more would only take longer to prepare
Work = dict[str, Callable[[], object]]


def compare_steps(settings: Settings) -> None:
    """Print seconds and voxels per second of each, and keep them as JSON."""
    torch.set_num_threads(settings.threads)
    plan = plan_like(settings, canonical=True)
    work = _theirs(settings) | _ours(settings, plan)
    taken = in_turn(work, rounds=settings.steps, done=lambda: None)
    voxels = int(np.prod(plan.patch_size)) * plan.batch_size
    rows = []
    for name, own in taken.items():
        stock = taken[f"nnU-Net fp32, {name.split(', ')[1]}"]
        rows.append(
            {
                "what": name,
                "seconds": round(own.seconds, 4),
                "kvoxels_per_s": round(voxels / own.seconds / 1000),
                "times_faster": round(stock.seconds / own.seconds, 2),
                "cpu_s": round(own.cpu_s, 4),
                "times_less_cpu": round(stock.cpu_s / own.cpu_s, 2),
            }
        )
    content = {
        "patch": plan.patch_size,
        "batch": plan.batch_size,
        "threads": settings.threads,
        "rows": rows,
    }
    (settings.run / "steps.json").write_text(json.dumps(content, indent=1))
    print(f"patch {plan.patch_size}, batch {plan.batch_size}, {settings.threads} threads, median of rounds")
    for row in rows:
        print(json.dumps(row))


def _theirs(settings: Settings) -> Work:
    """nnU-Net's train_step, in fp32 as it ships."""
    trainer = trainer_of(settings)
    batches, _ = trainer.get_dataloaders()
    trainer.network.train()
    trainer.set_deep_supervision_enabled(True)
    batch: dict[str, Any] = next(batches)
    work: Work = {
        "nnU-Net fp32, step": lambda: trainer.train_step(batch),
        "nnU-Net fp32, step and batch": lambda: trainer.train_step(next(batches)),
        "nnU-Net fp32, batch": lambda: next(batches),
    }
    return work


def _ours(settings: Settings, plan: Plan) -> Work:
    cases = _cases(settings, plan)
    batch = draw_batch(cases, plan, 0, 0)
    other = iter(range(1, 1_000_000))
    work: Work = {"Delineate, batch": lambda: draw_batch(cases, plan, 0, next(other))}
    for name, bf16 in [("fp32", False), ("bf16", True)][: 2 if bf16_is_faster() else 1]:
        run = stepper(plan, bf16=bf16)
        steps = iter(range(1, 1_000_000))
        work[f"Delineate {name}, step"] = partial(run.step, batch)
        work[f"Delineate {name}, step and batch"] = partial(_whole_step, run, cases, steps)
    return work


def _whole_step(run: Fit, cases: list[Prepared], steps: Iterator[int]) -> object:
    return run.step(draw_batch(cases, run.plan, 0, next(steps)))


def _cases(settings: Settings, plan: Plan) -> list[Prepared]:
    """Return some training scans on the plan's grid."""
    dataset = read_openkbp(settings.data)
    folder = settings.work / "ours"
    samples = [
        Sample(np.load(c.image), np.load(c.labels), c.spacing_mm, frozenset(c.annotated))
        for c in convert(dataset, dataset.cases[:CASES], folder / "cases")
    ]
    return [prepare(sample, plan, folder / "prepared") for sample in samples]
