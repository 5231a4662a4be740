"""Plans, groups, requirements and cases set apart; what a plan would cost."""

from dataclasses import replace
from typing import Any

import pytest
from django.contrib.auth.models import User

from annotation import planning, projects, worklist
from annotation.api.planning import CalibrationShape
from annotation.errors import Conflict, Refused
from annotation.models import CalibrationCase, Case, CaseState, Project, Purpose, StartFrom
from annotation.planning import DraftCalibration, DraftGold, DraftGroup, DraftPlan, DraftRequirement
from annotation.planning.forecast import limits_half_width
from tests.annotation.factories import make_case
from tests.annotation.learning_loop import accept
from training import raters

SMALL = DraftPlan(calibration_cases=2)


class TestPlan:
    def test_stored_and_changed(self, project: Project) -> None:
        assert planning.draft_of(project) is None
        planning.change_plan(project=project, draft=SMALL)
        planning.change_plan(project=project, draft=replace(SMALL, seed=9))
        assert planning.draft_of(project) == replace(SMALL, seed=9)

    @pytest.mark.parametrize(
        ("wrong", "sentence"),
        [
            ({"double_share": 0.6, "gold_share": 0.5}, "115 %|115%"),
            ({"washout_days": 6}, "7 days"),
            ({"review_share_first": 0.1}, "falls"),
            ({"gold_share": 1.5}, "between 0 and 1"),
            ({"calibration_cases": 3}, "has 2 cases to read"),
        ],
    )
    def test_impossible_ones_are_refused(
        self, project: Project, wrong: dict[str, Any], sentence: str
    ) -> None:
        make_case(project)
        make_case(project)
        with pytest.raises(Refused, match=sentence):
            planning.change_plan(project=project, draft=replace(SMALL, **wrong))
        assert planning.draft_of(project) is None

    def test_double_reads_need_two_readers(self, project: Project, ben: User) -> None:
        project.memberships.filter(user=ben).update(active=False)
        with pytest.raises(Refused, match="need two"):
            planning.change_plan(project=project, draft=SMALL)


class TestForecast:
    def test_what_the_formulas_say(self) -> None:
        given = planning.Assumed(cases=400, readers=2, minutes=6, minutes_scratch=20, icc=0.9)
        found = planning.forecast(draft=DraftPlan(), given=given)
        assert (found.calibration_reads, found.scratch_reads) == (30, 16)
        assert (found.double_reads, found.repeat_reads, found.gold_reads, found.pairs) == (40, 20, 20, 55)
        assert found.reliability_hours == pytest.approx((16 * 20 + (14 + 40 + 20 + 20) * 6) / 60)
        assert found.routine_hours == pytest.approx(40)
        spread = raters.Spread(given.sd_case, given.sd_reader, given.sd_residual)
        assert found.mean_dice == raters.mean_half_width(15, 2, spread)
        assert found.icc is not None
        assert 0 < found.icc < 0.1
        assert found.limits_of_agreement == limits_half_width(40) == pytest.approx(0.534, abs=1e-3)

    def test_minutes_are_measured_once_there_are_reads(self, project: Project, ana: User) -> None:
        assert not planning.assumed(project).minutes_measured
        for seconds in (60, 120, 180, 240, 300):
            make_case(project)
            read = worklist.next_case(reader=ana, project=project)
            assert read is not None
            read.active_seconds, read.submitted_at, read.state = seconds, read.created_at, "submitted"
            read.save()
        assert planning.assumed(project).minutes_scratch == 3

    def test_refuses_what_so_many_people_and_cases_cannot_do(self) -> None:
        with pytest.raises(Refused, match="need two"):
            planning.forecast(draft=SMALL, given=planning.Assumed(cases=10, readers=0))
        with pytest.raises(Refused, match="The project has 1 case to read"):
            planning.forecast(draft=SMALL, given=planning.Assumed(cases=1, readers=2))
        assert planning.forecast(draft=SMALL, given=planning.Assumed(cases=10, readers=2)).double_reads == 1


@pytest.mark.parametrize(("cases", "apart"), [(0, 15), (1, 0), (2, 0), (12, 4), (44, 14), (45, 15), (90, 15)])
def test_what_is_usual_can_be_kept_whatever_the_cases(
    project: Project, ana: User, ben: User, cases: int, apart: int
) -> None:
    for _ in range(cases):
        make_case(project)
    assert planning.usual(project) == DraftPlan(calibration_cases=apart)
    assert planning.change_plan(project=project, draft=planning.usual(project)) == planning.usual(project)


