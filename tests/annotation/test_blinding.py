"""No reader may tell a repeated, gold, calibration or second read from an ordinary one before it is final."""

import json
import re
from collections.abc import Collection, Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from annotation import access, corrections, handles, learning, store, urls, worklist
from annotation.errors import NotFound
from annotation.models import (
    Assignment,
    AssignmentState,
    CalibrationCase,
    GoldCase,
    Model,
    ModelState,
    Project,
    Purpose,
    ReadingSession,
    ReliabilityPlan,
    StartFrom,
)
from tests.annotation.factories import (
    make_branch,
    make_case,
    make_model,
    make_prediction,
    make_review,
    make_submitted,
    pack,
    stroke,
)
from tests.annotation.learning_loop import accept

# Kinds of reads, and what no answer to a reader may say while one is open.
KINDS = ("routine", "overlap", "second", "repeat", "gold", "calibration")
TELLING = {"gold", "repeat", "overlap", "calibration", "adjudication", "comparing"}
GETS = [
    route
    for route in urls.urlpatterns
    if hasattr(getattr(route.callback, "cls"), "get")  # noqa: B009
]


@pytest.fixture
def client(ana: User) -> Client:
    client = Client()
    client.force_login(ana)
    return client


def plan(project: Project, **shares: float) -> None:
    silent = {"double_share": 0.0, "repeat_share": 0.0, "gold_share": 0.0}
    ReliabilityPlan.objects.create(
        project=project, review_share_first=0.0, review_share_least=0.0, **(silent | shares)
    )


def opened(kind: str, ana: User, ben: User, project: Project) -> Assignment:
    """ana's open read of this kind; whatever it is, it is of case 1 and from a prediction."""
    case = make_prediction(make_case(project), make_model(project)).case
    for brick in ("zarr.json",):
        store.put(f"{case.volume.store_key}/{brick}", b"{}")
    if kind == "overlap":
        plan(project, double_share=1.0)
    elif kind == "second":
        plan(project, double_share=1.0)
        worklist.next_case(reader=ben, project=project)
    elif kind == "repeat":
        plan(project, repeat_share=1.0)
        first = worklist.next_case(reader=ana, project=project)
        assert first is not None
        corrections.submit(assignment=first, revision=0)
        then = timezone.now() - timedelta(days=20)
        Assignment.objects.filter(pk=first.pk).update(submitted_at=then)
        worklist.finish_due()
        Assignment.objects.filter(pk=first.pk).update(final_at=then)
    elif kind == "gold":
        plan(project, gold_share=1.0)
        GoldCase.objects.create(case=case, revision=accept(case), source="tumour board")
    elif kind == "calibration":
        plan(project)
        CalibrationCase.objects.create(case=case, start_from=StartFrom.PREDICTION)
        worklist.settle(case)
    read = worklist.next_case(reader=ana, project=project)
    assert read is not None
    assert read.purpose == (Purpose.OVERLAP if kind == "second" else kind)
    return read


def values(answer: Any) -> Iterator[Any]:
    """Every key and value in an answer."""
    stack = [answer]
    while stack:
        one = stack.pop()
        if isinstance(one, dict):
            yield from one
            stack.extend(one.values())
        elif isinstance(one, list):
            stack.extend(one)
        else:
            yield one


def arguments(read: Assignment, name: str) -> dict[str, Any]:
    namer = handles.Namer(read.reader_id, read.sequence_no)
    known: dict[str, Any] = {
        "project_id": read.case.project_id,
        "assignment_id": read.pk,
        "mask_id": namer.mask(read.mask_id),
        "volume_id": namer.volume(read.case.volume_id),
        "path": "zarr.json",
        "version": 0,
        "upload_id": UUID(int=1),
        "file_id": UUID(int=1),
    }
    pattern = next(route.pattern for route in urls.urlpatterns if route.name == name)
    wanted = re.findall(r"<\w+:(\w+)>", str(pattern))
    return {one: known.get(one, 1) for one in wanted}


