import gzip
import json
from pathlib import Path

import numpy as np
import pytest
import zstandard
from django.contrib.auth.models import User

from annotation import handles, store
from annotation.imaging import omezarr
from annotation.models import Project, Volume
from tests.annotation.api.conftest import Browser
from tests.annotation.api.guard import assert_kept_out
from tests.annotation.factories import SHAPE, make_case
from training.volume import Geometry
from training.volume import Volume as Scan

VOXELS = np.random.default_rng(5).integers(-1000, 1000, SHAPE).astype(np.int16)


@pytest.fixture
def volume(project: Project, tmp_path: Path) -> Volume:
    """A volume whose image really lies in the store."""
    volume = make_case(project).volume
    identity = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
    geometry = Geometry(SHAPE, (1.0, 1.0, 2.0), (0.0, 0.0, 0.0), identity)
    omezarr.write_image(tmp_path / "image", Scan(VOXELS, geometry))
    store.put_tree(volume.store_key, tmp_path / "image")
    return volume


@pytest.fixture
def url(volume: Volume, ana: User) -> str:
    return f"/api/volumes/{handles.Namer(ana.pk, 1).volume(volume.pk)}/zarr/"


def test_a_brick_is_served_as_it_lies(volume: Volume, url: str, as_ana: Browser) -> None:
    answer = as_ana.get(f"{url}0/c/1/0/0", headers={"Accept-Encoding": "gzip, zstd"})
    assert answer.content == store.read(f"{volume.store_key}/0/c/1/0/0")
    assert answer.headers["Content-Encoding"] == "zstd"
    assert "immutable" in answer.headers["Cache-Control"]
    assert "private" in answer.headers["Cache-Control"]
    plain = zstandard.ZstdDecompressor().decompressobj().decompress(answer.content)
    slices = np.frombuffer(plain, "<i2").reshape(8, SHAPE[1], SHAPE[0])
    assert np.array_equal(slices.T, VOXELS[:, :, 8:16])


@pytest.mark.parametrize("accepts", ["gzip", "identity", ""])
def test_re_encoded_for_a_client_without_zstd(url: str, as_ana: Browser, accepts: str) -> None:
    answer = as_ana.get(f"{url}0/c/4/0/0", headers={"Accept-Encoding": accepts})
    packed = answer.headers.get("Content-Encoding") == "gzip"
    assert packed == (accepts == "gzip")
    plain = gzip.decompress(answer.content) if packed else answer.content
    slices = np.frombuffer(plain, "<i2").reshape(8, SHAPE[1], SHAPE[0])
    assert np.array_equal(slices[:2].T, VOXELS[:, :, 32:34])
    assert (slices[2:] == omezarr.FILL_HU).all()


def test_metadata(url: str, as_ana: Browser) -> None:
    group = as_ana.get(f"{url}zarr.json")
    assert group.headers["Content-Type"] == "application/json"
    assert json.loads(group.content)["attributes"]["ome"]["version"] == "0.5"
    assert as_ana.get(f"{url}2/zarr.json").json()["shape"] == [9, 9, 10]


def test_an_unchanged_brick_is_304(url: str, as_ana: Browser) -> None:
    etag = as_ana.get(f"{url}0/c/0/0/0").headers["ETag"]
    answer = as_ana.get(f"{url}0/c/0/0/0", headers={"If-None-Match": etag})
    assert (answer.status_code, answer.content) == (304, b"")


@pytest.mark.parametrize(
    "path",
    [
        "0/c/5/0/0",
        "7/c/0/0/0",
        "9/zarr.json",
        "0",
        "0/c",
        "0/c/0",
        "../zarr.json",
        "0/../zarr.json",
        "..%2f..%2fsecret.key",
        "%2e%2e/zarr.json",
        "0/c/0/0/0/",
        "0/c/0/0/0%00",
        "0/c/0/0/0%0a",
        "0//c/0/0/0",
        "/etc/passwd",
        "0/c/٣/0/0",
        "0/c/-1/0/0",
        "zarr.json/../zarr.json",
        "secret.key",
    ],
)
def test_nothing_else_is_there(url: str, as_ana: Browser, path: str) -> None:
    assert as_ana.get(url + path).status_code == 404


def test_who_is_kept_out(url: str, as_nobody: Browser, as_otto: Browser) -> None:
    assert_kept_out(f"{url}zarr.json", nobody=as_nobody, stranger=as_otto, wrong_role=None)
