"""Masks written as lists of voxels: CSV with flat indices into a grid, as OpenKBP publishes them.

To be called where untrusted files are decoded: in the child process.
"""

import numpy as np
from numpy.typing import NDArray

from annotation.errors import Refused, TooLarge

MOST_BYTES = 256 * 1024**2


def mask_of_list(text: str, shape: tuple[int, int, int], name: str) -> NDArray[np.uint8]:
    """Return the mask (uint8, axes in the order of `shape`) of a CSV whose first column holds flat indices.

    The first line is a header; indices count the last axis fastest. Raises Refused for what is no such list.
    """
    if len(text) > MOST_BYTES:
        raise TooLarge(f"{name} is larger than {MOST_BYTES // 1024**2} MiB.")
    mask = np.zeros(int(np.prod(shape)), np.uint8)
    lines = text.splitlines()[1:]
    first = [line.split(",", 1)[0] for line in lines if line.strip()]
    if not all(one.isascii() and one.isdecimal() and len(one) < 12 for one in first):
        raise Refused(f"{name} is not a list of voxels: its first column needs whole numbers.")
    indices = np.array(first, np.int64) if first else np.zeros(0, np.int64)
    if len(indices) and int(indices.max()) >= len(mask):
        raise Refused(f"{name} names voxel {int(indices.max())}; a grid of {shape} has {len(mask)}.")
    mask[indices] = 1
    return mask.reshape(shape)
