"""How far delineations of one case agree: scores, the sums that follow from them, what reads amounted to."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from annotation.models.masks import Revision
from annotation.models.projects import Project
from annotation.models.volumes import Case
from annotation.models.work import Assignment, Purpose, StartFrom


class AgreementKind(models.TextChoices):
    """What a delineation is compared with. Side a is a read (or, against gold and review, a prediction)."""

    INTER = "inter", "another reader's read"
    INTRA = "intra", "the same reader's other read"
    GOLD = "gold", "the gold standard"
    PREDICTION = "prediction", "a model's prediction"
    REVIEW = "review", "what the review accepted"


class UndefinedReason(models.TextChoices):
    """Why a score lacks figures: not applicable where both are empty, no distances where one is."""

    NONE = "", "defined"
    BOTH_EMPTY = "both_empty", "absent from both"
    A_EMPTY = "a_empty", "absent from a"
    B_EMPTY = "b_empty", "absent from b"


class AgreementGroup(models.Model):
    """Scores that may be pooled: one structure, kind, starting point and version of the metric.

    `changes` counts the scores that came or went: what was worked out says at which count it was.
    """

    project = models.ForeignKey(Project, models.CASCADE, related_name="agreement_groups")
    structure = models.CharField(max_length=80, help_text="Key of the structure.")
    kind = models.CharField(max_length=10, choices=AgreementKind.choices)
    starts = models.CharField(
        max_length=60,
        help_text="scratch, prediction:3 (the model's version) or revision, and model:3 where a model takes "
        "part; joined by |.",
    )
    metric_version = models.CharField(max_length=60)
    changes = models.PositiveBigIntegerField(default=0)
    figures = models.JSONField(default=dict, blank=True)
    figured = models.PositiveBigIntegerField(
        default=0, help_text="The value of changes that figures rest on."
    )
    figured_at = models.DateTimeField(null=True, blank=True)
    figure_seconds = models.FloatField(default=0.0)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["project", "metric_version", "kind", "structure", "starts"],
                name="agreement_group_once",
            ),
            models.CheckConstraint(condition=Q(kind__in=AgreementKind.values), name="agreement_kind_known"),
        )

    def __str__(self) -> str:
        return f"{self.structure} {self.kind} from {self.starts}"


def _share(name: str) -> Q:
    return Q(**{f"{name}__isnull": True}) | Q(**{f"{name}__gte": 0, f"{name}__lte": 1})


class AgreementScore(models.Model):
    """All metrics of one structure in two revisions of one case. Null = not applicable or undefined."""

    group = models.ForeignKey(AgreementGroup, models.CASCADE, related_name="scores", db_index=False)
    case = models.ForeignKey(Case, models.CASCADE, related_name="agreement_scores")
    revision_a = models.ForeignKey(Revision, models.PROTECT, related_name="+", db_index=False)
    revision_b = models.ForeignKey(Revision, models.PROTECT, related_name="+", db_index=False)
    read_a = models.ForeignKey(Assignment, models.CASCADE, null=True, blank=True, related_name="+")
    read_b = models.ForeignKey(Assignment, models.CASCADE, null=True, blank=True, related_name="+")
    reader_a = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    reader_b = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    model = models.ForeignKey(
        "annotation.Model",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        help_text="Whose prediction is one of the two sides.",
    )
    start_a = models.CharField(max_length=10, choices=StartFrom.choices, blank=True, default="")
    start_b = models.CharField(max_length=10, choices=StartFrom.choices, blank=True, default="")
    start_model_a = models.ForeignKey(
        "annotation.Model", models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    start_model_b = models.ForeignKey(
        "annotation.Model", models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    tolerance_mm = models.FloatField(help_text="Of the surface Dice.")
    dice = models.FloatField(null=True, blank=True)
    surface_dice = models.FloatField(null=True, blank=True)
    hd95_mm = models.FloatField(null=True, blank=True)
    hd_mm = models.FloatField(null=True, blank=True)
    assd_mm = models.FloatField(null=True, blank=True)
    asd_a_to_b_mm = models.FloatField(
        null=True, blank=True, help_text="Mean distance of a's surface to b's; null in scores of before."
    )
    asd_b_to_a_mm = models.FloatField(null=True, blank=True)
    centre_distance_mm = models.FloatField(
        null=True, blank=True, help_text="Between the centres of mass; null in scores of before."
    )
    specificity = models.FloatField(
        null=True, blank=True, help_text="Of b against a, over the whole scan; null in scores of before."
    )
    volume_a_ml = models.FloatField()
    volume_b_ml = models.FloatField()
    undefined = models.CharField(
        max_length=10, choices=UndefinedReason.choices, blank=True, default=UndefinedReason.NONE
    )
    stale = models.BooleanField(
        default=False, help_text="A side has changed since, or does not count any more: in no summary."
    )
    read_at = models.DateTimeField(help_text="When the later of the two reads was handed in.")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["group", "revision_a", "revision_b"], name="agreement_score_once"
            ),
            models.CheckConstraint(condition=_share("dice"), name="agreement_dice_0_to_1"),
            models.CheckConstraint(condition=_share("surface_dice"), name="agreement_surface_dice_0_to_1"),
            models.CheckConstraint(condition=_share("specificity"), name="agreement_specificity_0_to_1"),
            models.CheckConstraint(
                condition=Q(undefined__in=UndefinedReason.values), name="agreement_undefined_known"
            ),
            models.CheckConstraint(
                condition=Q(read_a__isnull=False, reader_a__isnull=False)
                | Q(read_a__isnull=True, reader_a__isnull=True, model__isnull=False),
                name="agreement_a_is_a_read_or_a_model",
            ),
        )
        indexes = (
            models.Index(
                fields=["group", "reader_a", "reader_b"], condition=Q(stale=False), name="agreement_in_group"
            ),
        )

    def __str__(self) -> str:
        return f"{self.revision_a_id} against {self.revision_b_id}: {self.dice}"


class AgreementSums(models.Model):
    """Sums of scores that count, as integers: the same whatever the order they came in.

    `…_n` is how many scores have the figure, `…_sum` its sum in millionths, `…_squares` that of the squares
    of those millionths.
    """

    n = models.IntegerField(default=0, help_text="Scores, those without figures among them.")
    both_empty = models.IntegerField(default=0)
    one_empty = models.IntegerField(default=0)
    dice_n = models.IntegerField(default=0)
    dice_sum = models.BigIntegerField(default=0)
    dice_squares = models.DecimalField(max_digits=38, decimal_places=0, default=0)
    surface_dice_n = models.IntegerField(default=0)
    surface_dice_sum = models.BigIntegerField(default=0)
    surface_dice_squares = models.DecimalField(max_digits=38, decimal_places=0, default=0)
    hd95_mm_n = models.IntegerField(default=0)
    hd95_mm_sum = models.BigIntegerField(default=0)
    hd95_mm_squares = models.DecimalField(max_digits=38, decimal_places=0, default=0)
    hd_mm_n = models.IntegerField(default=0)
    hd_mm_sum = models.BigIntegerField(default=0)
    hd_mm_squares = models.DecimalField(max_digits=38, decimal_places=0, default=0)
    assd_mm_n = models.IntegerField(default=0)
    assd_mm_sum = models.BigIntegerField(default=0)
    assd_mm_squares = models.DecimalField(max_digits=38, decimal_places=0, default=0)

    class Meta:
        abstract = True


class AgreementSummary(AgreementSums):
    """Sums over the scores of one group, two sides and month (of the later read, UTC)."""

    group = models.ForeignKey(AgreementGroup, models.CASCADE, related_name="summaries", db_index=False)
    reader_a = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    reader_b = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    model = models.ForeignKey(
        "annotation.Model", models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    month = models.DateField(help_text="First day of the month.")

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["group", "reader_a", "reader_b", "model", "month"],
                name="agreement_summary_once",
                nulls_distinct=False,
            ),
        )

    def __str__(self) -> str:
        return f"{self.n} scores of group {self.group_id} in {self.month:%Y-%m}"


class CaseSummary(AgreementSums):
    """Sums over the scores of one group in one case."""

    group = models.ForeignKey(AgreementGroup, models.CASCADE, related_name="case_summaries", db_index=False)
    case = models.ForeignKey(Case, models.CASCADE, related_name="+", db_index=False)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["group", "case"], name="case_summary_once"),)

    def __str__(self) -> str:
        return f"{self.n} scores of group {self.group_id} in case {self.case_id}"


class SurfaceSpread(models.Model):
    """How far apart two readers' surfaces lie: areas by distance. Of calibration cases alone."""

    score = models.OneToOneField(AgreementScore, models.CASCADE, primary_key=True, related_name="spread")
    distances_mm = ArrayField(models.FloatField(), help_text="Ascending; hundredths of a millimetre.")
    areas_mm2 = ArrayField(models.FloatField())

    def __str__(self) -> str:
        return f"surfaces of score {self.pk}"


