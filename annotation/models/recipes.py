"""How labels that come in are read, and what finds the same scan in two places."""

import pghistory
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q

from annotation.models.projects import Project
from annotation.models.volumes import Case, Volume


@pghistory.track(pghistory.InsertEvent(), pghistory.UpdateEvent(), pghistory.DeleteEvent())
class LabelRecipe(models.Model):
    """Which incoming label stands for which structure, as leads confirmed it."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="recipes")
    name = models.CharField(max_length=120)
    content = models.JSONField(help_text="As annotation.recipes.recipe_of reads it.")
    shared = models.BooleanField(default=False, help_text="Leads of other projects may use it.")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ("name", "pk")
        constraints = (
            models.UniqueConstraint(fields=["project", "name"], name="label_recipe_name_once"),
            models.CheckConstraint(condition=~Q(name=""), name="label_recipe_has_a_name"),
        )

    def __str__(self) -> str:
        return f"recipe {self.name} of {self.project}"


class VolumeSignature(models.Model):
    """What stays of a scan when it is cropped, mirrored or resampled (annotation.imaging.signature)."""

    volume = models.OneToOneField(Volume, models.CASCADE, primary_key=True, related_name="signature")
    version = models.PositiveSmallIntegerField(help_text="Of the way in which it was computed.")
    hashes = ArrayField(models.BigIntegerField(), help_text="CRC-32 of the histograms of its slices.")
    slices = models.PositiveSmallIntegerField(help_text="Of the profile.")
    profile = models.BinaryField(help_text="uint8 (slice, row, column): ranks of small slices.")

    class Meta:
        constraints = (
            models.CheckConstraint(condition=Q(version__gte=1), name="signature_version_positive"),
        )
        indexes = (GinIndex(fields=["hashes"], name="signature_hashes"),)

    def __str__(self) -> str:
        return f"signature of {self.volume}"


class SignatureWord(models.Model):
    """A word of a profile (annotation.imaging.signature_words): scans that look alike share many."""

    pk = models.CompositePrimaryKey("word", "signature")
    word = models.IntegerField()
    signature = models.ForeignKey(VolumeSignature, models.CASCADE, related_name="words")

    def __str__(self) -> str:
        return f"word {self.word} of {self.signature}"


class ScanCopy(models.Model):
    """Two volumes that show the same, found when the later one came in. `first` is the older one."""

    first = models.ForeignKey(Volume, models.CASCADE, related_name="+")
    second = models.ForeignKey(Volume, models.CASCADE, related_name="+")
    same_slices = models.FloatField(help_text="Share of the shorter one's slices with the same voxels.")
    same_look = models.FloatField(help_text="Correlation of their profiles.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["first", "second"], name="scan_copy_once"),
            models.CheckConstraint(condition=Q(first__lt=F("second")), name="scan_copy_in_order"),
        )

    def __str__(self) -> str:
        return f"{self.first} and {self.second}"


class DataSource(models.Model):
    """A data set that cases came from; who uses them keeps to its licence and cites it. Written once."""

    key = models.CharField(max_length=120, help_text="Of the recipe: a public data set's, or a saved one's.")
    title = models.CharField(max_length=1000)
    licence = models.CharField(max_length=1000, blank=True, help_text="Empty = not known.")
    citation = models.CharField(max_length=1000, blank=True)
    non_commercial = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("title", "pk")
        constraints = (
            models.UniqueConstraint(
                fields=["key", "title", "licence", "citation", "non_commercial"], name="data_source_once"
            ),
            models.CheckConstraint(condition=~Q(title=""), name="data_source_has_a_title"),
        )

    def __str__(self) -> str:
        return self.title


class CaseSource(models.Model):
    """Where a case came from; a case without a row was not brought in by a recipe."""

    case = models.OneToOneField(Case, models.CASCADE, primary_key=True, related_name="came_from")
    source = models.ForeignKey(DataSource, models.PROTECT, related_name="case_rows")

    def __str__(self) -> str:
        return f"{self.case} of {self.source}"
