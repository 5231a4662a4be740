"""The data set over HTTP: counts with their cases, sites, splits, goals, and what is kept of one scan."""

from datetime import date
from typing import Any

import pytest

from annotation import chunks
from annotation.models import (
    Case,
    CaseSource,
    DataSource,
    Project,
    ScanCopy,
    Split,
    SplitChange,
    StructureGoal,
    Volume,
)
from tests.annotation.api.conftest import Browser
from tests.annotation.api.guard import assert_kept_out, assert_refused
from tests.annotation.factories import make_case
from tests.annotation.learning_loop import accepted


def url(project: Project, path: str) -> str:
    return f"/api/projects/{project.pk}/{path}/"


@pytest.fixture
def cases(project: Project) -> list[Case]:
    """Four accepted ones of two sites."""
    found = [accepted(project) for _ in range(4)]
    for number, case in enumerate(found):
        Case.objects.filter(pk=case.pk).update(site=("Basel", "Bern")[number % 2])
    return found


@pytest.mark.parametrize(
    ("path", "method"),
    [
        ("dataset", "get"),
        ("dataset/cases", "get"),
        ("sites", "put"),
        ("splits", "get"),
        ("splits/preview", "post"),
        ("splits/apply", "post"),
        ("goals", "patch"),
        ("structures/liver", "patch"),
    ],
)
def test_leads_alone(
    project: Project, as_nobody: Browser, as_otto: Browser, as_ana: Browser, path: str, method: str
) -> None:
    there = url(project, path)
    assert_kept_out(there, method=method, nobody=as_nobody, stranger=as_otto, wrong_role=as_ana)


class TestCounts:
    def test_the_page_and_the_cases_behind_a_number(
        self, project: Project, cases: list[Case], as_lea: Browser
    ) -> None:
        chunks.count_shown()
        body = as_lea.get(url(project, "dataset")).json()
        assert (body["cases"], body["patients"], body["uncounted"]) == (4, 4, 0)
        basel = next(row for row in body["groups"] if row["what"] == "site" and row["word"] == "Basel")
        assert basel["cases"] == 2
        listed = as_lea.get(url(project, "dataset/cases"), {"site": "Basel"}).json()
        assert listed["total"] == 2
        assert {row["number"] for row in listed["rows"]} == {cases[0].number, cases[2].number}
        liver = next(row for row in body["structures"] if row["structure"] == "liver")
        asked = {"structure": "liver", "shown": "present", "site": "Bern"}
        assert (liver["present"], as_lea.get(url(project, "dataset/cases"), asked).json()["total"]) == (4, 2)

    def test_narrowed_to_what_is_not_known(
        self, project: Project, cases: list[Case], as_lea: Browser
    ) -> None:
        assert as_lea.get(url(project, "dataset"), {"site": "?"}).json()["cases"] == 0
        assert as_lea.get(url(project, "dataset"), {"scanner": "?"}).json()["cases"] == 4

    def test_a_bar(self, project: Project, cases: list[Case], as_lea: Browser) -> None:
        (bar,) = [
            one for one in as_lea.get(url(project, "dataset")).json()["bars"] if one["measure"] == "gap_mm"
        ]
        listed = as_lea.get(
            url(project, "dataset/cases"), {key: bar[key] for key in ("measure", "low", "high")}
        )
        assert listed.json()["total"] == bar["cases"] == 4

    @pytest.mark.parametrize(
        "asked", [{"measure": "gap_mm"}, {"shown": "half"}, {"split": "moon"}, {"measure": "moon"}]
    )
    def test_what_cannot_be_asked(self, project: Project, as_lea: Browser, asked: dict[str, Any]) -> None:
        assert_refused(as_lea.get(url(project, "dataset/cases"), asked), 400)

    def test_as_a_file(self, project: Project, cases: list[Case], as_lea: Browser) -> None:
        answer = as_lea.get(url(project, "dashboards/dataset_scans"), {"form": "csv", "site": "Basel"})
        lines = answer.content.decode().splitlines()
        assert len(lines) == 3
        assert lines[0].startswith("case_id,number,name,split")


class TestSites:
    def test_by_number_and_by_what_they_have_in_common(
        self, project: Project, cases: list[Case], as_lea: Browser
    ) -> None:
        body = {"site": "Genf", "cases": [cases[0].number]}
        assert as_lea.put(url(project, "sites"), body).json() == {"cases": 1}
        assert as_lea.put(url(project, "sites"), {"site": "Chur", "of": {"site": "Bern"}}).json() == {
            "cases": 2
        }
        assert sorted(project.cases.values_list("site", flat=True)) == ["Basel", "Chur", "Chur", "Genf"]

    @pytest.mark.parametrize(
        "body",
        [
            {"site": "A"},
            {"site": "A", "of": {}},
            {"cases": [1]},
            {"site": "A", "cases": [9]},
            {"site": "A", "cases": []},
        ],
    )
    def test_what_says_too_little(self, project: Project, as_lea: Browser, body: dict[str, Any]) -> None:
        assert_refused(as_lea.put(url(project, "sites"), body), 400)


