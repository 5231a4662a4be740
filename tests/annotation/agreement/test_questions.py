"""What the charts are drawn from, against what the statistics say of the same numbers."""

from datetime import timedelta

import numpy as np
import pytest
from django.contrib.auth.models import User

from annotation import agreement
from annotation.agreement import figures
from annotation.agreement.shapes import ByStructure, StructureMark
from annotation.models import (
    AgreementGroup,
    CalibrationCase,
    EditEvent,
    Model,
    Project,
    Purpose,
    ReadingSession,
    ReadSummary,
)
from tests.annotation.agreement.world import (
    KEYS,
    counting,
    draw,
    gold,
    hand_in,
    new_case,
    open_read,
    organs,
    read_by,
    work,
)
from tests.annotation.factories import make_model, make_prediction
from training.raters import (
    Reads,
    conformity_index,
    difference,
    icc_agreement,
    limits_of_agreement,
    mean,
    staple,
    variance_shares,
)

pytestmark = pytest.mark.django_db

SHIFTS = {"ana": 0.0, "ben": 0.7, "rui": 1.6}


@pytest.fixture
def model(project: Project) -> Model:
    return make_model(project)


@pytest.fixture
def study(project: Project, model: Model, ana: User, ben: User, rui: User) -> Project:
    """Four calibration cases, two of them from scratch; three readers read all; there is a gold answer."""
    for number in range(4):
        case = new_case(project)
        CalibrationCase.objects.create(case=case, start_from="scratch" if number % 2 else "prediction")
        prediction = make_prediction(case, model, organs(2, 8 + number % 3))
        prediction.mask.annotated = list(KEYS)
        prediction.mask.save()
        for reader in (ana, ben, rui):
            shift = SHIFTS[reader.username] * (1 + number / 4)
            start = None if number % 2 else prediction
            labels = organs(shift, 8 + number % 3)
            read_by(case, reader, labels, start=start, purpose=Purpose.CALIBRATION)
        gold(case, organs(0, 8 + number % 3))
    work(project)
    figures.refresh(project, patient=False)
    return project


def mark(found: ByStructure, kind: str, start: str, reader: int | None = None) -> StructureMark:
    return next(
        one
        for one in found.marks
        if (one.structure, one.kind, one.start.key, one.who.reader) == ("liver", kind, start, reader)
    )


def liver(kind: str, starts: str) -> list[tuple[int, int, int | None, float]]:
    return [
        (one.case_id, one.reader_a_id or 0, one.reader_b_id, one.dice or 0.0)
        for one in counting(group__kind=kind, group__starts=starts, group__structure="liver")
    ]


def test_readers_by_structure_are_the_two_way_means(study: Project, ana: User) -> None:
    found = agreement.by_structure(study)
    rows = liver("inter", "scratch")
    everybody = mean(Reads([r[3] for r in rows], [r[0] for r in rows], [r[1:3] for r in rows]), within=(0, 1))
    shown = mark(found, "inter", "scratch").figures["dice"]
    assert (shown.estimate, shown.low, shown.high) == (everybody.estimate, everybody.low, everybody.high)
    assert (shown.cases, shown.readers, shown.values) == (2, 3, 6)
    mine = [row for row in rows if ana.pk in row[1:3]]
    partners = [row[2] if row[1] == ana.pk else row[1] for row in mine]
    own = mean(Reads([r[3] for r in mine], [r[0] for r in mine], partners), within=(0, 1))
    assert mark(found, "inter", "scratch", ana.pk).figures["dice"].estimate == own.estimate
    assert set(shown.worst) == {row[0] for row in rows}
    worst = min({r[0] for r in rows}, key=lambda case: np.mean([r[3] for r in rows if r[0] == case]))
    assert shown.worst[0] == worst


def test_a_model_is_one_more_reader(study: Project) -> None:
    found = agreement.by_structure(study)
    against_readers = mark(found, "prediction", "scratch|model:1")
    assert (against_readers.who.kind, against_readers.who.model_version) == ("model", 1)
    assert against_readers.start.label == "from scratch"
    against_gold = mark(found, "gold", "model:1")
    assert (against_gold.who.kind, against_gold.who.model_version) == ("model", 1)
    assert against_gold.figures["dice"].cases == 4


def test_starting_points_are_never_pooled(study: Project) -> None:
    starts = {one.start.key for one in agreement.by_structure(study, kind="inter").marks}
    assert starts == {"scratch", "prediction:1"}
    assert {one.start.key for one in agreement.matrix(study)} == starts


