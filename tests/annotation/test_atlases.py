"""Pre-annotations from labelled cases: asked for once, stored once, from the pool alone, and saying whose."""

from typing import Any

import numpy as np
import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from annotation import chunks, jobs, learning, store, tasks, worklist
from annotation.errors import Conflict, Refused
from annotation.models import (
    Case,
    CaseState,
    Job,
    JobKind,
    JobState,
    LearningPolicy,
    MaskKind,
    Prediction,
    PredictionSource,
    Project,
    Split,
    StartFrom,
)
from tests.annotation.factories import box, make_case, make_model, make_prediction
from tests.annotation.learning_loop import accepted
from tests.phantom_cases import KEYS, add_phantom

pytestmark = pytest.mark.django_db(transaction=True)


def waiting(project: Project) -> Case:
    return make_case(project, state=CaseState.WAITING)


def claimed(job: Job) -> jobs.Lease:
    lease = jobs.claim(job.pk)
    assert lease is not None
    return lease


def kept(case: Case, atlas: Case, lease: jobs.Lease) -> Prediction | None:
    revision = atlas.accepted_revision
    assert revision is not None
    return learning.store_atlas(
        case=case,
        chosen=learning.Sources([atlas], [revision]),
        labels=box(),
        annotated=["liver"],
        sureness=learning.Sureness(0.4, {"liver": 0.4}, {}),
        lease=lease,
    )


# ── Asking ───────────────────────────────────────────────────────────────────
def test_all_that_wait_or_those_that_are_named(project: Project) -> None:
    accepted(project)
    case, other, predicted = waiting(project), waiting(project), waiting(project)
    ready = make_prediction(make_case(project), make_model(project)).case
    make_prediction(predicted, project.models.get())
    job = learning.request_atlases(project=project)
    assert (job.kind, job.queue, job.ids) == (JobKind.ATLAS, "infer", {"cases": [], "atlases": 3})
    assert list(learning.left_for_atlases(job)) == [case, other]
    with pytest.raises(Conflict, match="already"):
        learning.request_atlases(project=project)
    jobs.cancel(job)
    named = learning.request_atlases(project=project, cases=[other.number, ready.number], atlases=1)
    assert set(learning.left_for_atlases(named)) == {other, ready}


def test_what_cannot_be_done_is_said(ana: User, project: Project) -> None:
    case = waiting(project)
    with pytest.raises(Refused, match="No case of the pool is accepted"):
        learning.request_atlases(project=project)
    accepted(project, Split.TEST)
    with pytest.raises(Refused, match="No case of the pool is accepted"):
        learning.request_atlases(project=project)
    done = accepted(project)
    with pytest.raises(Refused, match="has no case 99"):
        learning.request_atlases(project=project, cases=[99])
    with pytest.raises(Refused, match=f"Case {done.number} was opened"):
        learning.request_atlases(project=project, cases=[case.number, done.number])
    Case.objects.filter(pk=case.pk).delete()
    with pytest.raises(Refused, match="No case waits"):
        learning.request_atlases(project=project)
    assert not Job.objects.filter(kind=JobKind.ATLAS).exists()


def test_the_policy_starts_it_where_no_model_serves(project: Project) -> None:
    accepted(project)
    waiting(project)
    assert learning.enqueue_atlases_if_due(project) is None, "no policy, no atlases"
    policy = LearningPolicy.objects.create(project=project, atlases=2)
    assert learning.enqueue_atlases_if_due(project) is None, "too few are labelled"
    accepted(project)
    job = learning.enqueue_atlases_if_due(project)
    assert job is not None
    assert job.ids["atlases"] == policy.atlases
    assert learning.enqueue_atlases_if_due(project) is None, "one at a time"
    jobs.finish(claimed(job), {"pre_annotated": 0, "refused": ["Case 3: they hardly overlap."]})
    assert learning.enqueue_atlases_if_due(project) is None, "what was refused is not tried again at once"
    accepted(project)
    again = learning.enqueue_atlases_if_due(project)
    assert again is not None
    jobs.cancel(again)
    make_model(project)
    assert learning.enqueue_atlases_if_due(project) is None, "a model knows better"


