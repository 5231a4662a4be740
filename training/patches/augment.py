"""Augmentations by name, in nnU-Net's terms, as operations on whole batches on any device.

A step changes each crop of the batch with probability `p`. Which, and by how much, is drawn on the processor
from (seed, step), so that no accelerator waits for it; noise comes from a generator of the same seed on the
device. The defaults are nnU-Net's (Isensee et al., Nature Methods 2021; release 2.8).
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from training.patches.batch import Batch
from training.plan import Plan, Shape
from training.progress import TrainingError

Args = dict[str, Any]
Augmentation = Callable[[Batch, Args, Plan, "Chance"], Batch]

_ROTATION_DEG, _SCALE = 30.0, (0.7, 1.4)
_MOST_SOURCE = 1.5  # times the patch: what a turned patch needs beyond that is repeated from the border
_BLUR_RADIUS = 3.0  # standard deviations


class Chance:
    """The random numbers of one step: for decisions on the processor, and for noise on the device."""

    def __init__(self, seed: int, step: int) -> None:
        self.numbers = np.random.default_rng([seed, 3, step])

    def chosen(self, count: int, p: float) -> list[int]:
        """Return which of `count` crops are changed, each with probability `p`."""
        return [int(i) for i in np.flatnonzero(self.numbers.random(count) < p)]

    def within(self, limits: Any, count: int) -> list[float]:
        """Return numbers drawn evenly between two limits."""
        low, high = limits
        return [float(x) for x in self.numbers.uniform(low, high, count)]

    def about_one(self, limits: Any, count: int) -> list[float]:
        """Return factors, below and above 1 equally likely where the limits allow both."""
        low, high = limits
        if not low < 1 < high:
            return self.within(limits, count)
        below = self.numbers.random(count) < 0.5
        return [self.within((low, 1.0) if b else (1.0, high), 1)[0] for b in below]

    def noise(self, like: Tensor) -> Tensor:
        """Return standard normal numbers of a tensor's shape."""
        generator = torch.Generator(like.device).manual_seed(int(self.numbers.integers(2**62)))
        return torch.randn(like.shape, generator=generator, device=like.device)


def augmented(crops: Batch, plan: Plan, seed: int, step: int) -> Batch:
    """Apply the plan's augmentations to a batch of `source_size`; the result has the plan's patch size."""
    chance = Chance(seed, step)
    batch = crops
    for each in plan.augmentation:
        if each.name not in AUGMENTATIONS:
            known = ", ".join(AUGMENTATIONS)
            raise TrainingError(f"There is no augmentation called {each.name}; known are {known}.")
        batch = AUGMENTATIONS[each.name](_as_float(batch, each.name), each.args, plan, chance)
    return _as_float(_middle(batch, plan.patch_size), "")


def source_size(plan: Plan) -> Shape:
    """Return how large crops are cut, so that turning and zooming need not invent what lies outside."""
    size = np.asarray(plan.patch_size)
    for each in plan.augmentation:
        if each.name == "spatial":
            reach = _reach(each.args, plan)
            size = size + 2 * np.ceil((np.minimum(reach, _MOST_SOURCE) - 1) * size / 2).astype(int)
    return int(size[0]), int(size[1]), int(size[2])


# ── Where things lie ──────────────────────────────────────────────────────────
def spatial(batch: Batch, args: Args, plan: Plan, chance: Chance) -> Batch:
    """Turn and zoom, about the middle of the patch, with one interpolation; labels take the nearest voxel.

    `p_rotation` (0.2), `rotation_deg` (30; one number or one per axis): turn about each axis by up to that;
    `p_scale` (0.2), `scale` ([0.7, 1.4]): size of what is seen, the same along all axes unless
    `same_scale` is false; `p` (1): share of the crops that may be changed at all; `dummy_2d` (false): only
    in the plane of the two finer axes, by up to 180°.
    """
    count = len(batch.image)
    moves = [_move(args, plan, chance) for _ in range(count)]
    allowed = chance.chosen(count, float(args.get("p", 1.0)))
    moved = [i for i in allowed if moves[i] is not None]
    still = [i for i in range(count) if i not in moved]
    image = batch.image.new_empty((count, 1, *plan.patch_size), dtype=torch.float32)
    target = batch.target.new_empty((count, batch.target.shape[1], *plan.patch_size))
    rest = _middle(batch, plan.patch_size)
    for i in still:
        image[i], target[i] = rest.image[i], rest.target[i]
    if moved:
        matrices = np.stack([matrix for i in moved if (matrix := moves[i]) is not None])
        grid = _grid(matrices, plan, tuple(batch.image.shape[2:]), image.device)
        image[moved] = functional.grid_sample(
            batch.image[moved].float(), grid, padding_mode="border", align_corners=False
        )
        target[moved] = _nearest(batch.target[moved], grid)
    return Batch(image, target, batch.known)


