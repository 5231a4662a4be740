"""Who asks and what there is for the table of `test_access`: actors, objects, bodies, and what a row is."""

import json
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import zstandard
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from annotation import access, corrections, dashboards, handles, recipes, reviews, signs, store, team
from annotation.models import (
    Assignment,
    CaseState,
    Job,
    JobKind,
    Membership,
    Prediction,
    Project,
    Queue,
    Role,
)
from tests.annotation.factories import (
    make_bench,
    make_branch,
    make_case,
    make_export,
    make_job,
    make_model,
    make_picture,
    make_read,
    make_review,
    make_run,
    make_submitted,
    make_uploaded_file,
    pack,
    stroke,
)


@dataclass
class World:
    """ana has an open read and one under review by rui; ben has nothing to do with either."""

    project: Project
    other_project: Project
    read: Assignment
    submitted: Assignment
    review: Assignment
    session_id: int
    job: Job
    clients: dict[str, Client]

    actor: str = "ana"

    @property
    def branch(self) -> dict[str, Any]:
        return {"mask_id": self.named(self.read).mask(make_branch(self.read).mask_id)}

    @property
    def zarr(self) -> dict[str, Any]:
        return {"volume_id": self.named(self.read).volume(self.read.case.volume_id), "path": "zarr.json"}

    def named(self, read: Assignment) -> handles.Namer:
        """As the server names things of this read to the actor; for whom it has no name, as to its reader."""
        user = User.objects.filter(username=self.actor).first()
        if user is None or (user.pk != read.reader_id and self.actor != "lea"):
            user = read.reader
        return access.namer_for(user, read)

    def mask(self, of: str) -> dict[str, Any]:
        reads = {"review": self.review}
        if "submitted" in of:
            reads[of] = self.review if self.actor == "rui" else self.submitted
        masks: dict[str, int | None] = {
            "open read": self.read.mask_id,
            "prediction under the open read": self.read.mask.base_id,
            "submitted read": self.submitted.mask_id,
            "prediction under the submitted read": self.submitted.mask.base_id,
            "review": self.review.mask_id,
        }
        row = masks[of]
        assert row is not None
        return {"mask_id": self.named(reads.get(of, self.read)).mask(row)}


def begin_world(people: Iterable[User], project: Project, other_project: Project) -> World:
    """ana's open read and rui's review of one that she handed in; `people` are signed in."""
    user = {one.username: one for one in people}
    make_model(project)
    submitted = make_submitted(user["ana"], project)
    review = make_review(user["rui"], submitted)
    stroke(review, value=2)
    read = make_read(user["ana"], project)
    session = corrections.start_session(assignment=read)
    store.put(f"{read.case.volume.store_key}/zarr.json", b"{}")
    for queue in Queue:
        signs.note_heartbeat(queue, "worker@test")
    clients = {"anonymous": Client()}
    for name, one in user.items():
        clients[name] = Client()
        clients[name].force_login(one)
    return World(project, other_project, read, submitted, review, session.pk, make_job(project), clients)


# Who gets what somebody else gets: the second reader of ana's case what any annotator does, and an outsider
# of every project and an administrator of the server what another project's lead does.
STANDS_FOR = {"cem": "ben", "olga": "otto", "root": "otto"}


@dataclass(frozen=True)
class Row:
    """A request, and what each actor gets. `others` of the same project get 403 unless told otherwise."""

    name: str
    method: str
    arguments: Callable[[World], dict[str, Any]]
    allowed: dict[str, int]
    body: Callable[[World], dict[str, Any]] | None = None
    stranger: int = 404
    anonymous: int = 401
    others: int = 403
    note: str = ""

    def words(self) -> str:
        return f"{self.method} {self.name} {self.note}".strip()

    def is_harmless(self, actor: str) -> bool:
        """Whether the world is afterwards as it was: something is read, or refused."""
        return self.method == "GET" or self.expected(actor) >= 400

    def expected(self, actor: str) -> int:
        if actor == "anonymous":
            return self.anonymous
        if actor in self.allowed:
            return self.allowed[actor]
        actor = STANDS_FOR.get(actor, actor)
        if actor in self.allowed:
            return self.allowed[actor]
        if actor == "otto":
            return self.stranger
        return self.others if actor in SEEN_BY.get(self.arguments, everyone(0)) else 404

    def send(self, world: World, actor: str) -> HttpResponse:
        world.actor = actor
        url = reverse(self.name, kwargs=self.arguments(world))
        send = getattr(world.clients[actor], self.method.lower())
        body = self.body(world) if self.body is not None else {}
        multipart = self.name in {"revisions", "branches", "cases", "guideline_images", "model_imports"}
        if self.method == "GET" or multipart:
            answer: HttpResponse = send(url, body)
        else:
            answer = send(url, json.dumps(body), "application/json")
        return answer


def everyone(status: int) -> dict[str, int]:
    return dict.fromkeys(("ana", "ben", "rui", "lea"), status)


def public(name: str, status: int) -> Row:
    return Row(name, "GET", lambda _: {}, everyone(status), stranger=status, anonymous=status)


def of_project(world: World) -> dict[str, Any]:
    return {"project_id": world.project.pk}


def of_model(world: World) -> dict[str, Any]:
    return {"project_id": world.project.pk, "version": 1}


