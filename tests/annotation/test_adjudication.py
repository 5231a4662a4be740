import base64
import gzip
import json
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import numpy as np
import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from annotation import agreement, chunks, jobs, reviews, worklist
from annotation.chunks.grid import Voxels
from annotation.errors import Conflict
from annotation.models import (
    AgreementScore,
    Assignment,
    AssignmentState,
    Case,
    CaseState,
    Comparator,
    Job,
    JobKind,
    Level,
    Membership,
    Metric,
    Part,
    Project,
    ReliabilityPlan,
    Requirement,
    Review,
    RevisionKind,
    Role,
    Verdict,
    Volume,
)
from annotation.reviews import Requirements
from tests.annotation.agreement.world import KEYS, draw, hand_in, organs, read_by, work
from tests.annotation.factories import make_case, make_model, make_prediction, stroke
from tests.annotation.threads import at_once

Reads = tuple[Assignment, Assignment]


def require(project: Project, metric: Metric, threshold: float, structure: str = "") -> None:
    Requirement.objects.create(
        project=project, structure=structure, metric=metric, threshold=threshold, comparator=Comparator.INTER
    )


def compared(case: Case, ana: User, ben: User, one: Voxels, other: Voxels, **given: Any) -> Reads:
    """Two final blind reads of a part that waits for its comparison."""
    reads = read_by(case, ana, one, **given), read_by(case, ben, other, **given)
    case.parts.update(reads_wanted=2)
    worklist.move(case.parts.get().pk, CaseState.COMPARING)
    return reads


def settled(case: Case) -> Part:
    work(case.project)
    assert reviews.settle_due(case.project) == 1
    case.refresh_from_db()
    return case.parts.get()


class TestSettle:
    def test_both_meet_every_requirement(self, ana: User, ben: User, project: Project) -> None:
        require(project, Metric.DICE, 0.7)
        Membership.objects.filter(user=ben).update(level=Level.EXPERIENCED)
        case = make_case(project)
        _, experienced = compared(case, ana, ben, organs(), organs(0.5))
        part = settled(case)
        assert part.state == case.state == CaseState.ACCEPTED
        # The read of the higher level, although it came second.
        assert case.accepted_revision is not None
        assert case.accepted_revision.mask_id == experienced.mask_id

    def test_one_structure_misses_one_requirement(self, ana: User, ben: User, project: Project) -> None:
        require(project, Metric.DICE, 0.5)
        require(project, Metric.HD95, 0.1, "spleen")
        case = make_case(project)
        compared(case, ana, ben, organs(), organs(1.5))
        assert settled(case).state == case.state == CaseState.ADJUDICATION

    def test_absent_from_both_is_no_failure(self, ana: User, ben: User, project: Project) -> None:
        require(project, Metric.DICE, 1.0)  # of the left kidney too, which neither drew
        case = make_case(project)
        compared(case, ana, ben, organs(), organs())
        assert settled(case).state == CaseState.ACCEPTED

    def test_without_requirements_somebody_looks(self, ana: User, ben: User, project: Project) -> None:
        case = make_case(project)
        compared(case, ana, ben, organs(), organs())
        assert settled(case).state == CaseState.ADJUDICATION

    def test_waits_for_the_scores(self, ana: User, ben: User, project: Project) -> None:
        require(project, Metric.DICE, 0.7)
        case = make_case(project)
        compared(case, ana, ben, organs(), organs())
        part = case.parts.get()
        assert reviews.settle(part) == CaseState.COMPARING
        for job in Job.objects.filter(kind=JobKind.SCORE).order_by("pk")[:1]:
            jobs.cancel(job)
        assert reviews.settle(part) == CaseState.COMPARING  # the other one will bring them
        work(project)
        assert reviews.settle(part) == CaseState.ACCEPTED

    @pytest.mark.parametrize("end", ["failed", "cancelled", "succeeded"])
    def test_scores_that_no_job_will_bring(self, ana: User, ben: User, project: Project, end: str) -> None:
        require(project, Metric.DICE, 0.7)
        case = make_case(project)
        compared(case, ana, ben, organs(), organs())
        for job in Job.objects.filter(kind=JobKind.SCORE):
            if end == "cancelled":
                jobs.cancel(job)
                continue
            lease = jobs.claim(job.pk)
            assert lease is not None
            if end == "failed":
                jobs.fail(lease, "The mask cannot be read.")
            else:
                jobs.finish(lease, {})
        assert reviews.settle_due(project) == 1
        assert case.parts.get().state == CaseState.ADJUDICATION

    def test_a_job_for_the_whole_project_is_waited_for(self, ana: User, ben: User, project: Project) -> None:
        require(project, Metric.DICE, 0.7)
        case = make_case(project)
        compared(case, ana, ben, organs(), organs())
        for job in Job.objects.filter(kind=JobKind.SCORE):
            jobs.cancel(job)
        agreement.request_all(project)
        assert reviews.settle(case.parts.get()) == CaseState.COMPARING
        assert settled(case).state == CaseState.ACCEPTED

    def test_twice_is_once(self, ana: User, ben: User, project: Project) -> None:
        require(project, Metric.DICE, 0.7)
        case = make_case(project)
        compared(case, ana, ben, organs(), organs())
        part = settled(case)
        at = case.accepted_at
        assert reviews.settle(part) == CaseState.ACCEPTED
        case.refresh_from_db()
        assert case.accepted_at == at


