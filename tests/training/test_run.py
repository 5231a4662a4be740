"""The door for workers: an order goes in, a model folder and scores come out."""

import dataclasses
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from tests.training.conftest import MakeCase, MakeManifest
from training.labels import IGNORE
from training.manifest import Case, CaseScore, Manifest, Report
from training.phantom import STRUCTURES, make_phantom
from training.plan import Plan
from training.plan.processor import MIN_STEPS
from training.progress import Cancelled, Progress, TrainingError, ignore_progress, never_stop
from training.run import Predictor, score_case, train

Parent = tuple[Manifest, Report]
KEYS = tuple(s.key for s in STRUCTURES)


def trained(manifest: Manifest, folder: Path) -> Report:
    return train(manifest, folder, on_progress=ignore_progress, should_stop=never_stop)


def test_a_run_gives_a_model_and_scores(make_manifest: MakeManifest, tmp_path: Path) -> None:
    seen: list[Progress] = []
    manifest = make_manifest(test=(8, 9))
    report = train(manifest, tmp_path / "out", on_progress=seen.append, should_stop=never_stop)
    assert report.steps == MIN_STEPS
    assert {(s.case_id, s.structure) for s in report.scores} == {
        (case, key) for case in ("case-8", "case-9") for key in KEYS
    }
    assert all(s.dice is not None and 0 <= s.dice <= 1 for s in report.scores)
    assert report.plan["channels"][1:] == list(KEYS)
    assert report.weights == report.model_dir / "model.safetensors"
    stages = list(dict.fromkeys(p.stage for p in seen))
    assert stages == ["plan", "prepare", "train", "score", "done"]
    assert not (tmp_path / "out" / "prepared").exists()
    assert json.loads(report.to_json())["weights_sha256"] == report.weights_sha256


def test_a_loaded_model_predicts_what_was_scored(parent: Parent, tmp_path: Path) -> None:
    manifest, report = parent
    shutil.copytree(report.model_dir, tmp_path / "elsewhere")
    predictor = Predictor.load(tmp_path / "elsewhere")
    scores: list[CaseScore] = []
    for case in manifest.test:
        result = predictor.predict(np.load(case.image), case.spacing_mm)
        assert result.labels.shape == (1, 24, 24, 16)
        assert set(np.unique(result.labels)) <= {0, *range(1, 7)}
        assert 0 <= result.uncertainty <= 1
        scores += score_case(case, result.labels, predictor.structures)
    assert tuple(scores) == report.scores


def test_a_cancelled_run_goes_on_and_ends_like_an_uninterrupted_one(
    make_manifest: MakeManifest, tmp_path: Path
) -> None:
    manifest = make_manifest()
    whole = trained(manifest, tmp_path / "whole")
    training = False

    def report(progress: Progress) -> None:
        nonlocal training
        training = progress.stage == "train"

    with pytest.raises(Cancelled):
        train(manifest, tmp_path / "cut", on_progress=report, should_stop=lambda: training)
    # A second worker finds the same checkpoint, though its copies of the scans lie elsewhere.
    moved = dataclasses.replace(manifest, train=tuple(_moved(c, tmp_path / "moved") for c in manifest.train))
    resumed = trained(moved, tmp_path / "cut")
    assert resumed.weights_sha256 == whole.weights_sha256


def _moved(case: Case, folder: Path) -> Case:
    folder.mkdir(exist_ok=True)
    image, labels = folder / f"{case.id}-i.npy", folder / f"{case.id}-l.npy"
    image.write_bytes(case.image.read_bytes())
    labels.write_bytes(case.labels.read_bytes())
    return dataclasses.replace(case, image=image, labels=labels)


def test_a_plan_may_be_given_and_is_the_one_that_is_trained(
    parent: Parent, make_manifest: MakeManifest, tmp_path: Path
) -> None:
    made = Plan.from_dict(parent[1].plan)
    own = dataclasses.replace(made, learning_rate=1e-3, min_steps=3, max_steps=3, ema=0.9)
    report = train(
        make_manifest(), tmp_path / "out", on_progress=ignore_progress, should_stop=never_stop, plan=own
    )
    assert report.steps == 3
    assert report.plan == own.to_dict()
    other = dataclasses.replace(own, channels=("background:0", "nose"), layers=((1,),))
    with pytest.raises(TrainingError, match="made for other structures"):
        train(
            make_manifest(), tmp_path / "o", on_progress=ignore_progress, should_stop=never_stop, plan=other
        )


