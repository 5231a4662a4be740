"""What the next label buys: the same figures as `training.curve`, and no promise without ground."""

from typing import Any

import pytest
from django.contrib.auth.models import User

from annotation import learning
from annotation.dashboards import table_named
from annotation.dashboards.learning import LearningForecastRow
from annotation.dashboards.progress import hours_per_case
from annotation.learning.curves import DRAWS, SEED
from annotation.models import (
    Assignment,
    Case,
    CaseState,
    Model,
    ModelScore,
    ModelState,
    Project,
    SchemaStructure,
    SnapshotItem,
    Split,
    Trigger,
)
from tests.annotation.dashboards.learned import (
    accept_rows,
    accepted_cases,
    add_model,
    add_scores,
    learn,
    needed,
)
from tests.annotation.factories import make_case, make_read, set_state
from training.curve import CurveRun, structure_curves


def rows(project: Project, name: str, **asked: object) -> list[Any]:
    return list(table_named(project, name, asked).rows)


def forecast(project: Project, structure: str = "liver") -> LearningForecastRow:
    found: list[LearningForecastRow] = rows(project, "learning_forecasts", metric="dice")
    return next(row for row in found if row.structure == structure)


def runs_of(models: list[Model]) -> list[CurveRun]:
    return [
        CurveRun(
            SnapshotItem.objects.filter(snapshot__runs__model=model, use="train").count(),
            0,
            {(str(s.revision_id), s.structure): s.dice for s in model.scores.all()},
        )
        for model in models
    ]


def test_figures_are_those_of_the_curve(project: Project) -> None:
    models = learn(project)
    curve = structure_curves(runs_of(models), draws=DRAWS, seed=SEED).structures["liver"]
    drawn = [row for row in rows(project, "learning_curves", metric="dice") if row.structure == "liver"]
    assert drawn
    for row in drawn:
        assert row.value == pytest.approx(curve(row.train_cases))
        assert (row.low, row.high) == pytest.approx(curve.band(row.train_cases))
        assert row.beyond == (row.train_cases > 24)
    told, own = forecast(project), curve.forecast(0.8, 24)
    assert (told.more, told.more_low, told.more_high) == (own.more, own.low, own.high)
    assert (told.gain, told.gain_low, told.gain_high) == pytest.approx(curve.gain(10, 24))
    points = [row for row in rows(project, "learning_points", metric="dice") if row.structure == "liver"]
    assert [row.train_cases for row in points] == list(curve.sizes)
    assert [row.mean for row in points] == pytest.approx(list(curve.means))
    assert [row.promoted for row in points] == [True, False, True, True]


def test_the_forecast_covers_the_truth(project: Project) -> None:
    learn(project)
    told = forecast(project)
    assert told.more_low is not None
    assert told.more_high is not None
    assert told.more_low <= needed(0.8) - told.now <= told.more_high
    assert f"Dice 0.80 with about {told.more} more cases (95 % interval" in told.sentence
    assert forecast(project, "spleen").more is None
    assert "by more cases alone" in forecast(project, "spleen").sentence


def test_hours_are_those_of_the_projects_own_reads_and_reviews(project: Project, ana: User) -> None:
    models = learn(project, (2, 3, 4, 6), tests=4)
    assert forecast(project).minutes_per_case is None
    assert "readers and reviewers" not in forecast(project).sentence
    set_state(Case.objects.filter(project=project, state="ready"), CaseState.WAITING)
    read = make_read(ana, project)
    Assignment.objects.filter(pk=read.pk).update(active_seconds=900)
    accept_rows([read.case])
    assert hours_per_case(project) == [0.25]
    told = forecast(project)
    assert told.minutes_per_case == 15
    assert told.now == 7
    assert told.more is not None
    assert told.hours == pytest.approx(told.more / 4)
    assert models


def test_three_sizes_are_no_curve(project: Project) -> None:
    learn(project, (3, 6, 12))
    told = forecast(project)
    assert (told.more, told.gain, told.sizes) == (None, None, 3)
    assert "four different numbers of training cases" in told.reason
    assert "there are 3" in told.reason
    assert rows(project, "learning_curves") == []
    assert len([row for row in rows(project, "learning_points") if row.structure == "liver"]) == 6


