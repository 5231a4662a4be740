"""Reading the guideline: the version in force, and every one before it."""

from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import QuerySet

from annotation.errors import NotFound
from annotation.models import GuidelineImage, GuidelineVersion, Project

PAGE = 50
LARGEST_VERSION = 2**31 - 1


@dataclass(frozen=True)
class Chapter:
    """What is said of one structure, with its pictures."""

    text: str
    images: list[GuidelineImage]


@dataclass(frozen=True)
class Guideline:
    """One version; version 0 is what stood before the first one."""

    version: int
    text: str
    structures: dict[str, Chapter] = field(default_factory=dict)
    written_at: datetime | None = None
    author: str | None = None


@dataclass(frozen=True)
class Listed:
    """A version in the list: who wrote it when, and what it changed."""

    version: int
    author: str
    written_at: datetime
    text_changed: bool
    structures: list[str]


def guideline_of(project: Project) -> Guideline:
    """The version in force."""
    newest = _rows(project).first()
    return _beginning(project) if newest is None else _read(newest)


def version_of(project: Project, number: int) -> Guideline:
    """One version as it was written; 0 is what stood before the first. Raises NotFound."""
    if number == 0:
        return _beginning(project)
    row = _rows(project).filter(version=number).first() if number <= LARGEST_VERSION else None
    if row is None:
        raise NotFound(f"The guideline of this project has no version {number}.")
    return _read(row)


def versions(project: Project, *, before: int | None = None) -> list[Listed]:
    """One page, newest first, of the versions with a number below `before`."""
    rows = _rows(project)
    if before is not None:
        rows = rows.filter(version__lt=before)
    page = list(rows[: PAGE + 1])
    older = [(row.text, row.structures) for row in page[1:]]
    older += [(project.guideline, {})]
    return [
        Listed(
            version=row.version,
            author=row.author.get_username(),
            written_at=row.created_at,
            text_changed=row.text != text,
            structures=sorted(
                key
                for key in row.structures.keys() | structures.keys()
                if row.structures.get(key) != structures.get(key)
            ),
        )
        for row, (text, structures) in zip(page[:PAGE], older, strict=False)
    ]


def version_at(project: Project, at: datetime | None) -> int:
    """Number of the version that was in force at a time; now, without one."""
    rows = _rows(project)
    if at is not None:
        rows = rows.filter(created_at__lte=at)
    return rows.values_list("version", flat=True).first() or 0


def text_of(project: Project) -> str:
    """The general part of the version in force."""
    newest = _rows(project).values_list("text", flat=True).first()
    return project.guideline if newest is None else newest


def _rows(project: Project) -> QuerySet[GuidelineVersion]:
    return GuidelineVersion.objects.filter(project=project).select_related("author").order_by("-version")


def _beginning(project: Project) -> Guideline:
    return Guideline(0, project.guideline)


def _read(row: GuidelineVersion) -> Guideline:
    named = {image for entry in row.structures.values() for image in entry["images"]}
    images = GuidelineImage.objects.in_bulk(named)
    return Guideline(
        version=row.version,
        text=row.text,
        structures={
            key: Chapter(entry["text"], [images[image] for image in entry["images"] if image in images])
            for key, entry in row.structures.items()
        },
        written_at=row.created_at,
        author=row.author.get_username(),
    )
