import gzip
import json

import pytest
from django.contrib.auth.models import User

from annotation import reviews, worklist
from annotation.models import Assignment, Case, CaseState, Project
from tests.annotation.agreement.world import organs, read_by, work
from tests.annotation.api.conftest import Browser
from tests.annotation.api.guard import assert_refused
from tests.annotation.factories import make_case


@pytest.fixture
def case(ana: User, ben: User, project: Project) -> Case:
    """Two final blind reads that differ."""
    case = make_case(project)
    read_by(case, ana, organs())
    read_by(case, ben, organs(3))
    case.parts.update(reads_wanted=2)
    worklist.move(case.parts.get().pk, CaseState.COMPARING)
    work(project)
    reviews.settle_due(project)
    return case


@pytest.fixture
def mine(case: Case, as_rui: Browser) -> str:
    answer = as_rui.post(f"/api/projects/{case.project_id}/adjudications/").json()
    return f"/api/assignments/{answer['assignment']}/"


def test_take_one(case: Case, as_rui: Browser, as_ana: Browser, as_otto: Browser) -> None:
    url = f"/api/projects/{case.project_id}/adjudications/"
    assert as_rui.get(url).json() == {"waiting": 1}
    assert as_rui.post(url).json()["assignment"] == Assignment.objects.get(role="adjudicate").pk
    assert as_rui.get(url).json() == {"waiting": 0}
    assert (as_ana.get(url).status_code, as_otto.get(url).status_code) == (403, 404)


def test_it_opens_with_both_reads_and_without_names(mine: str, as_rui: Browser) -> None:
    answer = as_rui.get(mine)
    opened = answer.json()
    assert opened["role"] == "adjudicate"
    a, b = opened["subject"]["mask"], opened["rival"]
    assert a != b
    for mask in (a, b):
        assert as_rui.get(f"/api/masks/{mask['id']}/", {"revision": mask["head"]}).status_code == 200
    assert b"ana" not in answer.content
    assert b"ben" not in answer.content


def test_a_second_blind_reader_does_not_get_the_first_ones_mask(case: Case, as_ben: Browser) -> None:
    first, second = Assignment.objects.filter(case=case, role="annotate").order_by("pk")
    second.rival = first
    second.save()
    assert as_ben.get(f"/api/assignments/{second.pk}/").json()["rival"] is None


def test_components(mine: str, as_rui: Browser, as_ana: Browser) -> None:
    answer = as_rui.get(f"{mine}components/", headers={"Accept-Encoding": "gzip"})
    assert answer.headers["Content-Encoding"] == "gzip"
    found = json.loads(gzip.decompress(answer.content))
    assert found["connectivity"] == 26
    assert {one["structure"] for one in found["components"]} <= {"liver", "spleen"}
    assert as_rui.get(f"{mine}components/", {"connectivity": "6"}).status_code == 200
    assert_refused(as_rui.get(f"{mine}components/", {"connectivity": "18"}), 400)
    assert as_ana.get(f"{mine}components/").status_code == 404


def test_decide(case: Case, mine: str, as_rui: Browser) -> None:
    assert_refused(as_rui.post(f"{mine}adjudicate/", {"revision": 1}), 409)
    assert_refused(as_rui.post(f"{mine}submit/", {"revision": 0}), 409)
    assert as_rui.post(f"{mine}adjudicate/", {"revision": 0}).json() == {"state": "done", "verdict": "accept"}
    case.refresh_from_db()
    assert case.state == CaseState.ACCEPTED
