"""The loop: learning, stopping, being killed and going on as if nothing had happened."""

import dataclasses
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from tests.training.test_networks import small
from tests.training.test_patches import scan
from tests.training.test_plan import plan
from tests.training.threads import computing_with
from training.fit import State, Validation, accelerated, dice_of, fit, learning_rate
from training.fit.checkpoint import moments_of, restore_moments
from training.fit.optimise import optimiser_of
from training.networks import build, load_tensors, save_tensors
from training.patches import Prepared, prepare
from training.plan import Plan
from training.progress import Cancelled, Progress, TrainingError, ignore_progress, never_stop

STEPS = 12


@pytest.fixture
def tiny() -> Plan:
    return dataclasses.replace(
        small(), patch_size=(16, 16, 16), min_steps=STEPS, max_steps=STEPS, warmup_steps=2
    )


@pytest.fixture
def cases(tmp_path: Path, tiny: Plan) -> list[Prepared]:
    return [prepare(scan(seed=number), tiny, tmp_path) for number in range(2)]


def nothing(_: nn.Module) -> None:
    """Start from random weights."""


def run(
    of: Plan,
    cases: list[Prepared],
    checkpoint: Path,
    *,
    stop: Callable[[], bool] = never_stop,
    report: Callable[[Progress], None] = ignore_progress,
    order: str = "a",
    start: Callable[[nn.Module], None] = nothing,
    validation: Validation | None = None,
) -> tuple[nn.Module, State]:
    return fit(
        of,
        cases,
        seed=3,
        order=order,
        checkpoint=checkpoint,
        start=start,
        on_progress=report,
        should_stop=stop,
        validation=validation,
    )


def same_weights(one: nn.Module, other: nn.Module) -> bool:
    weights = other.state_dict()
    return all(torch.equal(tensor, weights[name]) for name, tensor in one.state_dict().items())


def stop_after(steps: int) -> Callable[[], bool]:
    asked = iter(range(10**6))
    return lambda: next(asked) >= steps


def test_the_loss_falls(tiny: Plan, cases: list[Prepared], tmp_path: Path) -> None:
    longer = dataclasses.replace(tiny, min_steps=40, max_steps=40)
    seen: list[Progress] = []
    _, state = run(longer, cases, tmp_path / "c", report=seen.append)
    assert (state.step, state.steps) == (40, 40)
    assert seen[-1].done == seen[-1].total == 40
    assert seen[-1].seconds_left == 0
    assert seen[-1].values["loss"] < 0.9 * seen[0].values["loss"]
    assert state.seconds > 0


VARIANTS: dict[str, dict[str, Any]] = {
    "plain": {},
    "moving average": {"ema": 0.9},
    "nnU-Net's optimiser": {"optimiser": "sgd", "learning_rate": 1e-2, "batch_size": 2},
    "muon": {"optimiser": "muon", "optimiser_args": {"momentum": 0.9, "rms": 0.3}},
    "deep supervision": {"deep_supervision": (2 / 3, 1 / 3)},
    "best of all epochs": {"patience": 100, "epoch_steps": 3, "ema": 0.5},
}


@pytest.mark.parametrize("after", [1, 7])
@pytest.mark.parametrize("variant", VARIANTS)
def test_an_interrupted_run_ends_with_the_same_weights(
    tiny: Plan, cases: list[Prepared], tmp_path: Path, variant: str, after: int
) -> None:
    of = dataclasses.replace(tiny, **VARIANTS[variant])
    validation = partial(dice_of, plan=of, cases=cases[:1]) if of.patience else None
    whole, uncut = run(of, cases, tmp_path / "whole", validation=validation)
    with pytest.raises(Cancelled):
        run(of, cases, tmp_path / "cut", stop=stop_after(after), validation=validation)
    steps: list[int] = []
    resumed, state = run(
        of, cases, tmp_path / "cut", report=lambda p: steps.append(p.done), validation=validation
    )
    assert state == dataclasses.replace(uncut, seconds=state.seconds)
    assert steps[0] <= after + 1
    assert same_weights(whole, resumed)