def walk(client: Client, read: Assignment) -> dict[str, tuple[int, Any]]:
    """Status and answer of every address that can be read, asked as the reader of this read."""
    found = {}
    for route in GETS:
        if route.name in ("docs", "schema", "health"):
            continue
        url = reverse(str(route.name), kwargs=arguments(read, str(route.name)))
        answer = client.get(url, {"project": read.case.project_id, "from": 0, "to": 0})
        is_json = answer.headers.get("Content-Type", "").startswith("application/json")
        body = json.loads(answer.content) if is_json and answer.content else answer.content.hex()
        found[str(route.name)] = (answer.status_code, body)
    return found


# What differs between any two reads, as between two ordinary ones.
OWN = {"id", "alias", "updated_at", "lease_until", "mask", "volume", "prediction_mask", "subject", "at"}


def without(answer: Any, names: Collection[str]) -> Any:
    """An answer without these keys."""
    if isinstance(answer, dict):
        return {key: without(value, names) for key, value in answer.items() if key not in names}
    return [without(one, names) for one in answer] if isinstance(answer, list) else answer


@pytest.mark.parametrize("kind", KINDS)
def test_every_address_says_the_same_as_for_a_routine_read(
    kind: str, ana: User, ben: User, lea: User, project: Project, other_project: Project, client: Client
) -> None:
    read = opened(kind, ana, ben, project)
    found = walk(client, read)
    for name, (status, body) in found.items():
        told = {one for one in values(body) if isinstance(one, str)}
        assert not told & TELLING, name
        assert not told & {"ben", "lea", "tumour board", read.case.name}, name
        assert status < 500, name
    about = found["assignment"][1]
    for name in ("purpose", "sequence_no", "model_version", "case", "reader"):
        assert about[name] is None
    routine = {
        "role": "annotate",
        "state": "open",
        "start_from": "prediction",
        "comments": [],
        "branches": [],
        "completed": [],
        "not_looked_at": [],
        "editable": True,
        "active_seconds": 0,
    }
    assert {key: about[key] for key in routine} == routine
    assert found["project"][1]["case_counts"] is None
    assert found["project"][1]["job"] is None
    listed = found["worklist"][1]
    assert (listed["next"]["waiting"], len(listed["in_progress"])) == (None, 1)
    for name in ("cases", "assignments", "gold", "calibration", "reliability"):
        assert found[name][0] == 403
    submitted = corrections.submit(assignment=read, revision=0)
    assert submitted.state == AssignmentState.SUBMITTED
    assert worklist.unsubmit(assignment=read).state == AssignmentState.OPEN


# ── Writing ──────────────────────────────────────────────────────────────────

WRITES = [
    (route, method)
    for route in urls.urlpatterns
    for method in ("post", "put", "patch", "delete")
    if hasattr(getattr(route.callback, "cls"), method)  # noqa: B009
]
FORMS = {"revisions", "branches"}
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)")
# What differs between any two requests that make something.
MADE = OWN | {"assignment", "session", "token", "prefix", "created_at", "expires_at", "written_at"}


def bodies(read: Assignment) -> dict[str, dict[str, Any]]:
    """What the page of a read sends; other addresses get an empty body."""
    assert read.mask.base_id is not None
    step = {"base_revision": 0, "key": str(uuid4()), "session": None}
    stroke_ = {**step, "events": []}
    pin = {"structure": "liver", "point_lps": [0.0, 0.0, 0.0], "error_code": "leak", "text": "Here"}
    prediction = handles.Namer(read.reader_id, read.sequence_no).mask(read.mask.base_id)
    return {
        "next": {"project": read.case.project_id, "role": "annotate", "with_read": True},
        "revisions": {
            "meta": json.dumps(stroke_),
            "edits": SimpleUploadedFile("edits", pack([(0, 1, [(0, 5, 1)])])),
        },
        "branches": {
            "meta": json.dumps(stroke_),
            "edits": SimpleUploadedFile("edits", pack([(0, 1, [(0, 5, 1)])])),
        },
        "restore": {**step, "revision": 0},
        "undo": {**step, "revision": 1},
        "apply_branch": step,
        "proposal_branch": {"mask": prediction},
        "submit": {"revision": 0},
        "skip": {"reason": "Cut off."},
        "completed": {"structures": ["liver"]},
        "judged": {"structures": []},
        "verdict": {"verdict": "accept", "revision": 0},
        "pins": pin,
        "ping": {"visible": True},
        "me": {"name": "A"},
        "tokens": {"name": "script"},
        "layout": {"structures": ["liver"]},
        "assignments": {"cases": [1], "to": "ben"},
        "due": {"cases": [1], "due_at": None},
        "priority": {"cases": [1], "priority": 1},
        "calibration": {"cases": [1]},
        "gold": {"cases": [1]},
    }


