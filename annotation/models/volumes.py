"""Scans and the cases made of them."""

import pghistory
import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.lookups import Exact

from annotation import clock
from annotation.models.projects import Level, Project
from training.volume import Geometry

WITHIN_VOLUME = """
    IF NEW.region IS NOT NULL AND (cardinality(NEW.region) <> 6
        OR NEW.region[1] >= NEW.region[4] OR NEW.region[4] > size[1]
        OR NEW.region[2] >= NEW.region[5] OR NEW.region[5] > size[2]
        OR NEW.region[3] >= NEW.region[6] OR NEW.region[6] > size[3])
    THEN
        RAISE EXCEPTION 'The region % is empty, or does not lie within a scan of %.', NEW.region, size
            USING ERRCODE = 'check_violation';
    END IF;
"""
"""Of a trigger on a table with a `region`; `size` is the shape of the volume."""


def _has_type(field: str, kind: str) -> Exact:
    """Tell whether a JSON field holds an object or an array."""
    return Exact(Func(F(field), function="jsonb_typeof", output_field=models.TextField()), Value(kind))


NO_IMAGE = "SEG"  # modality of a volume of which only delineations are at hand: there is nothing to read


class Volume(models.Model):
    """One image series, de-identified. Voxels lie in the store as OME-Zarr; canonical LPS, (i, j, k)."""

    store_key = models.CharField(max_length=100, unique=True, help_text="Folder of the OME-Zarr image.")
    shape = ArrayField(models.PositiveIntegerField(), size=3)
    spacing_mm = ArrayField(models.FloatField(), size=3)
    spacing_known = models.BooleanField(
        default=True, help_text="False: the file does not say how large a voxel is; nothing is in mm."
    )
    origin_lps = ArrayField(models.FloatField(), size=3)
    direction = ArrayField(models.FloatField(), size=9, help_text="3×3, row-major; columns are i, j, k.")
    modality = models.CharField(max_length=8, default="CT")
    content_sha256 = models.CharField(max_length=64, db_index=True, help_text="Of shape and voxels.")
    study_uid = models.CharField(
        max_length=64, blank=True, default="", db_index=True, help_text="Stands for the study: a keyed hash."
    )
    series_uid = models.CharField(
        max_length=64, blank=True, default="", help_text="Stands for the stack of a series: a keyed hash."
    )
    acquired_on = models.DateField(
        null=True, blank=True, help_text="Shifted by the patient's own number of days."
    )
    header = models.JSONField(
        default=dict, blank=True, help_text="What is kept of a DICOM header, by a list; names nobody."
    )
    marks = models.JSONField(
        default=list,
        blank=True,
        help_text="What was noticed or done when it came in: {outcome, cause, message}, in this order.",
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(shape__len=3, spacing_mm__len=3, origin_lps__len=3, direction__len=9),
                name="volume_geometry_complete",
            ),
            models.CheckConstraint(
                condition=Q(shape__0__gt=0, shape__1__gt=0, shape__2__gt=0), name="volume_not_empty"
            ),
            models.CheckConstraint(
                condition=Q(spacing_mm__0__gt=0, spacing_mm__1__gt=0, spacing_mm__2__gt=0),
                name="volume_spacing_positive",
            ),
            models.CheckConstraint(condition=_has_type("header", "object"), name="volume_header_is_object"),
            models.CheckConstraint(condition=_has_type("marks", "array"), name="volume_marks_are_list"),
        )

    def __str__(self) -> str:
        return f"volume {self.pk}"

    @property
    def geometry(self) -> Geometry:
        """Where the voxels lie in the patient."""
        ni, nj, nk = self.shape
        si, sj, sk = self.spacing_mm
        x, y, z = self.origin_lps
        a, b, c, d, e, f, g, h, i = self.direction
        return Geometry((ni, nj, nk), (si, sj, sk), (x, y, z), ((a, b, c), (d, e, f), (g, h, i)))


class Split(models.TextChoices):
    POOL = "pool", "pool"
    VALIDATION = "validation", "validation"
    TEST = "test", "test"


