"""Scans and labels brought onto the plan's grid."""

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from training.plan import Plan, Shape, Triple
from training.progress import TrainingError
from training.resampling import resample, resample_labels, resampled_shape


def image_on_grid(
    image: NDArray[Any], spacing_mm: Triple, plan: Plan, *, normalised: bool = False
) -> NDArray[np.float32]:
    """Return a scan (i, j, k) in HU, resampled and normalised as the plan says: float32 (i, j, k).

    One that is `normalised` already, because it was cut from a scan that had to be seen whole, stays so.
    """
    shape = shape_on_grid(image, spacing_mm, plan)
    moved = np.asarray(image)
    if shape != image.shape:
        moved = _resampled(np.asarray(image, np.float32), shape, plan, plan.resampling.image_order)
    return np.asarray(moved, np.float32) if normalised else plan.normalisation(moved)


def labels_on_grid(labels: NDArray[np.uint8], spacing_mm: Triple, plan: Plan) -> NDArray[np.uint8]:
    """Return one layer of labels (i, j, k) on the plan's grid: the value with the largest share wins."""
    shape = shape_on_grid(labels, spacing_mm, plan)
    rules = plan.resampling
    if not rules.separate_z:
        return resample_labels(labels, shape) if rules.label_order else resample(labels, shape, order=0)
    in_plane = _in_plane(labels.shape, shape, plan)
    flat = resample_labels(labels, in_plane) if rules.label_order else resample(labels, in_plane, order=0)
    return resample(flat, shape, order=0)


def shape_on_grid(array: NDArray[Any], spacing_mm: Triple, plan: Plan) -> Shape:
    """Return the shape of a scan (i, j, k) on the plan's grid.

    A plan of single slices takes a scan's slices as they come, however far apart they are.
    """
    shape = int(array.shape[0]), int(array.shape[1]), int(array.shape[2])
    axes = zip(plan.patch_size, spacing_mm, plan.spacing_mm, strict=True)
    return resampled_shape(shape, spacing_mm, tuple(own if side == 1 else mm for side, own, mm in axes))


def _resampled(array: NDArray[np.float32], shape: Shape, plan: Plan, order: int) -> NDArray[np.float32]:
    rules = plan.resampling
    if not rules.separate_z:
        return resample(array, shape, order=spline_order(order))
    flat = resample(array, _in_plane(array.shape, shape, plan), order=spline_order(order))
    return resample(flat, shape, order=spline_order(rules.out_of_plane_order))


def _in_plane(before: tuple[int, ...], after: Shape, plan: Plan) -> Shape:
    """Return the shape in which only the two finer axes have changed."""
    size = list(after)
    size[plan.axis_order[0]] = before[plan.axis_order[0]]
    return size[0], size[1], size[2]


def spline_order(order: int) -> Literal[0, 1, 3]:
    """Check a plan's spline order: nearest (0), linear (1) or cubic (3). Raises TrainingError."""
    if order == 0:
        return 0
    if order == 1:
        return 1
    if order == 3:
        return 3
    raise TrainingError(f"Resampling knows spline orders 0, 1 and 3, not {order}; correct the plan.")
