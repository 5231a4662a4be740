"""What a lead finds: by person, case, action and time, a page at a time or as a file."""

import csv
import io
import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from annotation import audit
from annotation.api import audit as page
from annotation.models import Action, Case, Project
from tests.annotation.api.conftest import Browser
from tests.annotation.factories import make_case


@pytest.fixture
def case(project: Project) -> Case:
    return make_case(project)


@pytest.fixture
def url(project: Project, case: Case, ana: User, ben: User, other_project: Project) -> str:
    """Three reads by ana, one by ben, one elsewhere."""
    for user in (ana, ana, ana, ben):
        audit.note(
            Action.READ, noun="case", object_id=case.pk, project=project.pk, case=case.pk, user=user.pk
        )
    audit.note(Action.READ, noun="case", object_id=1, project=other_project.pk, user=ana.pk)
    return f"/api/projects/{project.pk}/audit/"


def _people(answer: Any) -> list[str]:
    return [row["person"] for row in answer.json()["rows"]]


def test_the_newest_comes_first_with_names_and_numbers(url: str, case: Case, lea: User) -> None:
    rows = Browser(lea).get(url, {"action": "read"}).json()["rows"]
    assert [row["person"] for row in rows[:2]] == ["ben", "ana"]
    assert (rows[0]["case"], rows[0]["noun"]) == (case.number, "case")
    assert [row["id"] for row in rows] == sorted((row["id"] for row in rows), reverse=True)


def test_filters_narrow_it(url: str, case: Case, lea: User) -> None:
    browser = Browser(lea)
    assert _people(browser.get(url, {"person": "ana", "action": "read"})) == ["ana"] * 3
    assert _people(browser.get(url, {"case": case.number, "action": "read"})) == ["ben", "ana", "ana", "ana"]
    assert _people(browser.get(url, {"case": case.number + 1})) == []
    now = timezone.now().isoformat()
    assert _people(browser.get(url, {"since": now, "action": "read", "person": "ana"})) == []
    assert len(_people(browser.get(url, {"until": now, "action": "read", "person": "ana"}))) == 3


def test_other_projects_are_not_in_it(url: str, other_project: Project, lea: User, otto: User) -> None:
    assert _people(Browser(otto).get(f"/api/projects/{other_project.pk}/audit/", {"person": "ana"})) == []
    assert all(row["object"] != "1" for row in Browser(lea).get(url, {"action": "read"}).json()["rows"])


def test_signing_in_of_members_alone_is_in_it(url: str, lea: User, ana: User, otto: User) -> None:
    audit.note(Action.SIGN_IN, noun="session", user=ana.pk)
    audit.note(Action.SIGN_IN, noun="session", user=otto.pk)
    assert _people(Browser(lea).get(url, {"action": "sign_in"})) == ["ana"]


def test_pages_follow_each_other(url: str, lea: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "PAGE", 3)
    first = Browser(lea).get(url, {"action": "read", "person": "ana"}).json()
    assert (len(first["rows"]), first["next"]) == (3, None)
    monkeypatch.setattr(page, "PAGE", 2)
    first = Browser(lea).get(url, {"action": "read", "person": "ana"}).json()
    second = Browser(lea).get(url, {"action": "read", "person": "ana", "before": first["next"]}).json()
    assert (len(first["rows"]), len(second["rows"]), second["next"]) == (2, 1, None)


@pytest.mark.parametrize(
    "query",
    [{"action": "fly"}, {"since": "yesterday"}, {"before": "0"}, {"case": "x"}, {"before": str(2**64)}],
)
def test_a_wrong_filter_is_refused(url: str, lea: User, query: dict[str, str]) -> None:
    assert Browser(lea).get(url, query).status_code == 400


def test_it_leaves_as_csv_and_lines(url: str, lea: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "CHUNK", 2)
    asked = {"person": "ana", "action": "read"}
    answer = Browser(lea).get(f"{url}file/", asked)
    table = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode())))
    assert [row["person"] for row in table] == ["ana"] * 3
    answer = Browser(lea).get(f"{url}file/", {**asked, "form": "jsonl"})
    lines = [json.loads(line) for line in b"".join(answer.streaming_content).splitlines()]
    assert [line["person"] for line in lines] == ["ana"] * 3
    (first, _) = Browser(lea).get(url, {"action": "export"}).json()["rows"]
    assert (first["person"], first["noun"]) == ("lea", "audit")


def test_names_that_look_like_formulas_are_text(project: Project, lea: User) -> None:
    plus = User.objects.create_user("+1+1")
    audit.note(Action.READ, noun="case", project=project.pk, user=plus.pk)
    answer = Browser(lea).get(f"/api/projects/{project.pk}/audit/file/")
    assert "'+1+1" in b"".join(answer.streaming_content).decode()
