"""Who belongs to a project, in which role and at which level. Rows that name who has left stay."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Count, Max, Q

from annotation import worklist
from annotation.errors import Conflict, NotFound
from annotation.models import (
    Assignment,
    AssignmentRole,
    AssignmentState,
    Level,
    Membership,
    Project,
    ReadingSession,
    Role,
)

DONE = (AssignmentState.SUBMITTED, AssignmentState.DONE)
OPEN = (AssignmentState.OPEN, AssignmentState.RETURNED)
REVIEWS = (AssignmentRole.REVIEW, AssignmentRole.ADJUDICATE)


@dataclass(frozen=True)
class Member:
    """A member as a lead sees them; counts are of reads and reviews in this project."""

    membership: Membership
    user: User
    last_seen: datetime | None
    done: int
    open: int


def members(project: Project) -> list[Member]:
    """Everybody who is or was a member: active ones first, leads before reviewers before annotators."""
    rows = Membership.objects.filter(project=project).select_related("user")
    reads = Assignment.objects.filter(case__project=project).values("reader")
    counted = reads.annotate(
        done=Count("pk", filter=Q(state__in=DONE)), open=Count("pk", filter=Q(state__in=OPEN))
    )
    counts = {row["reader"]: (row["done"], row["open"]) for row in counted}
    sessions = ReadingSession.objects.filter(assignment__case__project=project)
    seen = dict(sessions.values_list("assignment__reader").annotate(Max("last_seen_at")))
    found = [_member(row, counts.get(row.user_id, (0, 0)), seen.get(row.user_id)) for row in rows]
    order = {role: place for place, role in enumerate((Role.LEAD, Role.REVIEWER, Role.ANNOTATOR))}
    return sorted(
        found, key=lambda m: (not m.membership.active, order[Role(m.membership.role)], m.user.username)
    )


def member_of(project: Project, member_id: int) -> Membership:
    found = Membership.objects.filter(project=project, pk=member_id).select_related("user").first()
    if found is None:
        raise NotFound("This project has no such member.")
    return found


@transaction.atomic
def change_member(
    *,
    member: Membership,
    role: Role | None = None,
    level: Level | None = None,
    active: bool | None = None,
) -> Membership:
    """Another role or level; leaving, or coming back. None: as it is.

    A project always has a lead who can sign in. Open reads of who leaves go back to the pool, and so do open
    reviews of who may no longer review; what was drawn in them is kept.
    """
    Project.objects.select_for_update(no_key=True).get(pk=member.project_id)  # two leads cannot leave at once
    member.refresh_from_db()
    before = (member.role, member.active)
    member.role = role if role is not None else member.role
    member.level = level if level is not None else member.level
    member.active = active if active is not None else member.active
    if before == (Role.LEAD, True) and (member.role, member.active) != before:
        _require_another_lead(member)
    member.save(update_fields=["role", "level", "active"])
    if not member.active:
        _hand_back(member, tuple(AssignmentRole))
    elif member.role == Role.ANNOTATOR:
        _hand_back(member, REVIEWS)
    return member


def _require_another_lead(member: Membership) -> None:
    others = Membership.objects.filter(project=member.project_id, role=Role.LEAD, active=True)
    if not others.exclude(pk=member.pk).filter(user__is_active=True).exists():
        raise Conflict("This is the only lead of the project. Make somebody else lead first.")


def _member(row: Membership, counts: tuple[int, int], session: datetime | None) -> Member:
    user = row.user
    seen = [at for at in (user.last_login, session) if at is not None]
    return Member(
        membership=row,
        user=user,
        last_seen=max(seen, default=None),
        done=counts[0],
        open=counts[1],
    )


def _hand_back(member: Membership, roles: Sequence[AssignmentRole]) -> None:
    """Open and planned reads are others' again; what was drawn in them is kept as branches."""
    mine = Assignment.objects.filter(case__project=member.project_id, reader=member.user_id, role__in=roles)
    for read in mine.filter(state__in=(*OPEN, AssignmentState.PLANNED)).order_by("pk"):
        with suppress(Conflict):  # handed in a moment ago: then it stays
            worklist.take_over(assignment=read)
