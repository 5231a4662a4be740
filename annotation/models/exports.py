"""What left the product: a selection of delineations in one format, as one file."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from annotation.models.learning import Job
from annotation.models.projects import Project


class ExportFormat(models.TextChoices):
    NIFTI = "nifti", "NIfTI label maps"
    STRUCTURES = "structures", "NIfTI, one file per structure"
    NNUNET = "nnunet", "nnU-Net raw"
    DECATHLON = "decathlon", "Medical Segmentation Decathlon"
    SEG_NRRD = "seg_nrrd", "3D Slicer .seg.nrrd"
    DICOM_SEG = "dicom_seg", "DICOM SEG with its CT series"
    RTSTRUCT = "rtstruct", "DICOM RTSTRUCT with its CT series"
    TABLES = "tables", "volumes and scores as CSV and Parquet"


class ExportWhat(models.TextChoices):
    ACCEPTED = "accepted", "accepted delineations"
    READS = "reads", "every finished read"
    TRAINING = "training", "what a model was trained and tested on"
    PREDICTIONS = "predictions", "what a model predicted"


class Export(models.Model):
    """One export: who asked for what, and where its file lies. What it holds was frozen in the job's ids."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="exports")
    job = models.OneToOneField(Job, models.CASCADE, related_name="export")
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    form = models.CharField(max_length=10, choices=ExportFormat.choices)
    what = models.CharField(max_length=11, choices=ExportWhat.choices)
    selection = models.JSONField(default=dict, blank=True, help_text="Splits, readers, structures, model.")
    items = models.PositiveIntegerField(help_text="Delineations in it.")
    store_key = models.CharField(max_length=100, blank=True, default="", help_text="Empty = not ready.")
    bytes = models.PositiveBigIntegerField(null=True, blank=True)
    sha256 = models.CharField(max_length=64, blank=True, default="")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("-pk",)
        constraints = (
            models.CheckConstraint(condition=Q(form__in=ExportFormat.values), name="export_form_known"),
            models.CheckConstraint(condition=Q(what__in=ExportWhat.values), name="export_what_known"),
            models.CheckConstraint(
                condition=Q(store_key="", bytes__isnull=True, sha256="")
                | (~Q(store_key="") & Q(bytes__isnull=False) & ~Q(sha256="")),
                name="export_file_is_described",
            ),
        )

    def __str__(self) -> str:
        return f"export {self.pk} of {self.project}"
