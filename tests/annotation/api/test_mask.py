import gzip
import struct

import numpy as np
import pytest
import zstandard

from annotation.chunks import Grid
from annotation.chunks.grid import Voxels
from annotation.models import Assignment
from tests.annotation.api.conftest import Browser
from tests.annotation.api.guard import assert_kept_out, assert_refused
from tests.annotation.factories import SHAPE, box, named, stroke

RECORD = 8 + 32**3


@pytest.fixture
def url(read: Assignment) -> str:
    return f"/api/masks/{named(read).mask(read.mask_id)}/"


def decode(body: bytes) -> tuple[Voxels, list[tuple[int, int]]]:
    """The labels (layer, i, j, k) and the (layer, index) of the records, as a client would read them."""
    assert len(body) % RECORD == 0
    labels = np.zeros((1, *SHAPE), np.uint8)
    names = []
    for at in range(0, len(body), RECORD):
        layer, index = struct.unpack_from("<II", body, at)
        chunk = np.frombuffer(body, np.uint8, 32**3, at + 8)
        Grid(SHAPE).place(labels[layer], index, chunk)
        names.append((layer, index))
    return labels, names


def unzstd(body: bytes) -> bytes:
    return zstandard.ZstdDecompressor().decompressobj().decompress(body)


def test_the_prediction_shows_through(url: str, read: Assignment, as_ana: Browser) -> None:
    answer = as_ana.get(url, headers={"Accept-Encoding": "gzip, deflate, br, zstd"})
    assert answer.headers["Content-Encoding"] == "zstd"
    assert answer.headers["Content-Type"] == "application/octet-stream"
    labels, names = decode(unzstd(answer.content))
    assert np.array_equal(labels, box())
    assert names == sorted(names)
    assert answer.headers["X-Revision"] == "0"
    assert answer.headers["ETag"] == f'"{named(read).mask(read.mask_id)}-0"'


@pytest.mark.parametrize(
    ("accepts", "encoding"),
    [
        ("gzip", "gzip"),
        ("gzip, zstd;q=0", "gzip"),
        ("*", "zstd"),
        ("br", None),
        ("", None),
        ("gzip;q=0, *;q=0", None),
        ("gzip;q=x", None),
    ],
)
def test_encodings(url: str, as_ana: Browser, accepts: str, encoding: str | None) -> None:
    answer = as_ana.get(url, headers={"Accept-Encoding": accepts})
    assert answer.headers.get("Content-Encoding") == encoding
    unpack = {"gzip": gzip.decompress, "zstd": unzstd, None: bytes}[encoding]
    assert np.array_equal(decode(unpack(answer.content))[0], box())
    assert "Accept-Encoding" in answer.headers["Vary"]


@pytest.mark.parametrize("accept", ["application/octet-stream", "text/html", "*/*"])
def test_whatever_the_client_says_it_accepts(url: str, as_ana: Browser, accept: str) -> None:
    assert np.array_equal(decode(as_ana.get(url, headers={"Accept": accept}).content)[0], box())


def test_a_revision_and_the_head(url: str, read: Assignment, as_ana: Browser) -> None:
    stroke(read, value=2)
    stroke(read, base=1, value=3)
    rows = {
        revision: decode(as_ana.get(url, {"revision": revision}).content)[0][0, :6, 0, 1].tolist()
        for revision in (0, 1, 2)
    }
    assert rows == {0: [0] * 6, 1: [2] * 5 + [0], 2: [3] * 5 + [0]}
    newest = as_ana.get(url)
    assert newest.headers["X-Revision"] == "2"
    assert decode(newest.content)[0][0, 0, 0, 1] == 3


def test_erased_chunks_are_left_out(url: str, read: Assignment, as_ana: Browser) -> None:
    stroke(read, value=2)
    stroke(read, base=1, value=0)
    assert (0, 0) in decode(as_ana.get(url, {"revision": 1}).content)[1]
    assert (
        decode(as_ana.get(url, {"revision": 2}).content)[1]
        == decode(as_ana.get(url, {"revision": 0}).content)[1]
    )


def test_an_unchanged_mask_is_304(url: str, read: Assignment, as_ana: Browser) -> None:
    etag = as_ana.get(url).headers["ETag"]
    again = as_ana.get(url, headers={"If-None-Match": etag})
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", etag)
    stroke(read)
    assert as_ana.get(url, headers={"If-None-Match": etag}).status_code == 200


def test_an_unknown_revision_is_404(url: str, as_ana: Browser) -> None:
    assert_refused(as_ana.get(url, {"revision": 1}), 404, "no revision 1")


@pytest.mark.parametrize("revision", ["x", "-1", "1.5", str(10**30)])
def test_a_revision_that_is_no_number_is_400(url: str, as_ana: Browser, revision: str) -> None:
    assert_refused(as_ana.get(url, {"revision": revision}), 400, "revision")


def test_who_is_kept_out(
    url: str, as_nobody: Browser, as_otto: Browser, as_ben: Browser, as_rui: Browser
) -> None:
    assert_kept_out(url, nobody=as_nobody, stranger=as_otto, unaware=as_ben)
    assert_kept_out(url, nobody=as_nobody, stranger=as_otto, unaware=as_rui)
