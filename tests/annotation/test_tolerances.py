"""The tolerance of surface Dice: the catalogue's, or that of the project's own readers."""

from typing import Any

import pytest
from django.contrib.auth.models import User

from annotation import jobs, planning
from annotation.agreement import figures
from annotation.errors import Conflict, Refused
from annotation.models import AgreementScore, CalibrationCase, Job, Project, Purpose, StartFrom
from annotation.planning import Tolerance
from tests.annotation.agreement.world import new_case, organs, read_by, work

pytestmark = pytest.mark.django_db


@pytest.fixture
def scored(project: Project, ana: User, ben: User) -> Project:
    """Two calibration cases, read by two from scratch, a voxel apart."""
    for _ in range(2):
        case = new_case(project)
        CalibrationCase.objects.create(case=case, start_from=StartFrom.SCRATCH)
        read_by(case, ana, organs(), purpose=Purpose.CALIBRATION)
        read_by(case, ben, organs(shift=1), purpose=Purpose.CALIBRATION)
    work(project)
    figures.refresh(project, patient=False)  # a worker would leave what it worked out a moment ago
    return project


def liver(project: Project) -> Tolerance:
    return next(row for row in planning.tolerances(project) if row.structure == "liver")


def surface_dice(project: Project) -> set[tuple[float, float | None]]:
    rows = AgreementScore.objects.filter(group__project=project, group__structure="liver", stale=False)
    return set(rows.values_list("tolerance_mm", "surface_dice"))


def test_the_readers_own_is_offered_and_what_was_scored_is_scored_again(scored: Project) -> None:
    before = liver(scored)
    assert (before.tolerance_mm, before.usual_mm, before.is_own) == (3.0, 3.0, False)
    assert before.suggested_mm is not None
    assert 0 < before.suggested_mm < 2  # they lie a voxel of a millimetre apart
    assert (before.cases, before.readers) == (2, 2)
    planning.change_tolerance(project=scored, structure="liver", tolerance_mm=0.2)
    assert (liver(scored).tolerance_mm, liver(scored).is_own) == (0.2, True)
    assert work(scored) == 1
    ((tolerance, dice),) = surface_dice(scored)
    assert tolerance == 0.2
    assert dice is not None
    assert dice < 1
    planning.change_tolerance(project=scored, structure="liver", tolerance_mm=None)
    work(scored)
    assert {one for one, _ in surface_dice(scored)} == {3.0}


def test_the_same_tolerance_again_asks_for_nothing(scored: Project) -> None:
    planning.change_tolerance(project=scored, structure="liver", tolerance_mm=None)
    assert not Job.objects.filter(project=scored, state="queued").exists()


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"structure": "heart", "tolerance_mm": 2.0}, "no structure called heart"),
        ({"structure": "liver", "tolerance_mm": 0.0}, "above 0"),
        ({"structure": "liver", "tolerance_mm": float("nan")}, "above 0"),
        ({"structure": "liver", "tolerance_mm": 51.0}, "up to 50 mm"),
    ],
)
def test_what_cannot_be(project: Project, given: dict[str, Any], sentence: str) -> None:
    with pytest.raises(Refused, match=sentence):
        planning.change_tolerance(project=project, **given)


def test_one_change_at_a_time(scored: Project) -> None:
    planning.change_tolerance(project=scored, structure="liver", tolerance_mm=2.0)
    with pytest.raises(Conflict, match="Then change the tolerance"):
        planning.change_tolerance(project=scored, structure="liver", tolerance_mm=1.0)
    assert liver(scored).tolerance_mm == 2.0
    jobs.cancel(Job.objects.get(project=scored, state="queued"))
    planning.change_tolerance(project=scored, structure="liver", tolerance_mm=1.0)