def test_figures_say_how_many_changes_they_are_behind(study: Project, ana: User, ben: User) -> None:
    case = new_case(study)
    read_by(case, ana, organs())
    read_by(case, ben, organs(3))
    AgreementGroup.objects.update(figure_seconds=1000)  # so that the worker leaves them for later
    work(study)
    shown = mark(agreement.by_structure(study), "inter", "scratch")
    assert (shown.basis.behind, shown.figures["dice"].values) == (1, 6)
    figures.refresh(study, patient=False)
    shown = mark(agreement.by_structure(study), "inter", "scratch")
    assert (shown.basis.behind, shown.figures["dice"].values) == (0, 7)


def test_the_matrix_is_the_mean_of_the_pairs(study: Project, ana: User, rui: User) -> None:
    matrix = next(one for one in agreement.matrix(study, structure="liver") if one.start.key == "scratch")
    cell = next(one for one in matrix.cells if {one.reader_a, one.reader_b} == {ana.pk, rui.pk})
    right = [row[3] for row in liver("inter", "scratch") if {row[1], row[2]} == {ana.pk, rui.pk}]
    assert cell.dice == pytest.approx(np.mean(right), abs=1e-6)
    assert cell.scores == len(right) == 2
    over_all = next(one for one in agreement.matrix(study) if one.start.key == "scratch")
    cell = next(one for one in over_all.cells if {one.reader_a, one.reader_b} == {ana.pk, rui.pk})
    # The kidney is in neither mask: no structure with a mean, but its scores are counted.
    assert (cell.structures, cell.scores, cell.both_empty) == (3, 6, 2)


def test_volumes_keep_their_sign_whoever_is_named_first(study: Project, ana: User, rui: User) -> None:
    one = agreement.volumes(study, structure="liver", reader=ana.pk, other=rui.pk)
    other = agreement.volumes(study, structure="liver", reader=rui.pk, other=ana.pk)
    assert [chart.start.key for chart in one] == ["prediction:1", "scratch"]
    assert [p.difference for p in one[0].points] == [-p.difference for p in other[0].points]
    rows = counting(group__kind="inter", group__starts="scratch", group__structure="liver")
    mine = [row for row in rows if row.reader_a_id == ana.pk and row.reader_b_id == rui.pk]
    right = limits_of_agreement([r.volume_a_ml for r in mine], [r.volume_b_ml for r in mine])
    assert one[1].bias.estimate == right.bias.estimate
    assert {p.case for p in one[1].points} == {row.case_id for row in mine}
    with_model = agreement.volumes(study, structure="liver", reader=ana.pk, model_version=1)
    assert [chart.start.key for chart in with_model] == ["prediction:1|model:1", "scratch|model:1"]
    assert not one[0].thinned


def test_anchoring_is_the_difference_of_both(study: Project) -> None:
    gauge = next(one for one in agreement.anchoring(study) if one.structure == "liver")
    sides = [
        Reads([r[3] for r in rows], [r[0] for r in rows], [r[1:3] for r in rows])
        for rows in (liver("inter", "prediction:1"), liver("inter", "scratch"))
    ]
    right = difference(*sides)
    shown = gauge.difference["dice"]
    assert (shown.estimate, shown.low, shown.high) == (right.estimate, right.low, right.high)
    assert (gauge.model_version, gauge.basis.behind) == (1, 0)


def test_calibration_cases_give_icc_rates_and_tolerance(study: Project, ana: User) -> None:
    found = next(one for one in agreement.calibration(study, structure="liver") if one.start.key == "scratch")
    reads = ReadSummary.objects.filter(starts="scratch").order_by("case", "reader")
    table = np.array([read.volumes_ml["liver"] for read in reads]).reshape(2, 3)
    right = icc_agreement(table)
    assert found.icc_agreement.estimate == right.estimate
    assert found.cases == sorted({read.case_id for read in reads})
    # Rates: STAPLE on whole volumes says the same, as the region is its own.
    masks = [
        [organs(SHIFTS[n] * f, r)[0] == 1 for n in ("ana", "ben", "rui")] for f, r in ((1.25, 9), (1.75, 8))
    ]
    rates = [staple(of_case) for of_case in masks]
    mine = next(rate for rate in found.rates if rate.reader == ana.pk)
    expected = np.mean([rate.sensitivity[0] for rate in rates if rate.sensitivity is not None])
    assert mine.sensitivity.estimate == pytest.approx(expected)
    expected = np.mean([rate.specificity[0] for rate in rates if rate.specificity is not None])
    assert mine.specificity.estimate == pytest.approx(expected)
    right_index = np.mean([conformity_index(of_case) for of_case in masks])
    assert found.conformity.estimate == pytest.approx(right_index)
    assert (found.conformity.cases, found.conformity.low) == (2, None)
    case, reader = np.indices(table.shape)
    shares = variance_shares(Reads(table.ravel(), case.ravel().tolist(), reader.ravel().tolist()))
    assert found.share_reader.estimate == pytest.approx(shares.reader.estimate)
    assert found.share_case.estimate == pytest.approx(shares.case.estimate)
    assert "5 voxels wider" in found.rate_region
    assert found.tolerance_mm.estimate is not None
    assert 0 < found.tolerance_mm.estimate < 4


