"""Cases with text in their pixels are nobody's until a lead has looked: released, or removed for good."""

import io
from typing import Any

import numpy as np
import pytest
from django.apps import apps
from django.contrib.auth.models import User
from PIL import Image

from annotation import access, exports, handles, ingest, learning, planning, store, worklist
from annotation.errors import Conflict, NotFound, Refused
from annotation.imaging.findings import Cause, Mark, Outcome
from annotation.learning import predictions, runs
from annotation.models import (
    Assignment,
    Case,
    CaseState,
    ExportFormat,
    Mask,
    Offer,
    Part,
    Project,
    Release,
    Split,
    Volume,
)
from tests.annotation.api.conftest import Browser
from tests.annotation.factories import make_case, make_model
from tests.annotation.imaging.files import scan_voxels
from training.volume import Geometry
from training.volume import Volume as Scan

pytestmark = pytest.mark.django_db

CASE_EVENTS: Any = apps.get_model("annotation", "CaseEvent")

SHAPE = (12, 10, 6)
HOLDS = Mark(Outcome.WARNED, Cause.BURNED_IN, "Text in the pixels.", holds=True)
EYE = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))


def scan(seed: int = 0) -> Scan:
    return Scan(scan_voxels(seed, SHAPE), Geometry(SHAPE, (0.8, 0.9, 2.5), (1.0, 2.0, 3.0), EYE))


def add(project: Project, *, seed: int = 0, drawn: bool = False, split: Split = Split.POOL) -> Case:
    labels = np.zeros((1, *SHAPE), np.uint8)
    labels[0, 2:5, 3:6, 1:4] = 1
    return ingest.add_case(
        project=project,
        volume=scan(seed),
        name="patient 12345678",
        patient_key=f"patient-{seed}",
        split=split,
        labels=labels if drawn else None,
        annotated=("liver",) if drawn else (),
        marks=[HOLDS],
    )


@pytest.fixture
def held(project: Project) -> Case:
    return add(project)


def test_nobody_is_given_a_held_case(project: Project, held: Case, lea: User, ana: User) -> None:
    assert (held.state, held.offer) == (CaseState.HELD, Offer.NOTHING)
    assert not Part.objects.filter(case=held).exists()
    assert worklist.next_case(reader=ana, project=project) is None
    with pytest.raises(Conflict, match=r"held until a lead has looked at it\. Release it first"):
        worklist.assign(project=project, cases=[held.number], to="ana", by=lea)
    assert not Assignment.objects.exists()


def test_a_change_of_groups_leaves_it_held(project: Project, held: Case) -> None:
    everything = ("liver", "spleen", "kidney_left")
    planning.change_groups(project=project, drafts=[planning.DraftGroup("all", everything)])
    held.refresh_from_db()
    assert held.state == CaseState.HELD
    assert not Part.objects.filter(case=held).exists()


def test_it_is_neither_predicted_nor_trained_on_nor_exported(project: Project, lea: User) -> None:
    held = add(project, drawn=True)
    model = make_model(project)
    assert learning.next_to_predict(model) is None
    assert predictions.pending(project) == 0
    with pytest.raises(Refused, match="Nothing to learn from yet"):
        runs.freeze_accepted(project)
    for form in ExportFormat.values:
        with pytest.raises(Refused, match="Nothing matches"):
            exports.chosen(project, exports.Order(form))
    assert Mask.objects.filter(case=held).count() == 1, "the delineation waits with it"


def test_its_pixels_are_for_leads_alone(held: Case, ana: User, lea: User) -> None:
    number = 1  # as if a read of it had been planned
    named = handles.Namer(ana.pk, number).volume(held.volume_id)
    with pytest.raises(NotFound):
        access.volume_for(ana, named)
    assert access.volume_for(lea, handles.Namer(lea.pk, handles.LEAD).volume(held.volume_id)) == held.volume


