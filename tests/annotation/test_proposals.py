"""A newer model's proposal: on demand, beside the read, a branch when pulled, never for compared reads."""

import uuid

import numpy as np
import pytest
from django.contrib.auth.models import User

from annotation import access, chunks, corrections, jobs, learning, worklist
from annotation.errors import Conflict, NotFound, Refused
from annotation.models import (
    Assignment,
    Case,
    CaseState,
    Job,
    JobKind,
    JobState,
    Model,
    ModelState,
    Prediction,
    Project,
    RevisionKind,
    Tool,
)
from tests.annotation.factories import (
    KIDNEY,
    LIVER,
    SPLEEN,
    box,
    make_case,
    make_model,
    make_prediction,
    make_read,
    named,
    stroke,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def read(ana: User, project: Project) -> Assignment:
    """ana's open read over the first model's prediction."""
    make_model(project)
    return make_read(ana, project)


def promote(project: Project) -> Model:
    Model.objects.filter(project=project).update(state=ModelState.RETIRED)
    return make_model(project)


def predict(job: Job, labels: chunks.grid.Voxels | None = None) -> Prediction | None:
    """What the worker does, without a network."""
    lease = jobs.claim(job.pk)
    assert lease is not None
    due = learning.proposal_due(job)
    assert due is not None
    case, model = due
    made = learning.store_prediction(
        case=case,
        model=model,
        labels=box(value=SPLEEN) if labels is None else labels,
        annotated=["liver", "spleen"],
        sureness=learning.Sureness(0.3, {"liver": 0.2}, {}),
        lease=lease,
        asked_for=True,
    )
    jobs.finish(lease, {})
    return made


def asked(read: Assignment) -> Job:
    job = learning.request_proposal(read=read, to_reader=True)
    assert job is not None
    return job


# ── On demand ────────────────────────────────────────────────────────────────
def test_an_opened_case_gets_a_newer_prediction_and_stays_as_it_is(
    read: Assignment, project: Project
) -> None:
    stroke(read)
    promote(project)
    job = asked(read)
    assert (job.kind, job.queue) == (JobKind.PROPOSE, "infer")
    assert asked(read) == job, "asked twice, done once"
    found = learning.proposals(read, to_reader=True)
    assert (found.job, found.predictions) == (job, [])
    made = predict(job)
    read.refresh_from_db()
    case = Case.objects.get(pk=read.case_id)
    assert (case.state, case.acquisition, read.mask.head) == (CaseState.IN_PROGRESS, None, 1)
    found = learning.proposals(read, to_reader=True)
    assert (found.job, found.predictions) == (None, [made])
    assert learning.request_proposal(read=read, to_reader=True) is None, "it is there"
    assert access.mask_for(read.reader, named(read).mask(found.predictions[0].mask_id)) is not None
    history = learning.proposals(read, to_reader=False).predictions
    assert [one.model and one.model.version for one in history] == [2, 1], "leads see all there ever were"


def test_without_a_newer_model_there_is_nothing_to_ask_for(read: Assignment, project: Project) -> None:
    with pytest.raises(Conflict, match="no newer proposal"):
        asked(read)
    Model.objects.filter(project=project).update(state=ModelState.RETIRED)
    with pytest.raises(Conflict, match="no newer proposal"):
        asked(read)
    promote(project)
    corrections.submit(assignment=read, revision=0)
    read.refresh_from_db()
    with pytest.raises(Conflict, match="no newer proposal"):
        asked(read)
    assert not Job.objects.filter(kind=JobKind.PROPOSE).exists()


def test_a_read_from_scratch_is_told_why_it_gets_none(ana: User, project: Project) -> None:
    read = make_read(ana, project)
    promote(project)
    with pytest.raises(Conflict, match="began from scratch"):
        asked(read)
    assert learning.request_proposal(read=read, to_reader=False) is not None, "a lead may ask"
    predict(Job.objects.get(kind=JobKind.PROPOSE))
    assert learning.proposals(read, to_reader=True) == learning.Proposals(None, [])


def test_who_asked_can_cancel(read: Assignment, project: Project) -> None:
    promote(project)
    with pytest.raises(NotFound):
        learning.cancel_proposal(read=read, to_reader=True)
    job = asked(read)
    assert learning.cancel_proposal(read=read, to_reader=True).state == JobState.CANCELLED
    found = learning.proposals(read, to_reader=True).job
    assert found is not None
    assert found.state == JobState.CANCELLED
    assert asked(read).pk > job.pk
    lease = jobs.claim(asked(read).pk)
    assert lease is not None
    assert learning.cancel_proposal(read=read, to_reader=True).cancel_requested


def test_a_case_that_went_back_before_it_was_predicted_is_offered_with_the_prediction(
    read: Assignment, project: Project
) -> None:
    promote(project)
    job = asked(read)
    worklist.release(assignment=read)
    made = predict(job)
    case = Case.objects.get(pk=read.case_id)
    assert case.state == CaseState.READY
    assert made is not None
    assert worklist.next_case(reader=read.reader, project=project) is not None
    assert Assignment.objects.latest("pk").mask.base_id == made.mask_id


def test_a_job_that_finds_the_prediction_there_has_nothing_to_do(read: Assignment, project: Project) -> None:
    model = promote(project)
    job = asked(read)
    make_prediction(read.case, model)
    assert learning.proposal_due(job) is None


def test_readers_go_before_the_pool(read: Assignment, project: Project) -> None:
    promote(project)
    job = asked(read)
    assert learning.proposals_waiting() == [job.pk]
    jobs.claim(job.pk)
    assert learning.proposals_waiting() == []


# ── Pulling ──────────────────────────────────────────────────────────────────
def proposed(read: Assignment, project: Project, labels: chunks.grid.Voxels) -> Prediction:
    promote(project)
    made = predict(asked(read), labels)
    assert made is not None
    return made


def test_the_whole_becomes_a_branch_that_is_the_proposal_once_put_on_top(
    read: Assignment, project: Project
) -> None:
    stroke(read, value=KIDNEY)
    labels = box(value=SPLEEN)
    labels[0, 2:5, 2:5, 2:5] = LIVER
    made = proposed(read, project, labels)
    branch = learning.keep_as_branch(read=read, mask=made.mask, structures=[], to_reader=True)
    assert np.array_equal(chunks.read_layers(branch.mask), labels)
    read.refresh_from_db()
    assert read.mask.head == 1, "the own mask is as it was"
    events = branch.mask.revisions.get().events.all()
    assert {event.tool for event in events} == {Tool.TAKE_PROPOSAL}
    saved = corrections.apply_branch(branch=branch, base_revision=1, key=uuid.uuid4())
    assert saved.revision.kind == RevisionKind.MERGE
    read.refresh_from_db()
    assert np.array_equal(chunks.read_layers(read.mask), labels)
    with pytest.raises(Conflict, match="nothing in which it differs"):
        learning.keep_as_branch(read=read, mask=made.mask, structures=[], to_reader=True)


def test_one_structure_leaves_the_others(read: Assignment, project: Project) -> None:
    before = chunks.read_layers(read.mask)
    labels = np.zeros_like(before)
    labels[0, 30:40, 28:35, 30:33] = SPLEEN
    made = proposed(read, project, labels)
    branch = learning.keep_as_branch(read=read, mask=made.mask, structures=["spleen"], to_reader=True)
    found = chunks.read_layers(branch.mask)
    assert np.array_equal(found == LIVER, before == LIVER), "liver, which lies there already, stays"
    assert np.array_equal(found == SPLEEN, (labels == SPLEEN) & (before != LIVER))
    with pytest.raises(Refused, match="aorta"):
        learning.keep_as_branch(read=read, mask=made.mask, structures=["aorta"], to_reader=True)


def test_masks_that_are_no_proposal_cannot_be_pulled(read: Assignment, project: Project) -> None:
    assert read.mask.base is not None
    other = make_prediction(make_case(project), Model.objects.get())
    for mask in (read.mask, read.mask.base, other.mask):
        with pytest.raises(NotFound):
            learning.keep_as_branch(read=read, mask=mask, structures=[], to_reader=True)


# ── The pool ─────────────────────────────────────────────────────────────────
def test_the_pool_is_predicted_as_readers_get_it(project: Project) -> None:
    model = make_model(project)
    plain, taught, urgent, due, waiting = (make_case(project) for _ in range(5))
    Case.objects.filter(pk=taught.pk).update(acquisition=0.9)
    Case.objects.filter(pk=urgent.pk).update(priority=1.0)
    Case.objects.filter(pk=due.pk).update(due_at="2030-01-01T00:00Z", acquisition=0.1)
    Case.objects.filter(pk=waiting.pk).update(acquisition=0.5)
    order: list[int] = []
    while case := learning.next_to_predict(model, leaving_out=order):
        order.append(case.pk)
    assert order == [due.pk, urgent.pk, taught.pk, waiting.pk, plain.pk]
