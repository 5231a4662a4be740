"""Requirements of fixes and of reads beside their predictions: who has to look before a case is accepted."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from annotation import reviews, worklist
from annotation.models import (
    Assignment,
    AssignmentRole,
    AssignmentState,
    CaseState,
    Comparator,
    Membership,
    Metric,
    Part,
    Project,
    ReliabilityPlan,
    Requirement,
    RevisionKind,
    Role,
)
from tests.annotation.agreement.world import draw, hand_in, organs, work
from tests.annotation.factories import make_case, make_model, make_prediction, make_review, stroke

pytestmark = pytest.mark.django_db


def require(
    project: Project, comparator: Comparator, threshold: float, metric: Metric = Metric.SURFACE_DICE
) -> None:
    Requirement.objects.create(project=project, metric=metric, threshold=threshold, comparator=comparator)


@pytest.fixture
def read(project: Project, ana: User) -> Assignment:
    """Begun from a prediction, moved by a voxel, handed in."""
    case = make_case(project)
    prediction = make_prediction(case, make_model(project), organs())
    prediction.mask.annotated = ["liver", "spleen", "kidney_left"]
    prediction.mask.save()
    worklist.make_ready(worklist.lock_case(case.pk))
    found = worklist.next_case(reader=ana, project=project)
    assert found is not None
    draw(found, organs(0.5))
    return found


def part_of(read: Assignment) -> Part:
    return Part.objects.get(pk=read.part_id)


# ── What a reviewer changes ──────────────────────────────────────────────────


@pytest.fixture
def fixed(read: Assignment, rui: User) -> Assignment:
    """The review, in which the liver was moved far away."""
    review = make_review(rui, hand_in(read))
    draw(review, organs(6))
    review.mask.refresh_from_db()
    return review


def accept(review: Assignment) -> None:
    reviews.accept(assignment=review, revision=review.mask.head)


def test_without_a_requirement_a_fix_is_accepted_at_once(fixed: Assignment) -> None:
    accept(fixed)
    assert part_of(fixed).state == CaseState.ACCEPTED


def test_a_fix_that_changes_too_much_is_somebody_elses_to_decide(
    fixed: Assignment, project: Project, rui: User, lea: User
) -> None:
    require(project, Comparator.REVIEW, 0.9)
    accept(fixed)
    assert part_of(fixed).state == CaseState.COMPARING
    work(project)
    reviews.settle_due(project)
    assert part_of(fixed).state == CaseState.ADJUDICATION
    assert reviews.claim_adjudication(reader=rui, project=project) is None
    second = reviews.claim_adjudication(reader=lea, project=project)
    assert second is not None
    assert {second.subject_id, second.rival_id} == {fixed.pk, fixed.subject_id}
    assert reviews.disagreement(assignment=second)
    given = reviews.adjudicate(assignment=second, revision=0)
    assert given.result is not None
    assert given.result.kind == RevisionKind.MERGE
    assert part_of(fixed).accepted_revision == given.result


def test_a_small_fix_is_accepted_once_it_is_compared(fixed: Assignment, project: Project) -> None:
    require(project, Comparator.REVIEW, 0.01)
    accept(fixed)
    work(project)
    reviews.settle_due(project)
    part = part_of(fixed)
    assert part.state == CaseState.ACCEPTED
    assert part.accepted_revision is not None
    assert part.accepted_revision.mask_id == fixed.mask_id


def test_an_accept_without_a_change_waits_for_nothing(read: Assignment, project: Project, rui: User) -> None:
    require(project, Comparator.REVIEW, 1.0)
    accept(make_review(rui, hand_in(read)))
    assert part_of(read).state == CaseState.ACCEPTED


def test_where_nobody_else_could_decide_the_reviewer_does(fixed: Assignment, project: Project) -> None:
    require(project, Comparator.REVIEW, 1.0)
    Membership.objects.filter(project=project, role=Role.LEAD).update(active=False)
    accept(fixed)
    assert part_of(fixed).state == CaseState.ACCEPTED


# ── What a reader changes of the prediction ──────────────────────────────────


@pytest.fixture
def unreviewed(read: Assignment, project: Project) -> Assignment:
    """Handed in, not drawn for a review, and its half minute is over."""
    ReliabilityPlan.objects.create(
        project=project, review_share_first=0, review_share_least=0, double_share=0, gold_share=0
    )
    done = hand_in(read)
    Assignment.objects.filter(pk=done.pk).update(submitted_at=timezone.now() - timedelta(minutes=1))
    return done


def finish(read: Assignment, project: Project) -> Assignment:
    worklist.finish_due(project=project)
    work(project)
    reviews.settle_due(project)
    worklist.finish_due(project=project)  # looked at again, nothing more follows
    return Assignment.objects.get(pk=read.pk)


def test_a_read_far_from_its_prediction_is_reviewed_after_all(
    unreviewed: Assignment, project: Project, rui: User
) -> None:
    require(project, Comparator.PREDICTION, 1.0, Metric.DICE)
    read = finish(unreviewed, project)
    assert (read.state, part_of(read).state) == (AssignmentState.SUBMITTED, CaseState.IN_REVIEW)
    review = worklist.claim_review(reviewer=rui, project=project)
    assert review is not None
    assert (review.subject_id, review.role) == (read.pk, AssignmentRole.REVIEW)


def test_a_read_close_to_its_prediction_is_accepted(unreviewed: Assignment, project: Project) -> None:
    require(project, Comparator.PREDICTION, 0.5)
    read = finish(unreviewed, project)
    assert (read.state, part_of(read).state) == (AssignmentState.DONE, CaseState.ACCEPTED)
    assert read.final_at is not None


def test_what_is_drawn_for_review_is_reviewed_however_close(
    read: Assignment, project: Project, rui: User
) -> None:
    require(project, Comparator.PREDICTION, 0.0)
    done = hand_in(read)
    assert part_of(done).state == CaseState.IN_REVIEW
    stroke(make_review(rui, done))
