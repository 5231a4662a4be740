"""Slabs: chosen with the case, kept by the database; nothing is stored, learned or scored outside of them."""

import uuid
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from annotation import chunks, corrections, learning, planning, regions, reviews, worklist
from annotation.agreement.scale import label, start_version
from annotation.agreement.sides import Side, starts_of
from annotation.agreement.stock import Stock
from annotation.errors import Refused
from annotation.learning.policy import policy_of
from annotation.models import (
    Acquisition,
    Arm,
    Assignment,
    CalibrationCase,
    Case,
    CaseState,
    Mask,
    MaskKind,
    Model,
    ModelState,
    Prediction,
    Project,
    Revision,
    RevisionKind,
    Split,
    Strategy,
    Unit,
)
from annotation.planning import DraftGold
from annotation.regions import Region, region_of
from tests.annotation.factories import (
    LIVER,
    SHAPE,
    box,
    make_branch,
    make_case,
    make_model,
    make_prediction,
    make_read,
    make_review,
    pack,
    stroke,
)
from tests.annotation.learning_loop import accept
from tests.phantom_cases import add_phantom, phantom
from training.acquire import ScoreMaps
from training.labels import IGNORE

pytestmark = pytest.mark.django_db

FIRST, END = 8, 20
SLAB = [0, 0, FIRST, *SHAPE[:2], END]
IN = END - 1
KEYS = ("liver", "spleen")


def _maps(case: Case, peak: int) -> ScoreMaps:
    """Doubt about one storey of cells of a scan."""
    i, j, k = case.volume.shape
    blank = ScoreMaps.blank(KEYS, (i, j, k), learning.spacing_of(case.volume))
    blank.entropy[...] = 0.01
    blank.entropy[..., peak] = 1.0
    blank.drawn[:, :2, :2, peak] = 0.5
    return blank


def _pool(project: Project, peaks: list[int]) -> tuple[Model, list[Case]]:
    model = make_model(project)
    cases = []
    for peak in peaks:
        case = make_case(project)
        mask = Mask.objects.create(case=case, kind=MaskKind.MODEL, model=model, annotated=list(KEYS))
        labels = box(case.volume.shape)
        chunks.write_labels(mask=mask, labels=labels, kind=RevisionKind.PREDICTION)
        scores = learning.scores_of(_maps(case, peak), labels, learning.spacing_of(case.volume))
        Prediction.objects.create(case=case, model=model, mask=mask, uncertainty=0.5, scores=scores)
        cases.append(case)
    return model, cases


def _policy(project: Project, **fields: Any) -> None:
    policy = policy_of(project)
    for name, value in {"unit": Unit.SLAB, "strategy": Strategy.ENTROPY, **fields}.items():
        setattr(policy, name, value)
    policy.save()


def _region(case: Case) -> Region | None:
    case.refresh_from_db()
    return region_of(case)


@pytest.fixture
def read(ana: User, project: Project) -> Assignment:
    """A read of slices 8 to 19, begun from a prediction that lies outside of them."""
    model = make_model(project)
    case = make_case(project)
    make_prediction(case, model)
    Case.objects.filter(pk=case.pk).update(region=SLAB)
    assignment = worklist.next_case(reader=ana, project=project)
    assert assignment is not None
    assert assignment.case_id == case.pk
    return assignment


def _edits(*slices: int) -> bytes:
    return pack([(0, k, [(0, 5, LIVER)]) for k in slices])


def _save(read: Assignment, base: int, edits: bytes) -> corrections.Saved:
    return corrections.save(assignment=read, base_revision=base, key=uuid.uuid4(), edits=edits)


# ── Choosing ─────────────────────────────────────────────────────────────────


