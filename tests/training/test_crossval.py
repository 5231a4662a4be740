"""Folds and cross-validation: nobody is judged on a patient it has seen, nothing is done twice."""

import itertools
import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.training.conftest import KEYS, case_on_disk
from training.dataset import Dataset, DatasetCase
from training.experiments.crossval import CrossvalOrder, cross_validate, drawn_ml
from training.experiments.folds import held_out, nested_subsets, stratified_folds
from training.experiments.trial import Recipe
from training.labels import IGNORE
from training.manifest import Case
from training.phantom import STRUCTURES, make_phantom
from training.predict import Predictor
from training.progress import Cancelled, Progress, TrainingError, ignore_progress, never_stop
from training.volume import Volume, read_label_map, write_nifti

RECIPE = Recipe(steps=2)


def _scan(name: str, patient: str | None = None, annotated: tuple[str, ...] = ("a", "b")) -> DatasetCase:
    return DatasetCase(name, Path(name), Path(name), annotated, patient or name)


@st.composite
def _cohorts(draw: st.DrawFn) -> tuple[tuple[DatasetCase, ...], int]:
    count = draw(st.integers(2, 6))
    patients = draw(st.integers(count, 30))
    scans = []
    for patient in range(patients):
        for number in range(draw(st.integers(1, 3))):
            annotated = tuple(key for key in "abc" if draw(st.booleans()))
            scans.append(_scan(f"p{patient}-{number}", f"p{patient}", annotated))
    return tuple(draw(st.permutations(scans))), count


@settings(max_examples=60)
@given(_cohorts(), st.integers(0, 5))
def test_folds_are_a_partition_by_patient(cohort: tuple[tuple[DatasetCase, ...], int], seed: int) -> None:
    cases, count = cohort
    folds = stratified_folds(cases, count, seed)
    assert sorted(case.id for fold in folds for case in fold) == sorted(case.id for case in cases)
    patients = [{case.patient for case in fold} for fold in folds]
    assert sum(map(len, patients)) == len({case.patient for case in cases})
    sizes = [len(fold) for fold in patients]
    assert max(sizes) - min(sizes) <= 1
    assert folds == stratified_folds(cases, count, seed)


def test_folds_share_out_rare_structures() -> None:
    cases = [_scan(f"c{i:02}", annotated=("a", "b") if i % 4 == 0 else ("a",)) for i in range(40)]
    for seed in range(5):
        folds = stratified_folds(cases, 5, seed)
        assert [sum("b" in case.annotated for case in fold) for fold in folds] == [2] * 5


