"""Small synthetic scans as cases of a project, complete with their bytes in the store."""

import numpy as np

from annotation import ingest
from annotation.models import Case, Project, Split
from training.phantom import STRUCTURES, make_phantom
from training.volume import Volume

SHAPE = (32, 32, 24)
SPACING_MM = (9.0, 9.0, 8.0)
KEYS = ("liver", "spleen", "kidney_left")


def phantom(seed: int) -> tuple[Volume, np.ndarray[tuple[int, ...], np.dtype[np.uint8]]]:
    """A scan, and its labels (layer, i, j, k) in the project's values: liver 1, spleen 2, kidney 3."""
    made = make_phantom(seed, shape=SHAPE, spacing_mm=SPACING_MM)
    labels = np.zeros((1, *SHAPE), np.uint8)
    for value, key in enumerate(KEYS, start=1):
        (spec,) = (spec for spec in STRUCTURES if spec.key == key)
        labels[0][made.labels == spec.value] = value
    return made.image, labels


def add_phantom(project: Project, seed: int, *, delineated: bool, split: Split = Split.POOL) -> Case:
    scan, labels = phantom(seed)
    return ingest.add_case(
        project=project,
        volume=scan,
        name=f"phantom {seed}",
        patient_key=f"phantom-{seed}",
        split=split,
        labels=labels if delineated else None,
        annotated=KEYS if delineated else (),
    )
