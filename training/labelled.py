"""Labelled scans from which others can be labelled, and which of them are like a scan."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

BODY_HU = -300
SLICES = 16  # of the profile that describes a scan
HU_EDGES = (-1100, -700, -150, -20, 30, 80, 150, 400, 4000)

Triple = tuple[float, float, float]
Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True)
class Atlas:
    """A labelled scan: HU (i, j, k) canonical, labels uint8 (layer, i, j, k), keys of what is annotated."""

    image: NDArray[Any]
    spacing_mm: Triple
    labels: NDArray[np.uint8]
    annotated: tuple[str, ...]


def describe(image: NDArray[Any], spacing_mm: Triple) -> NDArray[np.float64]:
    """Return what finds a similar scan: size of the body and its outline along k, and kinds of tissue.

    HU (i, j, k). Lengths in units of 400 mm, areas of 0.1 m², tissues as shares of the body: figures about 1.
    """
    body = image > BODY_HU
    pixel_mm2 = spacing_mm[0] * spacing_mm[1]
    areas = body.sum((0, 1)) * pixel_mm2
    at = np.linspace(0, len(areas) - 1, SLICES)
    outline = np.interp(at, np.arange(len(areas)), areas) / 1e5
    inside = image[body]
    tissues = np.histogram(inside, HU_EDGES)[0] / max(1, inside.size)
    width, depth = (np.flatnonzero(body.any(axes)) for axes in ((1, 2), (0, 2)))
    sizes = zip((width, depth), spacing_mm[:2], strict=True)
    extent = [np.ptp(one) * mm / 400 if one.size else 0.0 for one, mm in sizes]
    return np.concatenate([extent, [len(areas) * spacing_mm[2] / 400], outline, tissues])


def nearest(target: NDArray[np.float64], others: Mapping[Key, NDArray[np.float64]], count: int) -> list[Key]:
    """Return the keys of the scans most like the target, the nearest first; of equals the earlier one."""
    away = {key: float(np.linalg.norm(target - features)) for key, features in others.items()}
    return sorted(away, key=lambda key: away[key])[:count]
