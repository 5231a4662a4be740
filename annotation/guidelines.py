"""How a project wants its structures drawn: versions that a lead writes and every member reads."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from annotation import store
from annotation.errors import Conflict, NotFound, Refused, TooLarge
from annotation.imaging.pictures import clean_picture
from annotation.models import GuidelineImage, GuidelineVersion, Project, SchemaStructure

MOST_TEXT = 20_000
MOST_TEXT_OF_STRUCTURE = 4_000
MOST_PICTURES_OF_STRUCTURE = 8
MOST_PICTURES = 1_000


@dataclass(frozen=True)
class Entry:
    """What is said of one structure; `images` by id."""

    text: str
    images: Sequence[int]


@dataclass(frozen=True)
class Chapter:
    """What is said of one structure, with its pictures."""

    text: str
    images: list[GuidelineImage]


@dataclass(frozen=True)
class Guideline:
    """The version in force; version 0 is what stood before the first one."""

    version: int
    text: str
    structures: dict[str, Chapter] = field(default_factory=dict)
    written_at: datetime | None = None


def guideline_of(project: Project) -> Guideline:
    newest = GuidelineVersion.objects.filter(project=project).order_by("-version").first()
    if newest is None:
        return Guideline(0, project.guideline)
    ids = {image for entry in newest.structures.values() for image in entry["images"]}
    images = GuidelineImage.objects.in_bulk(ids)
    structures = {
        key: Chapter(entry["text"], [images[image] for image in entry["images"] if image in images])
        for key, entry in newest.structures.items()
    }
    return Guideline(newest.version, newest.text, structures, newest.created_at)


def text_of(project: Project) -> str:
    """The general part of the version in force."""
    texts = GuidelineVersion.objects.filter(project=project).order_by("-version")
    newest = texts.values_list("text", flat=True).first()
    return project.guideline if newest is None else newest


@transaction.atomic
def write_guideline(
    *,
    project: Project,
    author: AbstractBaseUser,
    base_version: int,
    text: str,
    structures: Mapping[str, Entry],
) -> Guideline:
    """Make a new version. Raises Conflict when `base_version` is no longer the one in force."""
    Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    newest = guideline_of(project).version
    if newest != base_version:
        raise Conflict(
            f"The guideline is at version {newest} by now, not {base_version}. Load it again.", version=newest
        )
    if len(text) > MOST_TEXT:
        raise TooLarge(f"The text has {len(text)} characters; at most {MOST_TEXT} are taken.")
    said = {key: entry for key, entry in structures.items() if entry.text.strip() or entry.images}
    _check_structures(project, said)
    GuidelineVersion.objects.create(
        project=project,
        version=newest + 1,
        text=text,
        structures={
            key: {"text": entry.text, "images": list(dict.fromkeys(entry.images))}
            for key, entry in said.items()
        },
        author_id=author.pk,
    )
    return guideline_of(project)


def add_image(*, project: Project, author: AbstractBaseUser, data: bytes) -> GuidelineImage:
    """Keep a picture for the guideline. Raises Refused or TooLarge when it is not one."""
    if GuidelineImage.objects.filter(project=project).count() >= MOST_PICTURES:
        raise TooLarge(f"This project has {MOST_PICTURES} pictures already; no more are taken.")
    picture = clean_picture(data)
    key = f"guidelines/{uuid.uuid4().hex}"
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


def _check_structures(project: Project, structures: Mapping[str, Entry]) -> None:
    known = set(
        SchemaStructure.objects.filter(schema__project=project).values_list("structure__key", flat=True)
    )
    for key, entry in structures.items():
        if key not in known:
            raise Refused(f"This project has no structure called {key}.")
        if len(entry.text) > MOST_TEXT_OF_STRUCTURE:
            raise TooLarge(f"The text on {key} has more than {MOST_TEXT_OF_STRUCTURE} characters.")
        if len(entry.images) > MOST_PICTURES_OF_STRUCTURE:
            raise TooLarge(f"{key} has more than {MOST_PICTURES_OF_STRUCTURE} pictures.")
    _check_images(project, (image for entry in structures.values() for image in entry.images))


def _check_images(project: Project, images: Iterable[int]) -> None:
    wanted = set(images)
    known = GuidelineImage.objects.filter(project=project, pk__in=wanted).values_list("pk", flat=True)
    missing = sorted(wanted - set(known))
    if missing:
        raise Refused(f"This project has no picture {missing[0]}. Upload it first.")
