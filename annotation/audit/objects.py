"""To which project and case a thing belongs that somebody looks at, or may not look at."""

from django.db.models import Model as Row

from annotation.audit import door
from annotation.audit.origin import asking
from annotation.models import (
    Assignment,
    Branch,
    Case,
    Job,
    Mask,
    Membership,
    Pin,
    Project,
    ReadingSession,
    Upload,
)

# How a case is found of which nobody has the row: it was refused.
_OF_CASE = {
    "case": "pk",
    "assignment": "assignments",
    "session": "assignments__sessions",
    "branch": "masks__branch",
    "pin": "assignments__pins",
    "mask": "masks",
}
# Beats of a clock: a session that goes on shows nothing of its case.
_NOT_SHOWN = frozenset({"session"})

Place = tuple[int | None, int | None]


def saw(membership: Membership, noun: str, row: Row) -> None:
    """Note that a member may look at a row of their project."""
    if noun not in _NOT_SHOWN and asking() is not None:
        project, case = _place(row)
        door.seen(
            user=membership.user_id,
            noun=noun,
            object_id=row.pk,
            project=project or membership.project_id,
            case=case,
        )


def saw_case(user: int | None, noun: str, object_id: int, case: Case) -> None:
    """Note that somebody may look at what belongs to a case: its scan, or a delineation."""
    door.seen(user=user, noun=noun, object_id=object_id, project=case.project_id, case=case.pk)


def was_refused(user: int | None, noun: str, object_id: int | str = "") -> None:
    """Note that somebody asked for what they may not have, whether or not it exists."""
    if asking() is None:
        return
    project, case = _place_of(noun, object_id) if isinstance(object_id, int) else (None, None)
    door.refused(user=user, noun=noun, object_id=object_id, project=project, case=case)


def _place(row: Row) -> Place:
    match row:
        case Project():
            return row.pk, None
        case Case():
            return row.project_id, row.pk
        case Mask() | Assignment():
            return row.case.project_id, row.case_id
        case Pin() | Branch() | ReadingSession():
            return row.assignment.case.project_id, row.assignment.case_id
        case Job() | Upload():
            return row.project_id, None
        case _:
            return None, None


def _place_of(noun: str, pk: int) -> Place:
    if not 0 < pk < 2**63:
        return None, None
    if noun == "project":
        return pk if Project.objects.filter(pk=pk).exists() else None, None
    if noun == "job":
        return Job.objects.filter(pk=pk).values_list("project", flat=True).first(), None
    path = _OF_CASE.get(noun)
    if path is None:
        return None, None
    found = Case.objects.filter(**{path: pk}).values_list("project", "pk").first()
    return found if found is not None else (None, None)
