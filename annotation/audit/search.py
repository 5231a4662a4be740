"""What a lead looks for in the audit of a project: by person, case, action and time."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from annotation.models import Action, AuditEvent, Case, Membership, Project

# Of nobody's project: shown to the leads of whoever signed in or failed to.
_OF_ACCOUNTS = (Action.SIGN_IN, Action.SIGN_IN_FAILED, Action.SIGN_OUT)


@dataclass(frozen=True)
class Wanted:
    """Each is optional: none is all. `until` is exclusive; `before` an event's id, for the next page."""

    person: str = ""
    case: int | None = None
    action: str = ""
    since: datetime | None = None
    until: datetime | None = None
    before: int | None = None


def found(project: Project, wanted: Wanted) -> QuerySet[AuditEvent]:
    """Events of the project and its members' signing in and out, the newest first. `case` is a number."""
    members = Membership.objects.filter(project=project)
    of_members = Q(project=None, action__in=_OF_ACCOUNTS, actor__in=members.values("user"))
    rows = AuditEvent.objects.filter(Q(project=project.pk) | of_members).order_by("-pk")
    if wanted.person:
        rows = rows.filter(actor__in=members.filter(user__username=wanted.person).values("user"))
    if wanted.case is not None:
        rows = rows.filter(case__in=Case.objects.filter(project=project, number=wanted.case).values("pk"))
    if wanted.action:
        rows = rows.filter(action=wanted.action)
    if wanted.since is not None:
        rows = rows.filter(at__gte=wanted.since)
    if wanted.until is not None:
        rows = rows.filter(at__lt=wanted.until)
    if wanted.before is not None:
        rows = rows.filter(pk__lt=wanted.before)
    return rows
