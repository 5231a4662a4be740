"""What a network says of a scan from its first axial slice to its last: maps with one cell in the plane.

So little that it can be kept of every scan, and enough to choose axial slabs of any thickness afterwards: the
mean of a slab over these maps is its mean over all voxels, as it is over the maps that they were made of.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.acquire.maps import ScoreMaps

DIGITS = 6


def profile_of(maps: ScoreMaps) -> ScoreMaps:
    """Return the maps with all cells of an axial storey made one: shape (…, 1, 1, k), means over voxels."""
    voxels = maps.voxels.sum(axis=(0, 1), keepdims=True)

    def mean(values: NDArray[np.float32]) -> NDArray[np.float32]:
        sums = (values.astype(np.float64) * maps.voxels).sum(axis=(-3, -2), keepdims=True)
        found: NDArray[np.float32] = np.divide(
            sums, voxels, out=np.zeros_like(sums), where=voxels > 0
        ).astype(np.float32)
        return found

    return ScoreMaps(
        structures=maps.structures,
        weighted=mean(maps.weighted),
        entropy=mean(maps.entropy),
        mutual=mean(maps.mutual),
        drawn=mean(maps.drawn),
        voxels=voxels,
        shape=maps.shape,
        spacing_mm=maps.spacing_mm,
    )


def to_dict(profile: ScoreMaps) -> dict[str, Any]:
    """Return a profile as plain numbers, each with six digits."""

    def plain(values: NDArray[Any]) -> list[float]:
        return [float(f"{value:.{DIGITS}g}") for value in values.ravel().tolist()]

    def each(values: NDArray[np.float32]) -> dict[str, list[float]]:
        return {key: plain(own) for key, own in zip(profile.structures, values, strict=True)}

    return {
        "shape": list(profile.shape),
        "spacing_mm": list(profile.spacing_mm),
        "voxels": profile.voxels.ravel().tolist(),
        "entropy": plain(profile.entropy),
        "mutual": plain(profile.mutual),
        "weighted": each(profile.weighted),
        "drawn": each(profile.drawn),
    }


def from_dict(kept: Mapping[str, Any]) -> ScoreMaps:
    """Return the profile that `to_dict` wrote. Raises KeyError or ValueError for anything else."""
    structures = tuple(sorted(kept["weighted"]))
    voxels = np.array(kept["voxels"], np.float64).reshape(1, 1, -1)

    def storeys(values: Any) -> NDArray[np.float32]:
        return np.array(values, np.float32).reshape(voxels.shape)

    def each(values: Mapping[str, Any]) -> NDArray[np.float32]:
        found = [storeys(values[key]) for key in structures]
        return np.array(found, np.float32).reshape(len(structures), *voxels.shape)

    i, j, k = kept["shape"]
    along_i, along_j, along_k = kept["spacing_mm"]
    return ScoreMaps(
        structures=structures,
        weighted=each(kept["weighted"]),
        entropy=storeys(kept["entropy"]),
        mutual=storeys(kept["mutual"]),
        drawn=each(kept["drawn"]),
        voxels=voxels,
        shape=(i, j, k),
        spacing_mm=(along_i, along_j, along_k),
    )