class CaseState(models.TextChoices):
    HELD = "held", "held until a lead has looked"
    WAITING = "waiting", "waiting for a pre-annotation"
    READY = "ready", "ready for a reader"
    IN_PROGRESS = "in_progress", "being corrected"
    IN_REVIEW = "in_review", "waiting for review"
    COMPARING = "comparing", "two reads are being compared"
    ADJUDICATION = "adjudication", "two reads differ"
    RETURNED = "returned", "returned to the reader"
    ACCEPTED = "accepted", "accepted"


class Offer(models.TextChoices):
    """What a case has for a reader who asks for the next one."""

    NOTHING = "", "nothing"
    READY = "ready", "a part that is ready"
    WAITING = "waiting", "a part that still waits for a pre-annotation"


_CUT = pgtrigger.UpdateOf("region", "volume_id")  # type: ignore[no-untyped-call]  # is untyped
_MOVED = pgtrigger.UpdateOf("project_id", "patient_key", "split")  # type: ignore[no-untyped-call]  # is untyped


@pghistory.track(
    pghistory.InsertEvent(),
    pghistory.UpdateEvent(condition=pghistory.AnyChange("site", "split")),
    pghistory.DeleteEvent(),
    fields=["project", "number", "site", "split", "state"],
    model_name="CaseEvent",
)
class Case(models.Model):
    """A volume in a project. Its split is fixed by patient and never changes once a model was trained."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="cases")
    volume = models.ForeignKey(Volume, models.PROTECT, related_name="cases")
    number = models.PositiveIntegerField()
    name = models.CharField(max_length=120)
    patient_key = models.CharField(max_length=64, help_text="Keyed hash: same patient, same split.")
    site = models.CharField(
        max_length=80,
        blank=True,
        default="",
        help_text="Where it was scanned, as a lead calls it; empty = not known.",
    )
    split = models.CharField(max_length=10, choices=Split.choices, default=Split.POOL)
    state = models.CharField(
        max_length=12,
        choices=CaseState.choices,
        default=CaseState.WAITING,
        help_text="Follows from its parts (worklist.settle), as `offer` does.",
    )
    offer = models.CharField(max_length=7, choices=Offer.choices, default=Offer.NOTHING, blank=True)
    due_at = models.DateTimeField(null=True, blank=True)
    priority = models.FloatField(default=0.0, help_text="The higher one is read first.")
    acquisition = models.FloatField(
        null=True, blank=True, help_text="What reading this case is expected to teach the model."
    )
    region = ArrayField(
        models.PositiveIntegerField(),
        size=6,
        null=True,
        blank=True,
        help_text="All that is asked of its readers: first voxel i, j, k, then behind the last one; "
        "null = the whole scan.",
    )
    accepted_revision = models.ForeignKey(
        "annotation.Revision", models.PROTECT, null=True, blank=True, related_name="+"
    )
    accepted_at = models.DateTimeField(null=True, blank=True)
    updated_at = clock.DateTimeField(auto_now=True)

    class Meta:
        ordering = ("project", "number")
        constraints = (
            models.UniqueConstraint(fields=["project", "number"], name="case_number_once"),
            models.UniqueConstraint(fields=["project", "volume"], name="volume_once_per_project"),
            models.CheckConstraint(condition=Q(split__in=Split.values), name="case_split_known"),
            models.CheckConstraint(condition=Q(state__in=CaseState.values), name="case_state_known"),
            models.CheckConstraint(condition=Q(offer__in=Offer.values), name="case_offer_known"),
            models.CheckConstraint(
                condition=Q(state="accepted", accepted_revision__isnull=False, accepted_at__isnull=False)
                | (~Q(state="accepted") & Q(accepted_revision__isnull=True, accepted_at__isnull=True)),
                name="accepted_case_has_revision",
            ),
            models.CheckConstraint(
                condition=Q(region__isnull=True) | Q(split="pool"), name="only_the_pool_is_read_in_part"
            ),
        )
        indexes = (
            models.Index(fields=["project", "state", "number"], name="case_by_state"),
            models.Index(
                "project",
                "offer",
                F("due_at").asc(nulls_last=True),
                F("priority").desc(),
                F("acquisition").desc(nulls_last=True),
                "number",
                condition=Q(offer__in=["ready", "waiting"]),
                name="case_offered",
            ),
            models.Index(fields=["project", "patient_key"], name="case_of_patient"),
        )
        triggers = (
            pgtrigger.Trigger(
                name="snapshot_fixes_split",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange("project", "patient_key", "split"),
                func="""
                    PERFORM 1 FROM annotation_case WHERE id = OLD.id FOR UPDATE;
                    IF EXISTS (SELECT 1 FROM annotation_snapshotitem WHERE case_id = OLD.id) THEN
                        RAISE EXCEPTION
                            'Case % is in a frozen training set; its split and patient stay.', OLD.id
                            USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NEW;
                """,
            ),
            # After the statement, so that one that moves all scans of a patient passes.
            pgtrigger.Trigger(
                name="patient_in_one_split",
                when=pgtrigger.After,
                operation=pgtrigger.Insert | _MOVED,
                func="""
                    IF TG_OP = 'UPDATE' AND (OLD.project_id, OLD.patient_key, OLD.split)
                        IS NOT DISTINCT FROM (NEW.project_id, NEW.patient_key, NEW.split)
                    THEN RETURN NULL; END IF;
                    PERFORM 1 FROM annotation_project WHERE id = NEW.project_id FOR NO KEY UPDATE;
                    IF EXISTS (
                        SELECT 1 FROM annotation_case WHERE project_id = NEW.project_id
                        AND patient_key = NEW.patient_key AND split <> NEW.split
                    ) THEN
                        RAISE EXCEPTION
                            'The patient of case % has scans in another split of the project.', NEW.id
                            USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NULL;
                """,
            ),
            pgtrigger.Trigger(
                name="region_within_volume",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | _CUT,
                declare=[("size", "integer[]")],
                func=f"""
                    SELECT shape INTO size FROM annotation_volume WHERE id = NEW.volume_id;
                    {WITHIN_VOLUME}
                    RETURN NEW;
                """,  # noqa: S608 - our own words
            ),
            pgtrigger.Trigger(
                name="reading_fixes_region",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange("region"),
                func="""
                    IF OLD.state NOT IN ('waiting', 'ready') OR EXISTS (
                        SELECT 1 FROM annotation_snapshotitem WHERE case_id = OLD.id
                    ) THEN
                        RAISE EXCEPTION
                            'Case % was opened; what is asked of its readers stays.', OLD.id
                            USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NEW;
                """,
            ),
        )

    def __str__(self) -> str:
        return f"case {self.number} of {self.project}"


class Part(models.Model):
    """What one reader claims of a case: the structures of a group, or all where a project has no groups.

    Parts are read, reviewed and accepted one by one. Whoever changes a part holds its case's lock.
    """

    case = models.ForeignKey(Case, models.CASCADE, related_name="parts")
    group = models.ForeignKey(
        "annotation.StructureGroup", models.PROTECT, null=True, blank=True, related_name="parts"
    )
    state = models.CharField(max_length=12, choices=CaseState.choices, default=CaseState.WAITING)
    accepted_revision = models.ForeignKey(
        "annotation.Revision", models.PROTECT, null=True, blank=True, related_name="+"
    )
    reads_wanted = models.PositiveSmallIntegerField(default=1, help_text="2 = two readers, blind.")
    needs_level = models.PositiveSmallIntegerField(choices=Level.choices, default=Level.JUNIOR)
    updated_at = clock.DateTimeField(auto_now=True)

    class Meta:
        ordering = ("case", "pk")
        constraints = (
            models.UniqueConstraint(
                fields=["case", "group"], name="part_once_per_group", nulls_distinct=False
            ),
            models.CheckConstraint(condition=Q(state__in=CaseState.values), name="part_state_known"),
            models.CheckConstraint(condition=Q(reads_wanted__in=[1, 2]), name="part_read_once_or_twice"),
            models.CheckConstraint(condition=Q(needs_level__in=Level.values), name="part_level_known"),
            models.CheckConstraint(
                condition=Q(state="accepted", accepted_revision__isnull=False)
                | (~Q(state="accepted") & Q(accepted_revision__isnull=True)),
                name="accepted_part_has_revision",
            ),
        )
        indexes = (models.Index(fields=["state"], condition=Q(state="comparing"), name="part_comparing"),)

    def __str__(self) -> str:
        return f"part {self.pk} of {self.case}"
