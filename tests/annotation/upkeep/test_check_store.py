"""Rows and store that do not agree: found, told, and mended where they can be."""

import json
import os
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db.models import CharField, Model

from annotation import store, upkeep
from annotation.models import Case, Export, GuidelineImage, Mask, Prediction, Project, StoredSum, UploadedFile
from annotation.upkeep.checking import BRING_BACK, Fault
from annotation.upkeep.references import REFERENCES
from tests.annotation.factories import make_case, make_export, make_model, make_picture, make_uploaded_file
from tests.phantom_cases import add_phantom

pytestmark = pytest.mark.django_db


@pytest.fixture
def case(project: Project) -> Case:
    return add_phantom(project, 1, delineated=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "folder"
    place.mkdir()
    (place / "model.json").write_bytes(b"{}")
    return place


def faults(**how: Any) -> list[tuple[str, str, bool]]:
    return [(one.kind, one.key, one.mended) for one in upkeep.check_store(**how).faults]


def only(**how: Any) -> Fault:
    (fault,) = upkeep.check_store(**how).faults
    return fault


def path_of(key: str) -> Path:
    with store.local_path(key) as path:
        return path


def age(key: str) -> None:
    path = path_of(key)
    for one in [path, *path.rglob("*")]:
        os.utime(one, (time.time() - 48 * 3600,) * 2)


def test_a_store_that_agrees(case: Case, lea: User) -> None:
    make_picture(case.project)
    report = upkeep.check_store(read=True, older_than=timedelta(0))
    assert (report.faults, report.young) == ([], 0)
    assert report.keys > 3
    assert report.bytes == sum(StoredSum.objects.values_list("bytes", flat=True))


def test_bytes_that_nothing_names_go_when_they_are_old(case: Case) -> None:
    store.put("volumes/lost.zarr/0/c/0", b"lost")
    store.put("guidelines/lost", b"lost too")
    assert faults() == []
    assert upkeep.check_store().young == 2
    for key in ("volumes/lost.zarr", "guidelines/lost"):
        age(key)
    found = [("orphan", "guidelines/lost", False), ("orphan", "volumes/lost.zarr", False)]
    assert faults() == found
    assert store.exists("guidelines/lost")
    assert faults(repair=True) == [(kind, key, True) for kind, key, _ in found]
    assert not store.exists("guidelines/lost")
    assert store.exists(case.volume.store_key)
    assert faults() == []


def test_what_a_killed_process_left_unfinished_goes(case: Case) -> None:
    half = path_of(case.volume.store_key).parent / ".unfinished-1"
    half.mkdir()
    (half / "zarr.json").write_bytes(b"{}")
    os.utime(half / "zarr.json", (0, 0))
    assert only(repair=True).key == "volumes/.unfinished-1"
    assert not half.exists()


def test_an_image_that_is_missing_or_wrong_cannot_be_made_again(case: Case) -> None:
    key = case.volume.store_key
    brick = next(one for one in path_of(key).rglob("0/c/*/*/*") if one.is_file())
    whole = brick.read_bytes()
    turned = bytes([whole[0] ^ 1]) + whole[1:]
    brick.write_bytes(turned)
    assert faults() == [], "of the same length: only reading it tells"
    fault = only(read=True, repair=True)
    assert (fault.kind, fault.key, fault.mended, fault.advice) == ("wrong", key, False, BRING_BACK)
    brick.write_bytes(whole[:-1])
    assert faults() == [("wrong", key, False)]
    store.delete_tree(key)
    fault = only(repair=True)
    assert (fault.kind, fault.what, fault.mended, fault.advice) == ("missing", "scan", False, BRING_BACK)


def test_what_can_be_made_again_is_forgotten(project: Project, folder: Path) -> None:
    export = make_export(project)
    Export.objects.filter(pk=export.pk).update(store_key="exports/1/1-a", bytes=1, sha256="a")
    case, model = make_case(project), make_model(project)
    store.put_tree(model.store_key, folder)
    store.put_tree(case.volume.store_key, folder)
    mask = Mask.objects.create(case=case, kind="model", model=model)
    prediction = Prediction.objects.create(
        case=case,
        model=model,
        mask=mask,
        uncertainty=0.1,
        map_key="uncertainty/gone",
        map_shape=[1, 1, 1],
        map_factor=[1, 1, 1],
    )
    file = make_uploaded_file(project)
    UploadedFile.objects.filter(pk=file.pk).update(pieces=["gone"], received=1)
    assert {(fault.what, fault.mended) for fault in upkeep.check_store(repair=True).faults} == {
        ("export", True),
        ("map", True),
        ("piece", True),
    }
    for row in (export, prediction, file):
        row.refresh_from_db()
    assert (export.store_key, export.bytes, prediction.map_key, file.received) == ("", None, "", 0)
    assert faults() == []


def test_sums_are_taken_where_none_were_and_forgotten_with_their_bytes(case: Case) -> None:
    StoredSum.objects.all().delete()
    assert faults() == [("no_sum", case.volume.store_key, False)]
    assert faults(repair=True) == [("no_sum", case.volume.store_key, True)]
    assert faults(read=True) == []
    StoredSum.objects.create(key="volumes/gone.zarr", bytes=1, sha256="0" * 64)
    assert faults(repair=True) == [("left_sum", "volumes/gone.zarr", True)]
    assert faults() == []


def test_a_file_that_was_added_to_a_folder_has_its_own_sum(project: Project, folder: Path) -> None:
    model = make_model(project)
    store.put_tree(model.store_key, folder)
    store.put(f"{model.store_key}/network.pt", b"network")
    assert faults(read=True) == []
    path_of(f"{model.store_key}/network.pt").write_bytes(b"netw0rk")
    assert only(read=True).key == f"{model.store_key}/network.pt"


def test_every_column_that_names_keys_is_looked_at() -> None:
    """Histories aside: what they name may be gone."""
    tables = [one for one in apps.get_app_config("annotation").get_models() if not is_history(one)]
    columns = {
        f"{table.__name__}.{field.name}"
        for table in tables
        for field in table._meta.get_fields()
        if isinstance(field, CharField) and field.name.endswith(("store_key", "map_key"))
    }
    known = {f"{one.table.__name__}.{one.column}" for one in REFERENCES}
    assert columns <= known
    assert known - columns == {"UploadedFile.pieces", "Job.ids"}


def is_history(table: type[Model]) -> bool:
    return hasattr(table, "pgh_tracked_model")


def test_the_command(case: Case, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("check_store", "--read")
    assert "0 faults, 0 left" in capsys.readouterr().out
    store.delete_tree(case.volume.store_key)
    with pytest.raises(SystemExit) as ended:
        call_command("check_store", "--json", "--repair")
    assert ended.value.code == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["left"], told["faults"][0]["kind"]) == (1, "missing")


def test_a_picture_whose_bytes_are_gone_is_told(project: Project, lea: User) -> None:
    picture: GuidelineImage = make_picture(project)
    store.delete_tree(picture.store_key)
    assert (only(repair=True).what, only().advice) == ("picture", BRING_BACK)