def test_samples_abreast_end_with_the_same_weights_too(
    tiny: Plan, cases: list[Prepared], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("training.fit.loop.bf16_is_faster", lambda: True)
    of = dataclasses.replace(tiny, batch_size=2, optimiser="muon")
    with computing_with(2):
        whole, _ = run(of, cases, tmp_path / "whole")
        with pytest.raises(Cancelled):
            run(of, cases, tmp_path / "cut", stop=stop_after(7))
        resumed, _ = run(of, cases, tmp_path / "cut")
    assert same_weights(whole, resumed)


def test_every_single_point_of_interruption_leads_to_the_same_end(
    tiny: Plan, cases: list[Prepared], tmp_path: Path
) -> None:
    # Stopped over and over: each attempt does one step or one validation.
    of = dataclasses.replace(tiny, patience=100, epoch_steps=4, ema=0.5)
    validation = partial(dice_of, plan=of, cases=cases[:1])
    whole, _ = run(of, cases, tmp_path / "whole", validation=validation)
    for _ in range(STEPS + 3 - 1):
        with pytest.raises(Cancelled):
            run(of, cases, tmp_path / "cut", stop=stop_after(1), validation=validation)
    resumed, state = run(of, cases, tmp_path / "cut", validation=validation)
    assert [epoch.step for epoch in state.epochs] == [4, 8, 12]
    assert same_weights(whole, resumed)


def test_the_optimisers_moments_keep_the_layout_of_their_parameters(
    tiny: Plan, cases: list[Prepared], tmp_path: Path
) -> None:
    network = build(tiny, 0)
    optimiser = optimiser_of(tiny, network)
    torch.stack([p.square().sum() for p in network.parameters()]).sum().backward()
    optimiser.step()
    moments = {
        i: {name: t.clone(memory_format=torch.contiguous_format) for name, t in m.items()}
        for i, m in moments_of(optimiser).items()
    }
    other = optimiser_of(tiny, network)
    restore_moments(other, moments)
    for parameter in network.parameters():
        assert len(optimiser.state[parameter]) > 1
        for moment, kept in optimiser.state[parameter].items():
            held = other.state[parameter][moment]
            assert torch.equal(held, kept)
            if kept.shape == parameter.shape:
                assert held.stride() == kept.stride() == parameter.stride()


def test_a_resumed_run_keeps_the_number_of_steps_it_was_given(
    tiny: Plan, cases: list[Prepared], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Each look at the clock takes a second: how busy the machine is decides nothing.
    ticks = iter(range(10**6))
    monkeypatch.setattr("training.fit.loop.time.monotonic", lambda: float(next(ticks)))
    free = dataclasses.replace(tiny, min_steps=5, max_steps=10_000, budget_s=1000.0)
    with pytest.raises(Cancelled):
        run(free, cases, tmp_path / "c", stop=stop_after(2))
    totals: list[int] = []
    with pytest.raises(Cancelled):
        run(free, cases, tmp_path / "c", report=lambda p: totals.append(p.total), stop=stop_after(1))
    shorter = dataclasses.replace(free, budget_s=0.0)
    with pytest.raises(Cancelled):
        run(shorter, cases, tmp_path / "c", report=lambda p: totals.append(p.total), stop=stop_after(1))
    assert totals[0] == totals[1] > 5


def test_the_number_of_steps_follows_the_budget(tiny: Plan, cases: list[Prepared], tmp_path: Path) -> None:
    free = dataclasses.replace(tiny, min_steps=5, max_steps=400)
    _, least = run(dataclasses.replace(free, budget_s=0.0), cases, tmp_path / "least")
    assert least.steps == 5
    with pytest.raises(Cancelled):
        run(dataclasses.replace(free, budget_s=1e6), cases, tmp_path / "most", stop=stop_after(1))
    totals: list[int] = []
    with pytest.raises(Cancelled):
        run(free, cases, tmp_path / "most", stop=stop_after(1), report=lambda p: totals.append(p.total))
    assert totals == [400]


def test_a_checkpoint_of_another_run_is_refused(tiny: Plan, cases: list[Prepared], tmp_path: Path) -> None:
    run(tiny, cases, tmp_path / "c", order="a")
    with pytest.raises(TrainingError, match="another plan or other cases"):
        run(tiny, cases, tmp_path / "c", order="b")
    with pytest.raises(TrainingError, match="another plan or other cases"):
        run(dataclasses.replace(tiny, learning_rate=0.1), cases, tmp_path / "c", order="a")


def test_a_finished_run_is_not_trained_again(tiny: Plan, cases: list[Prepared], tmp_path: Path) -> None:
    first, _ = run(tiny, cases, tmp_path / "c")
    again, state = run(tiny, cases, tmp_path / "c", stop=lambda: pytest.fail("a step was asked for"))
    assert state.step == STEPS
    assert same_weights(first, again)


def test_a_truncated_checkpoint_costs_the_steps_since_the_one_before(
    tiny: Plan, cases: list[Prepared], tmp_path: Path
) -> None:
    whole, _ = run(tiny, cases, tmp_path / "whole")
    path = tmp_path / "cut" / "c"
    for after in (3, 4):
        with pytest.raises(Cancelled):
            run(tiny, cases, path, stop=stop_after(after))
    path.write_bytes(path.read_bytes()[:1000])
    steps: list[int] = []
    resumed, _ = run(tiny, cases, path, report=lambda p: steps.append(p.done))
    assert steps[0] == 4
    assert same_weights(whole, resumed)


def test_a_run_without_any_whole_checkpoint_is_refused(
    tiny: Plan, cases: list[Prepared], tmp_path: Path
) -> None:
    a_pickle = b"\x80\x04}\x94\x8c\x01a\x94K\x01s."
    for content in (b"not a checkpoint", b"", a_pickle):
        (tmp_path / "c").write_bytes(content)
        with pytest.raises(TrainingError, match=r"c is missing or damaged. Delete the folder"):
            run(tiny, cases, tmp_path / "c")
    save_tensors(tmp_path / "c", {"network.a": torch.zeros(1)}, {"order": "a", "step": 3})
    with pytest.raises(TrainingError, match="another version of this program"):
        run(tiny, cases, tmp_path / "c")


def test_the_first_weights_are_set_once(tiny: Plan, cases: list[Prepared], tmp_path: Path) -> None:
    started: list[nn.Module] = []
    with pytest.raises(Cancelled):
        run(tiny, cases, tmp_path / "c", start=started.append, stop=stop_after(3))
    run(tiny, cases, tmp_path / "c", start=started.append)
    assert len(started) == 1


def test_divergence_is_reported_in_a_sentence(tiny: Plan, cases: list[Prepared], tmp_path: Path) -> None:
    def ruin(network: nn.Module) -> None:
        with torch.no_grad():
            next(network.parameters()).fill_(torch.nan)

    with pytest.raises(TrainingError, match="diverged"):
        run(tiny, cases, tmp_path / "c", start=ruin)


def test_a_moving_average_follows_the_weights_and_is_what_counts(
    tiny: Plan, cases: list[Prepared], tmp_path: Path
) -> None:
    last, _ = run(tiny, cases, tmp_path / "last")
    averaged, _ = run(dataclasses.replace(tiny, ema=0.99), cases, tmp_path / "averaged")
    first = build(tiny, 3)
    ways = [
        sum((a - b).square().sum().item() for a, b in zip(x.parameters(), first.parameters(), strict=True))
        for x in (last, averaged)
    ]
    assert 0 < ways[1] < ways[0]
    assert not averaged.training


def test_validation_ends_each_epoch_and_is_reported_by_structure(
    tiny: Plan, cases: list[Prepared], tmp_path: Path
) -> None:
    of = dataclasses.replace(tiny, epoch_steps=5)
    seen: list[Progress] = []
    _, state = run(
        of, cases, tmp_path / "c", report=seen.append, validation=partial(dice_of, plan=of, cases=cases)
    )
    assert [epoch.step for epoch in state.epochs] == [5, 10, 12]
    assert set(state.dice or {}) == {"liver", "kidney_left", "spinal_cord"}
    values = seen[-1].values
    assert values["epoch"] == 3
    assert values["dice"] == pytest.approx(state.epochs[-1].dice)
    assert values["dice:liver"] == (state.dice or {})["liver"]
    assert "validation Dice" in seen[-1].message


def test_training_stops_when_validation_no_longer_gains_and_keeps_the_best(
    tiny: Plan, cases: list[Prepared], tmp_path: Path
) -> None:
    of = dataclasses.replace(tiny, epoch_steps=2, patience=2)
    marks = iter([0.1, 0.3, 0.2, None, 0.9])
    weights: list[dict[str, torch.Tensor]] = []

    def validation(network: nn.Module, bf16: bool) -> dict[str, float | None]:
        assert not network.training
        weights.append({name: t.clone() for name, t in network.state_dict().items()})
        return {"liver": next(marks)}

    seen: list[Progress] = []
    network, state = run(of, cases, tmp_path / "c", validation=validation, report=seen.append)
    assert (state.step, state.stopped, state.best_epoch) == (8, True, 1)
    assert seen[-1].done == seen[-1].total == STEPS
    assert seen[-1].seconds_left == 0
    assert all(torch.equal(t, weights[1][name]) for name, t in network.state_dict().items())
    again, _ = run(of, cases, tmp_path / "c", validation=validation)
    assert same_weights(network, again)


def test_checkpoints_are_written_every_epoch_and_when_time_has_passed(
    tiny: Plan, cases: list[Prepared], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def steps_on_disk(of: Plan, path: Path) -> set[int]:
        found = set()

        def look() -> bool:
            if path.is_file():
                found.add(load_tensors(path)[1]["step"])
            return False

        run(of, cases, path, stop=look)
        return found

    by_epoch = dataclasses.replace(tiny, epoch_steps=5)
    assert steps_on_disk(by_epoch, tmp_path / "epochs" / "c") == {5, 10}
    monkeypatch.setattr("training.fit.loop.CHECKPOINT_EVERY_S", 0.0)
    monkeypatch.setattr("training.fit.pace.SAVING_SHARE", 1e9)
    assert len(steps_on_disk(by_epoch, tmp_path / "always" / "c")) >= 10


def test_reports_say_how_many_steps_lie_in_a_checkpoint(
    tiny: Plan, cases: list[Prepared], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("training.fit.loop._REPORT_EVERY_S", 0.0)
    of, path, told = dataclasses.replace(tiny, epoch_steps=5), tmp_path / "c", list[tuple[int, int]]()

    def compare(progress: Progress) -> None:
        told.append((progress.done, progress.kept))
        assert progress.kept == (load_tensors(path)[1]["step"] if path.is_file() else 0)

    with pytest.raises(Cancelled):
        run(of, cases, path, stop=stop_after(8), report=compare)
    assert told[4:6] == [(5, 0), (5, 5)]
    run(of, cases, path, report=compare)
    assert told[-1] == (STEPS, STEPS)
    assert sorted(told) == told, "who goes on begins with what was kept"


def test_learning_rate_warms_up_and_decays_to_nothing() -> None:
    of = dataclasses.replace(plan(), learning_rate=1.0, warmup_steps=10)
    rates = [learning_rate(of, step, 1000) for step in range(1000)]
    assert rates[0] == pytest.approx(0.1, rel=0.01)
    assert max(rates) == rates[9] == pytest.approx(0.99, rel=0.01)
    assert rates[9:] == sorted(rates[9:], reverse=True)
    assert rates[-1] < 0.003


def test_schedules_are_looked_up_by_name() -> None:
    of = dataclasses.replace(plan(), learning_rate=2.0, warmup_steps=0, schedule_args={})
    halfway = {
        name: learning_rate(dataclasses.replace(of, schedule=name), 500, 1000)
        for name in ("poly", "cosine", "constant")
    }
    assert halfway == pytest.approx({"poly": 2 * 0.5**0.9, "cosine": 1.0, "constant": 2.0})
    with pytest.raises(TrainingError, match="no schedule called magic; known are poly"):
        learning_rate(dataclasses.replace(of, schedule="magic"), 0, 10)


def test_timing_steps_leaves_no_trace(tiny: Plan, cases: list[Prepared], tmp_path: Path) -> None:
    of = dataclasses.replace(tiny, ema=0.9, min_steps=1, max_steps=STEPS)
    timed, _ = run(dataclasses.replace(of, budget_s=1e6), cases, tmp_path / "timed")
    fixed, _ = run(dataclasses.replace(of, min_steps=STEPS), cases, tmp_path / "fixed")
    assert same_weights(timed, fixed)


def test_one_slow_step_does_not_shorten_a_run(
    tiny: Plan, cases: list[Prepared], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The clock jumps by a minute during one of the timed steps.
    ticks = iter(range(10**6))

    def clock() -> float:
        tick = next(ticks)
        return tick + (60.0 if tick > 21 else 0.0)

    monkeypatch.setattr("training.fit.loop.time.monotonic", clock)
    free = dataclasses.replace(tiny, min_steps=1, max_steps=10_000, budget_s=1000.0)
    with pytest.raises(Cancelled):
        run(free, cases, tmp_path / "c", stop=lambda: True)
    steps = load_tensors(tmp_path / "c")[1]["steps"]
    assert 600 < steps < 930  # of a second: the minute is gone, but counts as three of the steps timed


def test_a_network_is_compiled_on_an_accelerator_alone() -> None:
    network = nn.Sequential(nn.Conv3d(1, 2, 3), nn.LeakyReLU())
    assert accelerated(network, torch.device("cpu")) is network
    compiled = accelerated(network, torch.device("cuda"), backend="eager")
    image = torch.randn(1, 1, 8, 8, 8)
    assert compiled is not network
    assert torch.equal(compiled(image), network(image))


def test_unknown_optimiser_is_named(tiny: Plan, cases: list[Prepared], tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="no optimiser called magic"):
        run(dataclasses.replace(tiny, optimiser="magic"), cases, tmp_path / "c")
