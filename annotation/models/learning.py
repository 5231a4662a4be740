"""The learning loop: jobs, frozen training sets, runs, models and predictions."""

import pghistory
import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from annotation import clock
from annotation.models.masks import Mask, Revision
from annotation.models.projects import Project
from annotation.models.volumes import Case


class JobKind(models.TextChoices):
    IMPORT = "import", "import"
    TRAIN = "train", "train"
    PREDICT = "predict", "predict"
    PROPOSE = "propose", "predict one case that is being read"
    ATLAS = "atlas", "pre-annotate from labelled cases"
    SCORE = "score", "score"
    SIMULATE = "simulate", "compare strategies"
    MEASURE = "measure", "score a model on the test cases"
    EXPORT = "export", "export delineations"
    LOOK = "look", "look at what an import would bring"


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
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        help_text="Null = nobody: the product began it.",
    )
    state = models.CharField(max_length=9, choices=JobState.choices, default=JobState.QUEUED)
    attempts = models.PositiveSmallIntegerField(
        default=0, help_text="That were begun since the work last got on."
    )
    kept = models.JSONField(
        default=dict, help_text="How far what outlives a worker goes, by part: steps in a checkpoint."
    )
    fence = models.PositiveIntegerField(
        default=0, help_text="Rises with each claim; old holders are refused."
    )
    lease_until = models.DateTimeField(null=True, blank=True)
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    nudged_at = clock.DateTimeField(auto_now_add=True)
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
    sha256 = models.CharField(
        max_length=64, blank=True, default="", help_text="Of the items: case, revision's sha256, use."
    )
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"snapshot {self.pk}"


class SnapshotUse(models.TextChoices):
    TRAIN = "train", "train"
    VALIDATION = "validation", "validation"
    TEST = "test", "test"


class SnapshotItem(models.Model):
    """One case of a snapshot, at the revision that was its accepted delineation then."""

    snapshot = models.ForeignKey(DatasetSnapshot, models.CASCADE, related_name="items")
    case = models.ForeignKey(Case, models.PROTECT, related_name="+")
    revision = models.ForeignKey(Revision, models.PROTECT, related_name="+")
    use = models.CharField(max_length=10, choices=SnapshotUse.choices)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["snapshot", "case"], name="case_once_per_snapshot"),)
        triggers = (
            pgtrigger.Protect(name="snapshot_frozen", operation=pgtrigger.Update),
            # By the database, so that no code and no hand can train on what measures. The lock meets that of
            # `snapshot_fixes_split`.
            pgtrigger.Trigger(
                name="used_as_its_split_says",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                declare=[("theirs", "text")],
                func="""
                    SELECT split INTO theirs FROM annotation_case WHERE id = NEW.case_id FOR KEY SHARE;
                    IF NEW.use <> (CASE theirs WHEN 'pool' THEN 'train' ELSE theirs END) THEN
                        RAISE EXCEPTION 'Case % is in the split %; a snapshot cannot use it to %.',
                            NEW.case_id, theirs, NEW.use USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NEW;
                """,
            ),
        )

    def __str__(self) -> str:
        return f"{self.case} at {self.revision}"


class Trigger(models.TextChoices):
    """Why a training was asked for."""

    COUNT = "count", "enough cases were accepted"
    SCHEDULE = "schedule", "it was time"
    GAIN = "gain", "enough was to be gained"
    HAND = "hand", "a lead asked"
    COMPARISON = "comparison", "networks are compared"


