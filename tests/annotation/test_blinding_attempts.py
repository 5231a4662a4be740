"""A curious reader tries every address with what belongs to others, and learns nothing.

ana has an open second read; ben has read the same case, saved a branch, and has a pin in a read elsewhere.
What exists but is another's is answered, to the letter, as what does not exist; what is for leads is refused.
"""

import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from annotation import corrections, handles, reviews, urls, worklist
from annotation.models import ErrorCode, GoldCase, Project, ReliabilityPlan
from tests.annotation.factories import (
    make_branch,
    make_case,
    make_job,
    make_model,
    make_prediction,
    make_review,
    make_run,
    make_submitted,
    make_uploaded_file,
    stroke,
)
from tests.annotation.learning_loop import accept

pytestmark = pytest.mark.django_db

NOBODYS = 999_999  # an id that nothing has
TELLING = re.compile(
    r"\b(gold|repeat|overlap|calibration|adjudication|comparing|ben|rui|phantom source)\b", re.I
)
# Of own things, or of nobody's: what every member may ask, and what cannot name another's.
OPEN_TO_ALL = {
    "health", "schema", "docs", "csrf", "me", "preferences", "tokens", "open_invitation", "accept_invitation",
    "sign_up", "presets", "structures", "layout", "projects", "project", "project_structures",
    "guideline", "guideline_versions", "guideline_version", "guideline_images", "guideline_image", "worklist",
    "next", "upcoming", "own_reading", "shipped_recipes",
}  # fmt: skip
BODY = {
    "revision": 1,
    "base_revision": 0,
    "key": str(uuid.UUID(int=7)),
    "reason": "other",
    "comment": "What is this?",
    "verdict": "accept",
    "structures": {},
    "structure": "liver",
    "point_lps": [0.0, 0.0, 0.0],
    "error_code": "leak",
    "text": "What is this?",
    "state": "resolved",
    "visible": True,
    "k": 1,
}


@dataclass(frozen=True)
class Attempt:
    """One address asked in one way; `ids` fill its path, `nobodys` are ids that nothing has."""

    name: str
    method: str
    ids: dict[str, Any]
    nobodys: dict[str, Any]

    def ask(self, client: Client, ids: dict[str, Any]) -> tuple[int, str]:
        url = reverse(self.name, kwargs=ids)
        if self.method == "get":
            answer = client.get(f"{url}?from=0&to=1&structure=liver&reader=1&other=2")
        else:
            answer = getattr(client, self.method)(url, BODY, "application/json")
        text = answer.content.decode(errors="replace")
        for one in ids.values():
            text = re.sub(rf"\b{re.escape(str(one))}\b", "…", text)
        return answer.status_code, text


@dataclass
class Others:
    """What ana must not learn of."""

    project: Project
    ids: dict[str, list[dict[str, Any]]]
    nobodys: dict[str, Any]


@pytest.fixture
def others(project: Project, ana: User, ben: User, rui: User, lea: User) -> Others:
    reviewed = make_submitted(ben, project)
    review = make_review(rui, reviewed)
    point = [float(one) for one in reviewed.case.volume.origin_lps]
    pin = reviews.drop_pin(
        assignment=review, structure="liver", point_lps=point, error_code=ErrorCode.LEAK, text="Here."
    )
    reviews.return_to_reader(assignment=review, revision=0)
    gold = make_case(project)
    GoldCase.objects.create(case=gold, revision=accept(gold), source="phantom source")
    ReliabilityPlan.objects.create(project=project, double_share=1.0, repeat_share=0.0, gold_share=0.0)
    case = make_prediction(make_case(project), make_model(project)).case
    mine = worklist.next_case(reader=ana, project=project)
    theirs = worklist.next_case(reader=ben, project=project)
    assert mine is not None
    assert theirs is not None
    assert mine.case == theirs.case == case
    session = corrections.start_session(assignment=theirs)
    stroke(theirs)
    branch = make_branch(theirs)
    corrections.submit(assignment=theirs, revision=1)
    bens = handles.Namer(ben.pk, 1)
    file = make_uploaded_file(project)
    masks = [theirs.mask_id, reviewed.mask_id, branch.mask_id]
    return Others(
        project,
        {
            "assignment_id": [{"assignment_id": one.pk} for one in (theirs, reviewed, review)],
            "case_id": [{"case_id": case.pk}],
            "pin_id": [{"pin_id": pin.pk}],
            "session_id": [{"session_id": session.pk}],
            "job_id": [{"job_id": make_job(project).pk}],
            "run_id": [{"run_id": make_run(project).pk}],
            "token_id": [{"token_id": 1}],
            "upload_id": [{"upload_id": file.upload_id}],
            "file_id": [{"file_id": file.pk}],
            "mask_id": [{"mask_id": bens.mask(one)} for one in masks],
            "volume_id": [{"volume_id": bens.volume(case.volume_id), "path": "zarr.json"}],
        },
        {
            "assignment_id": NOBODYS,
            "case_id": NOBODYS,
            "pin_id": NOBODYS,
            "session_id": NOBODYS,
            "job_id": NOBODYS,
            "run_id": NOBODYS,
            "token_id": NOBODYS,
            "upload_id": uuid.UUID(int=NOBODYS),
            "file_id": uuid.UUID(int=NOBODYS),
            "mask_id": bens.mask(NOBODYS),
            "volume_id": bens.volume(NOBODYS),
        },
    )


def attempts(others: Others) -> Iterator[Attempt]:
    """Every address but those open to all, in every way it can be asked, with every id of others."""
    for route in urls.urlpatterns:
        name = str(route.name)
        if name in OPEN_TO_ALL:
            continue
        view = getattr(route.callback, "cls")  # noqa: B009
        methods = [one for one in ("get", "post", "put", "patch", "delete") if hasattr(view, one)]
        wanted = re.findall(r"<\w+:(\w+)>", str(route.pattern))
        subjects = others.ids.get(next((one for one in wanted if one in others.ids), ""), [{}])
        for ids in subjects:
            fixed = {one: _given(one, others) for one in wanted if one not in ids}
            nobodys = {one: others.nobodys.get(one, value) for one, value in ids.items()}
            for method in methods:
                yield Attempt(name, method, fixed | ids, fixed | nobodys)


def _given(argument: str, others: Others) -> Any:
    return {"project_id": others.project.pk, "key": "liver"}.get(argument, 1)


def test_no_attempt_tells_a_reader_of_what_is_anothers(others: Others, ana: User) -> None:
    client = Client()
    client.force_login(ana)
    tried = list(attempts(others))
    assert len(tried) > 100
    leaks = []
    for attempt in tried:
        status, text = attempt.ask(client, attempt.ids)
        is_same = (status, text) == attempt.ask(client, attempt.nobodys)
        if status not in (400, 403, 404) or not is_same or TELLING.search(text):
            leaks.append((attempt.method, attempt.name, status, text[:200]))
    assert not leaks, "\n".join(map(str, leaks))
