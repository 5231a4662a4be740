"""Picture examples: taken in, given out, and removed when no version of the guideline names them."""

import uuid
from datetime import datetime, timedelta

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.utils import timezone

from annotation import store
from annotation.errors import NotFound, TooLarge
from annotation.imaging.pictures import clean_picture
from annotation.models import GuidelineImage, GuidelineVersion, Project

MOST_PICTURES = 1_000
FOLDER = "guidelines"
UNNAMED_FOR = timedelta(days=1)


def add_image(*, project: Project, author: AbstractBaseUser, data: bytes) -> GuidelineImage:
    """Keep a picture for the guideline. Raises Refused or TooLarge when it is not one."""
    if GuidelineImage.objects.filter(project=project).count() >= MOST_PICTURES:
        raise TooLarge(f"This project has {MOST_PICTURES} pictures already; no more are taken.")
    picture = clean_picture(data)
    key = f"{FOLDER}/{uuid.uuid4().hex}"
    store.put(key, picture.data)
    try:
        return GuidelineImage.objects.create(
            project=project,
            store_key=key,
            media_type=picture.media_type,
            width=picture.width,
            height=picture.height,
            author_id=author.pk,
        )
    except BaseException:
        store.delete_tree(key)
        raise


def image_of(project: Project, image_id: int) -> GuidelineImage:
    found = GuidelineImage.objects.filter(project=project, pk=image_id).first()
    if found is None:
        raise NotFound("There is no such picture in this project.")
    return found


def sweep_pictures() -> int:
    """Remove pictures that no version names a day after they came: the rows, then all bytes without a row.

    Ended at any point, the next sweep does what is left. A picture that a lead is writing about stays: it is
    younger, or the version that names it waits for the lock of its project.
    """
    before = timezone.now() - UNNAMED_FOR
    removed = sum(_forget_unnamed(project, before) for project in Project.objects.order_by("pk"))
    known = set(GuidelineImage.objects.values_list("store_key", flat=True))
    for key in store.keys_before(FOLDER, before):
        if key not in known:
            store.delete_tree(key)
    return removed


@transaction.atomic
def _forget_unnamed(project: Project, before: datetime) -> int:
    Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    unnamed = GuidelineImage.objects.filter(project=project, created_at__lt=before)
    if not unnamed.exists():
        return 0
    versions = GuidelineVersion.objects.filter(project=project).values_list("structures", flat=True)
    named = {image for structures in versions for entry in structures.values() for image in entry["images"]}
    removed, _ = unnamed.exclude(pk__in=named).delete()
    return removed