class ReaderRate(models.Model):
    """STAPLE's sensitivity and specificity of one read of a calibration case, among those begun alike."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="+")
    case = models.ForeignKey(Case, models.CASCADE, related_name="+")
    structure = models.CharField(max_length=80)
    starts = models.CharField(max_length=60)
    read = models.ForeignKey(Assignment, models.CASCADE, related_name="+")
    reader = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False)
    readers = models.PositiveSmallIntegerField(help_text="How many reads were compared.")
    sensitivity = models.FloatField()
    specificity = models.FloatField()
    prevalence = models.FloatField()
    region = models.CharField(max_length=120, help_text="The rule by which the region was chosen.")
    converged = models.BooleanField()
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["case", "structure", "starts", "read"], name="reader_rate_once"),
        )

    def __str__(self) -> str:
        return f"read {self.read_id}: {self.structure} {self.sensitivity:.3f}, {self.specificity:.3f}"


class ReadSummary(models.Model):
    """What one final read amounted to: its time, its sizes, what it changed of what it began from."""

    read = models.OneToOneField(Assignment, models.CASCADE, primary_key=True, related_name="summary")
    project = models.ForeignKey(Project, models.CASCADE, related_name="+", db_index=False)
    case = models.ForeignKey(Case, models.CASCADE, related_name="+")
    reader = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False)
    revision = models.ForeignKey(Revision, models.PROTECT, related_name="+", db_index=False)
    purpose = models.CharField(max_length=11, choices=Purpose.choices)
    starts = models.CharField(max_length=60)
    read_at = models.DateTimeField(help_text="When it was handed in.")
    month = models.DateField()
    active_seconds = models.PositiveIntegerField()
    idle_seconds = models.PositiveIntegerField()
    tools = models.JSONField(
        default=dict, blank=True, help_text="By tool: seconds, edits, voxels added and removed."
    )
    volumes_ml = models.JSONField(default=dict, blank=True, help_text="By structure.")
    changed_voxels = models.PositiveBigIntegerField(
        default=0, help_text="That differ from what the read began from, over its structures."
    )
    moved_share = models.FloatField(
        null=True,
        blank=True,
        help_text="Of the surface that lies beyond the tolerance of the prediction's; mean over structures.",
    )
    moved_mm = models.FloatField(
        null=True, blank=True, help_text="Mean distance of the surfaces from the prediction's (ASSD)."
    )

    class Meta:
        indexes = (models.Index(fields=["project", "reader", "month"], name="read_summary_by_reader"),)

    def __str__(self) -> str:
        return f"read {self.pk}: {self.active_seconds} s"


class DriftChart(models.Model):
    """A reader's agreement with gold or review in the order of reading, as a worker has charted it."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="+", db_index=False)
    reader = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False)
    kind = models.CharField(max_length=10, choices=AgreementKind.choices)
    start = models.CharField(max_length=10, choices=StartFrom.choices)
    metric_version = models.CharField(max_length=60)
    chart = models.JSONField(default=dict)
    at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ("project", "reader", "kind", "start")
        constraints = (
            models.UniqueConstraint(
                fields=["project", "reader", "kind", "start", "metric_version"], name="drift_chart_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} chart of {self.reader_id} from {self.start}"


class DriftAlarm(models.Model):
    """A read at which a reader's average agreement fell below the limit of the chart."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="drift_alarms")
    reader = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    kind = models.CharField(max_length=10, choices=AgreementKind.choices)
    start = models.CharField(max_length=10, choices=StartFrom.choices)
    metric_version = models.CharField(max_length=60)
    read = models.ForeignKey(Assignment, models.CASCADE, related_name="+")
    value = models.FloatField(help_text="Dice above or below the reader's usual, mean over structures.")
    ewma = models.FloatField(help_text="In standard deviations of the reader's start reads.")
    limit = models.FloatField()
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("at", "pk")
        constraints = (
            models.UniqueConstraint(
                fields=["project", "reader", "kind", "start", "metric_version", "read"],
                name="drift_alarm_once",
            ),
        )

    def __str__(self) -> str:
        return f"drift of {self.reader} at read {self.read_id}"