class TrainingRun(models.Model):
    """One training of the network on one snapshot."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="runs")
    snapshot = models.ForeignKey(
        DatasetSnapshot,
        models.PROTECT,
        related_name="runs",
        help_text="Networks that are compared share one.",
    )
    job = models.OneToOneField(Job, models.PROTECT, related_name="run")
    parent = models.ForeignKey("annotation.Model", models.PROTECT, null=True, blank=True, related_name="+")
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    trigger = models.CharField(max_length=10, choices=Trigger.choices, default=Trigger.HAND)
    seed = models.PositiveIntegerField(default=0)
    budget_s = models.PositiveIntegerField()
    network = models.CharField(max_length=40, default="plain_unet", help_text="Name in training.networks.")
    frozen_encoder = models.BooleanField(default=False)
    members = models.PositiveSmallIntegerField(default=1)
    fixed_steps = models.PositiveIntegerField(
        null=True, blank=True, help_text="Of each network, asked for; null = as the time allows."
    )
    code_version = models.CharField(max_length=60, blank=True, default="")
    volumes = models.JSONField(
        default=dict,
        blank=True,
        help_text="How large each structure is in the cases that were learned from, by its key.",
    )
    steps = models.PositiveIntegerField(null=True, blank=True, help_text="Of the optimiser; null = not kept.")
    train_seconds = models.FloatField(null=True, blank=True, help_text="Of training alone; null = not kept.")
    parameters = models.PositiveBigIntegerField(
        null=True, blank=True, help_text="Of its networks; null = not kept."
    )
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"run {self.pk} of {self.project}"


class ModelState(models.TextChoices):
    CANDIDATE = "candidate", "candidate"
    SERVING = "serving", "serving"
    RETIRED = "retired", "retired"
    REJECTED = "rejected", "rejected"


class ModelSource(models.TextChoices):
    TRAINED = "trained", "trained here"
    IMPORTED = "imported", "imported"


@pghistory.track()
class Model(models.Model):
    """A trained network: its weights in the store, its scores on the frozen cases, its state."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="models")
    version = models.PositiveIntegerField()
    run = models.OneToOneField(
        TrainingRun, models.PROTECT, null=True, blank=True, related_name="model", help_text="Null = imported."
    )
    source = models.CharField(max_length=8, choices=ModelSource.choices, default=ModelSource.TRAINED)
    structures = ArrayField(
        models.CharField(max_length=80),
        default=list,
        blank=True,
        help_text="Keys of what it draws; none = those of its plan.",
    )
    licence = models.CharField(max_length=200, blank=True, default="")
    notes = models.TextField(max_length=4000, blank=True, default="", help_text="What it is not for.")
    imported_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
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
            models.CheckConstraint(
                condition=Q(source="trained", run__isnull=False, imported_by__isnull=True)
                | Q(source="imported", run__isnull=True, imported_by__isnull=False),
                name="model_has_its_source",
            ),
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
    tolerance_mm = models.FloatField(
        null=True, blank=True, help_text="Of the surface Dice; null = the structure's own in the catalogue."
    )

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


class PredictionSource(models.TextChoices):
    """Who made a pre-annotation."""

    MODEL = "model", "predicted by a model"
    ATLAS = "atlas", "propagated from labelled cases"


class Prediction(models.Model):
    """A pre-annotation of a case: the mask that a model made, or one propagated from labelled cases."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="predictions")
    source = models.CharField(max_length=5, choices=PredictionSource.choices, default=PredictionSource.MODEL)
    model = models.ForeignKey(
        Model, models.PROTECT, null=True, blank=True, related_name="predictions", help_text="null = an atlas."
    )
    atlas_revisions = ArrayField(
        models.BigIntegerField(),
        default=list,
        blank=True,
        help_text="Revisions of the labelled cases that it was propagated from, in rising order.",
    )
    mask = models.OneToOneField(Mask, models.PROTECT, related_name="prediction")
    uncertainty = models.FloatField(help_text="Mean normalised entropy over the predicted foreground.")
    structure_uncertainty = models.JSONField(
        default=dict, blank=True, help_text="The same by structure key, for those that were drawn."
    )
    scores = models.JSONField(
        default=dict, blank=True, help_text="What strategies rank by: name → structure key or all → value."
    )
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
            models.UniqueConstraint(
                fields=["case", "atlas_revisions"],
                condition=Q(source="atlas"),
                name="prediction_once_per_case_and_atlas",
            ),
            models.CheckConstraint(
                condition=Q(source="model", model__isnull=False, atlas_revisions__len=0)
                | Q(source="atlas", model__isnull=True, atlas_revisions__len__gte=1),
                name="prediction_says_its_source",
            ),
            models.CheckConstraint(
                condition=Q(map_key="", map_shape__isnull=True, map_factor__isnull=True)
                | (~Q(map_key="") & Q(map_shape__len=3, map_factor__len=3)),
                name="prediction_map_has_a_grid",
            ),
        )

    def __str__(self) -> str:
        maker = "an atlas" if self.model_id is None else f"model {self.model_id}"
        return f"prediction of {self.case} by {maker}"