@pytest.mark.parametrize(("shift", "state"), [(0.5, "accepted"), (4, "adjudication")])
def test_from_two_claims_on(ana: User, ben: User, project: Project, shift: float, state: str) -> None:
    """As it happens: claimed as a pair, handed in, final after half a minute, scored, settled."""
    ReliabilityPlan.objects.create(project=project, double_share=1, repeat_share=0, gold_share=0)
    require(project, Metric.DICE, 0.8)
    case = make_case(project)
    for reader, labels in ((ana, organs()), (ben, organs(shift))):
        read = worklist.next_case(reader=reader, project=project)
        assert read is not None
        assert read.case == case
        draw(read, labels)
        hand_in(read)
    assert worklist.finish_due(project=project) == 0
    Assignment.objects.update(submitted_at=timezone.now() - timedelta(seconds=worklist.UNDO_SECONDS + 1))
    assert worklist.finish_due(project=project) == 2
    assert case.parts.get().state == CaseState.COMPARING
    assert settled(case).state == state


class TestRequirements:
    def test_a_structures_own_takes_the_place_of_the_common_one(self, project: Project) -> None:
        require(project, Metric.DICE, 0.9)
        require(project, Metric.HD95, 5.0)
        require(project, Metric.DICE, 0.8, "spleen")
        found = Requirements(project, Comparator.INTER)
        assert found.of("liver") == {Metric.DICE: 0.9, Metric.HD95: 5.0}
        assert found.of("spleen") == {Metric.DICE: 0.8, Metric.HD95: 5.0}
        assert not Requirements(project, Comparator.GOLD).exist


@pytest.fixture
def reads(ana: User, ben: User, project: Project) -> Reads:
    """Two reads from one prediction that lie 3 voxels apart, after their comparison."""
    case = make_case(project)
    prediction = make_prediction(case, make_model(project), organs())
    found = compared(case, ana, ben, organs(), organs(3), start=prediction)
    assert settled(case).state == CaseState.ADJUDICATION
    return found


def claim(user: User, project: Project) -> Assignment:
    found = reviews.claim_adjudication(reader=user, project=project)
    assert found is not None
    return found


class TestClaim:
    def test_by_who_read_neither(self, reads: Reads, rui: User, project: Project) -> None:
        assert reviews.adjudications_waiting(reader=rui, project=project) == 1
        found = claim(rui, project)
        assert {found.subject, found.rival} == set(reads)
        assert found.subject is not None
        assert (found.mask.base_id, found.mask.base_revision) == (found.subject.mask_id, 2)
        assert reviews.adjudications_waiting(reader=rui, project=project) == 0

    def test_never_by_one_of_the_two(self, reads: Reads, ana: User, project: Project) -> None:
        Membership.objects.filter(user=ana).update(role=Role.REVIEWER)
        assert reviews.adjudications_waiting(reader=ana, project=project) == 0
        assert reviews.claim_adjudication(reader=ana, project=project) is None

    def test_asking_twice_gives_the_same(self, reads: Reads, rui: User, lea: User, project: Project) -> None:
        assert claim(rui, project) == claim(rui, project)
        assert reviews.claim_adjudication(reader=lea, project=project) is None

    @pytest.mark.django_db(transaction=True)
    def test_two_at_once(self, reads: Reads, rui: User, lea: User, project: Project) -> None:
        calls: list[Callable[[], object]] = [
            partial(reviews.claim_adjudication, reader=user, project=project) for user in (rui, lea)
        ]
        got = at_once(calls)
        assert sorted(type(one).__name__ for one in got) == ["Assignment", "NoneType"], got

    def test_given_back(self, reads: Reads, rui: User, lea: User, project: Project) -> None:
        worklist.release(assignment=claim(rui, project))
        part = Part.objects.get(case=reads[0].case)
        assert part.state == CaseState.ADJUDICATION
        assert claim(lea, project).part == part


