"""What a project lets in and what it keeps of it, as its leads decide. History: pghistory, ProjectEvent."""

from dataclasses import dataclass

from django.db import transaction

from annotation import original_uids
from annotation.models import Project


@dataclass(frozen=True)
class Door:
    """`sealed`: of how many volumes original UIDs are kept."""

    keeps_uids: bool
    resamples_gaps: bool
    sealed: int


def door_of(project: Project) -> Door:
    """Return what holds now."""
    return Door(project.keeps_uids, project.resamples_gaps, original_uids.kept_in(project))


@transaction.atomic
def change_door(
    *, project: Project, keeps_uids: bool | None = None, resamples_gaps: bool | None = None
) -> Door:
    """Decide for imports from now on; None: as it is.

    A project that keeps original UIDs no longer has all that it kept erased, for good.
    """
    locked = Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    given = {"keeps_uids": keeps_uids, "resamples_gaps": resamples_gaps}
    changed = {name: value for name, value in given.items() if value not in (None, getattr(locked, name))}
    for name, value in changed.items():
        setattr(locked, name, value)
    if changed:
        locked.save(update_fields=list(changed))
    if not locked.keeps_uids:
        original_uids.forget(locked)
    return door_of(locked)
