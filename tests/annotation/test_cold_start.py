"""Before there is a model: chosen cases from scratch, the others once it is there, and nobody for nothing."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from annotation import worklist
from annotation.models import (
    Acquisition,
    Arm,
    Assignment,
    Case,
    CaseState,
    JobKind,
    JobState,
    LearningPolicy,
    Project,
    StartFrom,
)
from tests.annotation.factories import make_case, make_job, make_model, stroke
from tests.annotation.learning_loop import accepted

pytestmark = pytest.mark.django_db


def waiting(project: Project, *, chosen: bool = False) -> Case:
    case = make_case(project, state=CaseState.WAITING)
    if chosen:
        Acquisition.objects.create(
            case=case, strategy="typiclust", arm=Arm.COLD_START, score=0.5, rank=1, seed=1
        )
        Case.objects.filter(pk=case.pk).update(acquisition=1.0)
    return case


def take(reader: User, project: Project) -> Assignment | None:
    """The next case, with a stroke on it so that the one after it can be asked for."""
    read = worklist.next_case(reader=reader, project=project)
    if read is not None:
        stroke(read)
    return read


@pytest.fixture
def cold(project: Project) -> Project:
    """A first training follows from two cases."""
    project.retrain_after = 2
    project.save()
    LearningPolicy.objects.create(project=project, cold_cases=2)
    return project


def test_the_chosen_cases_come_first_and_from_scratch(cold: Project, ana: User) -> None:
    plain = waiting(cold)
    chosen = [waiting(cold, chosen=True) for _ in range(2)]
    reads = [take(ana, cold) for _ in range(2)]
    assert [read and read.case for read in reads] == chosen
    assert {read and read.start_from for read in reads} == {StartFrom.SCRATCH}
    assert take(ana, cold) is None, "what is in hand suffices for the first model, which the others wait for"
    assert worklist.upcoming(reader=ana, project=cold) is None
    assert not worklist.from_scratch(cold).exists()
    assert plain.assignments.count() == 0


def test_nobody_waits_where_what_is_in_hand_does_not_suffice(cold: Project, ana: User) -> None:
    cold.retrain_after = 4
    cold.save()
    waiting(cold, chosen=True)
    plain = [waiting(cold) for _ in range(3)]
    assert len([take(ana, cold) for _ in range(4)]) == 4
    assert all(case.assignments.exists() for case in plain)


def test_nobody_waits_for_a_read_that_lies_idle(cold: Project, ana: User, ben: User) -> None:
    plain = waiting(cold)
    for _ in range(2):
        waiting(cold, chosen=True)
        take(ana, cold)
    assert take(ben, cold) is None
    Case.objects.exclude(pk=plain.pk).update(updated_at=timezone.now() - timedelta(days=2))
    read = take(ben, cold)
    assert read is not None
    assert read.case == plain


def test_nobody_waits_for_a_training_that_only_a_lead_starts(cold: Project, ana: User) -> None:
    LearningPolicy.objects.update(automatic=False)
    for _ in range(3):
        waiting(cold, chosen=True)
    waiting(cold)
    assert all(take(ana, cold) is not None for _ in range(4))


def test_while_the_first_model_is_trained_only_the_chosen_cases_are_read(cold: Project, ana: User) -> None:
    chosen, _ = waiting(cold, chosen=True), waiting(cold)
    job = make_job(cold, kind=JobKind.TRAIN, state=JobState.RUNNING)
    read = take(ana, cold)
    assert read is not None
    assert read.case == chosen
    assert take(ana, cold) is None
    job.state, job.lease_until = JobState.FAILED, None
    job.save()
    assert take(ana, cold) is not None, "the training failed: there is no model to wait for"


def test_once_a_model_serves_all_wait_for_what_it_makes_of_them(cold: Project, ana: User) -> None:
    waiting(cold, chosen=True)
    make_model(cold)
    assert take(ana, cold) is None
    assert not worklist.from_scratch(cold).exists()


def test_without_a_choice_everything_is_offered_as_it_came(project: Project, ana: User) -> None:
    for _ in range(12):
        accepted(project)
    case = waiting(project)
    read = take(ana, project)
    assert read is not None
    assert read.case == case
