"""Maps of a scan as few bytes: what cubes of any size are chosen by, long after the scan was predicted."""

import io
import json
import zipfile
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.acquire.maps import ScoreMaps
from training.progress import TrainingError

FAINT = 1e-4
"""Of a map's highest value; what is less counts as none, and takes no room."""


def pack(maps: ScoreMaps) -> bytes:
    """Return the maps in half precision of each one's highest value, compressed (numpy's npz).

    A value comes back within 0.05 % of itself, or as 0 where it is below FAINT of the highest.
    """
    about = {
        "structures": list(maps.structures),
        "shape": list(maps.shape),
        "spacing_mm": list(maps.spacing_mm),
    }
    body = [] if maps.body is None else [maps.body]
    layers = [maps.entropy, maps.mutual, *maps.weighted, *maps.drawn, *body]
    highest = np.array([float(one.max(initial=0.0)) for one in layers], np.float64)
    halves = [_half(one, top) for one, top in zip(layers, highest.tolist(), strict=True)]
    file = io.BytesIO()
    np.savez_compressed(
        file,
        about=np.frombuffer(json.dumps(about).encode(), np.uint8),
        voxels=maps.voxels.astype(np.float32),
        highest=highest,
        halves=np.stack(halves),
    )
    return file.getvalue()


def unpack(packed: bytes) -> ScoreMaps:
    """Return the maps that `pack` wrote. Raises TrainingError for anything else."""
    try:
        with np.load(io.BytesIO(packed), allow_pickle=False) as content:
            about: dict[str, Any] = json.loads(bytes(content["about"]))
            layers = content["halves"].astype(np.float32)
            layers *= content["highest"][:, None, None, None].astype(np.float32)
            voxels = content["voxels"].astype(np.float64)
        structures = tuple(about["structures"])
        i, j, k = about["shape"]
        along_i, along_j, along_k = about["spacing_mm"]
    except (OSError, EOFError, ValueError, KeyError, IndexError, TypeError, zipfile.BadZipFile) as error:
        raise TrainingError("The maps that were kept of a scan are damaged; predict it again.") from error
    many = len(structures)
    return ScoreMaps(
        structures=structures,
        weighted=layers[2 : 2 + many],
        entropy=layers[0],
        mutual=layers[1],
        drawn=layers[2 + many : 2 + 2 * many],
        voxels=voxels,
        shape=(i, j, k),
        spacing_mm=(along_i, along_j, along_k),
        body=layers[2 + 2 * many] if len(layers) > 2 + 2 * many else None,
    )


def _half(values: NDArray[np.float32], highest: float) -> NDArray[np.float16]:
    if highest <= 0:
        return np.zeros(values.shape, np.float16)
    shares = values / np.float32(highest)
    found: NDArray[np.float16] = np.where(shares < FAINT, 0, shares).astype(np.float16)
    return found