class TestCalibration:
    def test_drawn_by_lot_and_out_of_the_pool(self, project: Project, ana: User) -> None:
        for _ in range(6):
            make_case(project)
        planning.change_plan(project=project, draft=replace(SMALL, calibration_cases=4))
        rows = planning.draw_calibration(project=project)
        assert sorted(row.start_from for row in rows) == [StartFrom.PREDICTION] * 2 + [StartFrom.SCRATCH] * 2
        assert [row.pk for row in planning.draw_calibration(project=project)] == [row.pk for row in rows]
        assert Case.objects.filter(project=project, offer="ready").count() == 2

    def test_what_was_read_stays(self, project: Project, ana: User) -> None:
        for _ in range(3):
            make_case(project)
        planning.change_plan(project=project, draft=SMALL)
        scratch = [DraftCalibration(number, StartFrom.SCRATCH) for number in (1, 2)]
        planning.change_calibration(project=project, drafts=scratch)
        read = worklist.next_case(reader=ana, project=project)
        assert read is not None
        assert read.purpose == Purpose.CALIBRATION
        with pytest.raises(Conflict, match="was read for this"):
            planning.change_calibration(project=project, drafts=[])
        unread = 3 - read.case.number
        shown = CalibrationShape(planning.calibration(project), many=True).data
        assert {row["number"]: row["reads"] for row in shown} == {
            read.case.number: [{"reader": "ana", "state": "open"}],
            unread: [],
        }
        planning.change_calibration(
            project=project, drafts=[DraftCalibration(read.case.number, StartFrom.SCRATCH)]
        )
        assert Case.objects.get(number=unread).offer == "ready"
        assert CalibrationCase.objects.count() == 1
        with pytest.raises(Refused, match="no case 77"):
            planning.change_calibration(
                project=project,
                drafts=[DraftCalibration(read.case.number, StartFrom.SCRATCH), DraftCalibration(77)],
            )


class TestGold:
    def test_only_accepted_cases(self, project: Project) -> None:
        accepted, unread = make_case(project), make_case(project)
        answer = accept(accepted)
        (row,) = planning.change_gold(project=project, drafts=[DraftGold(accepted.number, "tumour board")])
        assert (row.revision, row.source, row.excluded) == (answer, "tumour board", False)
        with pytest.raises(Refused, match="not accepted"):
            planning.change_gold(project=project, drafts=[DraftGold(unread.number)])
        assert list(planning.change_gold(project=project, drafts=[])) == []


class TestGroups:
    def test_parts_follow(self, project: Project) -> None:
        case, done = make_case(project), make_case(project)
        accept(done)
        drafts = [DraftGroup("liver", ["liver"], 3), DraftGroup("rest", ["spleen", "kidney_left"])]
        planning.change_groups(project=project, drafts=drafts)
        parts = case.parts.order_by("pk")
        assert [(part.group.name, part.needs_level) for part in parts if part.group] == [
            ("liver", 3),
            ("rest", 1),
        ]
        assert [part.group for part in done.parts.all()] == [None]
        planning.change_groups(project=project, drafts=[])
        assert [part.state for part in case.parts.all()] == [CaseState.READY]

    @pytest.mark.parametrize(
        ("drafts", "sentence"),
        [
            ([DraftGroup("a", ["liver"])], "no group"),
            ([DraftGroup("a", ["liver", "spleen", "kidney_left"]), DraftGroup("b", ["liver"])], "two groups"),
            ([DraftGroup("a", ["heart"])], "no structure called heart"),
        ],
    )
    def test_wrong_ones(self, project: Project, drafts: list[DraftGroup], sentence: str) -> None:
        with pytest.raises(Refused, match=sentence):
            planning.change_groups(project=project, drafts=drafts)

    def test_not_once_somebody_has_read(self, project: Project, ana: User) -> None:
        make_case(project)
        worklist.next_case(reader=ana, project=project)
        with pytest.raises(Conflict, match="read already"):
            planning.change_groups(project=project, drafts=[])

    def test_a_structure_that_was_added_later_finds_its_group(self, project: Project, ana: User) -> None:
        drafts = [DraftGroup("liver", ["liver"]), DraftGroup("rest", ["spleen", "kidney_left"])]
        planning.change_groups(project=project, drafts=drafts)
        first, _ = make_case(project), make_case(project)
        assert worklist.next_case(reader=ana, project=project)
        projects.add_structures(project=project, structures=["aorta"])
        grown = [drafts[0], DraftGroup("rest", ["spleen", "kidney_left", "aorta"])]
        for wrong in (
            [DraftGroup("Liver", ["liver"]), grown[1]],
            [DraftGroup("liver", ["liver"], 3), grown[1]],
            [DraftGroup("liver", ["liver", "spleen"]), DraftGroup("rest", ["kidney_left", "aorta"])],
            [*drafts, DraftGroup("new", ["aorta"])],
        ):
            with pytest.raises(Conflict, match="read already"):
                planning.change_groups(project=project, drafts=wrong)
        planning.change_groups(project=project, drafts=grown)
        rest = first.parts.get(group__name="rest")
        assert rest.group is not None
        assert rest.group.structures == ["spleen", "kidney_left", "aorta"]


def test_requirements(project: Project) -> None:
    drafts = [DraftRequirement("dice", 0.9), DraftRequirement("hd95_mm", 5.0, "liver")]
    rows = planning.change_requirements(project=project, drafts=drafts)
    assert {(row.metric, row.threshold, row.structure) for row in rows} == {
        ("dice", 0.9, ""),
        ("hd95_mm", 5.0, "liver"),
    }
    for wrong in (DraftRequirement("dice", 1.2), DraftRequirement("dice", 0.9, "heart")):
        with pytest.raises(Refused):
            planning.change_requirements(project=project, drafts=[wrong])
    assert planning.requirements(project).count() == 2
