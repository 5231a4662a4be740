"""What readers do: assignments, reading sessions, edit events."""

import secrets

import pghistory
import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from annotation import clock
from annotation.models.masks import Mask, Revision
from annotation.models.volumes import Case, Part


class AssignmentRole(models.TextChoices):
    ANNOTATE = "annotate", "annotate"
    REVIEW = "review", "review"
    ADJUDICATE = "adjudicate", "adjudicate"


class Purpose(models.TextChoices):
    ROUTINE = "routine", "routine"
    CALIBRATION = "calibration", "calibration"
    OVERLAP = "overlap", "overlap"
    REPEAT = "repeat", "repeat"
    GOLD = "gold", "gold"


class StartFrom(models.TextChoices):
    SCRATCH = "scratch", "scratch"
    PREDICTION = "prediction", "prediction"
    REVISION = "revision", "revision"


class AssignmentState(models.TextChoices):
    PLANNED = "planned", "planned"
    OPEN = "open", "open"
    SUBMITTED = "submitted", "submitted"
    RETURNED = "returned", "returned"
    DONE = "done", "done"
    RELEASED = "released", "released"
    SKIPPED = "skipped", "skipped"
    WITHDRAWN = "withdrawn", "withdrawn"


# A part is one routine reader's until the read is done or given back.
ACTIVE_STATES = (AssignmentState.OPEN, AssignmentState.SUBMITTED, AssignmentState.RETURNED)
# The read is not its reader's any more, and nothing follows from it.
ENDED_STATES = (AssignmentState.RELEASED, AssignmentState.SKIPPED, AssignmentState.WITHDRAWN)
ALIAS_LENGTH = 6
ALIAS_SYMBOLS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # without those that are easily confused


def new_alias() -> str:
    """What a reader sees in place of a case's number and name."""
    return "".join(secrets.choice(ALIAS_SYMBOLS) for _ in range(ALIAS_LENGTH))