def test_the_intra_band_and_what_a_repeat_says(project: Project, ana: User) -> None:
    for number in range(3):
        case = new_case(project)
        read_by(case, ana, organs(0, 8))
        read_by(case, ana, organs(0, 8 + 0.5 * number), purpose=Purpose.REPEAT)
    work(project)
    band = next(one for one in agreement.by_structure(project).bands if one.structure == "liver")
    assert band.figures["dice"].cases == 3
    volumes = [(row.volume_a_ml, row.volume_b_ml) for row in counting(group__structure="liver")]
    right = np.sqrt(sum((a - b) ** 2 / 2 for a, b in volumes) / 3)
    assert band.volume_sd_ml.estimate == pytest.approx(right)
    matrix = agreement.matrix(project, structure="liver")[0]
    assert [(cell.reader_a, cell.reader_b) for cell in matrix.cells] == [(ana.pk, ana.pk)]


def test_the_cases_behind_a_figure_come_worst_first(study: Project, ana: User, rui: User) -> None:
    count, rows = agreement.cases(study, kind="inter", structure="liver", starts="scratch")
    assert count == len(rows) == 2
    assert [row.dice for row in rows] == sorted(row.dice for row in rows if row.dice is not None)
    for row in rows:
        behind = counting(
            case_id=row.case, group__structure="liver", group__kind="inter", group__starts="scratch"
        )
        for name in ("dice", "surface_dice", "hd95_mm"):
            mean = np.mean([getattr(one, name) for one in behind])
            assert getattr(row, name) == pytest.approx(mean, abs=1e-6), name
    count, rows = agreement.cases(
        study,
        kind="inter",
        structure="liver",
        starts="scratch",
        reader=ana.pk,
        other=rui.pk,
        figure="hd95_mm",
    )
    assert [row.scores for row in rows] == [1, 1]
    assert [row.hd95_mm for row in rows] == sorted((row.hd95_mm or 0 for row in rows), reverse=True)


def test_drift_raises_each_alarm_once(project: Project, ana: User) -> None:
    rng = np.random.default_rng(3)
    alarms: list[int] = []
    for number in range(30):
        fall = 0.0 if number < 22 else 5.0
        case = new_case(project)
        read_by(case, ana, organs(float(rng.choice([0, 0.6, 1.1])) + fall), purpose=Purpose.GOLD)
        gold(case, organs())
        work(project)
        alarms.append(len(agreement.alarms(project)))
    assert alarms[21] == 0
    assert alarms[-1] >= 1
    chart = agreement.drift(project, reader=ana.pk)[0]
    assert (chart.kind, chart.start, chart.start_reads, len(chart.marks)) == ("gold", "scratch", 15, 15)
    assert sum(one.alarm for one in chart.marks) == alarms[-1]
    first = agreement.alarms(project)[0]
    assert next(one for one in chart.marks if one.alarm).read == first.read


def test_time_by_tool_and_pauses(project: Project, ana: User) -> None:
    case = new_case(project)
    read = open_read(case, ana)
    session = ReadingSession.objects.create(assignment=read)
    later = session.started_at + timedelta(seconds=300)
    ReadingSession.objects.filter(pk=session.pk).update(last_seen_at=later)
    read.active_seconds = 120
    read.save()
    draw(read, organs())
    revision = read.mask.revisions.get()
    for tool in ("brush", "eraser", "brush"):
        EditEvent.objects.create(
            session=session, revision=revision, tool=tool, structure=1, added=5, removed=1
        )
    hand_in(read)
    work(project)
    row = agreement.effort(project)[0]
    assert (row.active_seconds, row.idle_seconds, row.reads) == (120, 180, 1)
    assert row.tools["brush"]["edits"] == 2
    assert row.tools["brush"]["added"] == 10
    assert row.changed_voxels == int((organs() > 0).sum())