def mirror(batch: Batch, args: Args, plan: Plan, chance: Chance) -> Batch:
    """Mirror along each of the plan's `mirror_axes` with probability `p` (0.5)."""
    image, target = batch.image, batch.target
    for axis in plan.mirror_axes:
        chosen = chance.chosen(len(image), float(args.get("p", 0.5)))
        image, target = _flipped(image, chosen, 2 + axis), _flipped(target, chosen, 2 + axis)
    return Batch(image, target, batch.known)


def mirror_sides(batch: Batch, args: Args, plan: Plan, chance: Chance) -> Batch:
    """Mirror left and right with probability `p` (0.5) and exchange the structures of each of the `pairs`.

    `pairs` lists keys, [["kidney_left", "kidney_right"], …]. For bodies whose other organs are symmetric.
    """
    chosen = chance.chosen(len(batch.image), float(args.get("p", 0.5)))
    if not chosen:
        return batch
    tables, order = _exchanged(args.get("pairs", ()), plan, batch.image.device)
    target, known = _flipped(batch.target, chosen, 2), batch.known.clone()
    for i in chosen:
        for layer, table in enumerate(tables):
            target[i, layer] = table[target[i, layer].long()]
        known[i] = known[i][order]
    return Batch(_flipped(batch.image, chosen, 2), target, known)


# ── What intensities are ──────────────────────────────────────────────────────
def noise(batch: Batch, args: Args, plan: Plan, chance: Chance) -> Batch:
    """Add normal noise of a standard deviation within `sd` ([0, 0.1]) with probability `p` (0.1)."""

    def change(image: Tensor) -> Tensor:
        sds = chance.within(args.get("sd", (0.0, 0.1)), len(image))
        return image + chance.noise(image) * _column(sds, image)

    return _changed(batch, args, 0.1, chance, change)


def blur(batch: Batch, args: Args, plan: Plan, chance: Chance) -> Batch:
    """Smooth by a Gaussian of `sigma` ([0.5, 1] voxels) with probability `p` (0.1: nnU-Net's 0.2 × 0.5)."""
    limits = args.get("sigma", (0.5, 1.0))

    def change(image: Tensor) -> Tensor:
        sigmas = chance.within(limits, len(image))
        radius = math.ceil(_BLUR_RADIUS * float(limits[1]))
        offsets = np.arange(-radius, radius + 1)
        weights = np.exp(-0.5 * (offsets[:, None] / np.asarray(sigmas)) ** 2)
        columns = [_column(row, image) for row in weights / weights.sum(axis=0)]
        for axis in (2, 3, 4):
            pad = [0] * 6
            pad[2 * (4 - axis)] = pad[2 * (4 - axis) + 1] = radius
            wide = functional.pad(image, pad, mode="replicate")
            size = image.shape[axis]
            image = wide.narrow(axis, 0, size) * columns[0]
            for offset, column in enumerate(columns[1:], start=1):
                image = image.addcmul_(wide.narrow(axis, offset, size), column)
        return image

    return _changed(batch, args, 0.1, chance, change)


def brightness(batch: Batch, args: Args, plan: Plan, chance: Chance) -> Batch:
    """Multiply by a `factor` ([0.75, 1.25]) and add a `shift` ([0, 0]) with probability `p` (0.15)."""
    default = (0.75, 1.25) if "shift" not in args else (1.0, 1.0)

    def change(image: Tensor) -> Tensor:
        factors = chance.about_one(args.get("factor", default), len(image))
        shifts = chance.within(args.get("shift", (0.0, 0.0)), len(image))
        return image * _column(factors, image) + _column(shifts, image)

    return _changed(batch, args, 0.15, chance, change)


def contrast(batch: Batch, args: Args, plan: Plan, chance: Chance) -> Batch:
    """Stretch about the mean by a `factor` ([0.75, 1.25]) with probability `p` (0.15).

    With `keep_range` (true) nothing leaves the range that the crop had; with `about_zero` (false) the middle
    is 0, the mean of all scans, instead of the crop's own mean.
    """

    def change(image: Tensor) -> Tensor:
        factors = _column(chance.about_one(args.get("factor", (0.75, 1.25)), len(image)), image)
        if args.get("about_zero", False):
            stretched = image * factors
        else:
            stretched = torch.lerp(image.mean((1, 2, 3, 4), keepdim=True), image, factors)
        if not args.get("keep_range", True):
            return stretched
        return stretched.clamp(image.amin((1, 2, 3, 4), keepdim=True), image.amax((1, 2, 3, 4), keepdim=True))

    return _changed(batch, args, 0.15, chance, change)


