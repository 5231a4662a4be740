"""The revisions of a mask, with what the tools did in each."""

from annotation.models import Mask, Revision

PAGE = 50


def revisions(mask: Mask, *, before: int | None = None) -> list[Revision]:
    """One page, newest first, of the revisions with a number below `before`."""
    rows = Revision.objects.filter(mask=mask).order_by("-number").select_related("author")
    if before is not None:
        rows = rows.filter(number__lt=before)
    return list(rows.prefetch_related("events")[:PAGE])
