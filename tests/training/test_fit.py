"""The loop: learning, stopping, being killed and going on as if nothing had happened."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import nn

from tests.training.test_networks import small
from tests.training.test_patches import scan
from tests.training.test_plan import plan
from training.fit import State, fit, learning_rate
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
    )


def stop_after(steps: int) -> Callable[[], bool]:
    asked = iter(range(10**6))
    return lambda: next(asked) >= steps


def test_the_loss_falls(tiny: Plan, cases: list[Prepared], tmp_path: Path) -> None:
    longer = dataclasses.replace(tiny, min_steps=60, max_steps=60)
    seen: list[Progress] = []
    _, state = run(longer, cases, tmp_path / "c", report=seen.append)
    assert (state.step, state.steps) == (60, 60)
    assert seen[-1].done == seen[-1].total == 60
    assert seen[-1].seconds_left == 0
    assert seen[-1].values["loss"] < 0.8 * seen[0].values["loss"]
    assert state.seconds > 0


@pytest.mark.parametrize("after", [1, 7])
def test_an_interrupted_run_ends_with_the_same_weights(
    tiny: Plan, cases: list[Prepared], tmp_path: Path, after: int
) -> None:
    whole, _ = run(tiny, cases, tmp_path / "whole")
    with pytest.raises(Cancelled):
        run(tiny, cases, tmp_path / "cut", stop=stop_after(after))
    steps: list[int] = []
    resumed, state = run(tiny, cases, tmp_path / "cut", report=lambda p: steps.append(p.done))
    assert state.step == STEPS
    assert steps[0] == after + 1
    for name, tensor in resumed.state_dict().items():
        assert torch.equal(tensor, whole.state_dict()[name]), name


def test_a_resumed_run_keeps_the_number_of_steps_it_was_given(
    tiny: Plan, cases: list[Prepared], tmp_path: Path
) -> None:
    free = dataclasses.replace(tiny, min_steps=5, max_steps=10_000, budget_s=1.0)
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
    assert all(torch.equal(t, again.state_dict()[name]) for name, t in first.state_dict().items())


def test_a_damaged_checkpoint_says_so(tiny: Plan, cases: list[Prepared], tmp_path: Path) -> None:
    (tmp_path / "c").write_bytes(b"not a checkpoint")
    with pytest.raises(TrainingError, match="missing or damaged"):
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


def test_learning_rate_warms_up_and_decays_to_nothing() -> None:
    of = dataclasses.replace(plan(), learning_rate=1.0, warmup_steps=10)
    rates = [learning_rate(of, step, 1000) for step in range(1000)]
    assert rates[0] == pytest.approx(0.1, rel=0.01)
    assert max(rates) == rates[9] == pytest.approx(0.99, rel=0.01)
    assert rates[9:] == sorted(rates[9:], reverse=True)
    assert rates[-1] < 0.003


def test_unknown_optimiser_is_named(tiny: Plan, cases: list[Prepared], tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="no optimiser called magic"):
        run(dataclasses.replace(tiny, optimiser="magic"), cases, tmp_path / "c")
