"""What the commands share: which project is meant, and with which status they end."""

from django.contrib.auth.models import User
from django.core.management.base import CommandError

from annotation.models import Level, Membership, Project, Role

SOME_REFUSED, NOTHING_DONE = 1, 2


def project_named(wanted: str, *, create: bool, lead: str = "") -> Project:
    """Return the project of a name or number; with `create`, make it. `lead` is made a lead of it."""
    found = Project.objects.filter(name=wanted).first()
    if found is None and wanted.isdecimal():
        found = Project.objects.filter(pk=int(wanted)).first()
    user = User.objects.filter(username=lead).first()
    if lead and user is None:
        raise CommandError(f"There is no user {lead}.", returncode=NOTHING_DONE)
    if found is None and create:
        found = Project.objects.create(name=wanted)
    if found is None:
        raise CommandError(
            f"There is no project {wanted}; give its name or number, or add --create.",
            returncode=NOTHING_DONE,
        )
    if user is not None:
        Membership.objects.update_or_create(
            project=found, user=user, defaults={"role": Role.LEAD, "level": Level.EXPERT, "active": True}
        )
    return found