def write_everything(client: Client, read: Assignment) -> dict[str, tuple[int, list[str], Any]]:
    """Status, headers and answer of every address that changes something; each change is undone."""
    namer = handles.Namer(read.reader_id, read.sequence_no)
    session, branch = corrections.start_session(assignment=read), make_branch(read)
    # The most that one gap counts: the same on a quick and on a slow machine.
    ReadingSession.objects.filter(pk=session.pk).update(last_seen_at=timezone.now() - timedelta(days=1))
    found = {}
    for route, method in WRITES:
        name = str(route.name)
        given = arguments(read, name)
        given |= {"session_id": session.pk} if "session_id" in given else {}
        given |= {"case_id": read.case_id} if "case_id" in given else {}
        given |= {"mask_id": namer.mask(branch.mask_id)} if name == "apply_branch" else {}
        body = bodies(read).get(name, {})
        send = getattr(client, method)
        with transaction.atomic():
            url = reverse(name, kwargs=given)
            answer = send(url, body) if name in FORMS else send(url, json.dumps(body), "application/json")
            transaction.set_rollback(True)
        words = MOMENT.sub("then", answer.content.decode(errors="replace").replace(read.alias, "ALIAS"))
        said = json.loads(words) if words.startswith(("{", "[")) else words
        found[f"{method} {name}"] = answer.status_code, sorted(answer.headers), without(said, MADE)
    return found


def test_every_change_is_answered_as_for_a_routine_read(
    ana: User, ben: User, lea: User, project: Project, other_project: Project, client: Client
) -> None:
    found = {}
    for kind in KINDS:
        with transaction.atomic():
            found[kind] = write_everything(client, opened(kind, ana, ben, project))
            transaction.set_rollback(True)
    given = found["routine"]
    for kind, answers in found.items():
        assert answers == given, kind
    done = {name for name, (status, _, _) in given.items() if status in (200, 201, 204)}
    assert done >= {
        *("post next", "post sessions", "post revisions", "post branches", "post restore", "put looked"),
        *("patch measurements", "post submit", "post release", "post skip", "post unsubmit", "post ping"),
        "post apply_branch",
    }
    assert not [name for name, (status, _, _) in given.items() if status >= 500]


# ── Newer predictions, names, what is fetched ahead ──────────────────────────


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "routine"])
def test_a_newer_prediction_does_not_reach_the_reader_of_a_read_that_is_compared(
    kind: str, ana: User, ben: User, lea: User, project: Project, client: Client
) -> None:
    read = opened(kind, ana, ben, project)
    url = reverse("proposals", args=[read.pk])
    before = client.get(url).json()
    newer = make_prediction(read.case, make_model_serve(project))
    read.refresh_from_db()
    assert learning.request_proposal(read=read, to_reader=False) is None, "for leads it is there"
    assert client.get(url).json() == before == {"job": None, "proposals": []}
    mask = handles.Namer(ana.pk, read.sequence_no).mask(newer.mask_id)
    for name in ("mask", "regions", "mask_revisions"):
        assert client.get(reverse(name, args=[mask])).status_code == 404
    asked = [client.post(url), client.delete(url)]
    assert [one.status_code for one in asked] == [409, 404]
    assert asked[0].json() == {"detail": learning.NOTHING_NEWER}
    branch = client.post(reverse("proposal_branch", args=[read.pk]), {"mask": mask}, "application/json")
    assert branch.status_code == 404


def test_a_read_that_has_the_newest_prediction_gets_the_same_answer(
    ana: User, ben: User, project: Project, client: Client
) -> None:
    url = reverse("proposals", args=[opened("routine", ana, ben, project).pk])
    assert client.get(url).json() == {"job": None, "proposals": []}
    assert client.post(url).json() == {"detail": learning.NOTHING_NEWER}


