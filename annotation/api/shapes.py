"""Parts of answers that several addresses share."""

import base64
from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from annotation import reviews, worklist
from annotation.handles import Namer
from annotation.imaging import omezarr
from annotation.models import (
    Assignment,
    AssignmentRole,
    AssignmentState,
    Branch,
    ErrorCode,
    Job,
    JobKind,
    JobState,
    Mask,
    Measurement,
    MeasurementKind,
    Pin,
    Plane,
    Purpose,
    SchemaStructure,
    StartFrom,
    Verdict,
    Volume,
)


class StructureOut(serializers.Serializer[SchemaStructure]):
    key = serializers.CharField(source="structure.key")
    name = serializers.CharField(source="structure.name")
    layer = serializers.IntegerField()
    value = serializers.IntegerField()
    colour = serializers.CharField(source="structure.colour")
    tolerance_mm = serializers.FloatField(help_text="Of surface Dice, in this project.")
    side = serializers.CharField(source="structure.side")


class ProgressOut(serializers.Serializer[Any]):
    """Empty until a worker reports."""

    stage = serializers.CharField(required=False)
    done = serializers.IntegerField(required=False)
    total = serializers.IntegerField(required=False)
    message = serializers.CharField(required=False)
    seconds_left = serializers.FloatField(required=False, allow_null=True)
    values = serializers.DictField(child=serializers.FloatField(), required=False)


class JobOut(serializers.Serializer[Job]):
    id = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=JobKind.choices)
    state = serializers.ChoiceField(choices=JobState.choices)
    attempts = serializers.IntegerField()
    progress = serializers.SerializerMethodField()
    error = serializers.CharField()
    result = serializers.JSONField()
    created_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)

    @extend_schema_field(ProgressOut)
    def get_progress(self, job: Job) -> Any:
        return job.progress


class MaskRefOut(serializers.Serializer[Any]):
    """A mask at a revision."""

    id = serializers.CharField(help_text="A handle, which belongs to one read.")
    head = serializers.IntegerField()


def mask_ref(namer: Namer, mask: Mask | None, head: int) -> dict[str, Any] | None:
    return None if mask is None else {"id": namer.mask(mask.pk), "head": head}


class BranchOut(serializers.Serializer[Branch]):
    """Strokes kept as a mask of their own."""

    mask = serializers.SerializerMethodField(help_text="A handle, which belongs to one read.")
    head = serializers.IntegerField(source="mask.head")
    base_revision = serializers.IntegerField()
    strokes = serializers.IntegerField(
        source="mask.head",
        help_text="Saves that the branch holds: each is one stroke, or some drawn within a second.",
    )
    at = serializers.DateTimeField(source="created_at")
    applied = serializers.SerializerMethodField()

    def get_mask(self, branch: Branch) -> str:
        namer: Namer = self.context["namer"]
        return namer.mask(branch.mask_id)

    def get_applied(self, branch: Branch) -> bool:
        return branch.applied_id is not None


class LookedOut(serializers.Serializer[Any]):
    """Slices that were on screen: base64 of one bit per slice, lowest bit first."""

    axial = serializers.CharField()
    sagittal = serializers.CharField()
    coronal = serializers.CharField()


def looked_out(seen: Mapping[Plane, bytes]) -> dict[str, str]:
    return {plane.value: base64.b64encode(bits).decode("ascii") for plane, bits in seen.items()}


class MeasurementOut(serializers.Serializer[Measurement]):
    """What a reader measured, in one plane."""

    key = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=MeasurementKind.choices)
    plane = serializers.ChoiceField(choices=Plane.choices)
    points_lps = serializers.SerializerMethodField(
        help_text="Ends in LPS millimetres: two of a length; four of two axes, the long one first."
    )
    tilt_deg = serializers.ListField(
        child=serializers.FloatField(),
        min_length=3,
        max_length=3,
        help_text="How the plane was turned: degrees about i, then j, then k; zeros in a slice of the scan.",
    )
    label = serializers.CharField()  # type: ignore[assignment]  # a field; its metaclass takes it out of the class

    @extend_schema_field(
        serializers.ListField(
            child=serializers.ListField(child=serializers.FloatField(), min_length=3, max_length=3)
        )
    )
    def get_points_lps(self, measurement: Measurement) -> list[list[float]]:
        flat = measurement.points_lps
        return [flat[at : at + 3] for at in range(0, len(flat), 3)]


class LevelOut(serializers.Serializer[omezarr.Level]):
    shape = serializers.ListField(child=serializers.IntegerField(), min_length=3, max_length=3)
    spacing_mm = serializers.ListField(child=serializers.FloatField(), min_length=3, max_length=3)
    path = serializers.CharField()


class RegionOut(serializers.Serializer[Any]):
    """A box of voxels of the scan."""

    start = serializers.ListField(
        child=serializers.IntegerField(), min_length=3, max_length=3, help_text="First voxel (i, j, k)."
    )
    stop = serializers.ListField(
        child=serializers.IntegerField(), min_length=3, max_length=3, help_text="Behind the last voxel."
    )