def test_a_folder_keeps_to_the_run_that_began_in_it(
    parent: Parent, make_manifest: MakeManifest, tmp_path: Path
) -> None:
    own = dataclasses.replace(Plan.from_dict(parent[1].plan), min_steps=3, max_steps=3)

    def again(manifest: Manifest, plan: Plan) -> Report:
        return train(
            manifest, tmp_path / "out", on_progress=ignore_progress, should_stop=never_stop, plan=plan
        )

    first = again(make_manifest(), own)
    kept = (tmp_path / "out" / "plan.json").read_text()
    with pytest.raises(TrainingError, match="holds a run of another plan or other cases"):
        again(make_manifest(), dataclasses.replace(own, learning_rate=0.5))
    with pytest.raises(TrainingError, match="holds a run of another plan or other cases"):
        again(make_manifest(train=(1, 2, 3)), own)
    assert (tmp_path / "out" / "plan.json").read_text() == kept
    assert again(make_manifest(), own).weights_sha256 == first.weights_sha256


def test_validation_is_reported_and_scans_may_be_prepared_once_for_many_runs(
    parent: Parent, make_manifest: MakeManifest, tmp_path: Path
) -> None:
    own = dataclasses.replace(Plan.from_dict(parent[1].plan), min_steps=4, max_steps=4, epoch_steps=2)
    manifest = make_manifest(validation=(5,))
    shared = tmp_path / "shared"
    for run in ("a", "b"):
        seen: list[Progress] = []
        report = train(
            manifest,
            tmp_path / run,
            on_progress=seen.append,
            should_stop=never_stop,
            plan=own,
            prepared=shared,
        )
        assert [epoch["step"] for epoch in report.epochs] == [2, 4]
        assert set(report.validation) == set(KEYS)
        assert report.notes == ()
        assert len(list(shared.glob("*.npy"))) == 3
        assert {p.done for p in seen if p.stage == "prepare"} == {1, 2, 3}
        assert not (tmp_path / run / "prepared").exists()


def test_a_single_case_is_trained_on_with_a_note(make_manifest: MakeManifest, tmp_path: Path) -> None:
    more = (*STRUCTURES, dataclasses.replace(STRUCTURES[0], key="lesion", value=7))
    report = trained(make_manifest(train=(1,), structures=more), tmp_path / "out")
    assert report.notes == (
        "Trained on a single case: nothing says how the model does on others.",
        "Not drawn in any training case, so not learned: lesion.",
    )


def test_a_child_starts_where_its_parent_ended(
    parent: Parent, make_manifest: MakeManifest, tmp_path: Path
) -> None:
    def first_loss(manifest: Manifest, folder: Path) -> float:
        losses: list[float] = []
        with pytest.raises(Cancelled):
            train(
                manifest,
                folder,
                on_progress=lambda p: losses.append(p.values.get("loss", 0.0)),
                should_stop=lambda: any(losses),
            )
        return next(loss for loss in losses if loss)

    _, report = parent
    child = first_loss(make_manifest(train=(1, 2, 3), parent=report.model_dir), tmp_path / "child")
    orphan = first_loss(make_manifest(train=(1, 2, 3)), tmp_path / "orphan")
    assert child < 0.85 * orphan


def test_structures_may_be_added_to_a_parents(
    parent: Parent, make_manifest: MakeManifest, tmp_path: Path
) -> None:
    more = (*STRUCTURES, dataclasses.replace(STRUCTURES[0], key="lesion", value=7))
    child = trained(make_manifest(structures=more, parent=parent[1].model_dir), tmp_path / "child")
    assert child.plan["channels"][1:] == [*KEYS, "lesion"]
    assert Predictor.load(child.model_dir).plan.layers == ((1, 2, 3, 4, 5, 6, 7),)


