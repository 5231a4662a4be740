"""Cubes: chosen in all three axes, and nothing is stored, learned or scored outside of them."""

import uuid
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.contrib.auth.models import User
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from annotation import chunks, corrections, learning, worklist
from annotation.agreement.scale import label, start_version
from annotation.agreement.sides import Side, is_in_part, pairs_of, starts_of
from annotation.agreement.stock import Stock
from annotation.dashboards.arms import cases_of_arm
from annotation.errors import Refused
from annotation.learning.cells import KeptCells, cells_of, keep_cells
from annotation.learning.policy import policy_of
from annotation.learning.queries import Predicted
from annotation.models import (
    Acquisition,
    Arm,
    Assignment,
    Case,
    Mask,
    MaskKind,
    Model,
    ModelState,
    Prediction,
    Project,
    Revision,
    ScoreCells,
    Strategy,
    Unit,
)
from annotation.regions import Cut, Region, region_of
from tests.annotation.agreement import world
from tests.annotation.factories import (
    LIVER,
    SHAPE,
    box,
    make_case,
    make_model,
    make_prediction,
    pack,
)
from tests.annotation.learning_loop import accept
from tests.phantom_cases import add_phantom, phantom
from training.acquire import ScoreMaps
from training.labels import IGNORE

pytestmark = pytest.mark.django_db

CUBE = Region((5, 9, 8), (21, 25, 20))  # across the border of two chunks on each axis but k
KEYS = ("liver", "spleen")
Voxel = tuple[int, int, int]


def _maps(case: Case, peak: Voxel) -> ScoreMaps:
    """Doubt about one cell of a scan."""
    i, j, k = case.volume.shape
    blank = ScoreMaps.blank(KEYS, (i, j, k), learning.spacing_of(case.volume))
    blank.entropy[...] = 0.01
    blank.entropy[peak] = 1.0
    blank.drawn[0][peak] = 0.5
    return blank


def _pool(project: Project, peaks: list[Voxel]) -> tuple[Model, list[Case]]:
    model = make_model(project)
    cases = []
    for peak in peaks:
        case = make_case(project)
        made = _predicted(case, model, _maps(case, peak))
        cases.append(made.case)
    return model, cases


def _predicted(case: Case, model: Model, maps: ScoreMaps) -> Prediction:
    mask = Mask.objects.create(case=case, kind=MaskKind.MODEL, model=model, annotated=list(KEYS))
    labels = box(case.volume.shape)
    scores = learning.scores_of(maps, labels, learning.spacing_of(case.volume))
    sureness = learning.Sureness(0.5, {}, scores, cells_of(maps))
    return learning.predictions.keep(Prediction(case=case, model=model), mask, labels, sureness)


def _policy(project: Project, **fields: Any) -> None:
    policy = policy_of(project)
    fields = {"unit": Unit.CUBE, "strategy": Strategy.ENTROPY, "cube_mm": 20.0, **fields}
    for name, value in fields.items():
        setattr(policy, name, value)
    policy.save()


def _cut(case: Case, region: Region) -> Case:
    Case.objects.filter(pk=case.pk).update(region=region.kept())
    case.refresh_from_db()
    return case


@pytest.fixture
def read(ana: User, project: Project) -> Assignment:
    """A read of a cube, begun from a prediction that lies outside of it but for some voxels."""
    model = make_model(project)
    case = make_case(project)
    make_prediction(case, model)
    _cut(case, CUBE)
    assignment = worklist.next_case(reader=ana, project=project)
    assert assignment is not None
    assert assignment.case_id == case.pk
    return assignment


def _save(read: Assignment, base: int, edits: bytes) -> corrections.Saved:
    return corrections.save(assignment=read, base_revision=base, key=uuid.uuid4(), edits=edits)


def _voxels(read: Assignment) -> np.ndarray[Any, np.dtype[np.uint8]]:
    read.mask.refresh_from_db()
    read.mask.case = read.case
    voxels: np.ndarray[Any, np.dtype[np.uint8]] = chunks.read_layers(read.mask)[0]
    return voxels


# ── Choosing ─────────────────────────────────────────────────────────────────


