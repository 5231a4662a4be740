"""How reliability is measured in a project: the plan, groups of structures, requirements, cases set apart."""

import pghistory
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from annotation.models.masks import Revision
from annotation.models.projects import Level, Project
from annotation.models.volumes import Case
from annotation.models.work import StartFrom


def _share(name: str) -> models.CheckConstraint:
    return models.CheckConstraint(
        condition=Q(**{f"{name}__gte": 0, f"{name}__lte": 1}), name=f"plan_{name}_0_to_1"
    )


@pghistory.track()
class ReliabilityPlan(models.Model):
    """What is read for reliability on top of one read per case. Shares are 0 to 1, of a reader's reads."""

    project = models.OneToOneField(Project, models.CASCADE, related_name="plan")
    calibration_cases = models.PositiveSmallIntegerField(
        default=15, help_text="Cases that every reader reads; which ones, CalibrationCase says."
    )
    scratch_share = models.FloatField(default=0.5, help_text="Of the calibration cases, begun from nothing.")
    double_share = models.FloatField(default=0.10, help_text="Read by a second reader.")
    repeat_share = models.FloatField(default=0.05, help_text="Read again by the same reader.")
    washout_days = models.PositiveSmallIntegerField(default=14, help_text="Before a case is read again.")
    gold_share = models.FloatField(default=0.05, help_text="Of cases whose right answer is known.")
    review_share_first = models.FloatField(default=1.0, help_text="Of a new reader's reads.")
    review_share_least = models.FloatField(default=0.2, help_text="Of the reads of one who is always right.")
    review_window = models.PositiveSmallIntegerField(
        default=20, help_text="Newest reviews of a reader that the share follows from."
    )
    seed = models.PositiveIntegerField(default=0, help_text="The order of the blocks follows from it.")
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = (
            _share("scratch_share"),
            _share("double_share"),
            _share("repeat_share"),
            _share("gold_share"),
            _share("review_share_first"),
            _share("review_share_least"),
            models.CheckConstraint(
                condition=Q(review_share_least__lte=F("review_share_first")), name="plan_review_shares_fall"
            ),
            models.CheckConstraint(condition=Q(review_window__gte=1), name="plan_review_window_positive"),
        )

    def __str__(self) -> str:
        return f"reliability plan of {self.project}"


class StructureGroup(models.Model):
    """Structures that one reader draws together: each case has a part for each group."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="groups")
    name = models.CharField(max_length=80)
    structures = ArrayField(models.CharField(max_length=80), help_text="Their keys.")
    least_level = models.PositiveSmallIntegerField(choices=Level.choices, default=Level.JUNIOR)

    class Meta:
        ordering = ("project", "pk")
        constraints = (
            models.UniqueConstraint(fields=["project", "name"], name="group_name_once"),
            models.CheckConstraint(condition=Q(structures__len__gte=1), name="group_has_structures"),
            models.CheckConstraint(condition=Q(least_level__in=Level.values), name="group_level_known"),
        )

    def __str__(self) -> str:
        return f"{self.name} of {self.project}"


class Metric(models.TextChoices):
    DICE = "dice", "Dice"
    SURFACE_DICE = "surface_dice", "surface Dice"
    HD95 = "hd95_mm", "95 % Hausdorff distance"
    ASSD = "assd_mm", "mean surface distance"


class Comparator(models.TextChoices):
    INTER = "inter", "the other reader"
    GOLD = "gold", "the known answer"
    REVIEW = "review", "the reviewer"
    PREDICTION = "prediction", "the prediction"


class Requirement(models.Model):
    """What an agreement must reach: at least the threshold for overlaps, at most for distances."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="requirements")
    structure = models.CharField(max_length=80, blank=True, default="", help_text="Its key; empty = all.")
    metric = models.CharField(max_length=12, choices=Metric.choices)
    threshold = models.FloatField()
    comparator = models.CharField(max_length=10, choices=Comparator.choices, default=Comparator.INTER)

    class Meta:
        ordering = ("project", "comparator", "structure", "metric")
        constraints = (
            models.UniqueConstraint(
                fields=["project", "structure", "metric", "comparator"], name="requirement_once"
            ),
            models.CheckConstraint(condition=Q(metric__in=Metric.values), name="requirement_metric_known"),
            models.CheckConstraint(
                condition=Q(comparator__in=Comparator.values), name="requirement_comparator_known"
            ),
            models.CheckConstraint(
                condition=Q(metric__in=["hd95_mm", "assd_mm"], threshold__gte=0)
                | Q(metric__in=["dice", "surface_dice"], threshold__gte=0, threshold__lte=1),
                name="requirement_threshold_possible",
            ),
        )

    def __str__(self) -> str:
        return f"{self.metric} of {self.structure or 'every structure'} against {self.comparator}"


class CalibrationCase(models.Model):
    """A case that every reader reads, all from the same start; nobody reads it as routine."""

    case = models.OneToOneField(Case, models.CASCADE, related_name="calibration")
    start_from = models.CharField(
        max_length=10,
        choices=[(one.value, one.label) for one in (StartFrom.SCRATCH, StartFrom.PREDICTION)],
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("case__number",)
        constraints = (
            models.CheckConstraint(
                condition=Q(start_from__in=["scratch", "prediction"]), name="calibration_start_known"
            ),
        )

    def __str__(self) -> str:
        return f"calibration with {self.case}"


class GoldCase(models.Model):
    """A case whose right answer is known; readers get it among others without being told."""

    case = models.OneToOneField(Case, models.CASCADE, related_name="gold")
    revision = models.ForeignKey(Revision, models.PROTECT, related_name="+", help_text="The right answer.")
    source = models.CharField(max_length=200, blank=True, default="", help_text="Where it comes from.")
    excluded = models.BooleanField(default=False, help_text="Not given any more; its scores do not count.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("case__number",)

    def __str__(self) -> str:
        return f"gold answer of {self.case}"
