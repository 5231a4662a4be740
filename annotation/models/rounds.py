"""The learning loop's policy and memory: when to train, what to label, what was decided and why."""

import pghistory
import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from annotation.models.learning import DatasetSnapshot, Model, Prediction, TrainingRun
from annotation.models.projects import Project, Structure
from annotation.models.volumes import WITHIN_VOLUME, Case, Volume

LEAST_CONTROL = 0.05
"""Of the cases chosen: without a control nobody can tell what a strategy is worth."""


class StartWeights(models.TextChoices):
    """What a training starts from."""

    WARM = "warm", "the serving model"
    SCRATCH = "scratch", "nothing"


class Strategy(models.TextChoices):
    """How cases are ranked for reading; the names are those of `training.acquire`."""

    RANDOM = "random", "random"
    FG_RANDOM = "fg_random", "random, aware of the foreground"
    ENTROPY = "entropy", "predictive entropy"
    BALD = "bald", "BALD"
    POWER_BALD = "power_bald", "PowerBALD"
    CLASP_PE = "clasp_pe", "ClaSP-PE"
    TYPICLUST = "typiclust", "TypiClust"
    KCENTER = "kcenter", "k-centre"
    EDIT_TIME = "edit_time", "expected minutes of editing"


class Unit(models.TextChoices):
    """What a reader is given of a case that was chosen for the model's sake."""

    VOLUME = "volume", "whole scans"
    SLAB = "slab", "slabs of a scan"
    CUBE = "cube", "cubes of a scan"


@pghistory.track()
class LearningPolicy(models.Model):
    """When a project trains, from what, and what it lets readers label. No row = these defaults.

    The number of accepted cases that starts a training and its wall time stand in `Project`.
    """

    project = models.OneToOneField(Project, models.CASCADE, related_name="learning_policy")
    automatic = models.BooleanField(default=True, help_text="Trainings start by themselves.")
    every_hours = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Train this often where anything new was accepted; null = never."
    )
    forecast_gain = models.FloatField(
        null=True, blank=True, help_text="Train when the mean Dice is expected to grow by this; null = never."
    )
    weights = models.CharField(max_length=7, choices=StartWeights.choices, default=StartWeights.WARM)
    frozen_encoder = models.BooleanField(default=False, help_text="A warm start trains the decoder alone.")
    network = models.CharField(max_length=40, default="plain_unet", help_text="Name in training.networks.")
    members = models.PositiveSmallIntegerField(
        default=1, help_text="Networks of different seeds whose answers are averaged."
    )
    fixed_steps = models.PositiveIntegerField(
        null=True, blank=True, help_text="Of each network, however long they take; null = as the time allows."
    )
    margin = models.FloatField(
        default=0.01, help_text="Mean Dice that a structure may lose before the gate refuses."
    )
    strategy = models.CharField(max_length=10, choices=Strategy.choices, default=Strategy.CLASP_PE)
    cold_start = models.CharField(max_length=10, choices=Strategy.choices, default=Strategy.TYPICLUST)
    cold_cases = models.PositiveSmallIntegerField(
        default=5, help_text="Cases read from scratch before there is a model."
    )
    atlases = models.PositiveSmallIntegerField(
        default=0,
        validators=[MaxValueValidator(8)],
        help_text="Labelled cases from which the others are pre-annotated before there is a model; 0 = none.",
    )
    control_share = models.FloatField(
        default=0.15, help_text="Of the cases chosen, drawn by fg_random; some always are."
    )
    diversity = models.FloatField(
        default=0.0,
        help_text="Deviations of score that a scan just like a chosen one of its batch loses; 0 = none.",
    )
    query_size = models.PositiveSmallIntegerField(
        default=10, validators=[MinValueValidator(1), MaxValueValidator(1000)], help_text="Cases per choice."
    )
    unit = models.CharField(max_length=6, choices=Unit.choices, default=Unit.VOLUME)
    slab_mm = models.FloatField(default=40.0, help_text="Thickness of a slab.")
    cube_mm = models.FloatField(default=64.0, help_text="Edge of a cube.")
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(weights__in=StartWeights.values)
                & Q(strategy__in=Strategy.values)
                & Q(cold_start__in=Strategy.values)
                & Q(unit__in=Unit.values),
                name="learning_policy_words_known",
            ),
            models.CheckConstraint(
                condition=Q(control_share__gte=LEAST_CONTROL, control_share__lte=1)
                & Q(margin__gte=0, margin__lte=1)
                & Q(diversity__gte=0, diversity__lte=5)
                & Q(members__gte=1, members__lte=5)
                & Q(slab_mm__gt=0, cube_mm__gt=0)
                & Q(atlases__lte=8)
                & (Q(every_hours__isnull=True) | Q(every_hours__gte=1))
                & (Q(fixed_steps__isnull=True) | Q(fixed_steps__gte=1))
                & (Q(forecast_gain__isnull=True) | Q(forecast_gain__gt=0, forecast_gain__lte=1)),
                name="learning_policy_in_range",
            ),
        )

    def __str__(self) -> str:
        return f"learning policy of {self.project}"