class TestSplits:
    def test_previewed_applied_and_written_down(
        self, project: Project, cases: list[Case], as_lea: Browser
    ) -> None:
        asked = {"method": "held_out", "by": "site", "to_test": ["Basel"]}
        preview = as_lea.post(url(project, "splits/preview"), asked).json()
        assert (preview["moves"], preview["problems"]) == (2, [])
        assert preview["levels"] == {"same": 0, "new_scanner": 0, "new_site": 2, "not_known": 0}
        assert not project.cases.exclude(split=Split.POOL).exists()
        change = as_lea.post(url(project, "splits/apply"), asked | {"digest": preview["digest"]})
        assert change.status_code == 201, change.content
        assert change.json()["counts"] == {"pool": 2, "validation": 0, "test": 2}
        (row,) = as_lea.get(url(project, "splits")).json()
        assert (row["by"], row["moved"], row["asked"]["to_test"]) == ("lea", 2, ["Basel"])

    def test_not_as_it_was_shown(self, project: Project, cases: list[Case], as_lea: Browser) -> None:
        asked = {"method": "random", "test": 0.5, "seed": 1}
        answer = as_lea.post(url(project, "splits/apply"), asked | {"digest": "0" * 64})
        assert_refused(answer, 409, "changed since the preview")
        assert not SplitChange.objects.exists()

    @pytest.mark.parametrize(
        "body",
        [{}, {"method": "moon"}, {"method": "random", "test": 2}, {"method": "chosen", "cases": ["a"]}],
    )
    def test_what_makes_no_sense(self, project: Project, as_lea: Browser, body: dict[str, Any]) -> None:
        assert_refused(as_lea.post(url(project, "splits/preview"), body), 400)


class TestGoalsInPlace:
    def test_goal_and_priority(self, project: Project, as_lea: Browser) -> None:
        make_case(project)
        body = {"structure": "liver", "cases": 40}
        assert as_lea.patch(url(project, "goals"), body).json() == [
            {"structure": "liver", "dice": None, "cases": 40}
        ]
        answer = as_lea.patch(url(project, "structures/liver"), {"priority": 2}).json()
        assert answer == {"key": "liver", "priority": 2}
        liver = as_lea.get(url(project, "dataset")).json()["structures"][0]
        assert (liver["goal_cases"], liver["priority"]) == (40, 2)
        assert as_lea.patch(url(project, "goals"), {"structure": "liver"}).json() == []
        assert not StructureGoal.objects.exists()
        assert_refused(as_lea.patch(url(project, "structures/liver"), {"priority": 9}), 400)
        assert_refused(as_lea.patch(url(project, "structures/moon"), {"priority": 1}), 404)


class TestWhatIsKept:
    def test_of_one_scan(self, project: Project, other_project: Project, as_lea: Browser) -> None:
        case, copy, elsewhere = accepted(project), make_case(project), make_case(other_project)
        Case.objects.filter(pk=copy.pk).update(patient_key=case.patient_key)
        mark = {"outcome": "warned", "cause": "rounded_positions", "message": "Rounded."}
        Volume.objects.filter(pk=case.volume_id).update(
            header={"manufacturer": "GE", "kvp": 120}, marks=[mark], acquired_on=date(2001, 2, 3)
        )
        source = DataSource.objects.create(key="lits", title="LiTS", licence="CC BY-NC", non_commercial=True)
        CaseSource.objects.create(case=case, source=source)
        for other, same in ((copy, 1.0), (elsewhere, 0.02)):
            first, second = sorted((case.volume_id, other.volume_id))
            ScanCopy.objects.create(first_id=first, second_id=second, same_slices=same, same_look=0.2)
        chunks.count_shown()
        body = as_lea.get(f"/api/cases/{case.pk}/").json()
        assert body["header"] == {"manufacturer": "GE", "kvp": 120}
        assert body["marks"] == [mark]
        assert body["acquired_on"] == "2001-02-03"
        assert (body["source"]["title"], body["source"]["non_commercial"]) == ("LiTS", True)
        assert body["same_patient"] == [copy.number]
        assert [(one["number"], one["split"], one["certain"]) for one in body["copies"]] == [
            (copy.number, "pool", True),
            (None, None, False),
        ]
        assert (body["annotated"], body["shown"]) == (["kidney_left", "liver", "spleen"], ["liver"])
        assert "patient_key" not in body

    def test_readers_do_not_see_it(
        self, project: Project, as_nobody: Browser, as_otto: Browser, as_ana: Browser, as_rui: Browser
    ) -> None:
        there = f"/api/cases/{make_case(project).pk}/"
        assert_kept_out(there, nobody=as_nobody, stranger=as_otto, unaware=as_ana)
        assert_refused(as_rui.get(there), 404)
