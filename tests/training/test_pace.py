"""How many steps a budget pays for, and the 16-bit format that needs its gradients scaled."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.training.test_fit import STEPS, nothing, run, same_weights, stop_after
from tests.training.test_networks import small
from tests.training.test_patches import scan
from training.fit.pace import FEWEST_TIMED, MOST_TIMED, WARMING, Pace, pause, timed_steps, usual
from training.networks import half, load_tensors
from training.patches import Prepared, prepare
from training.plan import Plan
from training.progress import Cancelled

SECONDS = st.floats(1e-3, 100.0)


@given(step=SECONDS, saving=st.floats(0, 100), validating=st.floats(0, 100), spent=st.floats(0, 50))
def test_steps_checkpoints_and_validations_together_take_the_budget(
    step: float, saving: float, validating: float, spent: float
) -> None:
    budget, epoch = 3600.0, 100
    steps = Pace(step, saving, validating, spent).steps(budget, epoch, 20.0)
    training = steps * step
    between = training / pause(saving, 20.0) * saving
    whole = spent + training + between + (steps / epoch + 1) * (saving + validating)
    assert whole <= budget + 1e-6 or steps == 0
    assert whole + 2 * step + saving + (saving + validating) / epoch >= budget or steps == 0


def test_a_budget_that_is_spent_pays_for_nothing() -> None:
    assert Pace(0.1, 0.0, 0.0, 5.0).steps(4.0, 100, 20.0) == 0
    assert Pace(0.1, 0.0, 0.0, 0.0).steps(0.0, 100, 20.0) == 0


def test_the_usual_step_is_the_mean_but_for_a_burst() -> None:
    # One kind of step in three takes twice as long: a quantile would say 1 or 2.
    assert usual([1.0, 1.0, 2.0] * 20) == pytest.approx(4 / 3)
    assert usual([1.0] * 9 + [61.0]) == pytest.approx(1.2)


@pytest.mark.parametrize(("step_s", "taken"), [(0.0, MOST_TIMED), (3.0, FEWEST_TIMED), (0.1, 33)])
def test_timing_takes_a_small_share_of_the_budget(
    step_s: float, taken: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = _Clock()
    monkeypatch.setattr("training.fit.pace.time.monotonic", clock)
    numbers: list[int] = []

    def step(number: int) -> None:
        numbers.append(number)
        clock.now += step_s

    times = timed_steps(step, 152.0, float)
    assert numbers == list(range(taken))
    assert times == pytest.approx([step_s] * (taken - WARMING))


class _Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


# ── float16 ───────────────────────────────────────────────────────────────────
@pytest.fixture
def of() -> Plan:
    return dataclasses.replace(
        small(), patch_size=(16, 16, 16), min_steps=STEPS, max_steps=STEPS, warmup_steps=2
    )


@pytest.fixture
def cases(tmp_path: Path, of: Plan) -> list[Prepared]:
    return [prepare(scan(seed=number), of, tmp_path) for number in range(2)]


@pytest.fixture
def float16(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine whose 16 bits are float16, as a Volta or Turing card's."""
    monkeypatch.setattr("training.networks.machine.half", lambda: torch.float16)
    monkeypatch.setattr("training.fit.loop.half", lambda: torch.float16)
    monkeypatch.setattr("training.fit.loop.bf16_is_faster", lambda: True)
    return iter(())


def test_a_processor_computes_in_bfloat16() -> None:
    assert half() == torch.float16 if torch.cuda.is_available() else torch.bfloat16


@pytest.mark.parametrize("optimiser", ["sgd", "adamw", "muon"])
@pytest.mark.usefixtures("float16")
def test_in_float16_gradients_are_scaled_and_the_scale_is_resumed(
    of: Plan, cases: list[Prepared], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, optimiser: str
) -> None:
    def scaler(_: str) -> torch.amp.GradScaler:
        # Grows at every step, so that it soon overflows and shrinks: that must be resumed as well.
        return GradScaler("cpu", init_scale=2.0**8, growth_factor=2.0**12, growth_interval=1)

    GradScaler = torch.amp.GradScaler  # noqa: N806 - the class before it is replaced
    monkeypatch.setattr("training.fit.loop.torch.amp.GradScaler", scaler)
    own = dataclasses.replace(of, optimiser=optimiser)
    whole, _ = run(own, cases, tmp_path / "whole")
    scales = []
    for after in (3, 4):
        with pytest.raises(Cancelled):
            run(own, cases, tmp_path / "cut", stop=stop_after(after))
        scales.append(load_tensors(tmp_path / "cut")[1]["scaler"]["scale"])
    resumed, state = run(own, cases, tmp_path / "cut")
    assert state.step == STEPS
    assert same_weights(whole, resumed)
    assert len({2.0**8, *scales}) == 3
    assert all(torch.isfinite(t).all() for t in resumed.state_dict().values())
    first, _ = run(dataclasses.replace(own, min_steps=1, max_steps=1), cases, tmp_path / "one")
    assert not same_weights(first, resumed)


@pytest.mark.usefixtures("float16")
def test_a_step_whose_gradients_overflow_changes_no_weight(
    of: Plan, cases: list[Prepared], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    GradScaler = torch.amp.GradScaler  # noqa: N806
    monkeypatch.setattr(
        "training.fit.loop.torch.amp.GradScaler", lambda _: GradScaler("cpu", init_scale=2.0**60)
    )
    before: list[dict[str, torch.Tensor]] = []
    one = dataclasses.replace(of, min_steps=1, max_steps=1)
    after, _ = run(
        one,
        cases,
        tmp_path / "c",
        start=lambda n: before.append({name: t.clone() for name, t in n.state_dict().items()}),
    )
    assert all(torch.equal(t, before[0][name]) for name, t in after.state_dict().items())
    assert load_tensors(tmp_path / "c")[1]["scaler"]["scale"] == 2.0**59


def test_without_float16_nothing_is_scaled(of: Plan, cases: list[Prepared], tmp_path: Path) -> None:
    run(of, cases, tmp_path / "c", start=nothing)
    assert load_tensors(tmp_path / "c")[1]["scaler"] is None