@pytest.mark.usefixtures("strategy_alone")
def test_cubes_are_chosen_where_the_model_is_unsure(project: Project) -> None:
    """Voxels are 1 × 1 × 2 mm, and two of the peaks lie in corners of the scan."""
    peaks = [(0, 0, 0), (3, 3, 6), (1, 2, 3)]
    _, cases = _pool(project, peaks)
    _policy(project, query_size=3)
    chosen = learning.choose_if_due(project)
    assert {one.case_id for one in chosen} == {case.pk for case in cases}
    where = {case.pk: peak for case, peak in zip(cases, peaks, strict=True)}
    for one in chosen:
        region = Region.of(one.region)
        assert region is not None
        assert region.cut(SHAPE) == Cut.CUBE
        assert all(14 <= mm <= 26 for mm in region.size_mm(one.case.volume.spacing_mm))
        cells = _maps(one.case, (0, 0, 0)).cells
        middle = [(at + 0.5) * n / c for at, n, c in zip(where[one.case_id], SHAPE, cells, strict=True)]
        sides = zip(region.start, middle, region.stop, strict=True)
        assert all(low <= at < high for low, at, high in sides)
        assert region_of(Case.objects.get(pk=one.case_id)) == region


def test_the_control_is_drawn_by_the_same_unit(project: Project) -> None:
    _pool(project, [(1, 1, 1)] * 8)
    _policy(project, query_size=8, control_share=0.5)
    chosen = learning.choose_if_due(project)
    assert [one.arm for one in chosen].count(Arm.CONTROL) == 4
    assert all(one.region is not None for one in chosen)


def test_the_control_holds_what_the_model_drew(project: Project) -> None:
    """It is drawn in one cell of each scan, at the border of most."""
    peaks = [(0, 0, 0), (3, 3, 6), (0, 3, 2), (2, 0, 6)]
    _, cases = _pool(project, peaks)
    _policy(project, query_size=4, control_share=1.0)
    chosen = learning.choose_if_due(project)
    assert [one.arm for one in chosen] == [Arm.CONTROL] * 4
    for one in chosen:
        region = Region.of(one.region)
        assert region is not None
        peak = peaks[[case.pk for case in cases].index(one.case_id)]
        cells = _maps(one.case, peak).cells
        middle = [(at + 0.5) * n / c for at, n, c in zip(peak, SHAPE, cells, strict=True)]
        assert all(a <= at < b for a, at, b in zip(region.start, middle, region.stop, strict=True))


@pytest.mark.usefixtures("strategy_alone")
def test_a_cube_that_holds_the_scan_is_the_scan_and_a_flat_scan_has_flat_ones(project: Project) -> None:
    _pool(project, [(1, 1, 1)])
    _policy(project, cube_mm=500.0, query_size=1)
    assert [one.region for one in learning.choose_if_due(project)] == [None]
    model = Model.objects.get()
    flat = make_case(project, shape=(40, 36, 4))
    _predicted(flat, model, _maps(flat, (0, 0, 0)))
    _policy(project, query_size=1)
    Case.objects.exclude(pk=flat.pk).update(state="held")
    (one,) = learning.choose_if_due(project)
    region = Region.of(one.region)
    assert region is not None
    assert (region.start[2], region.stop[2]) == (0, 4)
    assert region.stop[0] - region.start[0] < 40


@pytest.mark.usefixtures("strategy_alone")
def test_whole_scans_are_chosen_where_no_cells_were_kept(project: Project) -> None:
    _, (case,) = _pool(project, [(1, 1, 1)])
    ScoreCells.objects.all().delete()
    _policy(project, query_size=1)
    assert [(one.case_id, one.region) for one in learning.choose_if_due(project)] == [(case.pk, None)]


@pytest.mark.usefixtures("strategy_alone")
def test_a_lead_is_told_of_how_many_scans_no_part_can_be_chosen(project: Project) -> None:
    assert learning.queries(project).predicted == Predicted(0, 0, 0)
    _, (first, second, third) = _pool(project, [(1, 1, 1)] * 3)
    assert learning.queries(project).predicted == Predicted(3, 0, 0)
    ScoreCells.objects.filter(prediction__case=first).delete()
    Prediction.objects.filter(case=second).update(scores={})
    Case.objects.filter(pk=third.pk).update(state="held")
    assert learning.queries(project).predicted == Predicted(2, 1, 1)
    _policy(project, query_size=3)
    chosen = learning.choose_if_due(project)
    assert [one.case_id for one in chosen] == [second.pk], "no cube of the other"


