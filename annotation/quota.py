"""How many bytes of the store are a project's, and the most that it may have.

Counted are scans, models, exports, and uploads until their import begins. Delineations lie in the database;
maps of uncertainty and pictures of guidelines are small beside them.
"""

from collections.abc import Mapping

from django.contrib.auth.models import AbstractBaseUser
from django.db.models import BigIntegerField, QuerySet, Sum
from django.db.models.functions import Coalesce

from annotation.errors import Refused, TooLarge
from annotation.models import Export, Model, Project, Quota, StoredSum, Upload, Volume

KINDS = ("scans", "models", "exports", "uploads")
MB, GB = 10**6, 10**9


def used(project: Project) -> Mapping[str, int]:
    """Bytes by kind. A scan that several projects share counts in each."""
    scans = Volume.objects.filter(cases__project=project).values("store_key")
    models = Model.objects.filter(project=project).values("store_key")
    return {
        "scans": _total(StoredSum.objects.filter(key__in=scans), "bytes"),
        "models": _total(StoredSum.objects.filter(key__in=models), "bytes"),
        "exports": _total(Export.objects.filter(project=project), "bytes"),
        "uploads": _total(Upload.objects.filter(project=project, job=None), "size"),
    }


def limit_of(project: Project) -> int | None:
    """Bytes; None = none is set."""
    return Quota.objects.filter(project=project.pk).values_list("bytes", flat=True).first()


def set_limit(*, project: Project, bytes_: int | None, by: AbstractBaseUser) -> None:
    """Set the limit, or with None take it away. What is there already stays, also where that is more."""
    if bytes_ is None:
        Quota.objects.filter(project=project).delete()
        return
    if bytes_ < MB:
        raise Refused("A limit is at least 1 MB; leave it empty to set none.")
    Quota.objects.update_or_create(project=project, defaults={"bytes": bytes_, "set_by_id": by.pk})


def check(project: Project, more: int = 0) -> None:
    """Raise TooLarge where the project is full, or would hold more than it may with `more` bytes."""
    limit = limit_of(project)
    if limit is None:
        return
    there = sum(used(project).values())
    if there + more > limit or there >= limit:
        raise TooLarge(
            f"This project may hold {_size(limit)} and holds {_size(there)}; {_asked(more)}. "
            "Remove exports or scans, or have the limit raised under Settings → Storage."
        )


def check_scan(project: Project, store_key: str) -> None:
    """Raise TooLarge where a scan that was just written does not fit; its caller takes it away again."""
    known = StoredSum.objects.filter(key=store_key).values_list("bytes", flat=True).first()
    check(project, known or 0)


def _asked(more: int) -> str:
    return f"{_size(more)} more do not fit" if more else "nothing more fits"


def _size(count: int) -> str:
    return f"{count / GB:.1f} GB" if count >= GB else f"{count / MB:.1f} MB"


def _total(rows: QuerySet[StoredSum] | QuerySet[Export] | QuerySet[Upload], field: str) -> int:
    found: int = rows.aggregate(total=Coalesce(Sum(field), 0, output_field=BigIntegerField()))["total"]
    return found
