"""Small synthetic patients on disk, as a worker would hand them to training."""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from training.labels import StructureSpec
from training.manifest import Case, Manifest
from training.phantom import STRUCTURES, make_phantom

os.environ.setdefault("DELINEATE_THREADS", "1")  # the networks here are so small that threads only wait

Shape = tuple[int, int, int]
MakeCase = Callable[..., Case]
MakeManifest = Callable[..., Manifest]


@pytest.fixture
def make_case(tmp_path: Path) -> MakeCase:
    def build(
        seed: int,
        *,
        shape: Shape = (32, 32, 24),
        annotated: tuple[str, ...] = tuple(s.key for s in STRUCTURES),
    ) -> Case:
        spacing_mm = (288 / shape[0], 288 / shape[1], 192 / shape[2])
        phantom = make_phantom(seed, shape=shape, spacing_mm=spacing_mm)
        folder = tmp_path / "cases" / str(seed)
        folder.mkdir(parents=True, exist_ok=True)
        np.save(folder / "image.npy", phantom.image.voxels)
        np.save(folder / "labels.npy", phantom.labels[None])
        return Case(f"case-{seed}", folder / "image.npy", spacing_mm, folder / "labels.npy", annotated)

    return build


@pytest.fixture
def make_manifest(make_case: MakeCase) -> MakeManifest:
    def build(
        *,
        train: tuple[int, ...] = (1, 2),
        test: tuple[int, ...] = (),
        shape: Shape = (32, 32, 24),
        structures: tuple[StructureSpec, ...] = STRUCTURES,
        parent: Path | None = None,
        budget_s: float = 0.0,
    ) -> Manifest:
        return Manifest(
            structures=structures,
            train=tuple(make_case(seed, shape=shape) for seed in train),
            test=tuple(make_case(seed, shape=shape) for seed in test),
            parent=parent,
            budget_s=budget_s,
            seed=3,
        )

    return build