@pghistory.track()
class Assignment(models.Model):
    """One read of one part of a case by one reader. A planned one has its reader, but was not begun."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="assignments")
    part = models.ForeignKey(Part, models.PROTECT, related_name="assignments")
    reader = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="assignments")
    role = models.CharField(max_length=10, choices=AssignmentRole.choices)
    purpose = models.CharField(max_length=11, choices=Purpose.choices, default=Purpose.ROUTINE)
    sequence_no = models.PositiveIntegerField(
        default=1, help_text="How many-th read of this case by this reader."
    )
    alias = models.CharField(max_length=ALIAS_LENGTH, unique=True, default=new_alias)
    structures = ArrayField(
        models.CharField(max_length=80),
        default=list,
        blank=True,
        help_text="Keys, of the group; none = all.",
    )
    start_from = models.CharField(max_length=10, choices=StartFrom.choices)
    start_revision = models.ForeignKey(Revision, models.PROTECT, null=True, blank=True, related_name="+")
    mask = models.OneToOneField(Mask, models.PROTECT, related_name="assignment")
    subject = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="reviews_of",
        help_text="The read under review; the first one of an adjudication.",
    )
    rival = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="rivals_of",
        help_text="The second read of an adjudication; of a second blind read, the first one.",
    )
    state = models.CharField(max_length=9, choices=AssignmentState.choices, default=AssignmentState.OPEN)
    lease_until = models.DateTimeField()
    due_at = models.DateTimeField(null=True, blank=True)
    assigned_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    skip_reason = models.CharField(max_length=500, blank=True, default="")
    active_seconds = models.PositiveIntegerField(default=0)
    created_at = clock.DateTimeField(auto_now_add=True)
    submitted_at = models.DateTimeField(null=True, blank=True)
    final_at = models.DateTimeField(null=True, blank=True, help_text="Since when nothing changes it.")
    seen_at = models.DateTimeField(null=True, blank=True, help_text="Last opened after it was final.")
    updated_at = clock.DateTimeField(auto_now=True)

    class Meta:
        ordering = ("-updated_at",)
        constraints = (
            models.UniqueConstraint(
                fields=["part", "role"],
                condition=Q(purpose="routine", state__in=["open", "submitted", "returned"]),
                name="one_active_routine_read_per_part_and_role",
            ),
            models.UniqueConstraint(
                fields=["part", "reader", "role"],
                condition=Q(state__in=["planned", "open", "submitted", "returned"]),
                name="one_active_read_per_part_and_reader",
            ),
            models.UniqueConstraint(
                fields=["case", "reader", "sequence_no"], name="read_number_once_per_reader"
            ),
            models.CheckConstraint(
                condition=Q(start_from="scratch", start_revision__isnull=True)
                | (~Q(start_from="scratch") & Q(start_revision__isnull=False)),
                name="assignment_start_is_named",
            ),
            models.CheckConstraint(
                condition=Q(role__in=["review", "adjudicate"], subject__isnull=False)
                | Q(role="annotate", subject__isnull=True),
                name="review_has_subject",
            ),
            models.CheckConstraint(
                condition=Q(role="adjudicate") | Q(purpose="overlap") | Q(rival__isnull=True),
                name="only_a_pair_has_rival",
            ),
            models.CheckConstraint(
                condition=~Q(state="skipped") | ~Q(skip_reason=""), name="a_skip_says_why"
            ),
            models.CheckConstraint(
                condition=~Q(state="done") | Q(final_at__isnull=False), name="a_done_read_is_final"
            ),
            models.CheckConstraint(
                condition=Q(state__in=AssignmentState.values), name="assignment_state_known"
            ),
        )
        indexes = (
            models.Index(fields=["reader", "state"], name="assignment_by_reader"),
            models.Index(fields=["lease_until"], condition=Q(state="open"), name="assignment_open_lease"),
            models.Index(
                fields=["submitted_at"], condition=Q(state="submitted"), name="assignment_handed_in"
            ),
        )

    def __str__(self) -> str:
        return f"{self.role} {self.pk} of {self.case} by {self.reader}"


class ReadingSession(models.Model):
    """A stretch of work on an assignment, timed by the server's clock."""

    assignment = models.ForeignKey(Assignment, models.CASCADE, related_name="sessions")
    started_at = clock.DateTimeField(auto_now_add=True)
    last_seen_at = clock.DateTimeField(auto_now_add=True)
    active_seconds = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"session {self.pk} on assignment {self.assignment_id}"


class Plane(models.TextChoices):
    AXIAL = "axial", "axial"
    SAGITTAL = "sagittal", "sagittal"
    CORONAL = "coronal", "coronal"


class Looked(models.Model):
    """Slices of one plane that were on screen during a read: slice s is bit s % 8 of byte s // 8."""

    assignment = models.ForeignKey(Assignment, models.CASCADE, related_name="looked")
    plane = models.CharField(max_length=8, choices=Plane.choices)
    bits = models.BinaryField()
    updated_at = clock.DateTimeField(auto_now=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["assignment", "plane"], name="looked_once_per_plane"),
            models.CheckConstraint(condition=Q(plane__in=Plane.values), name="looked_plane_known"),
        )

    def __str__(self) -> str:
        return f"{self.plane} slices seen in assignment {self.assignment_id}"


class MeasurementKind(models.TextChoices):
    LENGTH = "length", "length"
    BIDIRECTIONAL = "bidirectional", "long and short axis"
    ANGLE = "angle", "angle"
    ELLIPSE = "ellipse", "ellipse"


def straight() -> list[float]:
    """A plane that was not turned."""
    return [0.0, 0.0, 0.0]


