"""Dashboards over HTTP: who sees them, what they answer, and the same rows as files."""

import csv
import io
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from annotation.dashboards import SOURCES, columns
from annotation.models import Project
from tests.annotation.api.conftest import Browser
from tests.annotation.api.guard import assert_kept_out, assert_refused
from tests.annotation.dashboards.learned import compare_networks, learn
from tests.annotation.dashboards.study import Study, fill


@pytest.fixture
def url(project: Project) -> str:
    return f"/api/projects/{project.pk}/dashboards/overview/"


@pytest.fixture
def study(project: Project) -> Study:
    filled = fill(project, timezone.now(), cases=45)
    learn(project)
    return filled


def test_a_study_in_full_swing(project: Project, url: str, as_lea: Browser) -> None:
    fill(project, timezone.now())
    body = as_lea.get(url).json()
    assert body["goal"] == 60
    assert sum(row["cases"] for row in body["states"]) == 60
    assert body["weeks"][-1]["total"] == body["accepted"]
    for ahead in (body["weeks_left"], body["hours_left"]):
        assert ahead["low"] < ahead["estimate"] < (ahead["high"] or float("inf"))
        assert ahead["reason"] == ""
    assert {row["reader"] for row in body["months"]} == {"ada", "bo", "cleo", "dan", "eve"}


def test_only_leads_see_it(url: str, as_nobody: Browser, as_otto: Browser, as_ana: Browser) -> None:
    assert_kept_out(url, nobody=as_nobody, stranger=as_otto, wrong_role=as_ana)


def test_the_same_rows_as_a_file(project: Project, as_lea: Browser) -> None:
    fill(project, timezone.now())
    url = f"/api/projects/{project.pk}/dashboards/weeks/"
    shown = as_lea.get(url).json()["rows"]
    answer = as_lea.get(url, {"form": "csv"})
    assert answer["Content-Disposition"] == 'attachment; filename="weeks.csv"'
    rows: list[dict[str, Any]] = list(csv.DictReader(io.StringIO(answer.content.decode(), newline="")))
    assert [(row["week"], int(row["total"])) for row in rows] == [
        (one["week"], one["total"]) for one in shown
    ]
    assert as_lea.get(url, {"form": "parquet"}).content[:4] == b"PAR1"


@pytest.mark.parametrize(
    ("table", "query"),
    [
        ("weeks", {"form": "xls"}),
        ("pairs", {}),
        ("agreement", {"metric": "jaccard"}),
        ("scored_cases", {"kind": "inter", "structure": "liver"}),
        ("pool_cases", {"week": "tomorrow"}),
        ("arm_cases", {"arm": "left"}),
        ("tested_cases", {"structure": "liver"}),
        ("volume_points", {"structure": "liver", "reader": 1}),
        ("volume_points", {"structure": "liver", "reader": 1, "other": 1}),
    ],
)
def test_what_cannot_be_asked(project: Project, as_lea: Browser, table: str, query: dict[str, Any]) -> None:
    assert_refused(as_lea.get(f"/api/projects/{project.pk}/dashboards/{table}/", query), 400)


def test_every_table_of_a_full_study(study: Study, as_lea: Browser) -> None:
    """JSON with the columns of the type, the same rows as CSV, and no name of another project."""
    for name, source in sorted(SOURCES.items()):
        query = asked_of(study, source.must)
        if name.startswith("volume"):
            query["other"] = study.readers["bo"].pk
        url = f"/api/projects/{study.project.pk}/dashboards/{name}/"
        rows = as_lea.get(url, query).json()["rows"]
        file = as_lea.get(url, query | {"form": "csv"}).content.decode()
        assert len(list(csv.reader(io.StringIO(file, newline="")))) == 1 + len(rows), name
        assert rows, name
        for row in rows:
            assert list(row) == [column.name for column in columns(source.row)], name


def asked_of(study: Study, must: Iterable[str]) -> dict[str, Any]:
    """What a table must be asked, by name."""
    models = list(study.project.models.order_by("-version")[:2])
    known: dict[str, Callable[[], Any]] = {
        "structure": lambda: "liver",
        "kind": lambda: "inter",
        "starts": lambda: "scratch",
        "reader": lambda: study.readers["ada"].pk,
        "other": lambda: study.readers["bo"].pk,
        "arm": lambda: "control",
        "model": lambda: models[0].version,
        "comparison": lambda: compare_networks(models, User.objects.get(username="lea")).pk,
    }
    return {one: known[one]() for one in must}
