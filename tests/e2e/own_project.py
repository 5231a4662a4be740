"""A project of a module's own: people, phantoms, a model that has predicted them; nobody is left in it."""

from collections.abc import Mapping
from datetime import timedelta

import numpy as np
from django.contrib.auth.models import User
from django.db.models import F
from playwright.sync_api import Page

from annotation import catalogue, ingest, reviews, worklist
from annotation.chunks.grid import Voxels
from annotation.models import (
    Assignment,
    AssignmentState,
    Case,
    CaseState,
    LabelSchema,
    Membership,
    Model,
    Pin,
    Project,
    Role,
    SchemaStructure,
)
from tests.annotation.factories import make_prediction, set_state
from tests.e2e.cases import SHAPE, SPACING_MM
from tests.e2e.conftest import Stack
from training.phantom import STRUCTURES, make_phantom

NEVER = 1000  # accepted cases before the worker trains for this project
BEGUN = (AssignmentState.OPEN, AssignmentState.RETURNED, AssignmentState.PLANNED)
UNDO = timedelta(seconds=worklist.UNDO_SECONDS + 1)
NO_PLAN = {
    "calibration_cases": 0,
    "scratch_share": 0.0,
    "double_share": 0.0,
    "repeat_share": 0.0,
    "washout_days": 7,
    "gold_share": 0.0,
    "review_share_first": 0.0,
    "review_share_least": 0.0,
    "review_window": 20,
    "seed": 0,
}


def begin(name: str, cast: Mapping[str, Role]) -> Project:
    """An empty project with the phantoms' structures; who is new gets an account."""
    project = Project.objects.create(name=name, retrain_after=NEVER)
    for username, role in cast.items():
        user = User.objects.filter(username=username).first()
        user = user or User.objects.create_user(username, password=username)
        Membership.objects.create(project=project, user=user, role=role)
    schema = LabelSchema.objects.create(project=project)
    for spec in STRUCTURES:
        structure = catalogue.structure_named(spec.key)
        SchemaStructure.objects.create(schema=schema, structure=structure, layer=spec.layer, value=spec.value)
    return project


def add_case(project: Project, model: Model, seed: int, name: str, *, corner: int = 0) -> Case:
    """A phantom that is ready to be read, with the model's prediction.

    `corner` is added to one voxel, for a scan that looks the same and is another one.
    """
    phantom = make_phantom(seed, shape=SHAPE, spacing_mm=SPACING_MM)
    phantom.image.voxels[0, 0, 0] += corner
    case = ingest.add_case(
        project=project,
        volume=phantom.image,
        name=name,
        patient_key=f"patient of {name}",
        split="pool",
        labels=None,
        annotated=[],
    )
    make_prediction(case, model, predicted(seed))
    set_state([case], CaseState.READY)
    return case


def predicted(seed: int) -> Voxels:
    """What the model says of a phantom, by a voxel beside the truth: (1, i, j, k)."""
    labels = make_phantom(seed, shape=SHAPE, spacing_mm=SPACING_MM).labels
    return np.roll(labels, 1, axis=0)[None]


def leave(project: int) -> None:
    """Nothing of the project is offered, begun or waited for any more, and nobody is a member."""
    for read in Assignment.objects.filter(case__project=project, role="annotate", state__in=BEGUN):
        worklist.take_over(assignment=read)
    for other in Assignment.objects.filter(case__project=project, state=AssignmentState.OPEN, mask__head=0):
        worklist.release(assignment=other)
    set_state(Case.objects.filter(project=project, state=CaseState.READY), CaseState.WAITING)
    Pin.objects.filter(assignment__case__project=project).delete()
    Membership.objects.filter(project=project).delete()


def pass_time(project: int, by: timedelta = UNDO) -> None:
    """As if all was handed in that much earlier; then what the clock does every half minute."""
    reads = Assignment.objects.filter(case__project=project)
    for moment in ("submitted_at", "final_at", "seen_at"):
        reads.filter(**{f"{moment}__isnull": False}).update(**{moment: F(moment) - by})
    here = Project.objects.get(pk=project)
    worklist.finish_due(project=here)
    reviews.settle_due(here)


def put(stack: Stack, page: Page, path: str, data: object) -> None:
    """Change what a lead changes in forms, as whoever is signed in on `page`."""
    token = next(one["value"] for one in page.context.cookies() if one["name"] == "csrftoken")
    headers = {"X-CSRFToken": token, "Referer": stack.url}
    answer = page.request.put(stack.url + path, data=data, headers=headers)
    assert answer.ok, (path, answer.status, answer.text()[:300])


def plan(stack: Stack, lead: Page, project: int, **shares: float) -> None:
    """Put a plan into force in which nothing is planned but what is said."""
    put(stack, lead, f"/api/projects/{project}/reliability/", NO_PLAN | shares)
