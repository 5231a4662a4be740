"""Our training on the same cases, with the same seconds and threads, as a worker would run it."""

import json
from dataclasses import asdict

import torch

from bench.nnunet.scoring import OURS
from bench.nnunet.settings import Settings
from bench.openkbp import read_openkbp
from training.dataset import convert
from training.manifest import Manifest
from training.progress import ignore_progress, never_stop
from training.run import train


def train_ours(settings: Settings) -> None:
    """Train and score; an interrupted run goes on, a finished one is left alone."""
    kept = settings.run / OURS
    if kept.is_file():
        print("Ours is trained already.")
        return
    torch.set_num_threads(settings.threads)
    dataset = read_openkbp(settings.data)
    manifest = Manifest(
        structures=dataset.structures,
        train=convert(dataset, dataset.cases, settings.work / "ours" / "cases"),
        test=convert(dataset, dataset.test, settings.work / "ours" / "cases"),
        parent=None,
        budget_s=settings.budget_s,
        seed=settings.seed,
    )
    folder = settings.work / "ours" / f"{settings.budget_s:g}s-seed{settings.seed}"
    report = train(manifest, folder, on_progress=ignore_progress, should_stop=never_stop)
    settings.run.mkdir(parents=True, exist_ok=True)
    content = {
        "steps": report.steps,
        "seconds": report.train_seconds,
        "scores": [asdict(s) for s in report.scores],
    }
    kept.write_text(json.dumps(content, indent=1))
    print(f"Ours: {report.steps} steps in {report.train_seconds:.0f} s.")