def low_resolution(batch: Batch, args: Args, plan: Plan, chance: Chance) -> Batch:
    """Sample down to `scale` ([0.5, 1]) and up again, with probability `p` (0.125: nnU-Net's 0.25 × 0.5).

    With `dummy_2d` (false) the coarsest axis is left as it is.
    """

    def change(image: Tensor) -> Tensor:
        size = list(image.shape[2:])
        parts = []
        for crop, scale in zip(
            image.split(1), chance.within(args.get("scale", (0.5, 1.0)), len(image)), strict=True
        ):
            small = [max(1, round(n * scale)) for n in size]
            if args.get("dummy_2d", False):
                small[plan.axis_order[0]] = size[plan.axis_order[0]]
            down = functional.interpolate(crop, small, mode="nearest-exact")
            parts.append(functional.interpolate(down, size, mode="trilinear", align_corners=False))
        return torch.cat(parts)

    return _changed(batch, args, 0.125, chance, change)


def gamma(batch: Batch, args: Args, plan: Plan, chance: Chance) -> Batch:
    """Raise intensities, scaled to their range, to a power `gamma` ([0.7, 1.5]) with probability `p` (0.3).

    With `invert` (false) the image is negative meanwhile; with `keep_stats` (true) mean and standard
    deviation are restored afterwards.
    """
    sign = -1.0 if args.get("invert", False) else 1.0
    axes = (1, 2, 3, 4)

    def change(image: Tensor) -> Tensor:
        powers = _column(chance.about_one(args.get("gamma", (0.7, 1.5)), len(image)), image)
        bent = image * sign
        low = bent.amin(axes, keepdim=True)
        extent = (bent.amax(axes, keepdim=True) - low).clamp_min(1e-7)
        bent = ((bent - low) / extent).pow(powers) * extent + low
        if args.get("keep_stats", True):
            sd, mean = torch.std_mean(image, axes, keepdim=True)
            own_sd, own_mean = torch.std_mean(bent, axes, keepdim=True)
            return (bent - own_mean) / own_sd.clamp_min(1e-7) * sd * sign + mean
        return bent * sign

    return _changed(batch, args, 0.3, chance, change)


AUGMENTATIONS: dict[str, Augmentation] = {
    "spatial": spatial,
    "noise": noise,
    "blur": blur,
    "brightness": brightness,
    "contrast": contrast,
    "low_resolution": low_resolution,
    "gamma": gamma,
    "mirror": mirror,
    "mirror_sides": mirror_sides,
}


# ── Parts ─────────────────────────────────────────────────────────────────────
def _as_float(batch: Batch, name: str) -> Batch:
    """Return the batch in float32; turning takes the crops as they come and converts what it needs."""
    if name == "spatial" or batch.image.dtype == torch.float32:
        return batch
    return Batch(batch.image.float(), batch.target, batch.known)


def _middle(batch: Batch, size: Shape) -> Batch:
    """Cut a batch to its middle, all other axes whole."""
    image, target = batch.image, batch.target
    for axis, length in enumerate(size, start=2):
        first = (image.shape[axis] - length) // 2
        image, target = image.narrow(axis, first, length), target.narrow(axis, first, length)
    return Batch(image, target, batch.known)


def _changed(batch: Batch, args: Args, p: float, chance: Chance, change: Callable[[Tensor], Tensor]) -> Batch:
    """Apply a change of intensities to the crops that chance chooses."""
    count = len(batch.image)
    chosen = chance.chosen(count, float(args.get("p", p)))
    if not chosen:
        return batch
    if len(chosen) == count:
        return Batch(change(batch.image), batch.target, batch.known)
    image = batch.image.clone()
    image[chosen] = change(image[chosen])
    return Batch(image, batch.target, batch.known)


def _column(numbers: Sequence[float] | NDArray[Any], like: Tensor) -> Tensor:
    """Return one number per crop, shaped to be broadcast over it."""
    return torch.tensor(np.asarray(numbers), dtype=torch.float32).view(-1, 1, 1, 1, 1).to(like.device)


def _flipped(tensor: Tensor, chosen: list[int], axis: int) -> Tensor:
    if len(chosen) == len(tensor):
        return tensor.flip(axis)
    if not chosen:
        return tensor
    result = tensor.clone()
    result[chosen] = tensor[chosen].flip(axis)
    return result


