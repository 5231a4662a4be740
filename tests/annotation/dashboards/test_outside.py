"""Scores beside a table that was published elsewhere: equal to half a unit of its last digit, or not."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from annotation import dashboards
from annotation.dashboards.outside import Outcome
from annotation.errors import Refused
from annotation.models import AgreementScore, Case, Project
from tests.annotation.agreement.world import new_case, organs, read_by, work

Rows = list[dict[str, Any]]


@pytest.fixture
def case(project: Project, ana: User, ben: User) -> Case:
    """Read by two: they differ in the liver and the spleen, and neither has a kidney."""
    found = new_case(project)
    read_by(found, ana, organs())
    read_by(found, ben, organs(shift=1))
    work(project)
    return found


@pytest.fixture
def rows(case: Case) -> Rows:
    """What somebody else might have published: rounded, under other names."""
    scores = {one.group.structure: one for one in AgreementScore.objects.select_related("group")}
    liver, kidney = scores["liver"], scores["kidney_left"]
    assert liver.dice is not None
    assert liver.hd_mm is not None
    assert kidney.dice is None
    return [
        {
            "case": case.name,
            "organ": "Liver",
            "dice": round(liver.dice, 4),
            "furthest": round(liver.hd_mm, 2),
        },
        {"case": case.name, "organ": "Kidney_L", "dice": None, "furthest": None},
    ]


def hold(project: Project, folder: Path, rows: Rows, **asked: Any) -> Outcome:
    path = folder / "published.json"
    path.write_text(json.dumps({"rows": rows}))
    return dashboards.hold_against(project, path, columns={"furthest": "hd_mm"}, **asked)


def test_equal_to_half_a_unit_of_the_last_digit(project: Project, rows: Rows, tmp_path: Path) -> None:
    outcome = hold(project, tmp_path, rows)
    assert outcome.equal, outcome.lines()
    assert [(one.figure, one.compared) for one in outcome.figures] == [("dice", 2), ("hd_mm", 2)]
    rows[0]["dice"] += 1e-4
    outcome = hold(project, tmp_path, rows)
    assert not outcome.equal
    assert "1 differ" in outcome.lines()[1]
    assert "liver: dice is 0." in outcome.lines()[-1]


def test_what_only_one_of_the_two_has_is_a_difference(project: Project, rows: Rows, tmp_path: Path) -> None:
    rows[1]["dice"] = 0.5
    assert "kidney_left: dice is empty here, published 0.5." in hold(project, tmp_path, rows).lines()[-1]
    rows[1]["dice"] = None
    rows[0]["furthest"] = None
    assert not hold(project, tmp_path, rows).equal
    rows.append({"case": "another", "organ": "Liver", "dice": 0.9, "furthest": 3.0})
    assert hold(project, tmp_path, rows).missing == ["another liver: there is no score of it here."]


def test_a_table_as_csv_and_pairs_by_name(
    project: Project, case: Case, rows: Rows, rui: User, tmp_path: Path
) -> None:
    read_by(case, rui, organs(shift=2))
    work(project)
    with pytest.raises(Refused, match="say which two readers are meant"):
        hold(project, tmp_path, rows)
    assert hold(project, tmp_path, rows, readers=("ana", "ben")).equal
    path = tmp_path / "published.csv"
    path.write_text(f"case,structure,dice\n{case.name},liver,{rows[0]['dice']}\n{case.name},kidney_left,\n")
    assert dashboards.hold_against(project, path, columns={}, readers=("ana", "ben")).equal


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("none.json", "[]", "none.json has no rows"),
        ("odd.json", "{", "odd.json cannot be read"),
        ("odd.json", '[{"organ": "Liver"}]', "lacks “case”"),
        ("odd.csv", "case,organ,dice\np1,Liver,high\n", "“high” is not a number"),
        ("odd.csv", "case,organ,dice\np1,Liver,NaN\n", "“NaN” is not a number"),
        ("odd.csv", "case,organ,overlap\np1,Liver,0.9\n", "none of the columns is no figure"),
    ],
)
def test_tables_that_cannot_be_compared(
    project: Project, tmp_path: Path, name: str, text: str, sentence: str
) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(Refused, match=sentence):
        dashboards.hold_against(project, tmp_path / name, columns={})


def test_the_command(
    project: Project, rows: Rows, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "published.json"
    path.write_text(json.dumps(rows))
    call_command("compare_scores", project.name, str(path), "--column", "furthest=hd_mm")
    assert capsys.readouterr().out.startswith("2 rows compared.\ndice: 2 compared, widest difference 0.")
    path.write_text(json.dumps([rows[0] | {"dice": 0.1}]))
    with pytest.raises(SystemExit, match="1"):
        call_command("compare_scores", project.name, str(path))
    with pytest.raises(CommandError, match="write it as THEIRS=OURS"):
        call_command("compare_scores", project.name, str(path), "--column", "furthest")
    with pytest.raises(CommandError, match="sensitivity is no figure"):
        call_command("compare_scores", project.name, str(path), "--column", "dice=sensitivity")
