"""Scans on the plan's grid, kept in files from which crops are read."""

import contextlib
import hashlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.labels import IGNORE
from training.patches.grid import image_on_grid, labels_on_grid
from training.plan import Plan, Sample, channel_table

_CENTRES = 5_000  # voxels remembered per structure and scan: enough to aim crops at
_FORMAT = 1


@dataclass(frozen=True)
class Prepared:
    """A scan on the plan's grid, at least as large as a patch.

    `image` float16 (i, j, k), normalised; `target` uint8 (layer, i, j, k): channel of the layer or IGNORE;
    `known` bool (channel): which structures were annotated; `present`: the output channels that occur, and
    `centres`: voxels (n, 3) of each of them; `looked_at`: annotated voxels (n, 3), or None where the whole
    scan was annotated.
    """

    image: NDArray[np.float16]
    target: NDArray[np.uint8]
    known: NDArray[np.bool_]
    present: tuple[int, ...]
    centres: tuple[NDArray[np.int16], ...]
    looked_at: NDArray[np.int16] | None


def prepare(sample: Sample, plan: Plan, folder: Path) -> Prepared:
    """Resample, normalise and pad one scan and keep it in `folder`, mapped, so that many need no memory.

    The files are named by what they are made from: a scan that was prepared before, by this run or by another
    with the same grid, is found again. Damaged files are made anew.
    """
    name = _name(sample, plan)
    about = folder / f"{name}.json"
    with contextlib.suppress(OSError, ValueError, EOFError, KeyError, TypeError):
        return _mapped(about)
    folder.mkdir(parents=True, exist_ok=True)
    _write(sample, plan, folder / f"{name}.npy", about)
    return _mapped(about)


def _name(sample: Sample, plan: Plan) -> str:
    """Return a digest of all that the files depend on."""
    rules = {
        "format": _FORMAT,
        "spacing_mm": sample.spacing_mm,
        "annotated": sorted(sample.annotated),
        "shape": sample.labels.shape,
        "plan": [plan.spacing_mm, plan.axis_order, plan.patch_size, plan.layers, plan.channels],
        "values": [asdict(plan.resampling), asdict(plan.normalisation)],
    }
    digest = hashlib.blake2b(json.dumps(rules).encode(), digest_size=16)
    for array in (sample.image, sample.labels):
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def _write(sample: Sample, plan: Plan, path: Path, about: Path) -> None:
    image = image_on_grid(sample.image, sample.spacing_mm, plan)
    target = np.stack(
        [
            channel_table(plan, layer, sample.annotated)[labels_on_grid(labels, sample.spacing_mm, plan)]
            for layer, labels in enumerate(sample.labels)
        ]
    )
    missing = [max(0, p - n) for p, n in zip(plan.patch_size, image.shape, strict=True)]
    pad = [(m // 2, m - m // 2) for m in missing]
    image = np.pad(image, pad, constant_values=plan.normalisation.air)
    target = np.pad(target, [(0, 0), *pad], constant_values=IGNORE)
    present, voxels = _places(target, plan)
    parts = [image.astype(np.float16), target, *voxels]
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    with unfinished.open("wb") as file:
        np.save(file, np.concatenate([np.ascontiguousarray(p).view(np.uint8).ravel() for p in parts]))
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
    known = [key in sample.annotated or key.startswith("background:") for key in plan.channels]
    content = {
        "shape": image.shape,
        "layers": len(target),
        "known": known,
        "present": present,
        "voxels": [len(v) for v in voxels],
    }
    unfinished.write_text(json.dumps(content))
    unfinished.replace(about)  # last: where this file is, the other is whole


def _mapped(about: Path) -> Prepared:
    """Open what `_write` wrote."""
    content = json.loads(about.read_text())
    held = np.load(about.with_suffix(".npy"), mmap_mode="r")
    shape, layers = tuple(content["shape"]), int(content["layers"])
    voxels = int(np.prod(shape))
    image = held[: 2 * voxels].view(np.float16).reshape(shape)
    target = held[2 * voxels : (2 + layers) * voxels].reshape(layers, *shape)
    # What follows may lie at an odd address; it is small, and copied.
    places = np.array(held[(2 + layers) * voxels :]).view(np.int16).reshape(-1, 3)
    lists = np.split(places, np.cumsum(content["voxels"])[:-1]) if content["voxels"] else []
    whole = len(lists) == len(content["present"])
    return Prepared(
        image=image,
        target=target,
        known=np.array(content["known"], bool),
        present=tuple(content["present"]),
        centres=tuple(lists if whole else lists[:-1]),
        looked_at=None if whole else lists[-1],
    )


def _places(target: NDArray[np.uint8], plan: Plan) -> tuple[list[int], list[NDArray[np.int16]]]:
    """Return the channels that occur and voxels of each; then, if not all was annotated, of what was."""
    rng = np.random.default_rng(1234)
    present, voxels, first = [], [], 0
    for layer, values in enumerate(plan.layers):
        for channel in np.flatnonzero(np.bincount(target[layer].ravel(), minlength=256)[: len(values) + 1]):
            if channel > 0:
                present.append(int(first + channel))
                voxels.append(_some_voxels(target[layer] == channel, rng))
        first += 1 + len(values)
    ignored = (target == IGNORE).all(axis=0)
    return present, [*voxels, _some_voxels(~ignored, rng)] if ignored.any() else voxels


def _some_voxels(mask: NDArray[Any], rng: np.random.Generator) -> NDArray[np.int16]:
    """Return up to `_CENTRES` voxels (n, 3) of the mask, drawn evenly."""
    flat = np.flatnonzero(mask)
    if len(flat) > _CENTRES:
        flat = rng.choice(flat, _CENTRES, replace=False)
    return np.stack(np.unravel_index(flat, mask.shape), axis=1).astype(np.int16)
