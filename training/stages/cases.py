"""The scans of a manifest as training reads them."""

from collections.abc import Sequence

import numpy as np

from training.labels import StructureSpec
from training.manifest import Case
from training.plan import Sample
from training.progress import TrainingError


def sample_of(case: Case, structures: Sequence[StructureSpec]) -> Sample:
    """Map a case's arrays from disk and check that they fit the manifest. Raises TrainingError."""
    try:
        image, labels = np.load(case.image, mmap_mode="r"), np.load(case.labels, mmap_mode="r")
    except (OSError, ValueError, EOFError) as error:
        raise TrainingError(f"Case {case.id} cannot be read: {error}.") from error
    layers = max((s.layer for s in structures), default=-1) + 1
    if image.dtype != np.int16 or labels.dtype != np.uint8:
        raise TrainingError(f"Case {case.id} must hold int16 voxels and uint8 labels.")
    if image.ndim != 3 or labels.shape != (layers, *image.shape):
        raise TrainingError(
            f"The labels of case {case.id}, {labels.shape}, do not fit its image, {image.shape}."
        )
    return Sample(image, labels, case.spacing_mm, frozenset(case.annotated))
