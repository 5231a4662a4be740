"""The batch of a step: crops cut from prepared scans, then augmented on the device that trains.

A batch depends on (seed, step) alone, so a resumed run sees what an uninterrupted one would have seen.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from training.labels import IGNORE
from training.patches.augment import augmented, source_size
from training.patches.batch import Batch
from training.patches.prepared import Prepared
from training.patches.sampling import places, sampler_of
from training.plan import Plan, Shape

CPU = torch.device("cpu")


def draw_batch(cases: Sequence[Prepared], plan: Plan, seed: int, step: int, on: torch.device = CPU) -> Batch:
    """Return the augmented batch of this step on a device, of the plan's patch size, channels last."""
    return finished(draw_crops(cases, plan, seed, step), plan, seed, step, on)


def draw_crops(cases: Sequence[Prepared], plan: Plan, seed: int, step: int) -> Batch:
    """Return the step's crops as they lie in the scans: image float16, as large as augmentation needs."""
    sampler, size = sampler_of(plan), source_size(plan)
    images, targets, known = [], [], []
    for place in places(plan, seed, step):
        case, voxel = sampler(cases, place, plan.sampler_args)
        margin = (np.asarray(size, np.int64) - np.asarray(plan.patch_size, np.int64)) // 2
        start = _start(case, plan.patch_size, voxel) - margin
        images.append(torch.from_numpy(_cut(case.image, start, size, plan.normalisation.air)))
        targets.append(torch.from_numpy(_cut(case.target, start, size, IGNORE)))
        known.append(torch.from_numpy(case.known))
    return Batch(torch.stack(images)[:, None], torch.stack(targets), torch.stack(known))


def finished(crops: Batch, plan: Plan, seed: int, step: int, on: torch.device = CPU) -> Batch:
    """Bring crops to a device and augment them there."""
    batch = augmented(crops.to(on), plan, seed, step)
    image = batch.image.contiguous(memory_format=torch.channels_last_3d)
    return Batch(image, batch.target, batch.known)


@contextmanager
def ahead(draw: Callable[[int], Batch]) -> Iterator[Callable[[int], Batch]]:
    """Give a function that returns `draw(step)` and meanwhile draws the next step in a thread of its own.

    For accelerators, whose processor would otherwise wait; asking for steps out of order is allowed.
    """
    with ThreadPoolExecutor(1, "crops") as pool:
        waiting: dict[int, Future[Batch]] = {}

        def ask(step: int) -> Batch:
            now = waiting.pop(step, None) or pool.submit(draw, step)
            waiting.clear()
            batch = now.result()
            waiting[step + 1] = pool.submit(draw, step + 1)
            return batch

        yield ask


def _start(case: Prepared, patch: Shape, centre: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the first voxel of a patch about `centre`, pushed inside the scan."""
    limits = np.asarray(case.image.shape) - patch
    return np.asarray(np.clip(centre - np.asarray(patch) // 2, 0, limits), np.int64)


def _cut(array: NDArray[Any], start: NDArray[np.int64], size: Shape, outside: float) -> NDArray[Any]:
    """Copy a window of the last three axes; what lies outside the array gets one value."""
    shape = array.shape[-3:]
    low = [max(0, int(s)) for s in start]
    high = [min(n, int(s) + w) for n, s, w in zip(shape, start, size, strict=True)]
    i, j, k = (slice(a, b) for a, b in zip(low, high, strict=True))
    inside = array[..., i, j, k]
    if inside.shape[-3:] == size:
        return np.array(inside)
    result = np.full((*array.shape[:-3], *size), outside, array.dtype)
    i, j, k = (slice(a - int(s), b - int(s)) for a, b, s in zip(low, high, start, strict=True))
    result[..., i, j, k] = inside
    return result
