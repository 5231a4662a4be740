"""Writing the guideline: every save is a new version, and none is ever changed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from annotation.errors import Conflict, Refused, TooLarge
from annotation.guidelines.reading import Guideline, guideline_of, version_at
from annotation.models import GuidelineImage, GuidelineVersion, Project, SchemaStructure

MOST_TEXT = 20_000
MOST_TEXT_OF_STRUCTURE = 4_000
MOST_PICTURES_OF_STRUCTURE = 8


@dataclass(frozen=True)
class Entry:
    """What is said of one structure; `images` by id."""

    text: str
    images: Sequence[int]


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
    newest = version_at(project, None)
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
