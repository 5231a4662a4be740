"""What there is at all for a reader who asks for work, in one question: most of it mostly is not there."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet, Subquery

from annotation import clock
from annotation.models import (
    Assignment,
    AssignmentRole,
    AssignmentState,
    CalibrationCase,
    Case,
    Project,
)
from annotation.prepared import Prepared
from annotation.worklist import starts
from annotation.worklist.handing_in import UNDO_SECONDS, due_reads
from annotation.worklist.leases import expired_reads


@dataclass(frozen=True)
class Standing:
    """Whether there are, in the project, reads to be ended, leases that ran out and calibration cases; of the
    reader's own, reads begun and not drawn on, and planned ones; whether a model serves.
    """

    due: bool
    expired: bool
    calibrates: bool
    undrawn: bool
    planned: bool
    is_served: bool


def standing(reader: int, project: Project) -> Standing:
    """As of now."""
    now = clock.now()
    undo_ended = now - timedelta(seconds=UNDO_SECONDS)
    [row] = _ASKED.columns(project=project.pk, reader=reader, now=now, undo_ended=undo_ended)
    return Standing(*row)


def _question(project: int, reader: int, now: datetime, undo_ended: datetime) -> "QuerySet[Project, Any]":
    reads = Assignment.objects.filter(case__project=project)
    own = reads.filter(reader=reader, role=AssignmentRole.ANNOTATE)
    here = Project.objects.filter(pk=project).order_by()
    return here.values_list(
        Exists(due_reads(reads, undo_ended)),
        Exists(expired_reads(reads, now)),
        Exists(_calibration(project)),
        Exists(own.filter(state=AssignmentState.OPEN, mask__head=0)),
        Exists(own.filter(state=AssignmentState.PLANNED)),
        Exists(starts.serving(project)),
    )


def _calibration(project: int) -> "QuerySet[CalibrationCase]":
    """Written so that the database goes through the few calibration cases, not through all of the project."""
    of = Subquery(Case.objects.filter(pk=OuterRef("case")).order_by().values("project"))
    return CalibrationCase.objects.annotate(of=of).filter(of=project)


_ASKED = Prepared(Project, _question, project=int, reader=int, now=datetime, undo_ended=datetime)