def test_nothing_is_known_of_a_project_without_scores(project: Project) -> None:
    assert forecast(project).reason == "No model is scored on test cases yet."
    assert rows(project, "learning_points") == []


def test_two_test_cases_have_no_interval(project: Project) -> None:
    learn(project, tests=2)
    told = forecast(project)
    assert told.more is not None
    assert (told.more_low, told.gain_low, told.likelihood) == (None, None, None)
    assert "3 test cases" in told.reason
    assert all(row.low is None for row in rows(project, "learning_curves"))


def left_out(project: Project) -> dict[int, str]:
    return {
        row.version: row.left_out for row in rows(project, "learning_points", metric="dice") if row.left_out
    }


def test_models_that_were_not_measured_alike_are_left_out_and_counted(project: Project) -> None:
    models = learn(project)
    pool = list(Case.objects.filter(project=project, split=Split.POOL).order_by("pk"))
    tests = list(Case.objects.filter(project=project, split=Split.TEST).order_by("pk"))
    values = {"liver": [0.9] * len(tests)}
    others = [
        add_model(project, pool[:4], metric_version="test 0"),
        add_model(project, pool[:5], network="residual_unet"),
        add_model(project, pool[:7], trigger=Trigger.COMPARISON, network="residual_unet"),
        add_model(project, pool[:8]),
    ]
    for other in others[:3]:
        add_scores(other, tests, values)
    newest = add_model(project, pool, state=ModelState.REJECTED)
    add_scores(newest, tests, {key: [0.8] * len(tests) for key in ("liver", "spleen", "kidney_left")})
    reasons = left_out(project)
    assert set(reasons) == {other.version for other in others}
    assert "another metric version" in reasons[others[0].version]
    assert "another network" in reasons[others[1].version]
    assert "to compare networks" in reasons[others[2].version]
    assert "no scores" in reasons[others[3].version]
    told = forecast(project)
    assert (told.models, told.left_out) == (len(models) + 1, 4)


def test_a_new_test_case_starts_no_new_curve(project: Project) -> None:
    models = learn(project)
    fresh = make_case(project, split=Split.TEST)
    accept_rows([fresh])
    for model in models[2:]:
        add_scores(model, [fresh], {"liver": [0.1]})
    told = forecast(project)
    assert (told.models, told.test_cases, told.newer_tests) == (4, 8, 1)
    shown = [row for row in rows(project, "learning_points", metric="dice") if row.structure == "liver"]
    assert all(row.mean > 0.3 for row in shown)


def test_enough_models_on_the_newest_test_cases_leave_the_older_ones_out(project: Project) -> None:
    models = learn(project, (2, 3, 6, 12, 24))
    fresh = make_case(project, split=Split.TEST)
    accept_rows([fresh])
    for model in models[1:]:
        add_scores(model, [fresh], {"liver": [0.6]})
    assert left_out(project) == {models[0].version: "It was not scored on the test cases of this curve."}
    assert forecast(project).test_cases == 9


def test_a_structure_that_joined_later_waits_for_its_own_sizes(project: Project) -> None:
    models = learn(project)
    ModelScore.objects.filter(model=models[0], structure="spleen").delete()
    told = forecast(project, "spleen")
    assert told.gain is None
    assert "four sizes" in told.reason
    assert forecast(project, "liver").reason == ""
    assert forecast(project, "").gain is not None


def test_a_point_opens_its_test_cases_worst_first(project: Project) -> None:
    models = learn(project)
    found = rows(project, "tested_cases", model=models[-1].version, structure="liver")
    scores = models[-1].scores.filter(structure="liver").order_by("dice")
    assert [(row.case_id, row.dice) for row in found] == [(s.case_id, s.dice) for s in scores]
    assert rows(project, "tested_cases", model=99) == []


def test_the_rounds_expect_what_the_page_shows(project: Project) -> None:
    models = learn(project, (2, 3, 6, 12, 24))
    tests = list(Case.objects.filter(project=project, split=Split.TEST).order_by("pk"))
    pool = list(Case.objects.filter(project=project, split=Split.POOL).order_by("pk"))
    compared = add_model(project, pool[:5], trigger=Trigger.COMPARISON)
    add_scores(compared, tests, {key: [0.1] * len(tests) for key in ("liver", "spleen", "kidney_left")})
    Model.objects.filter(pk=models[0].pk).update(metric_version="test 0")
    told = forecast(project, "")
    accepted_cases(project, 10, Split.POOL)
    assert told.gain is not None
    assert learning.forecast_gain(project) == pytest.approx(told.gain)