@pytest.mark.usefixtures("strategy_alone")
def test_slabs_are_chosen_where_the_model_is_unsure(project: Project) -> None:
    _, cases = _pool(project, [1, 5, 3])
    _policy(project, slab_mm=20.0, query_size=2)
    chosen = learning.choose_if_due(project)
    assert len({one.case_id for one in chosen}) == 2
    for one in chosen:
        region = Region.of(one.region)
        assert region is not None
        assert region.start[:2] == (0, 0)
        assert region.stop[:2] == SHAPE[:2]
        assert 8 <= region.stop[2] - region.start[2] <= 12, "about 20 mm of slices 2 mm apart"
        storey = {case.pk: peak for case, peak in zip(cases, [1, 5, 3], strict=True)}[one.case_id]
        middle = (storey + 0.5) * SHAPE[2] / 7
        assert region.start[2] <= middle < region.stop[2]
        assert _region(one.case) == region
    (left,) = {case.pk for case in cases} - {one.case_id for one in chosen}
    assert _region(Case.objects.get(pk=left)) is None


def test_the_control_is_drawn_by_the_same_unit(project: Project) -> None:
    _pool(project, [1, 2, 3, 4, 5, 1, 2, 3])
    _policy(project, slab_mm=20.0, query_size=8, control_share=0.5)
    chosen = learning.choose_if_due(project)
    assert [one.arm for one in chosen].count(Arm.CONTROL) == 4
    assert all(one.region is not None for one in chosen)


def test_a_slab_as_thick_as_the_scan_is_the_scan(project: Project) -> None:
    _pool(project, [1])
    _policy(project, slab_mm=500.0, query_size=1)
    assert [one.region for one in learning.choose_if_due(project)] == [None]


@pytest.mark.usefixtures("strategy_alone")
def test_whole_scans_are_chosen_without_a_model_and_without_profiles(project: Project) -> None:
    model, (case, *_) = _pool(project, [1])
    Prediction.objects.update(scores={"entropy": {"all": 0.5}})
    _policy(project, query_size=1)
    assert [(one.case_id, one.region) for one in learning.choose_if_due(project)] == [(case.pk, None)]
    assert model.acquisitions.count() == 1


@pytest.mark.usefixtures("strategy_alone")
def test_a_new_choice_takes_the_slab_of_an_old_one_back_but_never_from_a_reader(
    project: Project, ana: User
) -> None:
    old, (first, second) = _pool(project, [1, 5])
    _policy(project, slab_mm=20.0, query_size=2)
    learning.choose_if_due(project)
    read = worklist.next_case(reader=ana, project=project)
    assert read is not None
    kept = _region(read.case)
    assert kept is not None
    Model.objects.filter(pk=old.pk).update(state="retired")
    make_model(project)
    learning.choose_if_due(project)
    (other,) = {first.pk, second.pk} - {read.case_id}
    assert _region(Case.objects.get(pk=other)) is None
    assert _region(read.case) == kept


@pytest.mark.usefixtures("strategy_alone")
def test_cases_for_calibration_are_read_as_a_whole(project: Project) -> None:
    _, (case, other) = _pool(project, [1, 5])
    CalibrationCase.objects.create(case=case, start_from="prediction")
    _policy(project, slab_mm=20.0, query_size=2)
    learning.choose_if_due(project)
    assert _region(case) is None
    assert _region(other) is not None


def test_a_strategy_of_whole_scans_does_not_go_with_slabs(project: Project) -> None:
    changes = {"unit": Unit.SLAB, "strategy": Strategy.TYPICLUST}
    with pytest.raises(Refused, match="compares whole scans and chooses no slabs"):
        learning.change_policy(project=project, changes=changes)


# ── What the database holds ──────────────────────────────────────────────────


@pytest.mark.parametrize(
    "region",
    [
        [0, 0, 8, 40, 36, 8],
        [0, 0, 8, 40, 36, 35],
        [0, 0, 8, 41, 36, 20],
        [5, 0, 8, 5, 36, 20],
        [0, 0, 8, 40, 36],
    ],
)
def test_a_region_is_not_empty_and_lies_within_the_scan(project: Project, region: list[int]) -> None:
    case = make_case(project)
    with pytest.raises(IntegrityError, match="empty, or does not lie within"), transaction.atomic():
        Case.objects.filter(pk=case.pk).update(region=region)
    with pytest.raises(IntegrityError, match="empty, or does not lie within"), transaction.atomic():
        Acquisition.objects.create(
            case=case, strategy="entropy", arm="strategy", rank=0, seed=1, region=region
        )


