"""The scan, its structures, and an export of them into a folder."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from annotation import exports
from annotation.models import ExportFormat, Project
from training.labels import IGNORE
from training.progress import ignore_progress
from training.volume import Geometry, Volume

SHAPE = (34, 30, 16)
# Layer and value in the project; the tumour lies in the liver, the gallbladder is drawn nowhere.
KEYS = {
    "liver": (0, 1),
    "spleen": (0, 3),
    "gallbladder": (0, 4),
    "kidney_left": (0, 9),
    "liver_tumor": (1, 1),
}
PARTLY = ("liver", "spleen")
ORGANS = ("liver", "spleen", "gallbladder", "kidney_left")  # of one layer

Labels = NDArray[np.uint8]


def geometry() -> Geometry:
    """Oblique by two turns, and voxels three times as long as wide."""
    a, b = 0.21, -0.13
    turn = np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]])
    tilt = np.array([[1, 0, 0], [0, np.cos(b), -np.sin(b)], [0, np.sin(b), np.cos(b)]])
    rows = [tuple(float(x) for x in row) for row in turn @ tilt]
    x, y, z = ((row[0], row[1], row[2]) for row in rows)
    return Geometry(SHAPE, (0.8, 0.9, 2.5), (-31.25, 47.5, -112.125), (x, y, z))


def scan_of(seed: int) -> Volume:
    voxels = np.random.default_rng(seed).integers(-1000, 1500, SHAPE)
    return Volume(voxels.astype(np.int16), geometry())


def labels_of(seed: int) -> Labels:
    """Layers: organs with a hole and two parts on one slice; a tumour; the first columns not looked at."""
    labels = np.zeros((2, *SHAPE), np.uint8)
    labels[0, 5:18, 6:24, 2:12] = 1
    labels[0, 9:12, 8:11, 4:9] = 0
    labels[0, 21:29, 4 + seed : 14, 3:13] = 3
    labels[0, 24:29, 20:27, 5:15] = 9
    labels[0, 22, 27, 6] = 9
    labels[1, 10:17, 12:21, 5:11] = 1
    labels[:, :3] = IGNORE
    return labels


def export(project: Project, out: Path, form: ExportFormat, **selection: Any) -> dict[str, Any]:
    """Write an export into a folder and return its manifest as it was written."""
    order = exports.Order(form, **selection)
    work = out.parent / "work"
    work.mkdir(exist_ok=True)
    exports.build(
        project=project,
        order=order,
        items=exports.chosen(project, order),
        by="lea",
        sink=exports.FolderSink(out),
        work=work,
        on_progress=ignore_progress,
    )
    manifest: dict[str, Any] = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    return manifest


def truth(seed: int, key: str, looked_at: tuple[str, ...] = tuple(KEYS)) -> NDArray[np.bool_]:
    """The voxels of a structure as the project has them."""
    layer, value = KEYS[key]
    mask: NDArray[np.bool_] = labels_of(seed)[layer] == value
    return mask if key in looked_at else np.zeros_like(mask)
