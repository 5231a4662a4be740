"""What leads decided about scans that could not be taken as they came."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from annotation.models.learning import Job
from annotation.models.volumes import Case, Volume


class GivenSpacing(models.Model):
    """A spacing that a lead gave to a scan whose files do not say it; the last one counts."""

    volume = models.ForeignKey(Volume, models.CASCADE, related_name="given_spacings")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    spacing_mm = ArrayField(models.FloatField(), size=3)
    before_mm = ArrayField(models.FloatField(), size=3, help_text="What stood there: 1 mm where none was.")
    given_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("pk",)
        constraints = (
            models.CheckConstraint(
                condition=Q(spacing_mm__0__gt=0, spacing_mm__1__gt=0, spacing_mm__2__gt=0),
                name="given_spacing_positive",
            ),
        )

    def __str__(self) -> str:
        return f"spacing of {self.volume}"


class Release(models.Model):
    """A lead looked at a case that was held, and let it go on."""

    case = models.OneToOneField(Case, models.CASCADE, related_name="release")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"release of {self.case}"


class OriginalUids(models.Model):
    """What the files of a volume were called where they came from, sealed (see annotation.original_uids).

    Apart from all other tables, so that nothing that lists volumes can show it.
    """

    volume = models.OneToOneField(Volume, models.CASCADE, primary_key=True, related_name="+")
    sealed = models.BinaryField()
    kept_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"original UIDs of {self.volume}"


class ImportFinding(models.Model):
    """What became of one series of an import that goes on; once it has ended its result has them all."""

    job = models.ForeignKey(Job, models.CASCADE, related_name="findings")
    fence = models.PositiveIntegerField(help_text="Of the attempt that found it.")
    place = models.PositiveIntegerField(help_text="In the order in which they were found.")
    finding = models.JSONField(help_text="As annotation.imaging.findings.Finding writes it.")

    class Meta:
        ordering = ("job", "fence", "place")
        constraints = (models.UniqueConstraint(fields=["job", "fence", "place"], name="import_finding_once"),)

    def __str__(self) -> str:
        return f"finding {self.place} of {self.job}"
