"""How a project wants its structures drawn: numbered versions of a text with picture examples."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q

from annotation.models.projects import Project


class GuidelineVersion(models.Model):
    """One version of a project's guideline. Append-only: what a reader was told then stays readable."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="guidelines")
    version = models.PositiveIntegerField()
    text = models.TextField(blank=True, default="")
    structures = models.JSONField(
        default=dict, blank=True, help_text="By structure key: its text, and the ids of its pictures."
    )
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("project", "-version")
        constraints = (
            models.UniqueConstraint(fields=["project", "version"], name="guideline_version_once"),
            models.CheckConstraint(condition=Q(version__gte=1), name="guideline_version_from_1"),
        )
        triggers = (pgtrigger.Protect(name="guideline_append_only", operation=pgtrigger.Update),)

    def __str__(self) -> str:
        return f"guideline {self.version} of {self.project}"


class PictureType(models.TextChoices):
    PNG = "image/png", "PNG"
    JPEG = "image/jpeg", "JPEG"


class GuidelineImage(models.Model):
    """A picture example; its bytes lie in the store, stripped of everything but the picture."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="guideline_images")
    store_key = models.CharField(max_length=100, unique=True)
    media_type = models.CharField(max_length=10, choices=PictureType.choices)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = (
            models.CheckConstraint(condition=Q(media_type__in=PictureType.values), name="picture_type_known"),
        )

    def __str__(self) -> str:
        return f"picture {self.pk} of {self.project}"
