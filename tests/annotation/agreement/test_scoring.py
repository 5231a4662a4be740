"""Which pairs are scored when a read becomes final, and that their figures are those of the metric."""

from typing import Any

import numpy as np
import pytest
from django.contrib.auth.models import User

from annotation import agreement, chunks, corrections, reviews
from annotation.errors import Refused
from annotation.models import (
    AgreementScore,
    Job,
    JobKind,
    Project,
    Purpose,
    ReadSummary,
    Revision,
    Structure,
)
from tests.annotation.agreement.world import (
    KEYS,
    ball,
    counting,
    gold,
    new_case,
    organs,
    read_by,
    work,
)
from tests.annotation.factories import make_model, make_prediction, make_read, make_review, stroke
from training.metrics import METRIC_VERSION, score

pytestmark = pytest.mark.django_db

FIGURES = ("dice", "surface_dice", "hd95_mm", "hd_mm", "assd_mm")
ALL = (*FIGURES, "centre_distance_mm", "specificity")


def expected(a: Revision, b: Revision, value: int) -> Any:
    """By the metric itself, on whole volumes."""
    one, other = (chunks.read_layers(revision.mask, revision.number)[0] for revision in (a, b))
    return score(np.ascontiguousarray(one), np.ascontiguousarray(other), (1.0, 1.0, 2.0), {value: 3.0})[value]


def names(scores: list[AgreementScore]) -> set[tuple[str, str]]:
    return {(one.group.kind, one.group.structure) for one in scores}


def test_two_reads_are_compared_with_each_other_and_with_the_prediction(
    project: Project, ana: User, ben: User
) -> None:
    model = make_model(project)
    case = new_case(project)
    prediction = make_prediction(case, model, organs())
    prediction.mask.annotated = list(KEYS)
    prediction.mask.save()
    prediction.mask.refresh_from_db()
    second = read_by(case, ben, organs(shift=2), start=prediction)
    first = read_by(case, ana, organs(shift=1), start=prediction)
    assert work(project) == 2

    found = counting(case)
    assert names(found) == {(kind, key) for kind in ("inter", "prediction") for key in KEYS}
    assert len(found) == 3 + 2 * 3
    for one in found:
        value = 1 + KEYS.index(one.group.structure)
        right = expected(one.revision_a, one.revision_b, value)
        assert [getattr(one, name) for name in ALL] == [getattr(right, name) for name in ALL]
        assert one.asd_a_to_b_mm == right.asd_ref_to_pred_mm
        assert one.asd_b_to_a_mm == right.asd_pred_to_ref_mm
        assert (one.volume_a_ml, one.volume_b_ml) == (right.volume_ref_ml, right.volume_pred_ml)
        assert one.undefined == ("both_empty" if one.group.structure == "kidney_left" else "")
        assert (one.group.metric_version, one.tolerance_mm) == (METRIC_VERSION, 3.0)
    between = [one for one in found if one.group.kind == "inter"]
    # The reader with the lower id is side a, whoever came first.
    assert {(one.read_a_id, one.read_b_id) for one in between} == {(first.pk, second.pk)}
    assert {one.group.starts for one in between} == {"prediction:1"}
    assert (
        {one.start_model_a_id for one in between} == {one.start_model_b_id for one in between} == {model.pk}
    )
    against = [one for one in found if one.group.kind == "prediction"]
    assert {one.group.starts for one in against} == {"prediction:1|model:1"}
    assert {one.model_id for one in against} == {model.pk}


def test_only_what_both_looked_at_is_scored(project: Project, ana: User, ben: User) -> None:
    case = new_case(project)
    read_by(case, ana, organs(), not_looked_at=["kidney_left"])
    read_by(case, ben, organs(), not_looked_at=["spleen"])
    work(project)
    assert names(counting(case)) == {("inter", "liver")}


def test_one_side_empty_has_no_distance_and_no_overlap(project: Project, ana: User, ben: User) -> None:
    case = new_case(project)
    read_by(case, ana, organs())
    read_by(case, ben, ball((12, 14, 15), 8, 1))
    work(project)
    spleen = next(one for one in counting(case) if one.group.structure == "spleen")
    assert [getattr(spleen, name) for name in FIGURES] == [0.0, 0.0, None, None, None]
    assert (spleen.undefined, spleen.volume_b_ml) == ("b_empty", 0.0)


def test_specificity_counts_the_whole_scan(project: Project, ana: User, ben: User) -> None:
    case = new_case(project)
    a, b = ball((36, 12, 10), 3, 1), ball((37, 12, 10), 3, 1)  # in a corner: most of the scan is not decoded
    read_by(case, ana, a)
    read_by(case, ben, b)
    work(project)
    liver = next(one for one in counting(case) if one.group.structure == "liver")
    mine, theirs = a > 0, b > 0
    assert liver.specificity == float((~mine & ~theirs).sum() / (~mine).sum())
    assert liver.centre_distance_mm == pytest.approx(1.0)


def test_scores_of_before_get_what_was_not_kept_then(project: Project, ana: User, ben: User) -> None:
    case = new_case(project)
    read_by(case, ana, organs())
    read_by(case, ben, organs(1))
    work(project)
    before = {one.group.structure: one for one in counting(case)}
    liver = AgreementScore.objects.filter(group__structure="liver")
    liver.update(specificity=None, centre_distance_mm=None)
    agreement.request(case)
    work(project)
    assert liver.get().specificity is None, "not before a lead asks for it"
    agreement.request_all(project)
    work(project)
    after = {one.group.structure: one for one in counting(case)}
    assert {key for key, one in after.items() if one.pk != before[key].pk} == {"liver"}
    for key, one in after.items():
        assert [getattr(one, name) for name in ALL] == [getattr(before[key], name) for name in ALL]
    assert not agreement.recount(project)


