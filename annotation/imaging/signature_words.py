"""Words of a scan's profile, by which a database finds the few scans that may look the same.

Every slice of a profile becomes a word for each of TABLES sets of random hyperplanes: on which side of each
of BITS planes it lies (Charikar 2002: two slices of correlation c are on one side of a plane with probability
1 − arccos(c)/π). Scans that look the same share many words wherever one was cropped, and few otherwise; words
of the mirror images are asked for as well.
"""

import numpy as np
from numpy.typing import NDArray

from annotation.imaging.signature import SIDE, Signature, views_of

TABLES = 4
BITS = 20
# What the cross-sections of all bodies share, as waves (DCT-II) along the two axes: it tells nobody apart.
_SHARED_WAVES = ((0, 2), (2, 0), (2, 2), (0, 4), (4, 0))


def _planes() -> NDArray[np.float32]:
    """Return random planes (plane, SIDE²) that are blind to what all bodies share; always the same ones."""
    # Its numbers never change, as those of a Generator may.
    planes = np.random.RandomState(1931).standard_normal((TABLES * BITS, SIDE * SIDE))
    at = np.pi * (np.arange(SIDE) + 0.5) / SIDE
    waves = [np.outer(np.cos(u * at), np.cos(v * at)).ravel() for u, v in _SHARED_WAVES]
    shared, _ = np.linalg.qr(np.array(waves).T)
    return np.asarray(planes - planes @ shared @ shared.T, np.float32)


_PLANES = _planes()
_WEIGHTS = 2 ** np.arange(BITS, dtype=np.int64)
_FIRST = np.arange(TABLES, dtype=np.int64) << BITS


def words_of(signature: Signature) -> frozenset[int]:
    """Return the words of all slices of all views, each once."""
    return _words(views_of(signature))


def asked_words(signature: Signature) -> frozenset[int]:
    """Return the words of a scan and its mirror images: those by which others that look like it are found."""
    views = views_of(signature)
    mirrored = (views[:, :, ::i, ::j] for i in (1, -1) for j in (1, -1))
    return frozenset().union(*(_words(one) for one in mirrored))


def _words(views: NDArray[np.float32]) -> frozenset[int]:
    """Return the words of pictures (view, slice, SIDE, SIDE) of mean 0."""
    sides = views.reshape(-1, SIDE * SIDE) @ _PLANES.T > 0
    numbers = sides.reshape(-1, TABLES, BITS) @ _WEIGHTS + _FIRST
    return frozenset(int(number) for number in np.unique(numbers))
