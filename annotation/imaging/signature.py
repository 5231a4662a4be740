"""What finds the same scan under another name: cropped, mirrored, resampled, windowed or converted.

Two stages. The hash of a slice is the CRC-32 of the histogram of its soft tissue: equal wherever the same
voxels are, in any order, so cropping along the body, mirroring and turning do not change it. What was
resampled or rescaled has other voxels; there the profile speaks: small pictures of the body's slices, each
cut to its own outline and reduced to ranks, compared by Spearman's correlation at every shift along the
body. Of a scan in Hounsfield units there are two, one of all values and one of soft tissue, which windowing
leaves alone.
"""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from training.volume import Volume

VERSION = 1
SIDE = 12  # rows and columns of a profile's slices
PITCH_MM = 5.0
MOST_SLICES = 400
_LOWEST_HU, _HIGHEST_HU = -100, 200  # within every window in use for soft tissue
_SOFT_HU = (-160.0, 240.0)
_AIR_HU = -300.0  # a scan that goes below is in Hounsfield units
_OUTLINE = 0.35  # of the way from air to Otsu's threshold, so that fat counts as body
_FEWEST_VOXELS = 1000  # of soft tissue; of a tenth of a slice where slices are small
_OFFSET = 32_768  # of int16, so that values can be counted
_LEAST_BODY = 0.02  # share of a slice
_SHORTEST = 6  # slices of a profile that must lie on each other
_LEAST_SHARED = 3  # slices with one hash

SAME_SLICES = 0.3
SAME_LOOK = 0.89  # the most alike of 2016 pairs of different patients reach 0.874
SURE_LOOK = 0.94

Profile = NDArray[np.uint8]


@dataclass(frozen=True)
class Signature:
    """`hashes` are those of the slices, each once; `profile` holds ranks, uint8 (view, slice, SIDE, SIDE).

    Slices run from feet to head. View 0 is of all values; view 1, where there is one, of soft tissue.
    """

    hashes: frozenset[int]
    profile: Profile


@dataclass(frozen=True)
class Copy:
    """Two scans, by their place in a sequence, that show the same.

    `same_slices`: share of the shorter one's slices that have the same voxels (1 of 1 = every one).
    `same_look`: correlation of their profiles where they lie on each other best.
    """

    first: int
    second: int
    same_slices: float
    same_look: float


def signature_of(image: Volume) -> Signature:
    """Return the signature of a scan of any integer or float type, (i, j, k) canonical LPS."""
    voxels = image.voxels
    if voxels.dtype != np.int16:
        voxels = np.rint(voxels).clip(-_OFFSET, _OFFSET - 1).astype(np.int16)
    return Signature(_hashes(voxels), _profile(image.voxels, image.geometry.spacing_mm))


def compare(one: Signature, other: Signature) -> tuple[float, float]:
    """Return the share of common slices, and the correlation of the profiles (0 where they are too short)."""
    return _same_slices(one, other), _same_look(views_of(one), views_of(other))


def is_copy(same_slices: float, same_look: float) -> bool:
    """Tell whether two figures of `compare` mean one scan."""
    return same_slices >= SAME_SLICES or same_look >= SAME_LOOK


def is_certain(same_slices: float, same_look: float) -> bool:
    """Tell whether nobody has to look before two scans count as one."""
    return same_slices >= SAME_SLICES or same_look >= SURE_LOOK


def find_copies(signatures: Sequence[Signature]) -> list[Copy]:
    """Return every pair of scans that shows the same."""
    views = [views_of(signature) for signature in signatures]
    found = []
    for first, one in enumerate(signatures):
        for second in range(first + 1, len(signatures)):
            figures = _same_slices(one, signatures[second]), _same_look(views[first], views[second])
            if is_copy(*figures):
                found.append(Copy(first, second, *figures))
    return found