class Measurement(models.Model):
    """What a reader measured in one plane: ends of its one or two lines, an angle, or axes of an ellipse."""

    assignment = models.ForeignKey(Assignment, models.CASCADE, related_name="measurements")
    key = models.UUIDField(help_text="Chosen by the client: the same key again is the same measurement.")
    kind = models.CharField(max_length=13, choices=MeasurementKind.choices)
    plane = models.CharField(max_length=8, choices=Plane.choices)
    points_lps = ArrayField(
        models.FloatField(),
        help_text="Millimetres, point after point; the long axis before the short one, "
        "the vertex of an angle between the ends of its arms.",
    )
    tilt_deg = ArrayField(
        models.FloatField(),
        default=straight,
        help_text="How the plane was turned: degrees about i, then j, then k; zeros in a slice of the scan.",
    )
    label = models.CharField(max_length=80, blank=True, default="")
    created_at = clock.DateTimeField(auto_now_add=True)
    updated_at = clock.DateTimeField(auto_now=True)

    class Meta:
        ordering = ("pk",)
        constraints = (
            models.UniqueConstraint(fields=["assignment", "key"], name="measurement_key_once"),
            models.CheckConstraint(
                condition=Q(kind="length", points_lps__len=6)
                | Q(kind="bidirectional", points_lps__len=12)
                | Q(kind="angle", points_lps__len=9)
                | Q(kind="ellipse", points_lps__len=12),
                name="measurement_has_its_points",
            ),
            models.CheckConstraint(condition=Q(tilt_deg__len=3), name="measurement_tilt_has_three_angles"),
            models.CheckConstraint(condition=Q(plane__in=Plane.values), name="measurement_plane_known"),
        )

    def __str__(self) -> str:
        return f"{self.kind} measured in assignment {self.assignment_id}"


class Branch(models.Model):
    """Strokes that came too late for the mask of their read: kept as a mask of the same author."""

    mask = models.OneToOneField(Mask, models.PROTECT, primary_key=True, related_name="branch")
    assignment = models.ForeignKey(Assignment, models.CASCADE, related_name="branches")
    base_revision = models.PositiveIntegerField(
        help_text="Revision of the assignment's mask that the strokes were drawn on."
    )
    applied = models.ForeignKey(
        Revision,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="The revision that put the strokes on a mask after all.",
    )
    created_at = clock.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("-created_at", "-mask")

    def __str__(self) -> str:
        return f"branch {self.mask_id} of assignment {self.assignment_id}"


class Tool(models.TextChoices):
    """What an edit was made with; the names are the editor's."""

    BRUSH = "brush", "brush"
    ERASER = "eraser", "eraser"
    THRESHOLD_BRUSH = "threshold_brush", "threshold brush"
    ACCEPT_BRUSH = "accept_brush", "accept-prediction brush"
    DRAW = "draw", "draw"
    SCISSORS = "scissors", "scissors"
    LEVEL_TRACING = "level_tracing", "level tracing"
    FLOOD_FILL = "flood_fill", "flood fill"
    THRESHOLD = "threshold", "threshold"
    GROW = "grow", "grow from seeds"
    INTERPOLATE = "interpolate", "fill between slices"
    ISLANDS = "islands", "islands"
    SMOOTH = "smooth", "smoothing"
    MARGIN = "margin", "margin"
    HOLLOW = "hollow", "hollow"
    LOGICAL = "logical", "logical operators"
    PASTE_SLICE = "paste_slice", "paste from another slice"
    RELABEL = "relabel", "relabel"
    SWAP_SIDES = "swap_sides", "swap left and right"
    UNDO = "undo", "undo"
    REDO = "redo", "redo"
    RESTORE = "restore", "restore"
    TAKE_A = "take_a", "take reader A's"
    TAKE_B = "take_b", "take reader B's"
    MAJORITY = "majority", "take the majority's"
    TAKE_PROPOSAL = "take_proposal", "take a newer proposal's"


class EditEvent(models.Model):
    """What one tool did to one structure within a revision."""

    session = models.ForeignKey(ReadingSession, models.CASCADE, null=True, blank=True, related_name="events")
    revision = models.ForeignKey(Revision, models.CASCADE, related_name="events")
    tool = models.CharField(max_length=24)
    layer = models.PositiveSmallIntegerField(default=0)
    structure = models.PositiveSmallIntegerField(help_text="Schema value.")
    added = models.PositiveIntegerField(default=0, help_text="Voxels.")
    removed = models.PositiveIntegerField(default=0, help_text="Voxels.")
    at = clock.DateTimeField(auto_now_add=True)

    class Meta:
        triggers = (pgtrigger.Protect(name="event_append_only", operation=pgtrigger.Update),)

    def __str__(self) -> str:
        return f"{self.tool}: +{self.added} −{self.removed}"