def of_member(world: World) -> dict[str, Any]:
    return {**of_project(world), "member_id": Membership.objects.get(user__username="ben").pk}


def invited(world: World) -> team.Made:
    lead = User.objects.get(username="lea")
    return team.invite(project=world.project, inviter=lead, role=Role.ANNOTATOR)


def of_invitation(world: World) -> dict[str, Any]:
    return {**of_project(world), "invitation_id": invited(world).invitation.pk}


def secret_body(world: World) -> dict[str, Any]:
    return {"token": invited(world).secret}


def account_body(world: World) -> dict[str, Any]:
    return {**secret_body(world), "username": "eva", "password": "correct horse battery"}


def of_token(_: World) -> dict[str, Any]:
    ana = User.objects.get(username="ana")
    return {"token_id": team.make_token(user=ana, name="script", days=1).token.pk}


def of_recipe(world: World) -> dict[str, Any]:
    lead = User.objects.get(username="lea")
    row = recipes.save_recipe(project=world.project, author=lead, **recipe_body(world))
    return {**of_project(world), "recipe_id": row.pk}


def recipe_body(_: World) -> dict[str, Any]:
    content = {"format": 1, "key": "mine", "title": "Mine", "labels": {"1": "liver"}}
    return {"name": uuid.uuid4().hex, "content": content}


def of_job(world: World) -> dict[str, Any]:
    return {"job_id": world.job.pk}


def of_import(world: World) -> dict[str, Any]:
    return {**of_project(world), "job_id": make_job(world.project, kind=JobKind.IMPORT).pk}


def of_look(world: World) -> dict[str, Any]:
    return {**of_project(world), "job_id": make_job(world.project, kind=JobKind.LOOK).pk}


def of_held(world: World) -> dict[str, Any]:
    held = make_case(world.project, state=CaseState.HELD)
    held.parts.all().delete()
    return {"case_id": held.pk}


def of_run(world: World) -> dict[str, Any]:
    return {"run_id": make_run(world.project).pk}


def of_export(world: World) -> dict[str, Any]:
    return {**of_project(world), "export_id": make_export(world.project).pk}


def of_bench(world: World) -> dict[str, Any]:
    return {**of_project(world), "bench_id": make_bench(world.project).pk}


def of_read(world: World) -> dict[str, Any]:
    return {"assignment_id": world.read.pk}


def of_review(world: World) -> dict[str, Any]:
    return {"assignment_id": world.review.pk}


def of_picture(world: World) -> dict[str, Any]:
    return {**of_project(world), "image_id": make_picture(world.project).pk}


def of_upload(world: World) -> dict[str, Any]:
    return {"upload_id": make_uploaded_file(world.project).upload_id}


def of_uploaded_file(world: World) -> dict[str, Any]:
    return {"file_id": make_uploaded_file(world.project).pk}


def of_session(world: World) -> dict[str, Any]:
    return {"session_id": world.session_id}


def pin_body(_: World) -> dict[str, Any]:
    return {"structure": "liver", "point_lps": [0.0, 0.0, 0.0], "error_code": "leak", "text": "Here"}


def priority_body(world: World) -> dict[str, Any]:
    return {"cases": [world.read.case.number], "priority": 1}


def due_body(world: World) -> dict[str, Any]:
    return {"cases": [world.read.case.number], "due_at": None}


def of_pin(world: World) -> dict[str, Any]:
    """A pin of rui's review that is not over: ana, whose read it is about, does not know of it yet."""
    body = pin_body(world)
    pin = reviews.drop_pin(assignment=world.review, **body)
    return {"pin_id": pin.pk}


# To other readers a read does not exist: that there is one would tell what kind of read their own is.
SEEN_BY: dict[Callable[[World], dict[str, Any]], tuple[str, ...]] = {
    of_read: ("ana", "lea"),
    of_review: ("rui", "lea"),
    of_session: ("ana", "lea"),
}


def with_map(world: World) -> dict[str, Any]:
    """The prediction under ana's open read, with a map."""
    mask = world.mask("prediction under the open read")
    prediction = world.read.mask.base_id
    key = f"uncertainty/{uuid.uuid4().hex}"
    store.put(key, zstandard.compress(bytes(8)))
    grid = {"map_shape": [2, 2, 2], "map_factor": [20, 18, 17]}
    Prediction.objects.filter(mask=prediction).update(map_key=key, regions=[], **grid)
    return mask


def step_body(_: World) -> dict[str, Any]:
    return {"base_revision": 0, "key": str(uuid.uuid4()), "session": None}


def dashboard(name: str, source: dashboards.Source) -> Row:
    """400: what must be asked was not."""
    return Row(f"dashboard_{name}", "GET", of_project, {"lea": 400 if source.must else 200})


def mask_row(of: str, *readers: str) -> Row:
    return Row("mask", "GET", lambda w: w.mask(of), dict.fromkeys(readers, 200), others=404, note=of)


def stroke_body(_: World) -> dict[str, Any]:
    meta = {"base_revision": 0, "key": str(uuid.uuid4()), "session": None, "events": []}
    edits = SimpleUploadedFile("edits.gz", pack([(0, 1, [(0, 5, 1)])]))
    return {"meta": json.dumps(meta), "edits": edits}