def _hashes(voxels: NDArray[np.int16]) -> frozenset[int]:
    area = voxels.shape[0] * voxels.shape[1]
    fewest = min(_FEWEST_VOXELS, area // 10)
    found = set()
    for k in range(voxels.shape[2]):
        values = voxels[:, :, k]
        tissue = values[(values > _LOWEST_HU) & (values < _HIGHEST_HU)]
        if len(tissue) < fewest:
            continue
        counts = np.bincount(tissue - np.int16(_LOWEST_HU), minlength=_HIGHEST_HU - _LOWEST_HU)
        if np.count_nonzero(counts) > 1:  # a slice of one value is nobody's
            found.add(zlib.crc32(counts.astype("<u4").tobytes()))
    return frozenset(found)


def _profile(voxels: NDArray[np.generic], spacing_mm: tuple[float, float, float]) -> Profile:
    """Return small ranked pictures of the body, one every PITCH_MM; slices without a body are left out."""
    count = max(1, min(MOST_SLICES, int(voxels.shape[2] * spacing_mm[2] / PITCH_MM)))
    step = max(1, min(voxels.shape[:2]) // 128)
    coarse = np.ascontiguousarray(voxels[::step, ::step], np.float32)
    inside_from, is_hu = _outline(coarse)
    windows = [(-np.inf, np.inf), _SOFT_HU] if is_hu else [(-np.inf, np.inf)]
    pictures = []
    for at in (np.arange(count) + 0.5) * voxels.shape[2] / count - 0.5:
        body = _body(_slice_at(coarse, at), inside_from)
        if body is not None:
            pictures.append([_ranked(body.clip(low, high)) for low, high in windows])
    stacked = np.array(pictures, np.uint8).reshape(-1, len(windows), SIDE, SIDE)
    return np.ascontiguousarray(stacked.swapaxes(0, 1))


def _slice_at(voxels: NDArray[np.float32], at: float) -> NDArray[np.float32]:
    """Return the slice at a place between two, their weighted mean."""
    low = int(np.clip(np.floor(at), 0, voxels.shape[2] - 1))
    high = min(low + 1, voxels.shape[2] - 1)
    share = np.float32(np.clip(at - low, 0, 1))
    return np.asarray((1 - share) * voxels[:, :, low] + share * voxels[:, :, high])


def _body(picture: NDArray[np.float32], inside_from: float) -> NDArray[np.float32] | None:
    """Cut a slice to the outline of its largest body, or return None where there is none."""
    parts, count = ndimage.label(picture > inside_from)
    if not count:
        return None
    sizes = np.bincount(parts.ravel())
    sizes[0] = 0
    largest = int(sizes.argmax())
    box = ndimage.find_objects(parts, max_label=largest)[largest - 1]
    if sizes[largest] < _LEAST_BODY * picture.size or min(s.stop - s.start for s in box) < SIDE:
        return None
    return picture[box] if np.ptp(picture[box]) else None


def _ranked(picture: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Reduce a picture to SIDE × SIDE ranks, 0–255; of equal values each gets the mean of their ranks."""
    means = _block_means(picture)
    order = np.unique(means.round(3), return_inverse=True)[1].reshape(SIDE, SIDE)
    tally = np.bincount(order.ravel())
    middle = np.cumsum(tally) - (tally + 1) / 2
    return np.asarray(np.rint(middle[order] * 255 / (SIDE * SIDE - 1)), np.uint8)


def _block_means(picture: NDArray[np.float32]) -> NDArray[np.float32]:
    """Average a picture over SIDE × SIDE equal blocks; a pixel on a border counts for both by its share."""
    return np.asarray(_weights(picture.shape[0]) @ picture @ _weights(picture.shape[1]).T)


def _weights(size: int) -> NDArray[np.float32]:
    edges = np.arange(SIDE + 1) * size / SIDE
    pixels = np.arange(size)
    covered = np.minimum(edges[1:, None], pixels + 1) - np.maximum(edges[:-1, None], pixels)
    return np.asarray(covered.clip(0) * SIDE / size, np.float32)


def _outline(voxels: NDArray[np.float32]) -> tuple[float, bool]:
    """Return the value from which a voxel is body, and whether values are Hounsfield units.

    Between air and body lies the value that parts them into two groups that differ most (Otsu 1979).
    """
    sample = voxels.ravel()[:: max(1, voxels.size // 500_000)]
    low, high = np.percentile(sample, (0.5, 99.5))
    counts, edges = np.histogram(sample.clip(low, high), 256)
    centres = (edges[:-1] + edges[1:]) / 2
    below = np.cumsum(counts)
    above = below[-1] - below
    sums = np.cumsum(counts * centres)
    with np.errstate(invalid="ignore", divide="ignore"):
        apart = below * above * (sums / below - (sums[-1] - sums) / above) ** 2
    otsu = float(centres[int(np.nan_to_num(apart).argmax())])
    air = max(float(low), -1024.0) if low < _AIR_HU else float(low)  # padding may lie below air
    return air + _OUTLINE * (otsu - air), bool(low < _AIR_HU)


def _same_slices(one: Signature, other: Signature) -> float:
    shared = len(one.hashes & other.hashes)
    if shared < _LEAST_SHARED:
        return 0.0
    return shared / min(len(one.hashes), len(other.hashes))


def views_of(signature: Signature) -> NDArray[np.float32]:
    """Return a profile's slices with mean 0 and length 1, so that their product is a correlation."""
    flat = signature.profile.reshape(*signature.profile.shape[:2], SIDE * SIDE).astype(np.float32)
    flat -= flat.mean(axis=2, keepdims=True)
    flat /= np.maximum(np.linalg.norm(flat, axis=2, keepdims=True), 1e-6)
    return flat.reshape(signature.profile.shape)


def _same_look(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    """Return the highest mean correlation over shifts along the body and mirror images of one of them.

    Two scans in Hounsfield units are compared by their soft tissue; otherwise by whichever views fit best.
    """
    if min(one.shape[1], other.shape[1]) < _SHORTEST:
        return 0.0
    if len(one) == len(other) == 2:
        return _best_fit(one[1], other[1])
    return max(_best_fit(first, second) for first in one for second in other)


def _best_fit(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    mirrored = np.stack([one, one[:, ::-1], one[:, :, ::-1], one[:, ::-1, ::-1]])
    tables = mirrored.reshape(4, len(one), -1) @ other.reshape(len(other), -1).T
    return _best_diagonal(np.concatenate([tables, tables[:, ::-1]]))


def _best_diagonal(tables: NDArray[np.float32]) -> float:
    """Return the highest mean of a diagonal that covers enough slices of the shorter scan."""
    count, rows, columns = tables.shape
    # Each row one place further than the one before: diagonals become columns.
    skewed = np.zeros((count, rows, rows + columns), np.float32)
    skewed[:, :, :columns] = tables
    skewed = skewed.reshape(count, -1)[:, : rows * (rows + columns - 1)]
    sums = skewed.reshape(count, rows, rows + columns - 1).sum(axis=1)
    place = np.arange(rows + columns - 1)
    lengths = np.minimum(np.minimum(place + 1, rows + columns - 1 - place), min(rows, columns))
    long_enough = lengths >= max(_SHORTEST, min(rows, columns) // 2)
    return float((sums[:, long_enough] / lengths[long_enough]).max())
