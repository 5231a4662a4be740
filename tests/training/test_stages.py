"""What a run may be asked for: other networks, frozen encoders, ensembles, less memory, several processes."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from tests.training.conftest import MakeManifest
from tests.training.test_plan import CORD, LEFT, LIVER, fingerprint
from training.fit import loop
from training.manifest import Manifest, Report
from training.model import open_model, read_description
from training.networks import load_tensors
from training.networks.registry import NETWORKS, Entry
from training.phantom import STRUCTURES
from training.plan import Plan, configurations
from training.plan.processor import MIN_STEPS
from training.progress import (
    Cancelled,
    EpochReport,
    Listener,
    Progress,
    TrainingError,
    ignore_progress,
    never_stop,
)
from training.run import Predictor, train, train_together
from training.stages.plans import order_of
from training.stages.smaller import smaller

Parent = tuple[Manifest, Report]


def trained(manifest: Manifest, folder: Path, notes: list[str] | None = None) -> Report:
    listen = (notes if notes is not None else []).append
    return train(manifest, folder, on_progress=ignore_progress, should_stop=never_stop, on_note=listen)


def tensors_of(folder: Path) -> dict[str, Tensor]:
    return load_tensors(folder / "model.safetensors")[0]


# ── What is trained ──────────────────────────────────────────────────────────
def test_a_frozen_encoder_keeps_every_byte_and_the_decoder_learns(
    parent: Parent, make_manifest: MakeManifest, tmp_path: Path
) -> None:
    manifest = dataclasses.replace(make_manifest(parent=parent[1].model_dir), frozen_encoder=True)
    training = False

    def listen(progress: Progress) -> None:
        nonlocal training
        training = progress.stage == "train"

    with pytest.raises(Cancelled):  # what was saved is still frozen when it goes on
        train(manifest, tmp_path / "out", on_progress=listen, should_stop=lambda: training)
    before = tensors_of(parent[1].model_dir)
    after = tensors_of(trained(manifest, tmp_path / "out").model_dir)
    kept = {name for name in before if before[name].numpy().tobytes() == after[name].numpy().tobytes()}
    encoder = {name for name in before if name.startswith(("stem.", "encoder."))}
    assert encoder == kept
    assert before.keys() - kept


def test_another_network_is_planned_and_says_that_it_started_anew(
    parent: Parent, make_manifest: MakeManifest, tmp_path: Path
) -> None:
    asked = dataclasses.replace(
        make_manifest(parent=parent[1].model_dir), network="resenc_unet", frozen_encoder=True
    )
    report = trained(asked, tmp_path / "out")
    assert report.plan["network"] == "resenc_unet"
    assert report.notes[0].startswith("The model to start from is a plain_unet")
    assert report.notes[1].startswith("No encoder was kept as it was")
    with pytest.raises(TrainingError, match="There is no network called nose"):
        trained(dataclasses.replace(asked, network="nose"), tmp_path / "nose")


def test_so_many_steps_give_the_same_weights_whatever_the_time_allows(
    make_manifest: MakeManifest, tmp_path: Path
) -> None:
    asked = dataclasses.replace(make_manifest(), steps=3, members=2)
    first = trained(asked, tmp_path / "first")
    again = trained(Manifest.from_json(asked.to_json()), tmp_path / "again")
    assert (first.steps, again.steps) == (6, 6)
    assert first.weights_sha256 == again.weights_sha256
    longer = dataclasses.replace(asked, steps=4)
    assert trained(longer, tmp_path / "longer").weights_sha256 != first.weights_sha256
    assert (
        len({order_of(manifest) for manifest in (asked, longer, dataclasses.replace(asked, steps=None))}) == 3
    )


def test_members_share_the_time_and_predict_as_one(make_manifest: MakeManifest, tmp_path: Path) -> None:
    manifest = dataclasses.replace(make_manifest(test=(8,)), members=2)
    epochs: list[EpochReport] = []
    second = False

    def listen(progress: Progress) -> None:
        nonlocal second
        second = second or (progress.stage == "train" and progress.values.get("member") == 1.0)

    with pytest.raises(Cancelled):
        train(
            manifest,
            tmp_path / "out",
            on_progress=listen,
            should_stop=lambda: second,
            on_epoch=epochs.append,
        )
    first = read_description(tmp_path / "out" / "model" / "member-0")["weights_sha256"]
    report = train(
        manifest,
        tmp_path / "out",
        on_progress=ignore_progress,
        should_stop=never_stop,
        on_epoch=epochs.append,
    )
    about = read_description(report.model_dir)
    assert about["members"] == {"member-0": first}, "the first was not trained again"
    assert (about["seed"], report.steps) == (manifest.seed + 1, 2 * MIN_STEPS)
    assert {(e.member, e.epoch) for e in epochs} == {(0, 0), (1, 0)}
    predictor = Predictor.load(report.model_dir)
    assert len(predictor.members) == 2
    case = manifest.test[0]
    image = np.load(case.image)
    apart = [Predictor.load(report.model_dir / "member-0"), dataclasses.replace(predictor, others=())]
    both = Predictor.load_many([report.model_dir])
    assert np.array_equal(
        both.predict(image, case.spacing_mm).labels, predictor.predict(image, case.spacing_mm).labels
    )
    assert not np.array_equal(
        tensors_of(report.model_dir)["heads.0.bias"], apart[0].network.state_dict()["heads.0.bias"]
    )
    (report.model_dir / "member-0" / "model.safetensors").unlink()
    with pytest.raises(TrainingError, match="missing or were changed"):
        Predictor.load(report.model_dir)


def test_a_model_of_low_resolution_is_handed_down_and_looked_with(
    parent: Parent, make_manifest: MakeManifest, tmp_path: Path
) -> None:
    plan = Plan.from_dict(parent[1].plan)
    low = dataclasses.replace(plan, name="low", min_steps=2, max_steps=2)
    full = dataclasses.replace(plan, min_steps=2, max_steps=2)
    first = train(
        make_manifest(),
        tmp_path / "a",
        on_progress=ignore_progress,
        should_stop=never_stop,
        plan=full,
        low=low,
    )
    report = trained(make_manifest(parent=first.model_dir), tmp_path / "b")
    assert open_model(report.model_dir / "low")[0].name == "low"
    assert Predictor.serving(report.model_dir).coarse is not None
    assert Predictor.load(report.model_dir).coarse is None


def test_the_rules_for_a_card_want_a_low_resolution_of_large_scans() -> None:
    large = fingerprint((0.8, 0.8, 0.8), (410.0, 410.0, 480.0))
    assert set(configurations(large, (LIVER, LEFT, CORD), budget_s=60.0, memory_gb=8.0)) == {"full", "low"}


# ── Memory ───────────────────────────────────────────────────────────────────
class Greedy(nn.Module):
    """A network for which only so many voxels at a time find memory."""

    limit = 0

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, x: Tensor) -> Tensor:
        if x.numel() > self.limit:
            torch.empty(2**62, dtype=torch.uint8)  # the allocator itself refuses
        made: Tensor = self.inner(x)
        return made


@pytest.fixture
def greedy(monkeypatch: pytest.MonkeyPatch) -> type[Greedy]:
    """The plain U-Net under a name of its own, with a limit."""
    plain = NETWORKS["plain_unet"]
    make: Callable[[Plan], nn.Module] = lambda plan: Greedy(plain.make(plan))  # noqa: E731
    heads = {"inner.heads.": (0,)}
    monkeypatch.setitem(NETWORKS, "plain_unet", Entry(make, plain.multiple, heads, deep=True))
    return Greedy


def test_batch_then_patch_are_made_smaller_until_the_memory_is_enough(
    greedy: type[Greedy], make_manifest: MakeManifest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = make_manifest()
    monkeypatch.setattr(Greedy, "limit", 10**9)
    first = Plan.from_dict(trained(manifest, tmp_path / "enough").plan)
    multiple = np.prod(first.network_args["strides"], axis=0)
    monkeypatch.setattr(Greedy, "limit", int(np.prod(first.patch_size)) - 1)
    notes: list[str] = []
    report = trained(manifest, tmp_path / "less", notes)
    plan = Plan.from_dict(report.plan)
    assert plan.batch_size == 1
    assert np.prod(plan.patch_size) <= greedy.limit
    assert not any(side % of for side, of in zip(plan.patch_size, multiple, strict=True))
    assert len(notes) == len(set(notes)) >= 2
    assert notes[0].startswith("The memory was not enough for 2 crops of")
    assert set(notes[:2]) <= set(report.notes)
    assert Predictor.load(report.model_dir).plan == plan


def test_a_run_that_runs_out_of_memory_goes_on_from_its_checkpoint(
    greedy: type[Greedy], make_manifest: MakeManifest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Greedy, "limit", 10**9)
    monkeypatch.setattr(loop, "CHECKPOINT_EVERY_S", 0.0)
    monkeypatch.setattr(loop, "_REPORT_EVERY_S", 0.0)
    seen: list[int] = []

    def listen(progress: Progress) -> None:
        if progress.stage == "train":
            seen.append(progress.done)
            if progress.done == 10:
                monkeypatch.setattr(Greedy, "limit", 24 * 24 * 16)  # another program took the rest

    report = train(make_manifest(), tmp_path / "out", on_progress=listen, should_stop=never_stop)
    assert report.steps == MIN_STEPS
    assert seen.count(1) == 1, "what the last checkpoint held was not done again"


def test_nothing_is_left_to_make_smaller_at_last(
    greedy: type[Greedy], make_manifest: MakeManifest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Greedy, "limit", 0)
    with pytest.raises(TrainingError, match="The memory"):
        trained(make_manifest(), tmp_path / "out")


def test_smaller_plans_end(parent: Parent) -> None:
    plan: Plan | None = Plan.from_dict(parent[1].plan)
    voxels: list[int] = []
    while plan is not None:
        voxels.append(plan.batch_size * int(np.prod(plan.patch_size)))
        plan = smaller(plan)
    assert voxels == sorted(set(voxels), reverse=True)


# ── Several processes ────────────────────────────────────────────────────────
def test_processes_of_a_worker_train_together_and_stop_with_it(
    make_manifest: MakeManifest, tmp_path: Path
) -> None:
    manifest = make_manifest(test=(8,), validation=(2,))
    steps: list[int] = []
    epochs: list[EpochReport] = []

    def listen(progress: Progress) -> None:
        if progress.stage == "train":
            steps.append(progress.done)

    stopping = Listener(listen, lambda: bool(steps))
    with pytest.raises(Cancelled):
        train_together(manifest, tmp_path / "out", 2, stopping)
    assert (tmp_path / "out" / "checkpoint" / "checkpoint.safetensors").is_file()
    assert steps.pop() < MIN_STEPS
    steps.clear()
    notes: list[str] = []
    report = train_together(
        manifest, tmp_path / "out", 2, Listener(listen, never_stop, epochs.append, notes.append)
    )
    assert steps[0] > 1, "it went on"
    assert report.steps == MIN_STEPS
    assert [epoch.step for epoch in epochs] == [MIN_STEPS]
    assert set(epochs[0].dice) == {spec.key for spec in STRUCTURES}
    assert tuple(notes) == report.notes
    assert {score.case_id for score in report.scores} == {"case-8"}
