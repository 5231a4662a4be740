"""Own numbers, the report, and what forbids pooling."""

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from annotation import dashboards
from annotation.dashboards.agreement import mark_rows
from annotation.dashboards.course import round_rows
from annotation.dashboards.pairs import pair_rows
from annotation.dashboards.report import interval
from annotation.models import AgreementScore, Project, Requirement
from tests.annotation.dashboards.study import Study, fill


@pytest.fixture
def study(project: Project) -> Study:
    return fill(project, timezone.now(), cases=20)


def test_everything_of_one_study(study: Study, ana: User) -> None:
    """One study, as filling it costs more than all questions together."""
    _own_numbers_alone(study, ana)
    _requirements(study)
    _pairs_by_hand(study)
    _nothing_is_pooled(study)
    _report(study)


def _own_numbers_alone(study: Study, ana: User) -> None:
    ada = study.readers["ada"]
    found = dashboards.own(study.project, ada)
    mine = [read for read in study.reads if read.reader_id == ada.pk]
    assert found.reads == len(mine)
    assert found.active_hours == pytest.approx(sum(read.active_seconds for read in mine) / 3600)
    assert all(row.cases >= 3 for row in found.scores)
    begun = {row.starts for row in found.scores} | {row.starts for row in found.rounds}
    assert begun <= {"scratch", "prediction", "earlier prediction", "revision"}
    assert "prediction" in begun
    assert all(row.round is None and "model" not in row.label for row in found.rounds)
    assert "from an earlier prediction" in {row.label for row in found.rounds}
    nothing = dashboards.own(study.project, ana)
    assert (nothing.reads, nothing.scores, nothing.top_errors, nothing.accepted_low) == (0, [], [], None)


def _requirements(study: Study) -> None:
    Requirement.objects.create(project=study.project, metric="dice", threshold=0.999, comparator="gold")
    Requirement.objects.create(
        project=study.project, structure="liver", metric="dice", threshold=0.5, comparator="gold"
    )
    scores = dashboards.own(study.project, study.readers["bo"]).scores
    met = {row.structure: row.met for row in scores if (row.kind, row.metric) == ("gold", "dice")}
    assert met == {"liver": True, "spleen": False, "kidney_left": False}
    assert all(row.met is None for row in scores if row.kind != "gold")


def _pairs_by_hand(study: Study) -> None:
    row = next(
        one for one in pair_rows(study.project, structure="liver") if one.reader_a_id != one.reader_b_id
    )
    dice = AgreementScore.objects.filter(
        group__starts=row.starts,
        group__kind="inter",
        group__structure="liver",
        reader_a=row.reader_a_id,
        reader_b=row.reader_b_id,
    ).values_list("dice", flat=True)
    assert row.scores == len(dice)
    assert row.mean == pytest.approx(sum(one or 0 for one in dice) / len(dice), abs=1e-6)
    assert row.low is not None
    assert row.high is not None
    assert row.low < (row.mean or 0) < row.high


def _nothing_is_pooled(study: Study) -> None:
    marks = mark_rows(study.project, structure="liver", metric="dice")
    keys = [(one.kind, one.starts, one.who, one.name) for one in marks]
    assert len(keys) == len(set(keys))
    assert {one.starts for one in marks if one.kind == "inter"} >= {"scratch", "prediction:1"}
    rounds = round_rows(study.project)
    assert sum(row.reads for row in rounds if row.quantity == "active_min") == len(study.reads)
    assert all(row.starts != "scratch" for row in rounds if row.quantity == "moved_share")


def _report(study: Study) -> None:
    study.project.name = "Łódź <script>"
    study.project.save()
    found = dashboards.report(study.project)
    html = dashboards.to_html(found).decode()
    assert "Łódź &lt;script&gt;" in html
    assert "GRRAS" in html
    for title in (
        "Readers",
        "Design",
        "Statistics",
        "Agreement between readers",
        "Anchoring",
        "Data dictionary",
    ):
        assert f"<h2>{title} <small>" in html
    assert "<script" not in html
    mark = next(one for one in mark_rows(study.project, structure="liver", metric="dice") if one.who == "all")
    assert html.count(f"{mark.estimate:.3f} (") >= 2  # in the chart and in the table
    assert "Reads from scratch: Dice</text>" in html
    assert "Dice from the prediction, less Dice from scratch</text>" in html
    assert dashboards.to_pdf(found).startswith(b"%PDF-")


def test_the_report_of_a_project_without_reads(project: Project) -> None:
    found = dashboards.report(project)
    assert b"None so far." in dashboards.to_html(found)
    assert dashboards.to_pdf(found).startswith(b"%PDF-")


def test_numbers_in_words() -> None:
    assert interval(None, None, None, 3) == "–"
    assert interval(-0.5, None, None, 1) == "−0.5"
    assert interval(0.931, 0.9214, 0.9402, 3) == "0.931 (0.921 to 0.940)"
