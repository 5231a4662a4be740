"""Pictures that no version of a guideline names go a day after they came; nothing else does."""

import os
import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from annotation import guidelines, store, tasks
from annotation.errors import Refused
from annotation.guidelines import Entry
from annotation.models import GuidelineImage, Project
from tests.annotation.factories import make_picture
from tests.annotation.threads import at_once


@pytest.fixture(autouse=True)
def _lead(lea: User) -> None:
    """Pictures are a lead's."""


def make_old(picture: GuidelineImage) -> GuidelineImage:
    before = timezone.now() - timedelta(hours=25)
    GuidelineImage.objects.filter(pk=picture.pk).update(created_at=before)
    age(picture.store_key)
    return picture


def age(key: str) -> Path:
    with store.local_path(key) as path:
        os.utime(path, (time.time() - 25 * 3600,) * 2)
        return path


def name(project: Project, lea: User, *pictures: GuidelineImage) -> None:
    guidelines.write_guideline(
        project=project,
        author=lea,
        base_version=guidelines.version_at(project, None),
        text="",
        structures={"liver": Entry("", [picture.pk for picture in pictures])},
    )


def is_whole(picture: GuidelineImage) -> bool:
    return GuidelineImage.objects.filter(pk=picture.pk).exists() and store.exists(picture.store_key)


def is_gone(picture: GuidelineImage) -> bool:
    return not GuidelineImage.objects.filter(pk=picture.pk).exists() and not store.exists(picture.store_key)


def test_what_no_version_names_goes(project: Project, other_project: Project, lea: User) -> None:
    named, young = make_old(make_picture(project)), make_picture(project)
    unnamed, foreign = make_old(make_picture(project)), make_old(make_picture(other_project))
    name(project, lea, named)
    name(project, lea)  # an older version names it, which stays readable
    tasks.sweep_pictures()
    assert is_whole(named)
    assert is_whole(young)
    assert is_gone(unnamed)
    assert is_gone(foreign)
    assert guidelines.sweep_pictures() == 0


def test_a_sweep_that_ended_between_row_and_bytes_is_finished_by_the_next(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    pictures = [make_old(make_picture(project)) for _ in range(3)]
    deleted: list[str] = []

    def dies(key: str) -> None:
        assert not deleted, "the process is gone"
        deleted.append(key)

    with monkeypatch.context() as patch:
        patch.setattr(store, "delete_tree", dies)
        with pytest.raises(AssertionError, match="process is gone"):
            guidelines.sweep_pictures()
    assert not GuidelineImage.objects.exists()
    assert all(store.exists(picture.store_key) for picture in pictures)
    guidelines.sweep_pictures()
    assert all(is_gone(picture) for picture in pictures)


def test_bytes_that_a_killed_upload_left_go_and_others_stay(project: Project) -> None:
    store.put("guidelines/left", b"x")
    store.put("guidelines/fresh", b"x")
    store.put("models/left", b"x")
    age("models/left")
    unfinished = age("guidelines/left").with_name(".unfinished-1")
    unfinished.write_bytes(b"ha")
    os.utime(unfinished, (time.time() - 25 * 3600,) * 2)
    guidelines.sweep_pictures()
    assert [store.exists(f"guidelines/{one}") for one in ("left", "fresh")] == [False, True]
    assert not unfinished.exists()
    assert store.exists("models/left")


def test_no_store_yet() -> None:
    assert guidelines.sweep_pictures() == 0


@pytest.mark.django_db(transaction=True)
def test_while_a_lead_names_it(project: Project, lea: User) -> None:
    picture = make_old(make_picture(project))
    calls: list[Callable[[], object]] = [partial(name, project, lea, picture), guidelines.sweep_pictures]
    named, swept = at_once(calls)
    if isinstance(named, Refused):
        assert is_gone(picture)
    else:
        assert (named, swept) == (None, 0)
        assert is_whole(picture)
