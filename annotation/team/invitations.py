"""Links into a project: whoever opens one and signs in becomes a member, with its role and level."""

from dataclasses import dataclass
from datetime import timedelta

from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from annotation.errors import Conflict, NotFound, Refused
from annotation.models import Invitation, Level, Membership, Project, Role
from annotation.team.secret import hashed, new_secret

LONGEST_DAYS = 60
MOST_USES = 50
MOST_OPEN = 100
LONGEST_NOTE = 120
GONE = "Ask the lead of the project for a new link."


@dataclass(frozen=True)
class Made:
    """A new invitation; `secret` goes into the link and is not kept."""

    invitation: Invitation
    secret: str


@transaction.atomic
def invite(
    *,
    project: Project,
    inviter: AbstractBaseUser,
    role: Role,
    level: Level = Level.JUNIOR,
    days: int = 7,
    uses: int = 1,
    note: str = "",
) -> Made:
    """A link for so many people and days."""
    if not 1 <= days <= LONGEST_DAYS:
        raise Refused(f"A link lasts 1 to {LONGEST_DAYS} days.")
    if not 1 <= uses <= MOST_USES:
        raise Refused(f"A link is for 1 to {MOST_USES} people.")
    if open_invitations(project).count() >= MOST_OPEN:
        raise Conflict(f"{MOST_OPEN} links are open already. Withdraw those that nobody needs any more.")
    secret = new_secret()
    invitation = Invitation.objects.create(
        project=project,
        role=role,
        level=level,
        note=" ".join(note.split())[:LONGEST_NOTE],
        token_sha256=hashed(secret),
        created_by_id=inviter.pk,
        expires_at=timezone.now() + timedelta(days=days),
        uses=uses,
        uses_left=uses,
    )
    return Made(invitation, secret)


def open_invitations(project: Project) -> QuerySet[Invitation]:
    """Links of a project that still let somebody in, the newest first."""
    rows = Invitation.objects.filter(project=project, withdrawn_at=None, uses_left__gt=0)
    return rows.filter(expires_at__gt=timezone.now()).select_related("created_by")


def invitation_of(project: Project, invitation_id: int) -> Invitation:
    found = Invitation.objects.filter(project=project, pk=invitation_id).first()
    if found is None:
        raise NotFound("This project has no such invitation.")
    return found


def withdraw_invitation(*, invitation: Invitation) -> None:
    """Nobody comes in by it any more; who has come in stays. Twice is once."""
    mine = Invitation.objects.filter(pk=invitation.pk, withdrawn_at=None)
    mine.update(withdrawn_at=timezone.now())


def open_invitation(secret: str, *, lock: bool = False) -> Invitation:
    """The invitation of a link. Raises NotFound with the reason where it lets nobody in."""
    rows = Invitation.objects.select_related("project", "created_by")
    if lock:
        rows = rows.select_for_update(of=("self",), no_key=True)
    found = rows.filter(token_sha256=hashed(secret)).first()
    if found is None:
        raise NotFound(f"This link is not complete or was never valid. Copy all of it, or {GONE.lower()}")
    if found.withdrawn_at is not None:
        raise NotFound(f"This invitation was withdrawn. {GONE}")
    if found.expires_at <= timezone.now():
        raise NotFound(f"This invitation has expired. {GONE}")
    if found.uses_left == 0:
        raise NotFound(f"This invitation was used already. {GONE}")
    return found


@transaction.atomic
def accept_invitation(*, user: AbstractBaseUser, secret: str) -> Membership:
    """Make the user a member. Of two people who open a link for one at once, the second is told so.

    Who is a member already stays as they are, and the link is not used up. Who was deactivated is not let in
    again by a link that they may have kept.
    """
    invitation = open_invitation(secret, lock=True)
    there = Membership.objects.filter(project=invitation.project, user=user.pk).first()
    if there is not None:
        raise _known(there, invitation.project)
    try:
        with transaction.atomic():
            member = Membership.objects.create(
                project=invitation.project, user_id=user.pk, role=invitation.role, level=invitation.level
            )
    except IntegrityError as error:  # by another link, at the same moment
        there = Membership.objects.get(project=invitation.project, user=user.pk)
        raise _known(there, invitation.project) from error
    Invitation.objects.filter(pk=invitation.pk).update(uses_left=F("uses_left") - 1)
    return member


def _known(member: Membership, project: Project) -> Conflict:
    if member.active:
        return Conflict(f"You are a member of {project.name} already, as {member.role}.", project=project.pk)
    return Conflict(
        f"You were a member of {project.name} and were deactivated. Ask its lead to let you in again."
    )