class StructureGoal(models.Model):
    """What a lead wants of one structure: a test Dice, a number of accepted cases that show it, or both."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="goals")
    structure = models.ForeignKey(Structure, models.PROTECT, related_name="+")
    dice = models.FloatField(null=True, blank=True)
    cases = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["project", "structure"], name="goal_once_per_structure"),
            models.CheckConstraint(
                condition=(Q(dice__isnull=False) | Q(cases__isnull=False))
                & (Q(dice__isnull=True) | Q(dice__gt=0, dice__lte=1)),
                name="goal_says_something",
            ),
        )

    def __str__(self) -> str:
        return f"goal for {self.structure} in {self.project}"


class RunEpoch(models.Model):
    """One epoch of a training, as its curves show it; a resumed run writes none twice."""

    run = models.ForeignKey(TrainingRun, models.CASCADE, related_name="epochs")
    member = models.PositiveSmallIntegerField(default=0, help_text="Which network of an ensemble.")
    epoch = models.PositiveIntegerField()
    step = models.PositiveIntegerField()
    loss = models.FloatField()
    dice = models.JSONField(default=dict, help_text="Validation Dice by structure key; empty = not measured.")
    seconds = models.FloatField(help_text="Of training so far.")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("run", "member", "epoch")
        constraints = (
            models.UniqueConstraint(fields=["run", "member", "epoch"], name="epoch_once_per_member"),
        )

    def __str__(self) -> str:
        return f"epoch {self.epoch} of {self.run}"


class RunNote(models.Model):
    """One line of a training's log. It never names a patient or a file."""

    run = models.ForeignKey(TrainingRun, models.CASCADE, related_name="notes")
    text = models.CharField(max_length=1000)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("pk",)
        triggers = (pgtrigger.Protect(name="run_note_append_only", operation=pgtrigger.Update),)

    def __str__(self) -> str:
        return self.text


