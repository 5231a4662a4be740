"""Files on their way from a browser: kept piece by piece until an import has read them."""

import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from annotation.models.learning import Job
from annotation.models.projects import Project

LONGEST_PATH = 1000


class Upload(models.Model):
    """Files that are brought in together, as of one folder. With a job nothing is added any more."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey(Project, models.CASCADE, related_name="uploads")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    files_count = models.PositiveIntegerField(default=0)
    size = models.PositiveBigIntegerField(default=0, help_text="Bytes of all files, as announced.")
    job = models.OneToOneField(Job, models.CASCADE, null=True, blank=True, related_name="upload")
    created_at = models.DateTimeField(auto_now_add=True)
    touched_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"upload {self.pk}"


class UploadedFile(models.Model):
    """One file: its path below the folder, and the pieces of it that are in the store, in their order.

    Names of files may name patients, so the rows go when their upload was imported or given up.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    upload = models.ForeignKey(Upload, models.CASCADE, related_name="files")
    path = models.CharField(max_length=LONGEST_PATH)
    size = models.PositiveBigIntegerField()
    received = models.PositiveBigIntegerField(default=0)
    pieces = ArrayField(models.CharField(max_length=32), default=list, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["upload", "path"], name="uploaded_file_once"),
            models.CheckConstraint(condition=Q(received__lte=F("size")), name="received_within_size"),
        )

    def __str__(self) -> str:
        return f"uploaded file {self.pk}"