# ── Storing ──────────────────────────────────────────────────────────────────
def test_a_reader_begins_from_it_as_from_a_prediction(ana: User, project: Project) -> None:
    atlas, case = accepted(project), waiting(project)
    lease = claimed(learning.request_atlases(project=project))
    made = kept(case, atlas, lease)
    assert made is not None
    assert made == kept(case, atlas, lease), "done twice, stored once"
    assert (made.source, made.model, made.mask.kind) == (PredictionSource.ATLAS, None, MaskKind.ATLAS)
    assert made.atlas_revisions == [atlas.accepted_revision_id]
    assert learning.numbers_of([made]) == {made.pk: [atlas.number]}
    read = worklist.next_case(reader=ana, project=project)
    assert read is not None
    assert (read.case, read.start_from, read.mask.base_id) == (case, StartFrom.PREDICTION, made.mask_id)
    assert np.array_equal(chunks.read_layers(read.mask), box())


def test_an_opened_case_is_left_alone_and_a_lost_lease_stores_nothing(ana: User, project: Project) -> None:
    atlas = accepted(project)
    case = waiting(project)
    job = learning.request_atlases(project=project)
    lease = claimed(job)
    read = worklist.next_case(reader=ana, project=project)
    assert read is not None
    assert kept(case, atlas, lease) is None
    with pytest.raises(jobs.LeaseLost):
        kept(waiting(project), atlas, jobs.Lease(lease.job_id, lease.fence + 1))
    assert not Prediction.objects.exists()


def test_the_serving_model_comes_before_labelled_cases_and_these_before_nothing(
    ana: User, project: Project
) -> None:
    atlas, case = accepted(project), waiting(project)
    kept(case, atlas, claimed(learning.request_atlases(project=project)))
    predicted = make_prediction(case, make_model(project))
    read = worklist.next_case(reader=ana, project=project)
    assert read is not None
    assert read.mask.base_id == predicted.mask_id


def test_the_database_wants_to_know_the_source(project: Project) -> None:
    made = make_prediction(make_case(project), make_model(project))
    for wrong in ({"atlas_revisions": [1]}, {"source": "atlas"}, {"model": None}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Prediction.objects.filter(pk=made.pk).update(**wrong)


def test_the_cases_of_a_page_say_who_made_what(ana: User, project: Project, client: Any, lea: User) -> None:
    atlas, case = accepted(project), waiting(project)
    kept(case, atlas, claimed(learning.request_atlases(project=project)))
    modelled = make_prediction(make_case(project), make_model(project)).case
    plain = waiting(project)
    client.force_login(lea)
    rows = client.get(f"/api/projects/{project.pk}/cases/").json()["results"]
    found = {row["number"]: row["pre_annotation"] for row in rows}
    assert found == {
        atlas.number: {"source": "imported", "version": None, "atlas_cases": []},
        case.number: {"source": "atlas", "version": None, "atlas_cases": [atlas.number]},
        modelled.number: {"source": "model", "version": 1, "atlas_cases": []},
        plain.number: None,
    }
    [row] = client.get(f"/api/cases/{case.pk}/predictions/").json()
    assert (row["source"], row["atlas_cases"], row["begun_from"]) == ("atlas", [atlas.number], False)


# ── With a worker's hands ────────────────────────────────────────────────────
@pytest.mark.slow
def test_a_job_pre_annotates_what_waits_from_what_is_labelled(project: Project) -> None:
    labelled = add_phantom(project, 0, delineated=True)
    case = add_phantom(project, 1, delineated=False)
    broken = add_phantom(project, 2, delineated=False)
    store.delete_tree(broken.volume.store_key)
    job = learning.request_atlases(project=project)
    tasks.atlas(job.pk)
    job.refresh_from_db()
    assert (job.state, job.error) == (JobState.SUCCEEDED, "")
    assert job.result["pre_annotated"] == 1
    assert job.result["refused"] == [f"Case {broken.number}: These bytes are not in the store."]
    made = case.predictions.get()
    assert learning.numbers_of([made])[made.pk] == [labelled.number]
    assert set(made.mask.annotated) == set(KEYS)
    assert learning.map_of(made.mask).shape == case.volume.shape
    drawn = chunks.read_layers(made.mask)
    assert drawn.any()
    tasks.atlas(job.pk)
    assert case.predictions.count() == 1, "the message came twice"