def test_only_annotated_structures_are_scored(make_case: MakeCase) -> None:
    case = make_case(5, annotated=("liver", "aorta"))
    perfect = np.load(case.labels)
    scores = score_case(case, perfect, STRUCTURES)
    assert [(s.structure, s.dice, s.surface_dice) for s in scores] == [
        ("liver", 1.0, 1.0),
        ("aorta", 1.0, 1.0),
    ]
    nothing = np.zeros_like(perfect)
    assert [s.dice for s in score_case(case, nothing, STRUCTURES)] == [0.0, 0.0]


def test_two_layers_are_learned_side_by_side(make_manifest: MakeManifest, tmp_path: Path) -> None:
    structures = (*STRUCTURES[:2], dataclasses.replace(STRUCTURES[4], layer=1, value=9))
    manifest = make_manifest(structures=structures, test=(4,))
    for case in (*manifest.train, *manifest.test):
        labels = np.load(case.labels)[0]
        aorta = np.where(labels == 5, 9, 0).astype(np.uint8)
        np.save(case.labels, np.stack([np.where(labels <= 2, labels, 0).astype(np.uint8), aorta]))
    report = trained(manifest, tmp_path / "out")
    assert [s.structure for s in report.scores] == ["liver", "spleen", "aorta"]
    result = Predictor.load(report.model_dir).predict(
        make_phantom(4, shape=(24, 24, 16)).image.voxels, (12, 12, 12)
    )
    assert result.labels.shape[0] == 2
    assert set(np.unique(result.labels[1])) <= {0, 9}


def test_bad_orders_are_refused_with_a_sentence(make_manifest: MakeManifest, tmp_path: Path) -> None:
    good = make_manifest()
    case = good.train[0]
    np.save(tmp_path / "short.npy", np.load(case.labels)[..., :-1])
    np.save(tmp_path / "float.npy", np.load(case.image).astype(np.float32))
    np.save(tmp_path / "ignored.npy", np.full_like(np.load(case.labels), IGNORE))
    for change, sentence in (
        ({"train": ()}, "no case to train on"),
        ({"train": (dataclasses.replace(case, labels=tmp_path / "short.npy"),)}, "do not fit its image"),
        ({"train": (dataclasses.replace(case, image=tmp_path / "float.npy"),)}, "int16 voxels"),
        ({"train": (dataclasses.replace(case, image=tmp_path / "absent.npy"),)}, "cannot be read"),
        ({"train": (dataclasses.replace(case, labels=tmp_path / "ignored.npy"),)}, "Nothing is drawn"),
        ({"parent": tmp_path / "absent"}, "not a model folder"),
        ({"structures": (STRUCTURES[0], STRUCTURES[0])}, "stands for two structures"),
    ):
        with pytest.raises(TrainingError, match=sentence):
            trained(dataclasses.replace(good, **change), tmp_path / "out")


def test_a_changed_model_is_not_used(parent: Parent, tmp_path: Path) -> None:
    folder = shutil.copytree(parent[1].model_dir, tmp_path / "model")
    content = bytearray((folder / "model.safetensors").read_bytes())
    content[-1] ^= 1
    (folder / "model.safetensors").write_bytes(bytes(content))
    with pytest.raises(TrainingError, match="changed since training"):
        Predictor.load(folder)
    with pytest.raises(TrainingError, match="not a model folder"):
        Predictor.load(tmp_path)


def test_prediction_refuses_what_is_no_scan_and_can_be_stopped(parent: Parent) -> None:
    predictor = Predictor.load(parent[1].model_dir)
    with pytest.raises(TrainingError, match="three axes"):
        predictor.predict(np.zeros((4, 4), np.int16), (1, 1, 1))
    with pytest.raises(Cancelled):
        predictor.predict(np.zeros((24, 24, 16), np.int16), (12, 12, 12), should_stop=lambda: True)


@pytest.mark.slow
def test_four_patients_teach_what_a_liver_is(
    make_manifest: MakeManifest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Steps, not seconds: a busy machine must not decide whether this passes.
    monkeypatch.setattr("training.plan.processor.MIN_STEPS", 60)
    manifest = make_manifest(train=(1, 2, 3, 4), test=(11, 12, 13), shape=(48, 48, 32))
    report = trained(manifest, tmp_path / "out")
    assert report.steps == 60
    dice = [s.dice for s in report.scores if s.structure == "liver" and s.dice is not None]
    assert len(dice) == 3
    assert np.mean(dice) > 0.8
