"""The store in a bucket of a real S3-compatible server (moto's, a process of its own), the product on it."""

import io
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import boto3
import numpy as np
import pytest
import zstandard
from django.contrib.auth.models import User
from django.utils import timezone

from annotation import exports, ingest, store, upkeep, worklist
from annotation.errors import NotFound, StoreFailed
from annotation.models import CaseState, ExportFormat, Project, Revision
from annotation.store import faults
from backend import services, storing
from tests.annotation.api.conftest import Browser
from tests.annotation.factories import make_picture, named, set_state, stroke
from tests.phantom_cases import add_phantom, phantom
from tests.trust.figures import record
from tests.trust.writing import work_on

pytestmark = [pytest.mark.django_db, pytest.mark.trust]

SECRET = "not-a-secret"
BUCKET = "delineate"


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    port = services.free_port()
    address = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            with suppress(OSError), urlopen(f"{address}/moto-api/", timeout=5):  # noqa: S310  # our own address
                break
            time.sleep(0.2)
        yield address
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def bucket(server: str, settings: Any, tmp_path: Path) -> Iterator[Any]:
    """An empty bucket, in use as the store."""
    known = {"aws_access_key_id": SECRET, "aws_secret_access_key": SECRET, "region_name": "us-east-1"}
    made = boto3.resource("s3", endpoint_url=server, **known).create_bucket(Bucket=BUCKET)
    use(settings, server, tmp_path)
    yield made
    made.objects.all().delete()
    made.delete()


def use(settings: Any, endpoint: str, folder: Path) -> None:
    chosen = storing.backend(
        folder=folder,
        bucket=BUCKET,
        endpoint=endpoint,
        access_key=SECRET,
        secret_key=SECRET,
        region="us-east-1",
    )
    settings.STORAGES = settings.STORAGES | {"store": chosen}


def test_without_a_bucket_it_is_a_folder(tmp_path: Path) -> None:
    nothing = dict.fromkeys(("bucket", "endpoint", "access_key", "secret_key", "region"), "")
    assert storing.backend(folder=tmp_path, **nothing)["OPTIONS"] == {"location": str(tmp_path)}


def test_keys_and_trees(bucket: Any, tmp_path: Path) -> None:
    store.put("guidelines/one", b"\0\1\2")
    assert store.read("guidelines/one") == b"\0\1\2"
    with pytest.raises(FileExistsError):
        store.put("guidelines/one", b"other")
    tree = tmp_path / "tree"
    (tree / "c").mkdir(parents=True)
    (tree / "zarr.json").write_bytes(b"{}")
    (tree / "c" / "0").write_bytes(b"brick")
    store.put_tree("volumes/1.zarr", tree)
    store.put("volumes/1.zarr2", b"a neighbour")
    assert store.exists("volumes/1.zarr")
    assert {entry.key for entry in store.entries("volumes/1.zarr")} == {
        "volumes/1.zarr/zarr.json",
        "volumes/1.zarr/c/0",
    }
    with store.local_path("volumes/1.zarr") as folder:
        assert (folder / "c" / "0").read_bytes() == b"brick"
    assert store.keys_before("guidelines", timezone.now() + timedelta(minutes=1)) == ["guidelines/one"]
    store.delete_tree("volumes/1.zarr")
    assert not store.exists("volumes/1.zarr")
    assert store.read("volumes/1.zarr2") == b"a neighbour"
    with pytest.raises(NotFound):
        store.read("volumes/1.zarr/zarr.json")


def test_from_import_to_export(bucket: Any, project: Project, lea: User, ana: User) -> None:
    case = add_phantom(project, 1, delineated=False)
    delineated = add_phantom(project, 2, delineated=True)
    set_state([case], CaseState.READY)
    read = worklist.next_case(reader=ana, project=project)
    assert read is not None
    assert read.case == case
    browser = Browser(ana)
    slab = browser.get(
        f"/api/volumes/{named(read).volume(case.volume_id)}/zarr/0/c/0/0/0",
        headers={"Accept-Encoding": "zstd"},
    )
    plain = zstandard.ZstdDecompressor().decompressobj().decompress(slab.content)
    scan, _ = phantom(1)
    ni, nj, _ = scan.geometry.shape
    seen = np.frombuffer(plain, "<i2").reshape(-1, nj, ni).T
    assert np.array_equal(seen, scan.voxels[:, :, : seen.shape[2]])
    stroke(read)
    assert Revision.objects.filter(mask=read.mask).count() == 1
    made = exports.request_export(project=project, by=lea, order=exports.Order(ExportFormat.NIFTI))
    work_on(made)
    made.refresh_from_db()
    packed = zipfile.ZipFile(io.BytesIO(b"".join(exports.download(made))))
    assert any(name.endswith(".nii.gz") for name in packed.namelist())
    assert np.array_equal(ingest.read_voxels(delineated.volume), phantom(2)[0].voxels)
    make_picture(project)
    report = upkeep.check_store(read=True, older_than=timedelta(0))
    objects = len(list(bucket.objects.all()))
    assert (report.faults, report.keys) == ([], objects)
    record(
        "R7",
        "the store on an S3 server: import, slab, revision, export, check",
        f"{objects} objects, 0 faults",
        met=objects > 10,
    )


def test_orphans_go(bucket: Any, project: Project) -> None:
    case = add_phantom(project, 1, delineated=False)
    bucket.put_object(Key="volumes/lost.zarr/0", Body=b"lost")
    (fault,) = upkeep.check_store(older_than=timedelta(0), repair=True).faults
    assert (fault.key, fault.mended) == ("volumes/lost.zarr", True)
    assert upkeep.check_store(read=True, older_than=timedelta(0)).faults == []
    store.delete_tree(case.volume.store_key)
    assert list(bucket.objects.all()) == []


def test_a_server_that_is_away_is_told_in_a_sentence(settings: Any, tmp_path: Path, project: Project) -> None:
    use(settings, f"http://127.0.0.1:{services.free_port()}", tmp_path)
    with pytest.raises(StoreFailed, match="The store is out of order") as failed:
        add_phantom(project, 1, delineated=False)
    assert (failed.value.status, failed.value.sentence) == (503, faults.NOT_KEPT)
    assert not project.cases.exists()
    with pytest.raises(StoreFailed):
        store.read("guidelines/one")


def test_wrong_keys_are_told_as_well(bucket: Any, project: Project) -> None:
    bucket.objects.all().delete()
    bucket.delete()
    with pytest.raises(StoreFailed):
        add_phantom(project, 1, delineated=False)
    assert not project.cases.exists()
    bucket.create()