def labels_of(read: Assignment) -> Voxels:
    read.mask.refresh_from_db()
    return chunks.read_layers(read.mask)


def decide(assignment: Assignment, entry: dict[str, Any], take: str) -> None:
    """What the page does: the entry's edits, saved as any other."""
    runs = chunks.decode_edits(
        gzip.compress(base64.b64decode(entry[take])),
        grid=chunks.grid_of(assignment.mask),
        values=chunks.values_of(assignment.case.project_id),
    )
    assignment.mask.refresh_from_db()
    applied = chunks.apply(assignment.mask, runs)
    labels = labels_of(assignment)
    for (layer, index), chunk in applied.changed.items():
        chunks.grid_of(assignment.mask).place(labels[layer], index, chunk)
    chunks.write_labels(mask=assignment.mask, labels=labels, kind=RevisionKind.AUTOSAVE)


def differences(assignment: Assignment, connectivity: int = 26) -> dict[str, Any]:
    body = reviews.disagreement(assignment=assignment, connectivity=connectivity)
    found: dict[str, Any] = json.loads(gzip.decompress(body))
    return found


class TestDisagreement:
    @pytest.fixture
    def adjudication(self, reads: Reads, rui: User, project: Project) -> Assignment:
        return claim(rui, project)

    def test_ranked_and_whole(self, adjudication: Assignment) -> None:
        found = differences(adjudication)
        ranks = [one["volume_ml"] * one["beyond_mm"] for one in found["components"]]
        assert ranks == sorted(ranks, reverse=True)
        assert {one["structure"] for one in found["components"]} <= set(KEYS)
        a, b = (labels_of(one) for one in both(adjudication))
        differing = (
            sum(int(((a == value) != (b == value)).sum()) for value in range(1, 4)) * 2.0 / 1000
        )  # voxels of 1 × 1 × 2 mm
        listed = sum(one["volume_ml"] for one in [*found["components"], *found["rest"]])
        assert listed == pytest.approx(differing)

    def test_where_nobody_knows_how_large_a_voxel_is(self, adjudication: Assignment) -> None:
        """Nothing is in millimetres, no tolerance hides a voxel, the largest piece comes first."""
        before = differences(adjudication)
        Volume.objects.filter(pk=adjudication.case.volume_id).update(spacing_known=False)
        found = differences(Assignment.objects.get(pk=adjudication.pk))
        assert found["rest"] == []
        lengths = ("volume_ml", "distance_mm", "beyond_mm")
        assert {one[name] for one in found["components"] for name in lengths} == {None}
        sizes = [one["voxels"] for one in found["components"]]
        assert sizes == sorted(sizes, reverse=True)
        listed = [*before["components"], *before["rest"]]
        assert sum(sizes) == sum(one["voxels"] for one in listed)

    @pytest.mark.parametrize("side", ["a", "b"])
    def test_taking_one_side_everywhere_gives_that_read(self, adjudication: Assignment, side: str) -> None:
        found = differences(adjudication)
        for entry in [*found["components"], *found["rest"]]:
            decide(adjudication, entry, f"take_{side}")
        expected = both(adjudication)["ab".index(side)]
        assert np.array_equal(labels_of(adjudication), labels_of(expected))

    def test_the_majority_is_what_two_of_three_have(self, adjudication: Assignment) -> None:
        """One read took the prediction as it was, so with the prediction it is the majority everywhere."""
        found = differences(adjudication)
        assert (found["majority_of"], found["majority_rule"]) == (
            3,
            "majority: marked by more than half of the readers",
        )
        for entry in [*found["components"], *found["rest"]]:
            decide(adjudication, entry, "take_majority")
        assert np.array_equal(labels_of(adjudication), organs())

    def test_staple_tells_the_reads_apart(self, adjudication: Assignment) -> None:
        rates = {(one["structure"], one["of"]): one for one in differences(adjudication)["rates"]}
        assert rates["liver", "prediction"]["sensitivity"] > 0.99
        moved = "a" if np.array_equal(labels_of(both(adjudication)[1]), organs()) else "b"
        assert rates["liver", moved]["sensitivity"] < 0.9
        assert rates["liver", moved]["region"].startswith("box around the union")

    def test_worked_out_once(self, adjudication: Assignment, settings: Any) -> None:
        kept = settings.STORE_ROOT / "adjudications"
        assert len([one for one in kept.rglob("*") if one.is_file()]) == 1, "when the reads were compared"
        assert differences(adjudication) == differences(adjudication)
        assert len([one for one in kept.rglob("*") if one.is_file()]) == 1
        differences(adjudication, connectivity=6)
        assert len([one for one in kept.rglob("*") if one.is_file()]) == 2


