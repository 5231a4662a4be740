"""Scans brought onto the plan's grid, and the random crops that training sees.

Crops depend on (seed, step) alone, so a resumed run sees what an uninterrupted one would have seen.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from training.labels import IGNORE
from training.plan import Plan, Sample, Shape, channel_table
from training.volume import resample, resample_labels, resampled_shape

_CENTRES = 5_000  # voxels remembered per structure and scan: enough to aim crops at
_TURN_DEG, _ZOOM, _BRIGHTNESS, _CONTRAST, _NOISE = 12.0, 0.15, 0.15, 0.15, 0.1


@dataclass(frozen=True)
class Prepared:
    """A scan on the plan's grid, at least as large as a patch.

    `image` float16 (i, j, k), normalised; `target` uint8 (layer, i, j, k): channel of the layer or IGNORE;
    `known` bool (channel): which structures were annotated; `centres`: voxels (n, 3) of each structure that
    occurs; `looked_at`: annotated voxels (n, 3), or None where the whole scan was annotated.
    """

    image: NDArray[np.float16]
    target: NDArray[np.uint8]
    known: NDArray[np.bool_]
    centres: tuple[NDArray[np.int32], ...]
    looked_at: NDArray[np.int32] | None


@dataclass(frozen=True)
class Batch:
    """image float32 (b, 1, i, j, k), target uint8 (b, layer, i, j, k), known bool (b, channel)."""

    image: Tensor
    target: Tensor
    known: Tensor


def prepare(sample: Sample, plan: Plan, folder: Path, name: str) -> Prepared:
    """Resample, normalise and pad one scan and keep it in `folder`, from where crops are read."""
    shape = resampled_shape(_shape(sample.image), sample.spacing_mm, plan.spacing_mm)
    image = plan.normalisation(resample(sample.image.astype(np.float32), shape))
    target = np.stack(
        [
            channel_table(plan, layer, sample.annotated)[resample_labels(labels, shape)]
            for layer, labels in enumerate(sample.labels)
        ]
    )
    missing = [max(0, p - n) for p, n in zip(plan.patch_size, shape, strict=True)]
    pad = [(m // 2, m - m // 2) for m in missing]
    image = np.pad(image, pad, constant_values=plan.normalisation.air)
    target = np.pad(target, [(0, 0), *pad], constant_values=IGNORE)
    known = np.array([key in sample.annotated or key.startswith("background:") for key in plan.channels])
    rng = np.random.default_rng([len(name), *name.encode()])
    centres = [
        _some_voxels(target[layer] == channel, rng)
        for layer, values in enumerate(plan.layers)
        for channel in range(1, len(values) + 1)
    ]
    ignored = (target == IGNORE).all(axis=0)
    looked_at = _some_voxels(~ignored, rng) if ignored.any() else None
    return Prepared(
        image=_kept(folder / f"{name}-image.npy", image.astype(np.float16)),
        target=_kept(folder / f"{name}-target.npy", target),
        known=known,
        centres=tuple(c for c in centres if len(c)),
        looked_at=looked_at,
    )


def draw_batch(cases: Sequence[Prepared], plan: Plan, seed: int, step: int) -> Batch:
    """Return the batch of this step: every scan once per round, in an order that changes."""
    images, targets, known = [], [], []
    for place in range(step * plan.batch_size, (step + 1) * plan.batch_size):
        round_, turn = divmod(place, len(cases))
        order = np.random.default_rng([seed, 1, round_]).permutation(len(cases))
        case = cases[order[turn]]
        rng = np.random.default_rng([seed, 2, place])
        image, target = _crop(case, plan.patch_size, _centre(case, plan, rng))
        image, target = _augmented(image, target, plan, rng)
        images.append(image)
        targets.append(target)
        known.append(torch.from_numpy(case.known))
    image = torch.cat(images).to(memory_format=torch.channels_last_3d)
    return Batch(image, torch.cat(targets), torch.stack(known))


def _centre(case: Prepared, plan: Plan, rng: np.random.Generator) -> NDArray[np.int64]:
    """Aim at a voxel of one structure (each as likely, however small), or anywhere that was annotated."""
    if case.centres and rng.random() < plan.sampler_args["share"]:
        voxels = case.centres[rng.integers(len(case.centres))]
        jitter = rng.integers(-8, 9, 3)
        return np.asarray(voxels[rng.integers(len(voxels))] + jitter, np.int64)
    if case.looked_at is not None and len(case.looked_at):
        return np.asarray(case.looked_at[rng.integers(len(case.looked_at))], np.int64)
    return rng.integers(0, case.image.shape)


def _crop(case: Prepared, patch: Shape, centre: NDArray[np.int64]) -> tuple[Tensor, Tensor]:
    """Cut a patch about `centre`, pushed inside the scan: image (1, 1, …) float32, target (1, layer, …)."""
    limits = np.asarray(case.image.shape) - patch
    start = np.clip(centre - np.asarray(patch) // 2, 0, limits)
    window = tuple(slice(int(s), int(s) + n) for s, n in zip(start, patch, strict=True))
    image = torch.from_numpy(case.image[window].astype(np.float32))
    target = torch.from_numpy(np.array(case.target[(slice(None), *window)]))
    return image[None, None], target[None]


def _augmented(image: Tensor, target: Tensor, plan: Plan, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Turn, zoom, mirror where sides do not matter, and change brightness, contrast and noise."""
    if rng.random() < 0.5:
        image, target = _warped(image, target, plan, rng)
    for axis in plan.mirror_axes:
        if rng.random() < 0.5:
            image, target = image.flip(2 + axis), target.flip(2 + axis)
    gain, shift = 1 + rng.uniform(-_CONTRAST, _CONTRAST), rng.uniform(-_BRIGHTNESS, _BRIGHTNESS)
    noise = rng.standard_normal(tuple(image.shape), np.float32) * np.float32(rng.uniform(0, _NOISE))
    return image * gain + shift + torch.from_numpy(noise), target