class VolumeOut(serializers.Serializer[Volume]):
    """Geometry in LPS millimetres, voxels indexed (i, j, k)."""

    id = serializers.SerializerMethodField(help_text="A handle, which belongs to one read.")
    shape = serializers.ListField(child=serializers.IntegerField(), min_length=3, max_length=3)
    spacing_mm = serializers.ListField(child=serializers.FloatField(), min_length=3, max_length=3)
    spacing_known = serializers.BooleanField(
        help_text="False: the files do not say it, spacing_mm means nothing, and nothing is in millimetres."
    )
    origin_lps = serializers.ListField(child=serializers.FloatField(), min_length=3, max_length=3)
    direction = serializers.SerializerMethodField()
    levels = serializers.SerializerMethodField()
    chunk_slices = serializers.IntegerField(default=omezarr.CHUNK_SLICES)

    def get_id(self, volume: Volume) -> str:
        namer: Namer = self.context["namer"]
        return namer.volume(volume.pk)

    @extend_schema_field(
        serializers.ListField(
            child=serializers.ListField(child=serializers.FloatField(), min_length=3, max_length=3),
            min_length=3,
            max_length=3,
        )
    )
    def get_direction(self, volume: Volume) -> list[list[float]]:
        return [volume.direction[row : row + 3] for row in (0, 3, 6)]

    @extend_schema_field(LevelOut(many=True))
    def get_levels(self, volume: Volume) -> Any:
        ni, nj, nk = volume.shape
        di, dj, dk = volume.spacing_mm
        return [LevelOut(level).data for level in omezarr.levels((ni, nj, nk), (di, dj, dk))]


class SummaryOut(serializers.Serializer[Assignment]):
    """A read as a list shows it. What leads alone may know of its case is null for everybody else."""

    id = serializers.IntegerField()
    alias = serializers.CharField(help_text="What readers call the case; another one in each read.")
    case_number = serializers.SerializerMethodField()
    case_name = serializers.SerializerMethodField()
    role = serializers.ChoiceField(choices=AssignmentRole.choices)
    state = serializers.ChoiceField(choices=AssignmentState.choices)
    purpose = serializers.SerializerMethodField()
    start_from = serializers.ChoiceField(choices=StartFrom.choices)
    model_version = serializers.SerializerMethodField()
    due_at = serializers.DateTimeField(allow_null=True)
    updated_at = serializers.DateTimeField()
    active_seconds = serializers.IntegerField()

    def get_case_number(self, assignment: Assignment) -> int | None:
        return assignment.case.number if self._knows() else None

    def get_case_name(self, assignment: Assignment) -> str | None:
        return assignment.case.name if self._knows() else None

    @extend_schema_field(serializers.ChoiceField(choices=Purpose.choices, allow_null=True))
    def get_purpose(self, assignment: Assignment) -> str | None:
        return assignment.purpose if self._knows() else None

    def get_model_version(self, assignment: Assignment) -> int | None:
        return worklist.model_version(assignment) if self._knows() else None

    def _knows(self) -> bool:
        return bool(self.context["knows_cases"])


class FirstPinOut(serializers.Serializer[Pin]):
    """Where a read that came back is opened."""

    structure = serializers.CharField()
    error_code = serializers.ChoiceField(choices=ErrorCode.choices)
    text = serializers.SerializerMethodField(help_text="The first note; empty where there is none.")

    def get_text(self, pin: Pin) -> str:
        note = pin.notes.first()
        return note.text if note is not None else ""


class ReturnedOut(SummaryOut):
    """A read that came back, with what the reviewer asks for."""

    comment = serializers.SerializerMethodField()
    open_pins = serializers.SerializerMethodField()
    first_pin = serializers.SerializerMethodField()

    def get_open_pins(self, assignment: Assignment) -> int:
        return reviews.open_pins(assignment).count()

    @extend_schema_field(FirstPinOut(allow_null=True))
    def get_first_pin(self, assignment: Assignment) -> Any:
        first = reviews.open_pins(assignment).first()
        return FirstPinOut(first).data if first is not None else None

    def get_comment(self, assignment: Assignment) -> str:
        verdicts = worklist.verdicts_on(assignment)
        return verdicts[-1].comment if verdicts else ""


class RecentOut(SummaryOut):
    """A read that was handed in, with its verdict once there is one."""

    verdict = serializers.SerializerMethodField()
    undo_seconds = serializers.SerializerMethodField(
        help_text="How long it can be taken back; 0 = it cannot."
    )

    def get_undo_seconds(self, assignment: Assignment) -> float:
        return worklist.undo_seconds(assignment)

    @extend_schema_field(serializers.ChoiceField(choices=Verdict.choices, allow_null=True))
    def get_verdict(self, assignment: Assignment) -> str | None:
        verdicts = worklist.verdicts_on(assignment)
        # A return that was answered by handing in again is no longer the verdict on what lies there now.
        answered = assignment.state == AssignmentState.SUBMITTED
        return verdicts[-1].verdict if verdicts and not answered else None