def test_repeats_gold_and_starting_points_stay_apart(project: Project, ana: User, ben: User) -> None:
    model = make_model(project)
    case = new_case(project)
    prediction = make_prediction(case, model, organs(3))
    prediction.mask.annotated = ["liver"]
    prediction.mask.save()
    read_by(case, ana, organs(), start=prediction)
    read_by(case, ana, organs(1), start=prediction, purpose=Purpose.REPEAT)
    read_by(case, ben, organs(2))
    gold(case, organs())
    work(project)
    starts = {(one.group.kind, one.group.starts) for one in counting(case)}
    assert starts == {
        ("intra", "prediction:1"),
        ("inter", "prediction:1|scratch"),
        ("prediction", "prediction:1|model:1"),
        ("prediction", "scratch|model:1"),
        ("gold", "prediction:1"),
        ("gold", "scratch"),
        ("gold", "model:1"),
    }
    machine = [one for one in counting(case) if one.group.starts == "model:1"]
    assert [(one.read_a_id, one.model_id, one.group.structure) for one in machine] == [
        (None, model.pk, "liver")
    ]


def test_the_job_is_asked_for_in_the_transaction_that_hands_in(project: Project, ana: User) -> None:
    read = make_read(ana, project)
    stroke(read)
    before = Job.objects.filter(kind=JobKind.SCORE).count()
    with pytest.raises(Refused, match="no structure called nowhere"):
        corrections.submit(assignment=read, revision=1, not_looked_at=["nowhere"])
    assert Job.objects.filter(kind=JobKind.SCORE).count() == before
    corrections.submit(assignment=read, revision=1)
    job = Job.objects.filter(kind=JobKind.SCORE).get()
    assert (job.queue, job.ids) == ("score", {"case": read.case_id})


def test_a_review_is_scored_with_and_without_a_fix(project: Project, ana: User, rui: User) -> None:
    make_model(project)
    for fix in (False, True):
        read = make_read(ana, project)
        stroke(read, value=2)
        corrections.submit(assignment=read, revision=1)
        review = make_review(rui, read)
        if fix:
            stroke(review, value=2, at=300)
        reviews.accept(assignment=review, revision=int(fix))
        work(project)
        against = [one for one in counting(read.case) if one.group.kind == "review" and one.read_a_id]
        assert {one.group.structure for one in against} == set(KEYS)
        spleen = next(one for one in against if one.group.structure == "spleen")
        assert (spleen.dice == 1.0) is not fix
        assert {one.group.starts for one in against} == {"prediction:1"}


def test_a_job_that_comes_again_stores_nothing_twice(project: Project, ana: User, ben: User) -> None:
    case = new_case(project)
    read_by(case, ana, organs())
    read_by(case, ben, organs(1))
    work(project)
    before = [one.pk for one in counting(case)]
    agreement.request(case)
    work(project)
    assert [one.pk for one in counting(case)] == before


def test_another_tolerance_scores_again_and_replaces(project: Project, ana: User, ben: User) -> None:
    case = new_case(project)
    read_by(case, ana, organs())
    read_by(case, ben, organs(1))
    work(project)
    before = {one.group.structure: one.pk for one in counting(case)}
    Structure.objects.filter(key="liver").update(tolerance_mm=0.5)
    agreement.request_all(project)
    work(project)
    after = {one.group.structure: one for one in counting(case)}
    assert {key for key, one in after.items() if one.pk != before[key]} == {"liver"}
    assert after["liver"].tolerance_mm == 0.5
    assert AgreementScore.objects.count() == 3


def test_masks_of_two_layers_are_compared_layer_by_layer(project: Project, ana: User, ben: User) -> None:
    project.schema.entries.filter(structure__key="spleen").update(layer=1, value=1)
    case = new_case(project)
    both = np.concatenate([ball((12, 14, 15), 8, 1), ball((13, 14, 15), 9, 1)])
    other = np.concatenate([ball((12, 14, 15), 8, 1), ball((13, 14, 15), 5, 1)])
    read_by(case, ana, both)
    read_by(case, ben, other)
    work(project)
    dice = {one.group.structure: one.dice for one in counting(case)}
    assert dice["liver"] == 1.0
    assert dice["spleen"] == pytest.approx(2 * other[1].sum() / (both[1].sum() + other[1].sum()))


def test_what_a_read_amounted_to(project: Project, ana: User) -> None:
    model = make_model(project)
    case = new_case(project)
    prediction = make_prediction(case, model, organs())
    read = read_by(case, ana, organs(shift=2), start=prediction)
    work(project)
    summary = ReadSummary.objects.get(read=read)
    changed = int((organs() != organs(shift=2)).sum())
    assert (summary.changed_voxels, summary.starts, summary.purpose) == (changed, "prediction:1", "overlap")
    assert summary.volumes_ml["liver"] == pytest.approx(float((organs(shift=2) == 1).sum()) * 2 / 1000)
    assert summary.volumes_ml["kidney_left"] == 0.0
