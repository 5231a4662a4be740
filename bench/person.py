"""Somebody who works through the HTTP API alone: signs in, reads masks, sends edits."""

import gzip
import json
import uuid
from http.cookiejar import CookieJar
from typing import Any
from urllib.request import HTTPCookieProcessor, Request, build_opener

import numpy as np
from numpy.typing import NDArray

Labels = NDArray[np.uint8]
SIDE = 32


class Person:
    """Somebody signed in through the API."""

    def __init__(self, url: str, name: str) -> None:
        self.url = url
        self.jar = CookieJar()
        self.opener = build_opener(HTTPCookieProcessor(self.jar))
        # As pages say with every request while somebody is there: else the session ends after half an hour.
        self.opener.addheaders.append(("X-Person-Active", "0"))
        self.ask("/api/csrf/")
        self.send("/_allauth/browser/v1/auth/login", {"username": name, "password": name})

    def ask(self, path: str) -> bytes:
        with self.opener.open(self.url + path, timeout=60) as answer:
            body: bytes = answer.read()
        return body

    def get(self, path: str) -> Any:
        return json.loads(self.ask(path))

    def send(self, path: str, content: dict[str, object]) -> Any:
        return self._post(path, json.dumps(content).encode(), "application/json")

    def save(self, assignment: int, meta: dict[str, object], edits: bytes) -> Any:
        mark = uuid.uuid4().hex
        parts = [
            f'--{mark}\r\nContent-Disposition: form-data; name="meta"\r\n\r\n{json.dumps(meta)}\r\n'.encode(),
            f'--{mark}\r\nContent-Disposition: form-data; name="edits"; filename="edits"\r\n'.encode(),
            b"Content-Type: application/gzip\r\n\r\n" + edits + f"\r\n--{mark}--\r\n".encode(),
        ]
        kind = f"multipart/form-data; boundary={mark}"
        return self._post(f"/api/assignments/{assignment}/revisions/", b"".join(parts), kind)

    def _post(self, path: str, body: bytes, kind: str) -> Any:
        token = next((cookie.value or "" for cookie in self.jar if cookie.name == "csrftoken"), "")
        headers = {"Content-Type": kind, "X-CSRFToken": token, "Referer": self.url}
        with self.opener.open(Request(self.url + path, body, headers), timeout=60) as answer:  # noqa: S310
            return json.loads(answer.read() or b"null")


# ── Masks and edits, by the formats of docs/reference/api.md ──────────────────
def read_mask(person: Person, mask: dict[str, int], shape: tuple[int, ...]) -> Labels:
    """The first layer of a mask, uint8 (i, j, k)."""
    labels = np.zeros([SIDE * -(-n // SIDE) for n in shape], np.uint8, order="F")
    across = [n // SIDE for n in labels.shape]
    body = person.ask(f"/api/masks/{mask['id']}/?revision={mask['head']}")
    for start in range(0, len(body), 8 + SIDE**3):
        layer, index = np.frombuffer(body, "<u4", 2, start)
        if layer == 0:
            corner = np.array(np.unravel_index(int(index), across, order="F")) * SIDE
            chunk = np.frombuffer(body, np.uint8, SIDE**3, start + 8).reshape((SIDE,) * 3, order="F")
            labels[tuple(slice(c, c + SIDE) for c in corner)] = chunk
    return labels[tuple(slice(0, n) for n in shape)]


def edits_between(before: Labels, after: Labels) -> bytes:
    """The runs that turn one labelling into the other, gzip'd."""
    blocks = []
    for k in range(before.shape[2]):
        old, new = (labels[:, :, k].ravel(order="F").astype(np.int16) for labels in (before, after))
        wanted = np.where(old != new, new, -1)
        starts = np.flatnonzero(np.diff(wanted, prepend=-2))
        ends = np.append(starts[1:], wanted.size)
        runs = [(a, b) for a, b in zip(starts, ends, strict=True) if wanted[a] >= 0]
        if runs:
            gaps = [a - b for (a, _), (_, b) in zip(runs, [(0, 0), *runs], strict=False)]
            written = [
                _varint(g) + _varint(b - a) + bytes([wanted[a]]) for g, (a, b) in zip(gaps, runs, strict=True)
            ]
            blocks.append(_varint(0) + _varint(k) + _varint(len(runs)) + b"".join(written))
    return gzip.compress(b"".join(blocks))


def _varint(number: int) -> bytes:
    out = bytearray()
    number = int(number)
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])