def make_model_serve(project: Project) -> Model:
    """A newer model takes the place of the one that serves."""
    Model.objects.filter(project=project).update(state=ModelState.RETIRED)
    return make_model(project)


def test_two_reads_of_one_case_share_no_name(ana: User, ben: User, project: Project, client: Client) -> None:
    read = opened("repeat", ana, ben, project)
    first = Assignment.objects.get(reader=ana, sequence_no=1)
    old = handles.Namer(ana.pk, 1)
    new = client.get(reverse("assignment", args=[read.pk])).json()
    assert new["alias"] != first.alias
    assert new["volume"]["id"] != old.volume(read.case.volume_id)
    assert read.mask.base_id is not None
    assert new["prediction_mask"]["id"] != old.mask(read.mask.base_id)
    for url in (
        reverse("assignment", args=[first.pk]),
        reverse("mask", args=[old.mask(first.mask_id)]),
        reverse("mask", args=[old.mask(read.mask.base_id)]),
        reverse("zarr", args=[old.volume(read.case.volume_id), "zarr.json"]),
        reverse("mask", args=[handles.Namer(ana.pk, 2).mask(first.mask_id)]),
    ):
        assert client.get(url).status_code in (403, 404), url
    headers = client.get(reverse("zarr", args=[new["volume"]["id"], "zarr.json"])).headers
    assert read.case.volume.content_sha256[:32] not in str(headers)
    recent = client.get(reverse("worklist"), {"project": project.pk}).json()["recent"]
    assert first.pk not in [one["id"] for one in recent]


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_fetched_ahead_has_the_names_that_the_read_will_have(
    kind: str, ana: User, ben: User, project: Project, client: Client
) -> None:
    read = opened(kind, ana, ben, project)
    ahead = client.get(reverse("upcoming"), {"project": project.pk}).json()["upcoming"]
    about = client.get(reverse("assignment", args=[read.pk])).json()
    for name in ("volume", "prediction_mask"):
        assert ahead[name] == about[name]


def test_a_read_that_is_planned_for_somebody_does_not_exist(
    ana: User, ben: User, project: Project, client: Client
) -> None:
    plan(project, double_share=1.0)
    make_case(project)
    worklist.next_case(reader=ben, project=project)
    planned = Assignment.objects.get(reader=ana, state=AssignmentState.PLANNED)
    for name in ("assignment", "sessions", "release", "branches"):
        url = reverse(name, args=[planned.pk])
        answer = client.get(url) if name == "assignment" else client.post(url)
        assert answer.status_code == 404


def test_a_finished_read_closes_after_a_week(ana: User, rui: User, project: Project, client: Client) -> None:
    read = make_submitted(ana, project)
    url = reverse("assignment", args=[read.pk])
    for days, status in ((6, 200), (8, 403)):
        final = timezone.now() - timedelta(days=days)
        Assignment.objects.filter(pk=read.pk).update(state=AssignmentState.DONE, final_at=final)
        assert client.get(url).status_code == status
    assert client.get(reverse("mask", args=[handles.Namer(ana.pk, 1).mask(read.mask_id)])).status_code == 404


def test_a_reviewer_learns_neither_the_case_nor_the_reader(ana: User, rui: User, project: Project) -> None:
    review = make_review(rui, make_submitted(ana, project))
    stroke(review)
    client = Client()
    client.force_login(rui)
    for name, (_, body) in walk(client, review).items():
        told = {one for one in values(body) if isinstance(one, str)}
        assert not told & (TELLING | {"ana", review.case.name}), name


def test_handles_cannot_be_made_up(ana: User, ben: User, project: Project) -> None:
    case = make_case(project)
    handle = handles.seal("volume", case.volume_id, ana.pk, 1)
    assert access.volume_for(ana, handle) == case.volume
    changed = ("B" if handle[0] == "A" else "A") + handle[1:]
    for wrong in (changed, handle[:-2], "", "x", "é", str(case.volume_id), handle * 3):
        with pytest.raises(NotFound):
            access.volume_for(ana, wrong)
    with pytest.raises(NotFound):
        access.volume_for(ben, handle)
    with pytest.raises(NotFound):
        access.mask_for(ana, handle)