class NetworkComparison(models.Model):
    """Networks that a lead has trained on one frozen set, one after the other."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="network_comparisons")
    snapshot = models.OneToOneField(DatasetSnapshot, models.PROTECT, related_name="comparison")
    networks = ArrayField(models.CharField(max_length=40), help_text="Names in training.networks, in turn.")
    budget_s = models.PositiveIntegerField(help_text="Wall time of each.")
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    seed = models.PositiveIntegerField(default=0, help_text="Of each training.")
    stopped = models.BooleanField(default=False, help_text="A lead wants no more of them.")
    goes_on_after = models.PositiveBigIntegerField(
        default=0,
        help_text="Id of the last training when a lead went on; those without a model are repeated.",
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("-pk",)
        constraints = (models.CheckConstraint(condition=Q(networks__len__gte=2), name="networks_to_compare"),)

    def __str__(self) -> str:
        return f"comparison {self.pk} of {self.project}"


class GateVerdict(models.TextChoices):
    PROMOTED = "promoted", "promoted by the gate"
    REFUSED = "refused", "refused by the gate"
    OVERRULED = "overruled", "promoted by a lead"
    ROLLED_BACK = "rolled_back", "put back into service by a lead"


class ModelDecision(models.Model):
    """Why a model serves or does not. Append-only; the newest decision of a model is the one in force."""

    model = models.ForeignKey(Model, models.CASCADE, related_name="decisions")
    verdict = models.CharField(max_length=11, choices=GateVerdict.choices)
    instead_of = models.ForeignKey(
        Model, models.CASCADE, null=True, blank=True, related_name="+", help_text="What served until then."
    )
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    reason = models.CharField(max_length=1000, blank=True, default="")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("pk",)
        constraints = (
            models.CheckConstraint(condition=Q(verdict__in=GateVerdict.values), name="verdict_known"),
            models.CheckConstraint(
                condition=Q(verdict__in=["promoted", "refused"], by__isnull=True)
                | (Q(verdict__in=["overruled", "rolled_back"], by__isnull=False) & ~Q(reason="")),
                name="a_lead_says_why",
            ),
        )
        triggers = (pgtrigger.Protect(name="decision_append_only", operation=pgtrigger.Update),)

    def __str__(self) -> str:
        return f"{self.model} {self.verdict}"


class Arm(models.TextChoices):
    """Why a case was chosen."""

    STRATEGY = "strategy", "chosen by the strategy"
    CONTROL = "control", "drawn as a control"
    COLD_START = "cold_start", "chosen before there was a model"


_CUT = pgtrigger.UpdateOf("region", "case_id")  # type: ignore[no-untyped-call]  # is untyped


class Acquisition(models.Model):
    """One case that a strategy put forward, when, by what score and in which arm; its rank is its turn."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="acquisitions")
    model = models.ForeignKey(Model, models.CASCADE, null=True, blank=True, related_name="acquisitions")
    strategy = models.CharField(max_length=10, choices=Strategy.choices)
    arm = models.CharField(max_length=10, choices=Arm.choices)
    score = models.FloatField(null=True, blank=True)
    structure = models.CharField(
        max_length=80, blank=True, default="", help_text="Key of the one it was chosen for; empty = for all."
    )
    region = ArrayField(
        models.PositiveIntegerField(),
        size=6,
        null=True,
        blank=True,
        help_text="The part of the scan that was chosen, as in `Case.region`; null = all of it.",
    )
    rank = models.PositiveIntegerField()
    seed = models.PositiveBigIntegerField()
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("pk",)
        constraints = (
            models.UniqueConstraint(
                fields=["case", "model"], name="acquired_once_per_case_and_model", nulls_distinct=False
            ),
            models.CheckConstraint(
                condition=Q(arm__in=Arm.values) & Q(strategy__in=Strategy.values),
                name="acquisition_known",
            ),
        )
        triggers = (
            pgtrigger.Trigger(
                name="chosen_within_volume",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | _CUT,
                declare=[("size", "integer[]")],
                func=f"""
                    SELECT v.shape INTO size FROM annotation_volume v
                        JOIN annotation_case c ON c.volume_id = v.id WHERE c.id = NEW.case_id;
                    {WITHIN_VOLUME}
                    RETURN NEW;
                """,  # noqa: S608 - our own words
            ),
        )

    def __str__(self) -> str:
        return f"{self.case} chosen by {self.strategy}"


class ScoreCells(models.Model):
    """What a model says of a scan in cells of about a centimetre, by which cubes are chosen.

    Kept of a case's newest prediction alone.
    """

    prediction = models.OneToOneField(Prediction, models.CASCADE, related_name="cells")
    packed = models.BinaryField(help_text="`training.acquire.packed`.")

    def __str__(self) -> str:
        return f"cells of {self.prediction}"


class ScanFeatures(models.Model):
    """Cheap features of a scan (`training.acquire.features`), worked out once; a strategy compares them."""

    volume = models.OneToOneField(Volume, models.CASCADE, related_name="features")
    values = ArrayField(models.FloatField())

    def __str__(self) -> str:
        return f"features of {self.volume}"
