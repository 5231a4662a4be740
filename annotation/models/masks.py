"""Delineations: masks, their revisions, and the 32³ chunks that revisions changed."""

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from annotation.models.volumes import Case


class MaskKind(models.TextChoices):
    READER = "reader", "drawn by a reader"
    MODEL = "model", "predicted by a model"
    ATLAS = "atlas", "propagated from labelled cases"
    IMPORTED = "imported", "imported with the scan"
    COMPOSED = "composed", "put together from the parts of a case"


class Mask(models.Model):
    """One author's delineation of a case: a base (another mask at a revision, or nothing) plus chunks."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="masks")
    kind = models.CharField(max_length=8, choices=MaskKind.choices)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="masks"
    )
    model = models.ForeignKey("annotation.Model", models.PROTECT, null=True, blank=True, related_name="masks")
    base = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="derived")
    base_revision = models.PositiveIntegerField(default=0)
    head = models.PositiveIntegerField(default=0, help_text="Number of the newest revision; 0 = none yet.")
    annotated = ArrayField(
        models.CharField(max_length=80),
        default=list,
        blank=True,
        help_text="Keys of the structures that were looked at: absent is not the same as not annotated.",
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(kind="reader", author__isnull=False, model__isnull=True)
                | Q(kind="model", author__isnull=True, model__isnull=False)
                | Q(kind__in=["imported", "composed", "atlas"], author__isnull=True, model__isnull=True),
                name="mask_has_one_author",
            ),
            models.CheckConstraint(condition=~Q(base=F("id")), name="mask_not_its_own_base"),
            models.CheckConstraint(
                condition=Q(base__isnull=True, base_revision=0) | Q(base__isnull=False, base_revision__gte=1),
                name="mask_base_at_revision",
            ),
            models.UniqueConstraint(
                fields=["case", "model"], condition=Q(kind="model"), name="one_mask_per_case_and_model"
            ),
        )

    def __str__(self) -> str:
        return f"mask {self.pk} ({self.kind}) of {self.case}"


class RevisionKind(models.TextChoices):
    AUTOSAVE = "autosave", "autosave"
    SUBMIT = "submit", "submit"
    REVIEW_FIX = "review_fix", "review fix"
    MERGE = "merge", "merge"
    IMPORT = "import", "import"
    PREDICTION = "prediction", "prediction"
    RESTORE = "restore", "restore"
    BRANCH = "branch", "kept strokes"


class Revision(models.Model):
    """One saved step of a mask. Append-only; `sha256` chains over the parent and the changed chunks."""

    mask = models.ForeignKey(Mask, models.CASCADE, related_name="revisions")
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=10, choices=RevisionKind.choices)
    key = models.UUIDField(help_text="Chosen by the client: the same key twice is the same save.")
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="revisions"
    )
    sha256 = models.CharField(max_length=64)
    chunk_count = models.PositiveIntegerField(default=0)
    voxels_changed = models.PositiveBigIntegerField(default=0)
    bytes_received = models.PositiveIntegerField(default=0)
    guideline_version = models.PositiveIntegerField(
        null=True,
        blank=True,
        editable=False,
        help_text="Of the project's guideline then; null = there was none.",
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("mask", "number")
        constraints = (
            models.UniqueConstraint(fields=["mask", "number"], name="revision_number_once"),
            models.UniqueConstraint(fields=["mask", "key"], name="revision_key_once"),
            models.CheckConstraint(condition=Q(number__gte=1), name="revision_number_from_1"),
            models.CheckConstraint(condition=Q(kind__in=RevisionKind.values), name="revision_kind_known"),
        )
        triggers = (
            pgtrigger.Protect(name="revision_append_only", operation=pgtrigger.Update),
            # By the database, so that whoever writes a revision cannot forget it.
            pgtrigger.Trigger(
                name="revision_pins_guideline",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func="""
                    NEW.guideline_version := (
                        SELECT max(g.version) FROM annotation_guidelineversion g
                        WHERE g.project_id = (
                            SELECT c.project_id FROM annotation_case c
                            JOIN annotation_mask m ON m.case_id = c.id WHERE m.id = NEW.mask_id
                        )
                    );
                    RETURN NEW;
                """,
            ),
        )

    def __str__(self) -> str:
        return f"revision {self.number} of mask {self.mask_id}"


class MaskChunk(models.Model):
    """32³ voxels of one layer of a mask as one revision left them: a zstd frame, i fastest."""

    mask = models.ForeignKey(Mask, models.CASCADE, related_name="chunks")
    layer = models.PositiveSmallIntegerField()
    chunk_index = models.PositiveIntegerField()
    revision = models.PositiveIntegerField()
    data = models.BinaryField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["mask", "layer", "chunk_index", "revision"], name="chunk_once_per_revision"
            ),
        )
        triggers = (pgtrigger.Protect(name="chunk_append_only", operation=pgtrigger.Update),)

    def __str__(self) -> str:
        return f"chunk {self.chunk_index} of layer {self.layer} of mask {self.mask_id}@{self.revision}"