@pytest.mark.usefixtures("strategy_alone")
def test_a_chosen_cube_is_shown_with_its_place_and_opens_at_it(project: Project, ana: User) -> None:
    _, (case,) = _pool(project, [(3, 3, 6)])
    _policy(project, query_size=1)
    (made,) = learning.choose_if_due(project)
    (row,) = learning.queries(project).chosen
    region = Region.of(made.region)
    assert region is not None
    assert row.place == region.words(SHAPE)
    assert row.place.startswith("i ")
    assert (row.region, row.region_mm) == (region, region.size_mm(case.volume.spacing_mm))
    assert row.acquisition.score == made.score is not None
    assert row.read_id is None
    read = worklist.next_case(reader=ana, project=project)
    assert read is not None
    (row,) = learning.queries(project).chosen
    assert (row.read_id, row.is_open) == (read.pk, False)
    assert region_of(read.case) == region


def test_a_strategy_of_whole_scans_does_not_go_with_cubes(project: Project) -> None:
    changes = {"unit": Unit.CUBE, "strategy": Strategy.KCENTER}
    with pytest.raises(Refused, match="compares whole scans and chooses no cubes"):
        learning.change_policy(project=project, changes=changes)


def test_cells_are_those_of_the_newest_prediction(project: Project) -> None:
    old, (case,) = _pool(project, [(1, 1, 1)])
    newer = make_model(project, state=ModelState.CANDIDATE)
    made = _predicted(case, newer, _maps(case, (2, 2, 2)))
    assert [one.prediction_id for one in ScoreCells.objects.all()] == [made.pk]
    assert len(KeptCells(old, [str(case.pk)])) == 0
    kept = KeptCells(newer, [str(case.pk)])
    assert list(kept) == [str(case.pk)]
    np.testing.assert_allclose(kept[str(case.pk)].entropy, _maps(case, (2, 2, 2)).entropy, rtol=1e-3)
    keep_cells(made, b"")
    assert not ScoreCells.objects.exists()


def test_arms_compare_cases_of_one_unit(project: Project, ana: User) -> None:
    cases = {
        Unit.CUBE: (CUBE, 0),
        Unit.SLAB: (Region((0, 0, 8), (*SHAPE[:2], 20)), 1),
        Unit.VOLUME: (None, 2),
    }
    found = {}
    for unit, (region, rank) in cases.items():
        case = make_case(project)
        kept = None if region is None else region.kept()
        Case.objects.filter(pk=case.pk).update(region=kept)
        Acquisition.objects.create(
            case=case, strategy="entropy", arm=Arm.STRATEGY, rank=rank, seed=1, region=kept
        )
        case.refresh_from_db()
        worklist.next_case(reader=ana, project=project)
        Assignment.objects.update(state="released")
        accept(case)
        found[unit] = case.pk
    for unit, only in found.items():
        _policy(project, unit=unit)
        assert cases_of_arm(project, Arm.STRATEGY) == [only]


# ── Reading ──────────────────────────────────────────────────────────────────


def test_edits_outside_are_refused_by_name_in_every_direction(read: Assignment) -> None:
    (i, j, k), (end_i, end_j, end_k) = CUBE.start, CUBE.stop
    ni = SHAPE[0]
    for at in ((i - 1, j, k), (end_i, j, k), (i, j - 1, k), (i, end_j, k), (i, j, k - 1), (i, j, end_k)):
        edits = pack([(0, at[2], [(at[0] + ni * at[1], 1, LIVER)])])
        with pytest.raises(Refused, match="Only i 5–20, j 9–24, slices 8–19 of this scan are asked for"):
            _save(read, 0, edits)
    edges = [
        (0, at, [(i + ni * j, end_i - i, LIVER), (i + ni * (end_j - 1), 1, LIVER)]) for at in (k, end_k - 1)
    ]
    assert _save(read, 0, pack(edges)).revision.voxels_changed == 2 * (end_i - i + 1)


