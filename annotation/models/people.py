"""What the product remembers of people: their settings, how they come into a project, and their tokens."""

import pghistory
from django.conf import settings
from django.db import models
from django.db.models import F, Q

from annotation.models.projects import Level, Project, Role


class Preferences(models.Model):
    """A user's own keys and settings."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="preferences"
    )
    keys = models.JSONField(default=dict, blank=True)
    settings = models.JSONField(default=dict, blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"preferences of {self.user}"


@pghistory.track(exclude=["token_sha256"])
class Invitation(models.Model):
    """A link into a project. Whoever has the link has the token; here lies only its hash."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="invitations")
    role = models.CharField(max_length=9, choices=Role.choices)
    level = models.PositiveSmallIntegerField(choices=Level.choices, default=Level.JUNIOR)
    note = models.CharField(max_length=120, blank=True, default="", help_text="Whom it is meant for.")
    token_sha256 = models.CharField(max_length=64, unique=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    uses = models.PositiveSmallIntegerField(default=1, help_text="How many people it was made for.")
    uses_left = models.PositiveSmallIntegerField(default=1)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-created_at", "-pk")
        constraints = (
            models.CheckConstraint(condition=Q(role__in=Role.values), name="invitation_role_known"),
            models.CheckConstraint(condition=Q(level__in=Level.values), name="invitation_level_known"),
            models.CheckConstraint(condition=Q(uses_left__lte=F("uses")), name="invitation_uses_left"),
        )

    def __str__(self) -> str:
        return f"invitation {self.pk} into {self.project} as {self.role}"


@pghistory.track(exclude=["token_sha256", "last_used_at"])
class ApiToken(models.Model):
    """A user's key for programs; only its hash is kept, and the first letters to know it by."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=80)
    prefix = models.CharField(max_length=12)
    token_sha256 = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-created_at", "-pk")

    def __str__(self) -> str:
        return f"token {self.prefix}… of {self.user}"
