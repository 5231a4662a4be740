"""Dividing cases into pool, validation and test: what goes together, what stays, what is refused."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.db.utils import DatabaseError
from hypothesis import given
from hypothesis import strategies as st

from annotation import chunks, learning, planning, worklist
from annotation.errors import Conflict, Refused
from annotation.models import (
    CalibrationCase,
    Case,
    CaseState,
    DatasetSnapshot,
    GoldCase,
    Mask,
    MaskKind,
    Offer,
    Project,
    Revision,
    RevisionKind,
    ScanCopy,
    SnapshotItem,
    SnapshotUse,
    Split,
    SplitChange,
    SplitMethod,
    StartFrom,
)
from annotation.planning import Division
from annotation.planning.drawing import Lot, draw
from tests.annotation.factories import box, make_case, make_model, make_prediction, make_read
from tests.annotation.learning_loop import KEYS, accept, accepted

SHAPE = (8, 8, 4)
BY_LOT = Division(SplitMethod.RANDOM, validation=0.25, test=0.25)
HELD_OUT = Division(SplitMethod.HELD_OUT, to_test=("Basel",))


def chosen(*numbers: int, to: str = Split.TEST) -> Division:
    return Division(SplitMethod.CHOSEN, cases=numbers, to=to)


def labelled(project: Project, count: int, *, site: str = "") -> list[Case]:
    """Accepted cases of a patient each, of which the structures were looked at and none is there."""
    cases = [make_case(project, shape=SHAPE) for _ in range(count)]
    for case in cases:
        accept(case, box(SHAPE, value=0))
        Case.objects.filter(pk=case.pk).update(site=site)
    return cases


def splits(project: Project) -> Counter[str]:
    return Counter(project.cases.values_list("split", flat=True))


def divided(project: Project, asked: Division, by: User) -> SplitChange:
    preview = planning.preview_division(project=project, asked=asked)
    return planning.apply_division(project=project, asked=asked, digest=preview.digest, by=by)


def copies(first: Case, second: Case, *, same_slices: float = 1.0) -> None:
    one, other = sorted((first.volume_id, second.volume_id))
    ScanCopy.objects.create(first_id=one, second_id=other, same_slices=same_slices, same_look=0.5)


def revision_of(case: Case) -> Revision:
    """What was accepted of it."""
    return Revision.objects.get(mask__case=case)


def same_patient(*cases: Case) -> None:
    Case.objects.filter(pk__in=[case.pk for case in cases]).update(patient_key="one")


class TestTheLot:
    @given(
        lots=st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 4)), min_size=1, max_size=60),
        test=st.floats(0, 0.5),
        validation=st.floats(0, 0.4),
        seed=st.integers(0, 5),
    )
    def test_shares_are_met_in_all_and_in_every_stratum(
        self, lots: list[tuple[str, int]], test: float, validation: float, seed: int
    ) -> None:
        given_lots = [Lot(name, stratum, size) for name, (stratum, size) in enumerate(lots)]
        total = sum(size for _, size in lots)
        wanted = {"test": test * total, "validation": validation * total}
        wanted["pool"] = total - sum(wanted.values())
        drawn = draw(given_lots, wanted, seed=seed)
        assert drawn == draw(list(reversed(given_lots)), wanted, seed=seed)
        assert set(drawn) == set(range(len(lots)))
        largest = max(size for _, size in lots)
        for part in (given_lots, *_strata(given_lots)):
            size = sum(lot.size for lot in part)
            for split, cases in wanted.items():
                got = sum(lot.size for lot in part if drawn[lot.name] == split)
                assert abs(got - cases * size / total) <= 4 * largest, (split, got)

    def test_another_seed_draws_others(self) -> None:
        lots = [Lot(name, "", 1) for name in range(40)]
        wanted = {"test": 10.0, "pool": 30.0}
        drawn = {
            frozenset(name for name, split in draw(lots, wanted, seed=seed).items() if split == "test")
            for seed in range(5)
        }
        assert len(drawn) == 5
        assert {len(names) for names in drawn} == {10}

    def test_where_nothing_is_wanted_all_stay(self) -> None:
        assert draw([Lot(3, "", 1)], {}, seed=0) == {3: "pool"}


def _strata(lots: Iterable[Lot]) -> list[list[Lot]]:
    found: dict[str, list[Lot]] = {}
    for lot in lots:
        found.setdefault(lot.stratum, []).append(lot)
    return list(found.values())


class TestByLot:
    def test_shares_of_the_delineated_cases(self, project: Project, lea: User) -> None:
        labelled(project, 8)
        unread = [make_case(project, shape=SHAPE) for _ in range(4)]
        change = divided(project, BY_LOT, lea)
        assert splits(project) == {"pool": 8, "validation": 2, "test": 2}
        assert project.cases.filter(pk__in=[case.pk for case in unread], split=Split.POOL).count() == 4
        assert change.counts == {"pool": 8, "validation": 2, "test": 2}
        assert sum(map(len, change.moves["pool"].values())) == 4
        assert (change.by, change.method, change.asked["seed"]) == (lea, "random", 0)

    def test_every_stratum_alike(self, project: Project, lea: User) -> None:
        for site in ("Basel", "Bern", "Genf"):
            labelled(project, 8, site=site)
        divided(project, replace(BY_LOT, stratify="site"), lea)
        tests = Counter(project.cases.filter(split=Split.TEST).values_list("site", flat=True))
        assert tests == {"Basel": 2, "Bern": 2, "Genf": 2}

    def test_patients_and_certain_copies_stay_together(self, project: Project, lea: User) -> None:
        cases = labelled(project, 8)
        same_patient(*cases[:3])
        copies(cases[3], cases[4])
        copies(cases[5], cases[6], same_slices=0.1)  # a suspicion alone keeps nothing together
        for seed in range(6):
            preview = planning.preview_division(
                project=project, asked=replace(BY_LOT, seed=seed, redraw=True)
            )
            assert preview.problems == ()
            if preview.moves:
                asked = replace(BY_LOT, seed=seed, redraw=True)
                planning.apply_division(project=project, asked=asked, digest=preview.digest, by=lea)
            split_of = dict(project.cases.values_list("pk", "split"))
            assert len({split_of[case.pk] for case in cases[:3]}) == 1
            assert split_of[cases[3].pk] == split_of[cases[4].pk]

    def test_what_measures_already_counts_and_stays(self, project: Project, lea: User) -> None:
        cases = labelled(project, 8)
        divided(project, chosen(cases[0].number, cases[1].number), lea)
        asked = replace(BY_LOT, validation=0.0)
        assert planning.preview_division(project=project, asked=asked).moves == 0
        again = replace(asked, redraw=True, seed=3)
        divided(project, again, lea)
        assert splits(project) == {"pool": 6, "test": 2}

    @pytest.mark.parametrize(
        ("wrong", "says"),
        [
            ({"test": 0.0, "validation": 0.0}, "more than 0"),
            ({"test": 0.6, "validation": 0.4}, "at most 90%"),
            ({"test": -0.1}, "share of test cases"),
            ({"stratify": "moon"}, "stratified by"),
        ],
    )
    def test_what_nobody_can_ask_for(self, project: Project, wrong: dict[str, Any], says: str) -> None:
        with pytest.raises(Refused, match=says):
            planning.preview_division(project=project, asked=replace(BY_LOT, **wrong))


class TestWhatStays:
    def test_a_case_that_was_trained_on(self, project: Project, lea: User) -> None:
        (case,) = labelled(project, 1)
        learning.request_run(project=project, requested_by=None)
        preview = planning.preview_division(project=project, asked=chosen(case.number))
        assert preview.problems == (
            f"Case {case.number} cannot become a test case: a model was trained on it.",
        )
        with pytest.raises(Refused, match="trained on it"):
            divided(project, chosen(case.number), lea)
        assert splits(project) == {"pool": 1}
        assert not SplitChange.objects.exists()

    def test_a_case_that_models_were_measured_on(self, project: Project, lea: User) -> None:
        labelled(project, 1)
        test = accepted(project, Split.TEST)
        learning.request_run(project=project, requested_by=None)
        with pytest.raises(Refused, match="models were measured on it"):
            divided(project, chosen(test.number, to=Split.POOL), lea)

    def test_a_delineation_that_began_from_a_prediction(self, project: Project, lea: User) -> None:
        case = make_case(project)
        prediction = make_prediction(case, make_model(project))
        mask = Mask.objects.create(
            case=case, kind=MaskKind.READER, author=lea, base=prediction.mask, base_revision=1, annotated=KEYS
        )
        revision = worklist_accepts(case, mask)
        assert revision.number == 1
        with pytest.raises(Refused, match="began from a prediction"):
            divided(project, chosen(case.number), lea)
        divided(project, replace(chosen(case.number), anchored=True), lea)
        assert splits(project) == {"test": 1}

    def test_a_case_without_delineation(self, project: Project, lea: User) -> None:
        case = make_case(project, shape=SHAPE)
        with pytest.raises(Refused, match="no accepted delineation"):
            divided(project, chosen(case.number), lea)

    def test_a_case_that_somebody_reads(self, project: Project, ana: User, lea: User) -> None:
        read = make_read(ana, project)
        with pytest.raises(Refused, match="somebody reads"):
            divided(project, chosen(read.case.number), lea)

    def test_what_readers_are_given_and_what_nobody_can_measure(self, project: Project, lea: User) -> None:
        calibrates, gold, unknown, held = labelled(project, 4)
        CalibrationCase.objects.create(case=calibrates, start_from=StartFrom.SCRATCH)
        GoldCase.objects.create(case=gold, revision=revision_of(gold))
        unknown.volume.spacing_known = False
        unknown.volume.save()
        said = {}
        for case in (calibrates, gold, unknown):
            (said[case.pk],) = planning.preview_division(project=project, asked=chosen(case.number)).problems
        assert "calibration case" in said[calibrates.pk]
        assert "gold case" in said[gold.pk]
        assert "spacing is not known" in said[unknown.pk]
        staying = planning.preview_division(project=project, asked=BY_LOT).staying
        assert {(row.reason, row.cases) for row in staying} == {
            ("calibration", 1),
            ("gold", 1),
            ("spacing_unknown", 1),
        }
        waiting = make_case(project, shape=SHAPE, state=CaseState.HELD)
        (problem,) = planning.preview_division(project=project, asked=chosen(waiting.number)).problems
        assert "held until a lead" in problem
        divided(project, chosen(held.number), lea)

    def test_a_mate_keeps_a_case_back(self, project: Project, lea: User) -> None:
        trained, mate = labelled(project, 2)
        same_patient(trained, mate)
        learning.request_run(project=project, requested_by=None)
        later = make_case(project, shape=SHAPE)
        accept(later, box(SHAPE, value=0))
        same_patient(trained, mate, later)
        with pytest.raises(Refused, match=f"Case {trained.number} cannot"):
            divided(project, chosen(later.number), lea)

    def test_a_copy_joins_what_is_frozen(self, project: Project, lea: User) -> None:
        trained, copy, other = labelled(project, 3)
        divided(project, chosen(copy.number), lea)
        snapshot = DatasetSnapshot.objects.create(project=project)
        revision = revision_of(trained)
        SnapshotItem.objects.create(snapshot=snapshot, case=trained, revision=revision, use=SnapshotUse.TRAIN)
        copies(trained, copy)
        change = divided(project, chosen(other.number), lea)
        assert change.moves == {"test": {"pool": [copy.pk]}, "pool": {"test": [other.pk]}}


def worklist_accepts(case: Case, mask: Mask) -> Any:
    """The only part of a case is accepted at a new revision of the mask."""
    revision = chunks.write_labels(mask=mask, labels=box(value=2), kind=RevisionKind.SUBMIT)
    for part in case.parts.all():
        worklist.move(part.pk, CaseState.ACCEPTED, accepted=revision)
    return revision


class TestHeldOut:
    def test_a_site(self, project: Project, lea: User) -> None:
        labelled(project, 3, site="Bern")
        basel = labelled(project, 2, site="Basel")
        unread = make_case(project, shape=SHAPE)
        Case.objects.filter(pk=unread.pk).update(site="Basel")
        preview = planning.preview_division(project=project, asked=HELD_OUT)
        assert preview.levels == {"same": 0, "new_scanner": 0, "new_site": 3, "not_known": 0}
        assert preview.unlabelled == 1
        assert preview.patients == {"pool": 3, "validation": 0, "test": 3}
        row = next(row for row in preview.counts if (row.what, row.word) == ("site", "Basel"))
        assert (row.before["pool"], row.after["test"]) == (3, 3)
        liver = next(row for row in preview.structures if row.structure == "liver")
        assert liver.after == {"pool": 3, "validation": 0, "test": 2}
        divided(project, HELD_OUT, lea)
        assert set(project.cases.filter(split=Split.TEST).values_list("pk", flat=True)) == {
            *(case.pk for case in basel),
            unread.pk,
        }

    def test_a_scanner_for_validation_and_one_for_the_test(self, project: Project, lea: User) -> None:
        cases = labelled(project, 3, site="Bern")
        for case, (maker, model) in zip(cases, (("GE", "A"), ("GE", "B"), ("Siemens", "")), strict=True):
            case.volume.header = {"manufacturer": maker, **({"model": model} if model else {})}
            case.volume.save()
        asked = Division(SplitMethod.HELD_OUT, by="scanner", to_test=("GE B",), to_validation=("Siemens",))
        assert planning.preview_division(project=project, asked=asked).levels["new_scanner"] == 1
        divided(project, asked, lea)
        assert [case.split for case in project.cases.order_by("number")] == ["pool", "test", "validation"]

    def test_who_was_scanned_at_two_sites_goes_with_the_stricter_one(
        self, project: Project, lea: User
    ) -> None:
        (here,) = labelled(project, 1, site="Basel")
        (there,) = labelled(project, 1, site="Bern")
        same_patient(here, there)
        divided(project, replace(HELD_OUT, to_validation=("Bern",)), lea)
        assert splits(project) == {"test": 2}

    def test_one_that_was_trained_on_is_not_new(self, project: Project, lea: User) -> None:
        labelled(project, 1, site="Bern")
        (basel,) = labelled(project, 1, site="Basel")
        learning.request_run(project=project, requested_by=None)
        with pytest.raises(
            Refused, match=f"Case {basel.number} cannot become a test case: a model was trained"
        ):
            divided(project, HELD_OUT, lea)

    @pytest.mark.parametrize(
        ("asked", "says"),
        [
            (replace(HELD_OUT, to_test=()), "Say which site"),
            (replace(HELD_OUT, to_validation=("Basel",)), "cannot be held out for validation and"),
            (replace(HELD_OUT, by="moon"), "held out by"),
            (replace(HELD_OUT, to_test=("Atlantis",)), "No case has the site “Atlantis”"),
        ],
    )
    def test_what_cannot_be_held_out(self, project: Project, lea: User, asked: Division, says: str) -> None:
        labelled(project, 1, site="Basel")
        with pytest.raises(Refused, match=says):
            divided(project, asked, lea)

    def test_nothing_could_be_measured(self, project: Project, lea: User) -> None:
        case = make_case(project, shape=SHAPE)
        Case.objects.filter(pk=case.pk).update(site="Basel")
        with pytest.raises(Refused, match="None of the held-out cases"):
            divided(project, HELD_OUT, lea)


class TestApplying:
    def test_what_has_changed_since_the_preview(self, project: Project, lea: User) -> None:
        cases = labelled(project, 8)
        preview = planning.preview_division(project=project, asked=BY_LOT)
        CalibrationCase.objects.bulk_create(
            CalibrationCase(case=case, start_from=StartFrom.SCRATCH) for case in cases[:6]
        )
        with pytest.raises(Conflict, match="changed since the preview"):
            planning.apply_division(project=project, asked=BY_LOT, digest=preview.digest, by=lea)
        assert splits(project) == {"pool": 8}

    def test_nothing_to_do(self, project: Project, lea: User) -> None:
        (case,) = labelled(project, 1)
        with pytest.raises(Refused, match="nothing has to be done"):
            divided(project, chosen(case.number, to=Split.POOL), lea)

    @pytest.mark.parametrize(
        ("asked", "says"),
        [(chosen(), "Say which"), (chosen(99), "no case 99"), (chosen(1, to="moon"), "no split moon")],
    )
    def test_what_cannot_be_chosen(self, project: Project, asked: Division, says: str) -> None:
        labelled(project, 1)
        with pytest.raises(Refused, match=says):
            planning.preview_division(project=project, asked=asked)

    def test_history_cannot_be_rewritten(self, project: Project, lea: User) -> None:
        (case,) = labelled(project, 1)
        change = divided(project, chosen(case.number), lea)
        with pytest.raises(DatabaseError, match="Cannot update"), transaction.atomic():
            SplitChange.objects.filter(pk=change.pk).update(counts={})
        assert list(planning.split_changes(project)) == [change]

    def test_readers_are_not_offered_what_left_the_pool(self, project: Project, lea: User, ana: User) -> None:
        (case,) = labelled(project, 1)
        mate = make_case(project, shape=SHAPE)
        same_patient(case, mate)
        assert Case.objects.get(pk=mate.pk).offer == Offer.READY
        divided(project, chosen(case.number), lea)
        assert Case.objects.get(pk=mate.pk).offer == Offer.NOTHING
        divided(project, chosen(case.number, to=Split.POOL), lea)
        assert Case.objects.get(pk=mate.pk).offer == Offer.READY
        read = worklist.next_case(reader=ana, project=project)
        assert read is not None
        assert read.case_id == mate.pk

    def test_training_follows_the_splits(self, project: Project, lea: User) -> None:
        labelled(project, 8)
        divided(project, BY_LOT, lea)
        run = learning.request_run(project=project, requested_by=None)
        uses = Counter(run.snapshot.items.values_list("use", flat=True))
        assert uses == {SnapshotUse.TRAIN: 4, SnapshotUse.VALIDATION: 2, SnapshotUse.TEST: 2}

    def test_queries_do_not_grow_with_the_cases(
        self, project: Project, lea: User, django_assert_max_num_queries: Any
    ) -> None:
        labelled(project, 12, site="Basel")
        with django_assert_max_num_queries(12):
            planning.preview_division(project=project, asked=BY_LOT)


class TestSites:
    def test_many_at_once(self, project: Project) -> None:
        first, second, third = (make_case(project, shape=SHAPE) for _ in range(3))
        numbers = [first.number, third.number]
        assert planning.change_site(project=project, cases=numbers, site="  Basel \n Nord ") == 2
        assert list(project.cases.order_by("number").values_list("site", flat=True)) == [
            "Basel Nord",
            "",
            "Basel Nord",
        ]
        planning.change_site(project=project, cases=numbers, site="")
        assert set(project.cases.values_list("site", flat=True)) == {""}
        assert second.number not in numbers

    @pytest.mark.parametrize(
        ("cases", "site", "says"),
        [
            ([1], "x" * 81, "80 letters"),
            ([1], "?", "another name"),
            ([], "Basel", "which cases"),
            ([9], "B", "no case 9"),
        ],
    )
    def test_what_is_no_site(self, project: Project, cases: list[int], site: str, says: str) -> None:
        make_case(project, shape=SHAPE)
        with pytest.raises(Refused, match=says):
            planning.change_site(project=project, cases=cases, site=site)
        assert not project.cases.exclude(site="").exists()