@pytest.mark.parametrize("split", [Split.TEST, Split.VALIDATION])
def test_a_case_that_measures_models_is_never_read_in_part(project: Project, split: Split) -> None:
    case = make_case(project, split=split)
    with pytest.raises(IntegrityError, match="only_the_pool_is_read_in_part"), transaction.atomic():
        Case.objects.filter(pk=case.pk).update(region=SLAB)
    Case.objects.filter(pk=case.pk).update(split=Split.POOL, region=SLAB)
    with pytest.raises(IntegrityError, match="only_the_pool_is_read_in_part"), transaction.atomic():
        Case.objects.filter(pk=case.pk).update(split=split)


def test_what_is_asked_stays_once_somebody_reads(read: Assignment) -> None:
    with pytest.raises(IntegrityError, match="was opened"), transaction.atomic():
        Case.objects.filter(pk=read.case_id).update(region=None)


def test_a_gold_answer_is_of_a_whole_scan(project: Project) -> None:
    case = make_case(project)
    Case.objects.filter(pk=case.pk).update(region=SLAB)
    case.refresh_from_db()
    accept(case)
    with pytest.raises(Refused, match="was read in part"):
        planning.change_gold(project=project, drafts=[DraftGold(case.number, "atlas", False)])


# ── Reading ──────────────────────────────────────────────────────────────────


def test_edits_inside_are_saved_and_those_outside_refused_as_a_whole(read: Assignment) -> None:
    assert _save(read, 0, _edits(FIRST, IN)).revision.voxels_changed == 10
    for slices in ((FIRST - 1,), (END,), (FIRST, END)):
        with pytest.raises(Refused, match=f"Only slices {FIRST}–{IN} of this scan are asked for"):
            _save(read, 1, pack([(0, k, [(10, 5, LIVER)]) for k in slices]))
    read.mask.refresh_from_db()
    assert read.mask.head == 1
    assert Revision.objects.filter(mask=read.mask).count() == 1


def test_what_changes_nothing_may_lie_outside(read: Assignment) -> None:
    """A stroke is sent with what beside it holds its value already."""
    at = 28 + SHAPE[0] * 28  # the prediction has the liver here
    saved = _save(read, 0, pack([(0, IN, [(0, 5, LIVER)]), (0, 31, [(at, 3, LIVER)])]))
    assert saved.revision.voxels_changed == 5


def test_the_sides_of_a_box_count_as_well(read: Assignment) -> None:
    region = Region((4, 6, FIRST), (20, 34, END))
    grid = chunks.Grid.over(SHAPE)
    wanted = chunks.Applied({(0, index): np.full(32**3, 7, np.uint8) for index in range(grid.size)}, 0)
    clipped = chunks.clipped(read.mask, wanted, region)
    found = box()[0]
    for (_, index), chunk in clipped.changed.items():
        grid.place(found, index, chunk)
    expected = box()[0]
    expected[region.slices] = 7
    assert np.array_equal(found, expected)
    assert region.words(SHAPE) == "i 4–19, j 6–33, slices 8–19"


def test_late_strokes_and_proposals_keep_to_it(read: Assignment, project: Project) -> None:
    _save(read, 0, _edits(FIRST))
    with pytest.raises(Refused, match="Nothing was stored"):
        make_branch(read)  # in slice 1
    newer = make_model(project, state=ModelState.CANDIDATE)
    proposed = make_prediction(read.case, newer, np.ones((1, *SHAPE), np.uint8)).mask
    branch = corrections.keep_proposal(assignment=read, proposed=proposed)
    branch.mask.case = read.case
    before, after = chunks.read_layers(read.mask), chunks.read_layers(branch.mask)
    assert (after[..., FIRST:END] == LIVER).all()
    outside = np.ones(SHAPE[2], bool)
    outside[FIRST:END] = False
    assert np.array_equal(after[..., outside], before[..., outside])


