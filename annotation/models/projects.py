"""Who works on what, with which structures: projects, members, schema and the structure catalogue."""

import pghistory
from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Q

LARGEST_VALUE = 254  # 255 = not annotated here
LOWEST_PRIORITY, HIGHEST_PRIORITY = -1, 2


class Side(models.TextChoices):
    NONE = "", "unsided"
    LEFT = "left", "left"
    RIGHT = "right", "right"


class Structure(models.Model):
    """An anatomical structure of the catalogue."""

    key = models.SlugField(max_length=80, unique=True)
    name = models.CharField(max_length=120)
    side = models.CharField(max_length=5, choices=Side.choices, default=Side.NONE, blank=True)
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="children")
    snomed_code = models.CharField(max_length=20, blank=True, default="")
    colour = models.CharField(max_length=7, validators=[RegexValidator(r"^#[0-9a-f]{6}$")])
    tolerance_mm = models.FloatField(default=3.0, help_text="Tolerance of surface Dice, in millimetres.")

    class Meta:
        ordering = ("key",)
        constraints = (
            models.CheckConstraint(condition=Q(tolerance_mm__gt=0), name="structure_tolerance_positive"),
            models.CheckConstraint(condition=Q(colour__regex=r"^#[0-9a-f]{6}$"), name="structure_colour_hex"),
            models.CheckConstraint(condition=~Q(parent=F("id")), name="structure_not_its_own_parent"),
            models.CheckConstraint(condition=Q(side__in=["", "left", "right"]), name="structure_side_known"),
        )

    def __str__(self) -> str:
        return self.key


class Hanging(models.TextChoices):
    """Layouts in which a read can open; the names are the viewer's."""

    LARGE_AXIAL = "large_axial", "axial large, two beside it"
    THREE_AND_VOLUME = "three_and_volume", "three planes and surfaces"
    LARGE_SAGITTAL = "large_sagittal", "sagittal large, two beside it"
    LARGE_CORONAL = "large_coronal", "coronal large, two beside it"
    SINGLE = "single", "one plane"


@pghistory.track(
    pghistory.UpdateEvent(condition=pghistory.AnyChange("keeps_uids", "resamples_gaps")),
    fields=["keeps_uids", "resamples_gaps"],
    model_name="ProjectEvent",
)
class Project(models.Model):
    """Label schema, guideline, team, cases and policies."""

    name = models.CharField(max_length=120, unique=True)
    guideline = models.TextField(
        blank=True, default="", help_text="Text that stands until a lead writes the first version."
    )
    hanging = models.CharField(max_length=16, choices=Hanging.choices, default=Hanging.LARGE_AXIAL)
    retrain_after = models.PositiveSmallIntegerField(
        default=5,
        validators=[MinValueValidator(1), MaxValueValidator(1000)],
        help_text="Retrain after this many newly accepted cases.",
    )
    training_budget_s = models.PositiveIntegerField(
        default=180, help_text="Wall time of one training, in seconds."
    )
    keeps_uids = models.BooleanField(
        default=False,
        help_text="Imports keep the original UIDs of DICOM series, sealed, for drawings that go back there.",
    )
    resamples_gaps = models.BooleanField(
        default=False, help_text="Imports bring series with gaps onto an even grid, unless told otherwise."
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("name",)
        constraints = (
            models.CheckConstraint(condition=Q(retrain_after__gte=1), name="project_retrain_after_positive"),
            models.CheckConstraint(condition=Q(hanging__in=Hanging.values), name="project_hanging_known"),
        )

    def __str__(self) -> str:
        return self.name


class Role(models.TextChoices):
    ANNOTATOR = "annotator", "annotator"
    REVIEWER = "reviewer", "reviewer"
    LEAD = "lead", "lead"


class Level(models.IntegerChoices):
    """How experienced a reader is: what needs a level is given to that level and above."""

    JUNIOR = 1, "junior"
    EXPERIENCED = 2, "experienced"
    EXPERT = 3, "expert"


@pghistory.track()
class Membership(models.Model):
    """A user's role in a project. Who has left is not active: the rows that name them stay."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=9, choices=Role.choices)
    level = models.PositiveSmallIntegerField(choices=Level.choices, default=Level.JUNIOR)
    active = models.BooleanField(default=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["project", "user"], name="one_role_per_project"),
            models.CheckConstraint(condition=Q(role__in=Role.values), name="membership_role_known"),
            models.CheckConstraint(condition=Q(level__in=Level.values), name="membership_level_known"),
        )

    def __str__(self) -> str:
        return f"{self.user} is {self.role} in {self.project}"


class LabelSchema(models.Model):
    """The structures of a project, with the values that stand for them in its masks."""

    project = models.OneToOneField(Project, models.CASCADE, related_name="schema")

    def __str__(self) -> str:
        return f"schema of {self.project}"


@pghistory.track(pghistory.InsertEvent(), pghistory.UpdateEvent(), pghistory.DeleteEvent())
class SchemaStructure(models.Model):
    """One structure of a schema. Structures of one layer exclude each other."""

    schema = models.ForeignKey(LabelSchema, models.CASCADE, related_name="entries")
    structure = models.ForeignKey(Structure, models.PROTECT, related_name="+")
    layer = models.PositiveSmallIntegerField(default=0)
    value = models.PositiveSmallIntegerField()
    own_tolerance_mm = models.FloatField(
        null=True, blank=True, help_text="Of the surface Dice in this project; null = the structure's."
    )
    priority = models.SmallIntegerField(
        default=0,
        help_text="0 = as usual; each step up doubles what a lack of it weighs when cases are chosen.",
    )

    class Meta:
        ordering = ("layer", "value")
        constraints = (
            models.UniqueConstraint(fields=["schema", "structure"], name="structure_once_per_schema"),
            models.UniqueConstraint(fields=["schema", "layer", "value"], name="value_once_per_layer"),
            models.CheckConstraint(
                condition=Q(value__gte=1) & Q(value__lte=LARGEST_VALUE), name="schema_value_1_to_254"
            ),
            models.CheckConstraint(condition=Q(layer__lte=31), name="schema_layer_0_to_31"),
            models.CheckConstraint(
                condition=Q(own_tolerance_mm__isnull=True) | Q(own_tolerance_mm__gt=0),
                name="own_tolerance_positive",
            ),
            models.CheckConstraint(
                condition=Q(priority__gte=LOWEST_PRIORITY, priority__lte=HIGHEST_PRIORITY),
                name="structure_priority_in_range",
            ),
        )

    def __str__(self) -> str:
        return f"{self.structure} = {self.value} on layer {self.layer}"

    @property
    def tolerance_mm(self) -> float:
        """The tolerance of surface Dice that is in force."""
        return self.structure.tolerance_mm if self.own_tolerance_mm is None else self.own_tolerance_mm