def test_folds_share_out_small_and_large() -> None:
    cases = [_scan(f"c{i:02}", annotated=("a",)) for i in range(30)]
    drawn = {case.id: float(i) for i, case in enumerate(cases)}
    for fold in stratified_folds(cases, 5, 0, drawn):
        assert Counter(int(drawn[case.id]) // 10 for case in fold) == {0: 2, 1: 2, 2: 2}


def test_folds_that_are_not_possible() -> None:
    cases = [_scan("a"), _scan("b", "a"), _scan("c")]
    with pytest.raises(TrainingError, match="3 folds need at least 3 patients, there are 2"):
        stratified_folds(cases, 3, 0)
    with pytest.raises(TrainingError, match="at least 2 folds"):
        stratified_folds(cases, 1, 0)


@settings(max_examples=40)
@given(_cohorts(), st.floats(0.01, 0.99))
def test_a_held_out_share_has_other_patients(
    cohort: tuple[tuple[DatasetCase, ...], int], share: float
) -> None:
    cases, _ = cohort
    train, out = held_out(cases, share, seed=0)
    patients = [{case.patient for case in group} for group in (train, out)]
    everybody = len(patients[0] | patients[1])
    assert len(train) + len(out) == len(cases)
    assert not patients[0] & patients[1]
    assert len(patients[1]) == min(max(1, round(share * everybody)), everybody - 1)


@pytest.mark.parametrize("share", [0.0, 1.0, -1.0, 2.0])
def test_a_share_that_is_none(share: float) -> None:
    with pytest.raises(TrainingError, match="between 0 and 1"):
        held_out([_scan("a"), _scan("b")], share, seed=0)
    with pytest.raises(TrainingError, match="Only one patient"):
        held_out([_scan("a"), _scan("b", "a")], 0.5, seed=0)


@settings(max_examples=40)
@given(_cohorts(), st.integers(0, 5))
def test_subsets_are_nested(cohort: tuple[tuple[DatasetCase, ...], int], seed: int) -> None:
    cases, _ = cohort
    sizes = sorted({1, 2, len(cases) // 2 or 1, len(cases)})
    subsets = nested_subsets(cases, sizes, seed)
    for small, large in itertools.pairwise(sizes):
        assert len(subsets[small]) == small
        assert set(subsets[small]) <= set(subsets[large])
    assert set(subsets[len(cases)]) == set(cases)


def test_other_seeds_draw_other_subsets() -> None:
    cases = [_scan(f"c{i}") for i in range(20)]
    assert len({nested_subsets(cases, [5], seed)[5] for seed in range(5)}) > 1


@pytest.mark.parametrize(("sizes", "sentence"), [([0], "of 0"), ([4], "there are 3"), ([2, 2], "twice")])
def test_sizes_that_are_not_possible(sizes: list[int], sentence: str) -> None:
    with pytest.raises(TrainingError, match=sentence):
        nested_subsets([_scan("a"), _scan("b"), _scan("c")], sizes, 0)


def test_the_volume_drawn_leaves_out_what_nobody_saw(tmp_path: Path) -> None:
    labels = np.zeros((1, 4, 4, 4), np.uint8)
    labels[0, 0] = 3
    labels[0, 1] = IGNORE
    np.save(tmp_path / "labels.npy", labels)
    case = Case("a", tmp_path / "a.npy", (10.0, 10.0, 5.0), tmp_path / "labels.npy", KEYS)
    assert drawn_ml(case) == pytest.approx(16 * 0.5)


def _cohort(folder: Path, count: int) -> tuple[Dataset, tuple[Case, ...]]:
    shape, spacing_mm = (24, 24, 16), (12.0, 12.0, 12.0)
    rows, converted = [], []
    for seed in range(count):
        case = case_on_disk(folder, seed, shape=shape)
        phantom = make_phantom(seed, shape=shape, spacing_mm=spacing_mm)
        image = folder / f"{case.id}.nii.gz"
        write_nifti(image, Volume(phantom.image.voxels, phantom.geometry))
        rows.append(DatasetCase(case.id, image, image, KEYS, f"patient {seed // 2}"))
        converted.append(case)
    return Dataset("phantoms", STRUCTURES, tuple(rows)), tuple(converted)


def test_cross_validation_from_end_to_end(tmp_path: Path) -> None:
    dataset, cases = _cohort(tmp_path, 4)
    order = CrossvalOrder({"a": RECIPE, "b": Recipe(steps=3)}, folds=2)
    out = tmp_path / "out"
    found = cross_validate(dataset, cases, order, out, on_progress=ignore_progress, should_stop=never_stop)
    assert json.loads((out / "crossval.json").read_text()) == found
    assert set(found["configurations"]) == {"a", "b", "a+b"}
    assert found["best"] == max(
        found["configurations"], key=lambda name: found["configurations"][name]["dice"]["mean"]
    )
    patients = {case.id: case.patient for case in dataset.cases}
    for index, fold in enumerate(found["folds"]):
        about = json.loads((out / "a" / f"fold{index}" / "model" / "model.json").read_text())
        assert not {patients[c] for c in fold} & {patients[c] for c in about["train_cases"]}
        assert sorted([*fold, *about["train_cases"]]) == sorted(patients)
    for name in (*found["configurations"], "."):
        for case in cases:
            written = read_label_map(out / name / "predictions" / f"{case.id}.nii.gz")
            assert written.voxels.shape == (24, 24, 16)
    assert len(found["scores"]["a"]) == 4 * len(STRUCTURES)
    best = Predictor.load(Path(found["models"][0]))
    assert best.plan.postprocessing == tuple(found["postprocessing"])


def test_cross_validation_stops_and_goes_on(tmp_path: Path) -> None:
    dataset, cases = _cohort(tmp_path, 4)
    order = CrossvalOrder({"a": RECIPE}, folds=2, ensembles=False)
    out = tmp_path / "out"
    seen: list[Progress] = []
    with pytest.raises(Cancelled):
        cross_validate(
            dataset,
            cases,
            order,
            out,
            on_progress=seen.append,
            should_stop=lambda: any(p.stage == "out of fold" for p in seen),
        )
    trained = (out / "a" / "fold0" / "model" / "model.safetensors").stat().st_mtime_ns
    seen.clear()
    cross_validate(dataset, cases, order, out, on_progress=seen.append, should_stop=never_stop)
    assert not any(p.stage == "train" for p in seen)
    assert (out / "a" / "fold0" / "model" / "model.safetensors").stat().st_mtime_ns == trained
    seen.clear()
    cross_validate(dataset, cases, order, out, on_progress=seen.append, should_stop=never_stop)
    assert not any("Predicting" in p.message for p in seen)


def test_cross_validation_without_a_configuration(tmp_path: Path) -> None:
    dataset, cases = _cohort(tmp_path, 2)
    with pytest.raises(TrainingError, match="at least one configuration"):
        cross_validate(
            dataset,
            cases,
            CrossvalOrder({}, folds=2),
            tmp_path / "out",
            on_progress=ignore_progress,
            should_stop=never_stop,
        )
