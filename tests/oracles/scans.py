"""Random and phantom-like label arrays for the comparisons."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Labels = NDArray[np.uint8]
Mask = NDArray[np.bool_]
Triple = tuple[float, float, float]

SPACINGS: list[Triple] = [(1.0, 1.0, 1.0), (0.7, 0.7, 2.5), (0.9, 1.3, 5.0), (3.0, 0.8, 1.1)]


def blobs(seed: int, shape: tuple[int, int, int], structures: int = 1, smooth: float = 2.0) -> Labels:
    """Organ-like shapes that touch one another and the border; about a third is background."""
    rng = np.random.default_rng(seed)
    fields = ndimage.gaussian_filter(
        rng.normal(size=(structures + 1, *shape)), (0, smooth, smooth, smooth), mode="nearest"
    )
    owner: Labels = fields.argmax(axis=0).astype(np.uint8)
    return owner


def noise(seed: int, shape: tuple[int, int, int], share: float = 0.5, structures: int = 1) -> Labels:
    """Voxels of structures strewn at random."""
    rng = np.random.default_rng(seed)
    values = rng.integers(1, structures + 1, shape)
    return np.where(rng.random(shape) < share, values, 0).astype(np.uint8)


def ball(shape: tuple[int, int, int], centre: Triple, radius_mm: float, spacing_mm: Triple) -> Mask:
    """Voxels whose centre lies within the radius of a voxel."""
    grids = np.ogrid[tuple(slice(0, n) for n in shape)]
    squared = sum(((grid - c) * s) ** 2 for grid, c, s in zip(grids, centre, spacing_mm, strict=True))
    return np.asarray(squared <= reach(radius_mm))


def reach(radius_mm: float) -> float:
    """Squared distance up to which a voxel belongs to a ball: a centre on its surface belongs to it."""
    return radius_mm * radius_mm * (1 + 1e-6)


def footprint(radius_mm: float, spacing_mm: Triple) -> Mask:
    """A ball in millimetres as a kernel, with its centre in the middle."""
    sides = [int(reach(radius_mm) ** 0.5 // s) for s in spacing_mm]
    shape = (2 * sides[0] + 1, 2 * sides[1] + 1, 2 * sides[2] + 1)
    return ball(shape, (sides[0], sides[1], sides[2]), radius_mm, spacing_mm)
