"""Scans brought onto the plan's grid, and the random crops that training sees.

Crops depend on (seed, step) alone, so a resumed run sees what an uninterrupted one would have seen.
"""

from training.patches.augment import AUGMENTATIONS, augmented, source_size
from training.patches.batch import Batch
from training.patches.batches import ahead, draw_batch, draw_crops, finished
from training.patches.grid import image_on_grid, labels_on_grid, shape_on_grid
from training.patches.prepared import Prepared, prepare
from training.patches.sampling import SAMPLERS

__all__ = [
    "AUGMENTATIONS",
    "SAMPLERS",
    "Batch",
    "Prepared",
    "ahead",
    "augmented",
    "draw_batch",
    "draw_crops",
    "finished",
    "image_on_grid",
    "labels_on_grid",
    "prepare",
    "shape_on_grid",
    "source_size",
]
