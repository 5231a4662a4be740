"""What a project's data set consists of: which structures delineations show, how its splits came about."""

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from annotation.models.masks import Revision
from annotation.models.projects import Project


class ShownStructures(models.Model):
    """Of which structures a revision has a voxel; what was looked at and is not among them is absent."""

    revision = models.OneToOneField(Revision, models.CASCADE, primary_key=True, related_name="shown")
    keys = ArrayField(models.CharField(max_length=80), default=list, blank=True)
    counted_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"structures of {self.revision}"


class SplitMethod(models.TextChoices):
    """How a lead divided the cases."""

    RANDOM = "random", "by lot"
    HELD_OUT = "held_out", "by what is held out"
    CHOSEN = "chosen", "case by case"


class SplitChange(models.Model):
    """One division of the cases into pool, validation and test: who, when, how, what moved. Append-only."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="split_changes")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)
    method = models.CharField(max_length=8, choices=SplitMethod.choices)
    asked = models.JSONField(help_text="What the lead asked for.")
    moves = models.JSONField(help_text="Ids of the cases that moved: {from: {to: [case, …]}}.")
    counts = models.JSONField(help_text="Cases of each split afterwards.")

    class Meta:
        ordering = ("-pk",)
        constraints = (
            models.CheckConstraint(condition=Q(method__in=SplitMethod.values), name="split_method_known"),
        )
        triggers = (pgtrigger.Protect(name="split_change_append_only", operation=pgtrigger.Update),)

    def __str__(self) -> str:
        return f"split {self.pk} of {self.project}"
