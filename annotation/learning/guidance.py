"""Where a reader should look first: the coarse map of a prediction's uncertainty, and its ranked regions."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import zstandard
from numpy.typing import NDArray

from annotation import jobs, store
from annotation.errors import NotFound
from annotation.models import Case, Mask, Prediction

WITHOUT = (
    "This prediction was made without a map of its uncertainty. The next model's predictions will have one."
)
NOTHING = "The model is sure of this prediction: no region stands out."


@dataclass(frozen=True)
class Guidance:
    """What a worker found: `values` uint8 (i, j, k), cells of `factor` voxels; regions as JSON, ranked."""

    values: NDArray[np.uint8]
    factor: tuple[int, int, int]
    regions: Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class StoredMap:
    """A map as it lies in the store: one zstd frame, i fastest."""

    frame: bytes
    shape: list[int]
    factor: list[int]


@contextmanager
def stored(guidance: Guidance | None, case: Case, maker: str, lease: jobs.Lease) -> Iterator[dict[str, Any]]:
    """Put the map into the store, give the fields of the prediction that will name it; `maker` drew it.

    Taken away again unless the prediction was made; what an earlier attempt left behind goes as well.
    """
    if guidance is None:
        yield {}
        return
    # Each attempt has a name of its own: a worker thought dead cannot write into another's map.
    *earlier, key = (
        f"uncertainty/case-{case.pk}-{maker}-{lease.job_id}-{attempt}"
        for attempt in range(1, lease.fence + 1)
    )
    for left_behind in earlier:
        if not Prediction.objects.filter(map_key=left_behind).exists():
            store.delete_tree(left_behind)
    store.put(key, zstandard.ZstdCompressor().compress(guidance.values.tobytes(order="F")))
    try:
        yield {
            "map_key": key,
            "map_shape": list(guidance.values.shape),
            "map_factor": list(guidance.factor),
            "regions": list(guidance.regions),
        }
    finally:
        if not Prediction.objects.filter(map_key=key).exists():
            store.delete_tree(key)


def regions_of(mask: Mask) -> tuple[list[dict[str, Any]], str]:
    """The regions of a prediction, most suspicious first, and why there are none."""
    regions = _prediction(mask).regions
    if regions is None:
        return [], WITHOUT
    return regions, "" if regions else NOTHING


def map_of(mask: Mask) -> StoredMap:
    """Raises NotFound where the prediction has none."""
    prediction = _prediction(mask)
    if prediction.map_shape is None or prediction.map_factor is None:
        raise NotFound(WITHOUT)
    return StoredMap(store.read(prediction.map_key), prediction.map_shape, prediction.map_factor)


def _prediction(mask: Mask) -> Prediction:
    found = Prediction.objects.filter(mask=mask).first()
    if found is None:
        raise NotFound("This mask is no pre-annotation, so nothing is known of its uncertainty.")
    return found
