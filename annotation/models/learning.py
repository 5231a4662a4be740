"""The learning loop: jobs, frozen training sets, runs, models and predictions."""

import pghistory
import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from annotation.models.masks import Mask, Revision
from annotation.models.projects import Project
from annotation.models.volumes import Case


class JobKind(models.TextChoices):
    IMPORT = "import", "import"
    TRAIN = "train", "train"
    PREDICT = "predict", "predict"
    SCORE = "score", "score"


class JobState(models.TextChoices):
    QUEUED = "queued", "queued"
    RUNNING = "running", "running"
    SUCCEEDED = "succeeded", "succeeded"
    FAILED = "failed", "failed"
    CANCELLED = "cancelled", "cancelled"


class Queue(models.TextChoices):
    IO = "io", "io"
    SCORE = "score", "score"
    INFER = "infer", "infer"
    TRAIN = "train", "train"


class Job(models.Model):
    """Work that a worker claims. The row is the job; the queue message is only a nudge."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="jobs")
    kind = models.CharField(max_length=8, choices=JobKind.choices)
    queue = models.CharField(max_length=8, choices=Queue.choices)
    ids = models.JSONField(default=dict)
    state = models.CharField(max_length=9, choices=JobState.choices, default=JobState.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    fence = models.PositiveIntegerField(
        default=0, help_text="Rises with each claim; old holders are refused."
    )
    lease_until = models.DateTimeField(null=True, blank=True)
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    nudged_at = models.DateTimeField(auto_now_add=True)
    cancel_requested = models.BooleanField(default=False)
    progress = models.JSONField(default=dict)
    result = models.JSONField(default=dict)
    error = models.TextField(blank=True, default="")
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-created_at",)
        constraints = (
            models.CheckConstraint(condition=Q(state__in=JobState.values), name="job_state_known"),
            models.CheckConstraint(condition=Q(kind__in=JobKind.values), name="job_kind_known"),
            models.CheckConstraint(
                condition=~Q(state="running") | Q(lease_until__isnull=False), name="running_job_has_lease"
            ),
            models.UniqueConstraint(
                fields=["project"],
                condition=Q(kind="train", state__in=["queued", "running"]),
                name="one_training_at_a_time",
            ),
        )
        indexes = (
            models.Index(
                fields=["lease_until"], condition=Q(state__in=["queued", "running"]), name="job_unfinished"
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} job {self.pk} ({self.state})"


class DatasetSnapshot(models.Model):
    """The frozen list of revisions that a run used."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="snapshots")
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"snapshot {self.pk}"


class SnapshotUse(models.TextChoices):
    TRAIN = "train", "train"
    TEST = "test", "test"


class SnapshotItem(models.Model):
    """One case of a snapshot, at the revision that was its accepted delineation then."""

    snapshot = models.ForeignKey(DatasetSnapshot, models.CASCADE, related_name="items")
    case = models.ForeignKey(Case, models.PROTECT, related_name="+")
    revision = models.ForeignKey(Revision, models.PROTECT, related_name="+")
    use = models.CharField(max_length=5, choices=SnapshotUse.choices)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["snapshot", "case"], name="case_once_per_snapshot"),)
        triggers = (pgtrigger.Protect(name="snapshot_frozen", operation=pgtrigger.Update),)

    def __str__(self) -> str:
        return f"{self.case} at {self.revision}"


class TrainingRun(models.Model):
    """One training of the network on one snapshot."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="runs")
    snapshot = models.OneToOneField(DatasetSnapshot, models.PROTECT, related_name="run")
    job = models.OneToOneField(Job, models.PROTECT, related_name="run")
    parent = models.ForeignKey("annotation.Model", models.PROTECT, null=True, blank=True, related_name="+")
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    seed = models.PositiveIntegerField(default=0)
    budget_s = models.PositiveIntegerField()
    volumes = models.JSONField(
        default=dict,
        blank=True,
        help_text="How large each structure is in the cases that were learned from, by its key.",
    )
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"run {self.pk} of {self.project}"


class ModelState(models.TextChoices):
    CANDIDATE = "candidate", "candidate"
    SERVING = "serving", "serving"
    RETIRED = "retired", "retired"
    REJECTED = "rejected", "rejected"


@pghistory.track()
class Model(models.Model):
    """A trained network: its weights in the store, its scores on the frozen cases, its state."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="models")
    version = models.PositiveIntegerField()
    run = models.OneToOneField(TrainingRun, models.PROTECT, related_name="model")
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="children")
    store_key = models.CharField(max_length=100, unique=True, help_text="Folder of plan and weights.")
    weights_sha256 = models.CharField(max_length=64)
    plan = models.JSONField()
    metric_version = models.CharField(max_length=60, blank=True, default="")
    state = models.CharField(max_length=9, choices=ModelState.choices, default=ModelState.CANDIDATE)
    gate = models.JSONField(default=dict, help_text="What the gate compared and decided, with its sentence.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("project", "-version")
        constraints = (
            models.UniqueConstraint(fields=["project", "version"], name="model_version_once"),
            models.UniqueConstraint(
                fields=["project"], condition=Q(state="serving"), name="one_serving_model_per_project"
            ),
            models.CheckConstraint(condition=Q(state__in=ModelState.values), name="model_state_known"),
        )

    def __str__(self) -> str:
        return f"model {self.version} of {self.project}"


class ModelScore(models.Model):
    """What a model reached on one structure of one frozen case; null = not applicable or undefined."""

    model = models.ForeignKey(Model, models.CASCADE, related_name="scores")
    case = models.ForeignKey(Case, models.PROTECT, related_name="+")
    revision = models.ForeignKey(
        Revision, models.PROTECT, related_name="+", help_text="The reference that it was scored against."
    )
    structure = models.CharField(max_length=80, help_text="Key of the structure.")
    dice = models.FloatField(null=True, blank=True)
    surface_dice = models.FloatField(null=True, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["model", "revision", "structure"], name="score_once"),
            models.CheckConstraint(
                condition=(Q(dice__isnull=True) | Q(dice__gte=0, dice__lte=1))
                & (Q(surface_dice__isnull=True) | Q(surface_dice__gte=0, surface_dice__lte=1)),
                name="score_between_0_and_1",
            ),
        )

    def __str__(self) -> str:
        return f"{self.structure}: {self.dice}"


class Prediction(models.Model):
    """The mask that a model made for a case."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="predictions")
    model = models.ForeignKey(Model, models.PROTECT, related_name="predictions")
    mask = models.OneToOneField(Mask, models.PROTECT, related_name="prediction")
    uncertainty = models.FloatField(help_text="Mean normalised entropy over the predicted foreground.")
    map_key = models.CharField(
        max_length=100, blank=True, default="", help_text="Coarse map of the uncertainty in the store."
    )
    map_shape = ArrayField(models.PositiveIntegerField(), size=3, null=True, blank=True)
    map_factor = ArrayField(
        models.PositiveIntegerField(), size=3, null=True, blank=True, help_text="Voxels per cell."
    )
    regions = models.JSONField(
        null=True, blank=True, help_text="Suspicious regions, ranked; null = nobody looked for any."
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["case", "model"], name="prediction_once_per_case_and_model"),
            models.CheckConstraint(
                condition=Q(map_key="", map_shape__isnull=True, map_factor__isnull=True)
                | (~Q(map_key="") & Q(map_shape__len=3, map_factor__len=3)),
                name="prediction_map_has_a_grid",
            ),
        )

    def __str__(self) -> str:
        return f"prediction of {self.case} by model {self.model_id}"