def _exchanged(pairs: Any, plan: Plan, device: torch.device) -> tuple[list[Tensor], Tensor]:
    """Return, per layer, the table from channel to its partner's (256), and the order of all channels."""
    tables = [torch.arange(256, dtype=torch.uint8) for _ in plan.layers]
    order = list(range(len(plan.channels)))
    firsts = np.cumsum([0, *(1 + len(values) for values in plan.layers)])
    for one, other in pairs:
        if one not in plan.channels or other not in plan.channels:
            raise TrainingError(f"mirror_sides exchanges {one} and {other}, but the plan has not both.")
        a, b = plan.channels.index(one), plan.channels.index(other)
        layer = int(np.searchsorted(firsts, a, side="right")) - 1
        if not firsts[layer] < b < firsts[layer + 1]:
            raise TrainingError(f"mirror_sides exchanges {one} and {other}, which lie in different layers.")
        order[a], order[b] = b, a
        tables[layer][a - int(firsts[layer])] = b - int(firsts[layer])
        tables[layer][b - int(firsts[layer])] = a - int(firsts[layer])
    return [table.to(device) for table in tables], torch.tensor(order, device=device)


def _move(args: Args, plan: Plan, chance: Chance) -> NDArray[np.float64] | None:
    """Return the matrix (3, 3), in millimetres, from a place in the patch to what is seen there, or None."""
    draw = chance.numbers
    turned, zoomed = draw.random(2) < (args.get("p_rotation", 0.2), args.get("p_scale", 0.2))
    angles = np.deg2rad(draw.uniform(-1, 1, 3) * _rotation_limits(args, plan)) if turned else np.zeros(3)
    low, high = args.get("scale", _SCALE)
    zoom = draw.uniform(low, high, 3) if zoomed else np.ones(3)
    if args.get("same_scale", True):
        zoom = np.full(3, zoom[0])
    if args.get("dummy_2d", False):
        zoom[plan.axis_order[0]] = 1.0
    return _rotation(angles) * zoom if turned or zoomed else None


def _rotation_limits(args: Args, plan: Plan) -> NDArray[np.float64]:
    """Return by how many degrees a patch may turn about each axis."""
    dummy = bool(args.get("dummy_2d", False))
    degrees = np.broadcast_to(args.get("rotation_deg", 180.0 if dummy else _ROTATION_DEG), 3).astype(float)
    return np.where([a == plan.axis_order[0] for a in range(3)], degrees, 0.0) if dummy else degrees


def _reach(args: Args, plan: Plan) -> NDArray[np.float64]:
    """Return how much larger than the patch, along each axis, what a patch may see is at most."""
    half = np.asarray(plan.patch_size) * plan.spacing_mm / 2
    limits = np.deg2rad(np.minimum(_rotation_limits(args, plan), 45.0))
    turns = np.stack(np.meshgrid(*([-a, 0.0, a] for a in limits)), axis=-1).reshape(-1, 3)
    reach = np.max([np.abs(_rotation(t)) @ half / half for t in turns], axis=0)
    zoom = np.full(3, float(args.get("scale", _SCALE)[1]))
    if args.get("dummy_2d", False):
        zoom[plan.axis_order[0]] = 1.0
    return np.asarray(reach * np.maximum(zoom, 1.0))


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


def _grid(matrices: NDArray[np.float64], plan: Plan, source: tuple[int, ...], device: torch.device) -> Tensor:
    """Return where each voxel looks, (b, i, j, k, 3), in units of half the source, axes backwards."""
    of = np.asarray(source) * plan.spacing_mm
    grid: Tensor | None = None
    for axis, size in enumerate(plan.patch_size):
        mm = (np.arange(size) + 0.5 - size / 2) * plan.spacing_mm[axis]
        part = (mm[None, :, None] * matrices[:, None, :, axis] * 2 / of)[..., ::-1]
        shape = [len(matrices), 1, 1, 1, 3]
        shape[1 + axis] = size
        column = torch.from_numpy(np.ascontiguousarray(part, np.float32)).view(shape).to(device)
        grid = column if grid is None else grid + column
    assert grid is not None  # noqa: S101 - a patch has three axes
    return grid


def _nearest(target: Tensor, grid: Tensor) -> Tensor:
    """Return labels uint8 (b, layer, i, j, k) at the nearest voxel of the grid."""
    moved = functional.grid_sample(
        target.float(), grid, mode="nearest", padding_mode="border", align_corners=False
    )
    return moved.to(torch.uint8)
