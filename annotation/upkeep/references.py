"""Which keys of the store rows name, and which of them can do without their bytes."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.db.models import Model as Row

from annotation import jobs
from annotation.models import (
    Case,
    Export,
    GuidelineImage,
    Job,
    JobKind,
    Model,
    Prediction,
    UploadedFile,
    Volume,
)

DERIVED = "adjudications"
"""Folder of what is worked out from a case (the next folder's name) and is only kept to be quicker."""


@dataclass(frozen=True)
class Reference:
    """A column that names keys. `forget` clears the row, where the product knows how to go on without."""

    kind: str
    table: type[Row]
    column: str
    forget: Callable[[int | str], None] | None = None


@dataclass(frozen=True)
class Named:
    """One key that a row names."""

    key: str
    reference: Reference
    pk: int | str

    def still(self) -> bool:
        """Whether the row names it now."""
        return any(key == self.key for key, _ in _keys_of(self.reference, self.pk))


def _forget_map(pk: int | str) -> None:
    Prediction.objects.filter(pk=pk).update(map_key="", map_shape=None, map_factor=None)


def _forget_export(pk: int | str) -> None:
    Export.objects.filter(pk=pk).update(store_key="", bytes=None, sha256="")


def _forget_pieces(pk: int | str) -> None:
    """The browser is told that nothing of the file is here, and sends it again."""
    UploadedFile.objects.filter(pk=str(pk)).update(received=0, pieces=[])


REFERENCES = (
    Reference("scan", Volume, "store_key"),
    Reference("model", Model, "store_key"),
    Reference("picture", GuidelineImage, "store_key"),
    Reference("map", Prediction, "map_key", _forget_map),
    Reference("export", Export, "store_key", _forget_export),
    Reference("piece", UploadedFile, "pieces", _forget_pieces),
    Reference("model on its way", Job, "ids"),
)


def named() -> Iterator[Named]:
    """Yield every key that a row names."""
    for reference in REFERENCES:
        for key, pk in _keys_of(reference):
            yield Named(key, reference, pk)


def case_exists(name: str) -> bool:
    """Whether a folder's name is the id of a case that is there."""
    return name.isdecimal() and Case.objects.filter(pk=int(name)).exists()


def _keys_of(reference: Reference, pk: int | str | None = None) -> Iterator[tuple[str, int | str]]:
    rows = reference.table._base_manager.all()
    if pk is not None:
        rows = rows.filter(pk=pk)
    if reference.table is UploadedFile:
        for upload, file, pieces in rows.values_list("upload", "pk", "pieces").iterator(chunk_size=2000):
            yield from ((f"uploads/{upload}/{file}/{piece}", file) for piece in pieces)
    elif reference.table is Job:
        waiting = rows.filter(kind=JobKind.MEASURE, state__in=jobs.UNFINISHED, ids__has_key="store_key")
        yield from ((ids["store_key"], one) for one, ids in waiting.values_list("pk", "ids"))
    else:
        keys = rows.exclude(**{reference.column: ""}).values_list(reference.column, "pk")
        yield from keys.iterator(chunk_size=5000)
