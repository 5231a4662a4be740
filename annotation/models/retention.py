"""What bytes a project may hold, their sums, and what stays of patients who were deleted: that they were."""

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from annotation.models.learning import DatasetSnapshot, SnapshotUse
from annotation.models.projects import Project

LONGEST_KEY = 200


class StoredSum(models.Model):
    """What was written under a key of the store: of a folder, the sum over its files' names and sums.

    No foreign keys: the row comes with the bytes, before anything names them, and goes with them.
    """

    key = models.CharField(max_length=LONGEST_KEY, primary_key=True)
    bytes = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)

    def __str__(self) -> str:
        return f"sum of {self.key}"


class Quota(models.Model):
    """The most bytes that a project may hold in the store; no row = as many as there is room for."""

    project = models.OneToOneField(Project, models.CASCADE, primary_key=True, related_name="quota")
    bytes = models.PositiveBigIntegerField()
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    set_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"quota of {self.project}"


class DeletionReason(models.TextChoices):
    """Why a patient was deleted. A list, because free text would name somebody."""

    CONSENT = "consent", "consent was withdrawn"
    REQUEST = "request", "the patient asked for it"
    PERIOD = "period", "the time for which it may be kept is over"
    MISTAKE = "mistake", "it came in by mistake"
    STUDY_ENDED = "study_ended", "the study has ended"


class PatientDeletion(models.Model):
    """That a patient was deleted: who, when, why, which cases. Nothing of the patient, no key either."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="deletions")
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Null = the operator, at the command line.",
    )
    reason = models.CharField(max_length=11, choices=DeletionReason.choices)
    cases = ArrayField(models.PositiveIntegerField(), help_text="Their numbers; they are not given again.")
    counts = models.JSONField(default=dict, help_text="How much of what kind went.")
    left = ArrayField(
        models.CharField(max_length=LONGEST_KEY),
        default=list,
        blank=True,
        help_text="Keys of the store that have still to be removed.",
    )
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("-pk",)
        constraints = (
            models.CheckConstraint(
                condition=Q(reason__in=DeletionReason.values), name="deletion_reason_known"
            ),
            models.CheckConstraint(condition=Q(cases__len__gte=1), name="deletion_names_cases"),
        )
        triggers = (
            pgtrigger.Protect(
                name="deletion_append_only",
                operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange("project", "by", "reason", "cases", "counts", "at"),
            ),
        )

    def __str__(self) -> str:
        return f"deletion {self.pk} in {self.project}"


class DeletedItem(models.Model):
    """What stands in a frozen set for a case that was deleted; the set's sum can still be worked out."""

    snapshot = models.ForeignKey(DatasetSnapshot, models.CASCADE, related_name="deleted_items")
    deletion = models.ForeignKey(PatientDeletion, models.CASCADE, related_name="items")
    case_id_then = models.PositiveBigIntegerField()
    revision_sha256 = models.CharField(max_length=64)
    use = models.CharField(max_length=10, choices=SnapshotUse.choices)
    region = ArrayField(
        models.PositiveIntegerField(), size=6, null=True, blank=True, help_text="As it stood in the case."
    )

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["snapshot", "case_id_then"], name="deleted_once_per_snapshot"),
        )
        triggers = (pgtrigger.Protect(name="tombstone_frozen", operation=pgtrigger.Update),)

    def __str__(self) -> str:
        return f"a deleted case in {self.snapshot}"
