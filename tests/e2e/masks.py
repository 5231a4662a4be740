"""Masks byte for byte: what the browser draws on, and what the server answers.

Both are arrays (layer, k, j, i) of uint8, so that two are the same exactly when all their bytes are.
"""

import base64
import struct

import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import Page

from tests.e2e.cases import SHAPE
from tests.e2e.conftest import Reading

Mask = NDArray[np.uint8]
SIDE = 32
RECORD = 8 + SIDE**3

BUFFER = """() => {
  const { layers } = window.__delineate.viewer.engine.map;
  return layers.map((slices) => slices.map((slice) => {
    let text = '';
    for (const value of slice) text += String.fromCharCode(value);
    return btoa(text);
  }));
}"""


def drawn(page: Page) -> Mask:
    """The buffer that the page draws on and shows."""
    layers: list[list[str]] = page.evaluate(BUFFER)
    ni, nj, nk = SHAPE
    flat = b"".join(base64.b64decode(piece) for slices in layers for piece in slices)
    return np.frombuffer(flat, np.uint8).reshape(len(layers), nk, nj, ni)


def stored(reading: Reading, page: Page, *, mask: str | None = None, revision: int | None = None) -> Mask:
    """The mask of the read, or another one, as the server gives it out."""
    path = f"/api/masks/{mask or reading.mask}/" + ("" if revision is None else f"?revision={revision}")
    answer = page.request.get(reading.stack.url + path)
    assert answer.ok, (path, answer.status)
    body = answer.body()
    ni, nj, nk = SHAPE
    across, along = -(-ni // SIDE), -(-nj // SIDE)
    whole = np.zeros((1, -(-nk // SIDE) * SIDE, along * SIDE, across * SIDE), np.uint8)
    assert len(body) % RECORD == 0
    for at in range(0, len(body), RECORD):
        layer, index = struct.unpack_from("<II", body, at)
        i, j, k = (SIDE * n for n in (index % across, index // across % along, index // (across * along)))
        chunk = np.frombuffer(body, np.uint8, SIDE**3, at + 8).reshape(SIDE, SIDE, SIDE)
        whole[layer, k : k + SIDE, j : j + SIDE, i : i + SIDE] = chunk
    return whole[:, :nk, :nj, :ni]


def same(one: Mask, other: Mask) -> bool:
    return one.shape == other.shape and one.tobytes() == other.tobytes()


def difference(one: Mask, other: Mask) -> str:
    """For the message of a failed comparison."""
    places = np.argwhere(one != other)
    first = [(tuple(map(int, at)), int(one[tuple(at)]), int(other[tuple(at)])) for at in places[:5]]
    return f"{len(places)} voxels differ; (layer, k, j, i), one, other: {first}"