def test_a_lead_looks_through_the_slices(held: Case, lea: User, ana: User, rui: User) -> None:
    url = f"/api/cases/{held.pk}/slices/2/"
    answer = Browser(lea).get(url)
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/png")
    assert answer["Cache-Control"] == "private, no-store"
    pixels = np.asarray(Image.open(io.BytesIO(answer.content)))
    wide = np.clip((scan().voxels[:, :, 2].astype(float) + 1000) / 2000 * 255, 0, 255).astype(np.uint8)
    assert pixels.shape == (SHAPE[1], SHAPE[0])
    assert np.abs(pixels.T.astype(int) - wide.astype(int)).max() <= 1
    assert Browser(lea).get(f"/api/cases/{held.pk}/slices/6/").status_code == 404
    for other in (ana, rui):
        assert Browser(other).get(url).status_code == 404


def test_a_released_case_goes_on(project: Project, held: Case, lea: User, ana: User) -> None:
    url = f"/api/cases/{held.pk}/release/"
    assert Browser(ana).post(url).status_code == 404
    for _ in range(2):  # asked twice, done once
        answer = Browser(lea).post(url)
        assert (answer.status_code, answer.json()) == (200, {"state": "waiting"})
    assert Release.objects.get().by == lea
    read = worklist.next_case(reader=ana, project=project)
    assert read is not None
    assert read.case_id == held.pk


def test_the_delineation_that_came_with_it_is_accepted_then(project: Project, lea: User) -> None:
    held = add(project, drawn=True)
    assert held.accepted_revision is None
    ingest.release(case=held, by=lea)
    gone_on = Case.objects.get(state=CaseState.ACCEPTED)
    assert gone_on.accepted_revision is not None
    assert gone_on.accepted_revision.mask.annotated == ["liver"]
    assert [item.case for item in exports.chosen(project, exports.Order("nifti"))] == [held.pk]


def test_a_removed_case_leaves_nothing(
    project: Project, lea: User, django_capture_on_commit_callbacks: Any
) -> None:
    held = add(project, drawn=True)
    key = held.volume.store_key
    with django_capture_on_commit_callbacks(execute=True):
        assert Browser(lea).post(f"/api/cases/{held.pk}/remove/").status_code == 204
    assert not Case.objects.exists()
    assert not Volume.objects.exists()
    assert not Mask.objects.exists()
    assert not store.exists(key)
    assert add(project).number == 1


def test_who_removed_a_case_or_changed_its_site_is_in_the_history(project: Project, lea: User) -> None:
    held, lead = add(project), Browser(lea)
    sites = {"site": "North", "cases": [held.number]}
    assert lead.put(f"/api/projects/{project.pk}/sites/", sites).status_code == 200
    assert lead.put(f"/api/projects/{project.pk}/sites/", sites).status_code == 200  # changes nothing
    assert lead.post(f"/api/cases/{held.pk}/remove/").status_code == 204
    rows = CASE_EVENTS.objects.filter(pgh_obj_id=held.pk).order_by("pgh_id").select_related("pgh_context")
    assert [(row.pgh_label, row.site, row.number) for row in rows] == [
        ("insert", "", 1),
        ("update", "North", 1),
        ("delete", "North", 1),
    ]
    assert [row.pgh_context.metadata["user"] for row in rows[1:]] == [lea.pk] * 2
    assert not {"name", "patient_key"} & {field.name for field in CASE_EVENTS._meta.get_fields()}


def test_what_is_not_held_cannot_be_decided_on(project: Project, lea: User) -> None:
    case = make_case(project)
    for what in ("release", "remove"):
        answer = Browser(lea).post(f"/api/cases/{case.pk}/{what}/")
        assert answer.status_code == 409
        assert "is not held" in answer.json()["detail"]
    assert Case.objects.filter(pk=case.pk).exists()


def test_a_held_test_case(project: Project, lea: User) -> None:
    held = add(project, split=Split.TEST)
    ingest.release(case=held, by=lea)
    held.refresh_from_db()
    assert (held.state, held.offer) == (CaseState.WAITING, Offer.NOTHING)