def test_whatever_is_drawn_the_server_has_what_was_inside_and_nothing_else(read: Assignment) -> None:
    expected, ni = _voxels(read), SHAPE[0]
    inside = np.zeros(SHAPE, bool)
    inside[CUBE.slices] = True
    saved = 0

    @settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(
        st.lists(
            st.tuples(st.integers(0, ni * SHAPE[1] - 30), st.integers(1, 30), st.sampled_from([0, 1, 2])),
            min_size=1,
            max_size=4,
        ),
        st.integers(0, SHAPE[2] - 1),
        st.booleans(),
    )
    @example([((CUBE.start[0] + ni * CUBE.start[1]), 3, 1)], CUBE.start[2], False)
    @example([(0, ni * SHAPE[1], 2)], CUBE.start[2], True)
    def check(runs: list[tuple[int, int, int]], k: int, is_cut: bool) -> None:
        nonlocal expected, saved
        wanted = expected.copy()
        plane = wanted[:, :, k].ravel(order="F")
        for start, length, value in runs:
            plane[start : start + length] = value
        wanted[:, :, k] = plane.reshape(SHAPE[:2], order="F")
        if is_cut:  # as the page does
            wanted = np.where(inside, wanted, expected)
        flat = wanted[:, :, k].ravel(order="F")
        edits = pack([(0, k, [(at, 1, int(value)) for at, value in enumerate(flat.tolist())])])
        if ((wanted != expected) & ~inside).any():
            with pytest.raises(Refused, match="Nothing was stored"):
                _save(read, saved, edits)
        elif (wanted != expected).any():
            saved = _save(read, saved, edits).revision.number
            expected = wanted
        assert np.array_equal(_voxels(read), expected)

    check()
    assert saved > 0


def test_a_proposal_is_cut_to_the_cube(read: Assignment, project: Project) -> None:
    newer = make_model(project, state=ModelState.CANDIDATE)
    proposed = make_prediction(read.case, newer, np.ones((1, *SHAPE), np.uint8)).mask
    branch = corrections.keep_proposal(assignment=read, proposed=proposed)
    branch.mask.case = read.case
    before, after = _voxels(read), chunks.read_layers(branch.mask)[0]
    expected = before.copy()
    expected[CUBE.slices] = LIVER
    assert np.array_equal(after, expected)


# ── What follows ─────────────────────────────────────────────────────────────


def test_a_training_learns_nothing_outside(project: Project, tmp_path: Path) -> None:
    case = add_phantom(project, 0, delineated=False)
    i, j, k = case.volume.shape
    region = Region((i // 4, j // 4, k // 4), (i // 2, j // 2, k // 2))
    _cut(case, region)
    accept(case, phantom(0)[1])
    run = learning.request_run(project=project, requested_by=None)
    labels = np.load(learning.manifest_for(run, tmp_path).train[0].labels)
    expected = np.full_like(labels, IGNORE)
    expected[:, *region.slices] = phantom(0)[1][:, *region.slices]
    assert np.array_equal(labels, expected)


def test_scores_are_those_inside(read: Assignment) -> None:
    ni = SHAPE[0]
    saved = _save(read, 0, pack([(0, 10, [(10 + ni * 10, 4, LIVER)])]))
    start = read.start_revision
    assert start is not None
    head = Revision.objects.get(mask=read.mask, number=saved.revision.number)
    read.mask.refresh_from_db()
    sides = [
        Side(one.pk, one.mask, one.number, one.created_at, starts_of(read), read) for one in (start, head)
    ]
    stock = Stock(read.case, sides)
    (low_i, high_i), (low_j, high_j), (low_k, high_k) = stock.box(0)
    assert Region((low_i, low_j, low_k), (high_i, high_j, high_k)) == CUBE
    whole = _voxels(read)
    assert np.array_equal(stock.labels(sides[1], 0), whole[CUBE.slices])
    assert (whole == LIVER).sum() > (stock.labels(sides[1], 0) == LIVER).sum() == 4


def test_two_reads_of_a_cube_agree_as_far_as_they_do_inside(ana: User, ben: User, project: Project) -> None:
    case = _cut(make_case(project), CUBE)
    for reader, width, is_elsewhere in ((ana, 6, True), (ben, 4, False)):
        labels = np.zeros((1, *SHAPE), np.uint8)
        labels[0, 10 : 10 + width, 10, 10] = LIVER
        labels[0, 30:38, 30, 30] = LIVER if is_elsewhere else 0
        world.read_by(case, reader, labels)
    (pair,) = [pair for pair in pairs_of(case) if pair.kind == "inter"]
    assert pair.starts == "scratch|cube"
    world.work(project)
    (score,) = [one for one in world.counting(case, group__kind="inter") if one.group.structure == "liver"]
    assert score.dice == pytest.approx(2 * 4 / (6 + 4))
    assert score.group.starts == "scratch|cube"


def test_no_figure_mixes_cubes_and_slabs(read: Assignment) -> None:
    assert starts_of(read) == "prediction:1|cube"
    assert label("prediction:1|cube") == "from the prediction of model 1, in a cube"
    assert label("prediction:1|part") == "from the prediction of model 1, in part"
    assert start_version("prediction:1|cube") == 1
    assert not is_in_part("prediction:1")