# ── Surface Dice at another tolerance ────────────────────────────────────────
def measured_elsewhere(project: Project, models: list[Model]) -> None:
    """The liver's tolerance was changed, and only the other models were scored since."""
    liver = SchemaStructure.objects.get(schema__project=project, structure__key="liver")
    old, liver.own_tolerance_mm = liver.tolerance_mm, liver.tolerance_mm / 2
    liver.save()
    scores = ModelScore.objects.filter(model__project=project, structure="liver")
    scores.update(tolerance_mm=liver.own_tolerance_mm)
    scores.filter(model__in=models).update(tolerance_mm=old)
    scores.filter(model__in=models[:1]).update(tolerance_mm=None)  # the catalogue's


def freeze_tests(model: Model) -> None:
    """Its test cases belong to the frozen set that it was trained on."""
    assert model.run is not None
    for score in model.scores.filter(structure="liver"):
        SnapshotItem.objects.create(
            snapshot=model.run.snapshot, case=score.case, revision=score.revision, use="test"
        )


def test_no_curve_mixes_surface_dice_at_two_tolerances(project: Project) -> None:
    models = learn(project, (2, 3, 6, 12, 24))
    before = forecast(project)
    measured_elsewhere(project, models[:2])
    found = [row for row in rows(project, "learning_forecasts", metric="surface_dice")]
    told = {row.structure: row for row in found}
    assert (told["liver"].models, told["liver"].sizes, told["liver"].left_out) == (3, 3, 2)
    assert told["liver"].gain is None
    assert (told["spleen"].models, told["spleen"].left_out) == (5, 0)
    assert told[""].gain is not None
    points = rows(project, "learning_points", metric="surface_dice")
    assert [row.left_out for row in points if row.structure == "liver"].count("") == 3
    assert {row.version for row in points if "another tolerance" in row.left_out} == {1, 2}
    assert all(row.mean is None for row in points if row.left_out)
    assert forecast(project) == before, "Dice knows no tolerance"


def test_one_score_at_another_tolerance_takes_its_structure_off_the_curve(project: Project) -> None:
    models = learn(project, (2, 3, 6, 12, 24))
    measured_elsewhere(project, [])
    one = models[0].scores.filter(structure="liver")[0]
    models[0].scores.filter(pk=one.pk).update(tolerance_mm=9)
    points = rows(project, "learning_points", metric="surface_dice")
    out = [row.version for row in points if row.structure == "liver" and row.left_out]
    assert out == [models[0].version]
    told = rows(project, "learning_curves", metric="surface_dice")
    assert {row.structure for row in told} >= {"liver", "spleen", ""}


def test_tables_of_models_leave_out_surface_dice_at_another_tolerance(project: Project) -> None:
    models = learn(project)
    freeze_tests(models[-1])
    measured_elsewhere(project, models)
    newest = learning.overview(project).models[0].scores
    assert (newest["liver"].surface_dice, newest["liver"].other_tolerance) == (None, True)
    assert newest["liver"].dice is not None
    assert newest["spleen"].surface_dice is not None
    assert not newest["spleen"].other_tolerance
    behind = rows(project, "tested_cases", model=models[-1].version, structure="liver")
    assert {row.surface_dice for row in behind} == {None}
    assert all(row.dice is not None for row in behind)


def test_a_card_names_the_tolerance_of_its_surface_dice(project: Project) -> None:
    models = learn(project)
    newest = models[-1]
    freeze_tests(newest)
    measured_elsewhere(project, models[1:])
    liver = next(one for one in learning.card_of(newest).structures if one.key == "liver")
    assert liver.tolerance_mm == newest.scores.filter(structure="liver")[0].tolerance_mm
    assert liver.surface_dice.estimate is not None
    one = newest.scores.filter(structure="liver")[0]
    newest.scores.filter(pk=one.pk).update(tolerance_mm=9)
    liver = next(one for one in learning.card_of(newest).structures if one.key == "liver")
    assert (liver.tolerance_mm, liver.surface_dice.estimate) == (None, None)
