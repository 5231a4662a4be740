"""Small synthetic patients on disk, as a worker would hand them to training."""

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from training.labels import StructureSpec
from training.manifest import Case, Manifest, Report
from training.phantom import STRUCTURES, make_phantom
from training.progress import ignore_progress, never_stop
from training.run import train

os.environ.setdefault("DELINEATE_THREADS", "1")  # the networks here are so small that threads only wait

Shape = tuple[int, int, int]
KEYS = tuple(s.key for s in STRUCTURES)
MakeCase = Callable[..., Case]
MakeManifest = Callable[..., Manifest]


def case_on_disk(
    folder: Path,
    seed: int,
    *,
    shape: Shape = (24, 24, 16),
    annotated: tuple[str, ...] = KEYS,
) -> Case:
    spacing_mm = (288 / shape[0], 288 / shape[1], 192 / shape[2])
    phantom = make_phantom(seed, shape=shape, spacing_mm=spacing_mm)
    own = folder / "cases" / str(seed)
    own.mkdir(parents=True, exist_ok=True)
    np.save(own / "image.npy", phantom.image.voxels)
    np.save(own / "labels.npy", phantom.labels[None])
    return Case(f"case-{seed}", own / "image.npy", spacing_mm, own / "labels.npy", annotated)


def manifest_on_disk(
    folder: Path,
    *,
    train: tuple[int, ...] = (1, 2),
    test: tuple[int, ...] = (),
    validation: tuple[int, ...] = (),
    shape: Shape = (24, 24, 16),
    structures: tuple[StructureSpec, ...] = STRUCTURES,
    parent: Path | None = None,
    budget_s: float = 0.0,
) -> Manifest:
    return Manifest(
        structures=structures,
        train=tuple(case_on_disk(folder, seed, shape=shape) for seed in train),
        test=tuple(case_on_disk(folder, seed, shape=shape) for seed in test),
        parent=parent,
        budget_s=budget_s,
        seed=3,
        validation=tuple(case_on_disk(folder, seed, shape=shape) for seed in validation),
    )


@pytest.fixture
def make_case(tmp_path: Path) -> MakeCase:
    return partial(case_on_disk, tmp_path)


@pytest.fixture
def make_manifest(tmp_path: Path) -> MakeManifest:
    return partial(manifest_on_disk, tmp_path)


@pytest.fixture(scope="session")
def parent(tmp_path_factory: pytest.TempPathFactory) -> tuple[Manifest, Report]:
    """A run that others look at: nobody may change its files."""
    folder = tmp_path_factory.mktemp("parent")
    manifest = manifest_on_disk(folder, test=(8, 9))
    report = train(manifest, folder / "out", on_progress=ignore_progress, should_stop=never_stop)
    return manifest, report
