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
    columns = {"furthest": "hd_mm"} if "furthest" in rows[0] else {}
    return dashboards.hold_against(project, path, columns=columns, **asked)


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


def test_an_empty_mask_is_an_overlap_of_0_or_none(
    project: Project, ana: User, ben: User, tmp_path: Path
) -> None:
    case = new_case(project)
    read_by(case, ana, organs())
    read_by(case, ben, organs() % 2)  # no spleen
    work(project)
    row = {"case": case.name, "organ": "spleen", "dice": None, "furthest": None}
    for given in (row, row | {"dice": 0.0}, row | {"furthest": float("inf")}):
        outcome = hold(project, tmp_path, [given])
        assert outcome.equal, outcome.lines()
    assert "1 empty there (one mask is empty: 0 here)" in hold(project, tmp_path, [row]).lines()[1]
    assert not hold(project, tmp_path, [row | {"dice": 0.9}]).equal
    absent = {"case": case.name, "organ": "Larynx", "dice": None, "furthest": None}
    assert hold(project, tmp_path, [row, absent]).equal


def test_means_by_structure(project: Project, case: Case, ana: User, ben: User, tmp_path: Path) -> None:
    other = new_case(project)
    read_by(other, ana, organs())
    read_by(other, ben, organs(shift=2))
    third = new_case(project)
    read_by(third, ana, organs() * 0)
    read_by(third, ben, organs())
    work(project)
    scores = AgreementScore.objects.filter(group__structure="liver").order_by("case__number")
    first, second, none = (one.dice or 0.0 for one in scores)
    assert none == 0.0
    row = {"organ": "Liver", "dice": round(100 * (first + second) / 3, 1)}
    assert hold(project, tmp_path, [row]).equal
    row = {"organ": "Liver", "dice": round(100 * (first + second) / 2, 1)}
    assert not hold(project, tmp_path, [row]).equal
    assert hold(project, tmp_path, [row], reference="ana").equal
    row["dice"] = round((first + second) / 2, 3)
    assert hold(project, tmp_path, [row], reference="ana", readers=("ana", "ben")).equal


def test_the_pair_the_other_way_round(project: Project, case: Case, tmp_path: Path) -> None:
    score = AgreementScore.objects.get(group__structure="liver")
    there, back = (round(one or 0.0, 4) for one in (score.asd_a_to_b_mm, score.asd_b_to_a_mm))
    row = {"case": case.name, "organ": "Liver", "asd_a_to_b_mm": there, "asd_b_to_a_mm": back}
    turned = row | {"asd_a_to_b_mm": back, "asd_b_to_a_mm": there}
    assert hold(project, tmp_path, [row], readers=("ana", "ben")).equal
    assert hold(project, tmp_path, [turned], readers=("ben", "ana")).equal


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("none.json", "[]", "none.json has no rows"),
        ("odd.json", "{", "odd.json cannot be read"),
        ("odd.json", '[{"case": "p1"}]', "lacks “structure”"),
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
