"""A worker may die at any line: whoever goes on ends with the same rows as one who never died."""

import random
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import transaction

from annotation import agreement, jobs
from annotation.agreement import figures, summaries
from annotation.models import (
    AgreementGroup,
    AgreementScore,
    AgreementSummary,
    CalibrationCase,
    CaseSummary,
    Job,
    JobState,
    Project,
    ReaderRate,
    ReadSummary,
    SurfaceSpread,
)
from tests.annotation.agreement.world import KEYS, gold, new_case, organs, read_by, work
from tests.annotation.factories import make_model, make_prediction

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

FOLDER = str(Path(agreement.__file__).parent)
DEATHS = 12


class Died(BaseException):
    """Stands for a killed process: nothing of ours catches it."""


def until_line(last: int, work_: Callable[[], object]) -> int:
    """Run until so many lines of the package were executed, then die. Returns the lines executed."""
    executed = 0

    def each_line(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal executed
        if not frame.f_code.co_filename.startswith(FOLDER):
            return None
        if event == "line":
            executed += 1
            if executed > last:
                raise Died
        return each_line

    before = sys.gettrace()
    sys.settrace(each_line)
    try:
        work_()
    except Died:
        pass
    finally:
        sys.settrace(before)
    return executed


def state(project: Project) -> list[Any]:
    """All that a job leaves behind, without ids that count up and times."""
    groups = list(AgreementGroup.objects.filter(project=project).order_by("pk"))
    keys = [one.pk for one in groups]
    scores = AgreementScore.objects.order_by("group__kind", "group__structure", "revision_a", "revision_b")
    return [
        sorted(summaries.dump(AgreementSummary, keys)),
        sorted(summaries.dump(CaseSummary, keys)),
        list(scores.values_list("group", "revision_a", "revision_b", "dice", "assd_mm", "stale")),
        list(ReadSummary.objects.order_by("pk").values_list("pk", "revision", "changed_voxels", "moved_mm")),
        list(ReaderRate.objects.order_by("structure", "read").values_list("read", "sensitivity")),
        sorted(SurfaceSpread.objects.values_list("areas_mm2", flat=True)),
        [(one.kind, one.structure, one.starts, one.figures) for one in groups],
    ]


def test_dying_at_any_line_changes_nothing(project: Project, ana: User, ben: User, rui: User) -> None:
    case = new_case(project)
    CalibrationCase.objects.create(case=case, start_from="prediction")
    prediction = make_prediction(case, make_model(project), organs(2))
    prediction.mask.annotated = list(KEYS)
    prediction.mask.save()
    for reader, shift in ((ana, 0.0), (ben, 0.6), (rui, 1.2)):
        read_by(case, reader, organs(shift), start=prediction)
    gold(case, organs())
    # The groups stay, so that their ids are the same in every attempt.
    work(project)
    for table in (AgreementScore, AgreementSummary, CaseSummary, ReadSummary, ReaderRate):
        table.objects.all().delete()

    def attempt(last: int) -> tuple[int, list[Any]]:
        """Die after so many lines, then let another worker do the job; and forget all of it."""
        with transaction.atomic():
            job = agreement.request(case)
            lease = jobs.claim(job.pk)
            assert lease is not None
            # An exception rolls back what a killed process would have left open.
            executed = until_line(last, lambda: agreement.run(job, lease))
            Job.objects.filter(pk=job.pk).exclude(state=JobState.SUCCEEDED).update(
                state=JobState.QUEUED, lease_until=None
            )
            work(project)
            figures.refresh(project, patient=False)
            found = state(project)
            transaction.set_rollback(True)
        return executed, found

    lines, right = attempt(10**9)
    assert len(right[2]) == 3 * (3 + 3 + 3 + 1)
    for last in sorted(random.Random(1).sample(range(lines), DEATHS)):
        assert attempt(last)[1] == right, f"after {last} of {lines} lines"