def both(adjudication: Assignment) -> Reads:
    assert adjudication.subject is not None
    assert adjudication.rival is not None
    return adjudication.subject, adjudication.rival


class TestAdjudicate:
    @pytest.fixture
    def adjudication(self, reads: Reads, rui: User, project: Project) -> Assignment:
        return claim(rui, project)

    def test_accepts_a_new_mask_with_both_parents(self, adjudication: Assignment, rui: User) -> None:
        stroke(adjudication, value=2, at=9)
        given = reviews.adjudicate(assignment=adjudication, revision=1, comment=" The tip. ")
        assert (given.verdict, given.comment) == (Verdict.FIX, "The tip.")
        result = given.result
        assert result is not None
        assert (result.mask_id, result.number, result.kind) == (adjudication.mask_id, 2, RevisionKind.MERGE)
        assert result.author == rui
        result.mask.refresh_from_db()
        assert result.mask.annotated == sorted(KEYS)
        case = Case.objects.get(pk=adjudication.case_id)
        assert (case.state, case.accepted_revision) == (CaseState.ACCEPTED, result)
        assert Assignment.objects.get(pk=adjudication.pk).state == AssignmentState.DONE

    def test_both_reads_are_measured_against_the_result(
        self, adjudication: Assignment, project: Project
    ) -> None:
        reviews.adjudicate(assignment=adjudication, revision=0)
        work(project)
        against = AgreementScore.objects.filter(group__kind="review", group__structure="liver", stale=False)
        dice = dict(against.filter(read_a__isnull=False).values_list("read_a", "dice"))
        a, b = both(adjudication)
        assert dice[a.pk] == 1.0
        assert (dice[b.pk] or 1.0) < 0.9

    def test_twice_is_once(self, adjudication: Assignment) -> None:
        first = reviews.adjudicate(assignment=adjudication, revision=0)
        assert reviews.adjudicate(assignment=adjudication, revision=0) == first
        assert Review.objects.count() == 1

    def test_at_the_newest_revision_only(self, adjudication: Assignment) -> None:
        stroke(adjudication)
        with pytest.raises(Conflict) as conflict:
            reviews.adjudicate(assignment=adjudication, revision=0)
        assert conflict.value.extra == {"head": 1}

    def test_not_after_giving_it_back(self, adjudication: Assignment) -> None:
        worklist.release(assignment=adjudication)
        with pytest.raises(Conflict, match="given back"):
            reviews.adjudicate(assignment=adjudication, revision=0)

    def test_not_a_read(self, reads: Reads) -> None:
        for call in (
            partial(reviews.adjudicate, assignment=reads[0], revision=2),
            partial(reviews.disagreement, assignment=reads[0]),
        ):
            with pytest.raises(Conflict, match="adjudication"):
                call()

    def test_a_structure_that_one_left_out_comes_from_the_other(
        self, ana: User, ben: User, rui: User, project: Project
    ) -> None:
        case = make_case(project)
        reads = (
            read_by(case, ana, organs(), not_looked_at=["spleen"]),
            read_by(case, ben, organs(3)),
        )
        case.parts.update(reads_wanted=2)
        worklist.move(case.parts.get().pk, CaseState.COMPARING)
        settled(case)
        given = reviews.adjudicate(assignment=claim(rui, project), revision=0)
        assert given.result is not None
        given.result.mask.refresh_from_db()
        assert given.result.mask.annotated == sorted(KEYS)
        assert {reads[0].pk, reads[1].pk} == {given.assignment.subject_id, given.assignment.rival_id}