def _warped(image: Tensor, target: Tensor, plan: Plan, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Turn about the long axis of the body (a little about the others) and zoom, about the patch's centre."""
    turn = np.deg2rad(rng.uniform(-1, 1, 3) * (_TURN_DEG / 2, _TURN_DEG / 2, _TURN_DEG))
    zoom = rng.uniform(1 - _ZOOM, 1 + _ZOOM, 3)
    extent = np.asarray(plan.patch_size) * plan.spacing_mm
    # grid_sample works in units of half the patch and counts axes backwards: (k, j, i).
    matrix = (_rotation(turn) * zoom * extent / extent[:, None])[::-1, ::-1]
    theta = torch.from_numpy(np.ascontiguousarray(np.hstack([matrix, np.zeros((3, 1))]), np.float32))
    grid = functional.affine_grid(theta[None], list(image.shape), align_corners=False)
    moved = functional.grid_sample(image, grid, padding_mode="border", align_corners=False)
    labels = functional.grid_sample(
        target.float(), grid, mode="nearest", padding_mode="border", align_corners=False
    )
    return moved, labels.to(torch.uint8)


def _rotation(angles: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the rotation about i, then j, then k, by angles in radians."""
    matrix = np.eye(3)
    for axis, angle in enumerate(angles):
        a, b = (axis + 1) % 3, (axis + 2) % 3
        turn = np.eye(3)
        turn[a, a] = turn[b, b] = np.cos(angle)
        turn[a, b], turn[b, a] = -np.sin(angle), np.sin(angle)
        matrix = turn @ matrix
    return matrix


def _some_voxels(mask: NDArray[Any], rng: np.random.Generator) -> NDArray[np.int32]:
    """Return up to `_CENTRES` voxels (n, 3) of the mask, drawn evenly."""
    flat = np.flatnonzero(mask)
    if len(flat) > _CENTRES:
        flat = rng.choice(flat, _CENTRES, replace=False)
    return np.stack(np.unravel_index(flat, mask.shape), axis=1).astype(np.int32)


def _kept(path: Path, array: NDArray[Any]) -> NDArray[Any]:
    """Write an array and return it mapped from the file, so that many scans do not fill the memory."""
    np.save(path, array)
    return np.asarray(np.load(path, mmap_mode="r"))


def _shape(array: NDArray[Any]) -> Shape:
    return int(array.shape[0]), int(array.shape[1]), int(array.shape[2])