def test_a_reviewer_and_the_second_reader_get_the_same(read: Assignment, rui: User, project: Project) -> None:
    _save(read, 0, _edits(FIRST))
    corrections.submit(assignment=read, revision=1)
    review = make_review(rui, read)
    with pytest.raises(Refused, match="Only slices"):
        stroke(review)
    _save(review, 0, _edits(FIRST + 1))
    reviews.accept(assignment=review, revision=1)
    read.case.refresh_from_db()
    assert read.case.state == CaseState.ACCEPTED
    assert region_of(read.case) == Region.of(SLAB)


# ── What follows ─────────────────────────────────────────────────────────────


def _cut_to_the_region(case: Case, labels: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    found = np.full_like(labels, IGNORE)
    found[..., FIRST:END] = labels[..., FIRST:END]
    return found


def test_a_training_learns_nothing_outside(project: Project, tmp_path: Path) -> None:
    part, whole = (add_phantom(project, seed, delineated=False) for seed in range(2))
    size = part.volume.shape
    Case.objects.filter(pk=part.pk).update(region=[0, 0, FIRST, *size[:2], END])
    for seed, case in enumerate((part, whole)):
        case.refresh_from_db()
        accept(case, phantom(seed)[1])
    run = learning.request_run(project=project, requested_by=None)
    manifest = learning.manifest_for(run, tmp_path)
    assert np.array_equal(np.load(manifest.train[0].labels), _cut_to_the_region(part, phantom(0)[1]))
    assert np.array_equal(np.load(manifest.train[1].labels), phantom(1)[1])
    before = run.snapshot.sha256
    items = list(run.snapshot.items.select_related("case", "revision"))
    for item in items:
        item.case.region = None
    assert learning.runs.digest(items) != before


def test_only_whole_cases_label_others_and_are_replayed(project: Project) -> None:
    cases = [make_case(project) for _ in range(2)]
    Case.objects.filter(pk=cases[0].pk).update(region=SLAB)
    for case in cases:
        case.refresh_from_db()
        accept(case)
    assert list(learning.atlas.labelled(project)) == [cases[1]]
    assert learning.what_if(project).usual.budget == 2


def test_scores_are_those_inside(read: Assignment) -> None:
    _save(read, 0, _edits(FIRST, IN))
    start = read.start_revision
    assert start is not None
    head = Revision.objects.get(mask=read.mask, number=1)
    sides = [
        Side(one.pk, one.mask, one.number, one.created_at, starts_of(read), read) for one in (start, head)
    ]
    stock = Stock(read.case, sides)
    predicted, drawn = (stock.labels(side, 0) for side in sides)
    assert not predicted.any(), "what the model drew lies outside of what was asked for"
    assert (drawn == LIVER).sum() == 10
    (_, _, (low, high)) = stock.box(0)
    assert (low, high) == (FIRST, END)
    assert sides[0].starts == "prediction:1|part"


def test_a_part_without_anything_is_empty_not_an_error(read: Assignment) -> None:
    start = read.start_revision
    assert start is not None
    stock = Stock(read.case, [Side(start.pk, start.mask, start.number, start.created_at)])
    assert not stock.labels(Side(start.pk, start.mask, start.number, start.created_at), 0).any()


def test_no_figure_mixes_parts_and_whole_scans(ana: User, project: Project, read: Assignment) -> None:
    assert starts_of(read) == "prediction:1|part"
    assert (label("prediction:1|part"), start_version("prediction:1|part")) == (
        "from the prediction of model 1, in part", 1,
    )  # fmt: skip
    _save(read, 0, _edits(FIRST))
    corrections.submit(assignment=read, revision=1)
    assert starts_of(make_read(ana, project)) == "prediction:1"


def test_words_name_only_what_is_cut() -> None:
    assert Region((0, 0, 3), (40, 36, 9)).words(SHAPE) == "slices 3–8"
    assert regions.ignored_outside(box(), None).max() == LIVER
